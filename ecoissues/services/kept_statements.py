"""Statements kept for reuse: making the text of a list's query costs more than running it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from ecoissues.storage.prepared import Prepared

_MOST: Final = 512
_kept: OrderedDict[tuple[Any, ...], Prepared] = OrderedDict()
_keeping = threading.Lock()


def kept(key: tuple[Any, ...] | None, make: Callable[[], Any]) -> Prepared:
    """Give the statement kept under a key, made the first time.

    In: ``key``, everything its text depends on (None: it must not be kept); ``make`` gives the
    statement. Those not asked for the longest time are dropped.
    """
    if key is None:
        return Prepared(make(), lists=True)
    with _keeping:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
            return found
    made = Prepared(make(), lists=True)
    with _keeping:
        _kept[key] = made
        while len(_kept) > _MOST:
            _kept.popitem(last=False)
    return made
