"""Parts of pages kept in memory for as long as nothing that they show has changed.

What a list or a board shows follows from its address, the person who asks, the position of the
log, the version of units and settings, and the day. As long as these stand still the same text is
given again; one event anywhere and it is made anew. So nothing old is ever shown, and a board that
many people watch is worked out once.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

from markupsafe import Markup

from ecoissues.services.site import Stamp

#: Characters kept in all, in each process; the part unused for longest goes first.
MOST_CHARACTERS: Final = 16_000_000
#: Clocks that run in minutes turn their light without an event: nothing is kept longer.
SECONDS: Final = 60.0


class KeptPages:
    """A store of page parts. Threads may share it."""

    def __init__(
        self, most: int = MOST_CHARACTERS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._clock = clock
        self._parts: OrderedDict[Hashable, tuple[Stamp, float, Markup]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, stamp: Stamp, make: Callable[[], Markup]) -> Markup:
        """Give the part ``key`` as it stands under ``stamp``; ``make`` is asked when it is not kept.

        The stamp is taken before the part is made: a part may be newer than its stamp, never older.
        """
        with self._lock:
            found = self._parts.get(key)
            if found and found[0] == stamp and self._clock() < found[1]:
                self._parts.move_to_end(key)
                return found[2]
        made = make()
        with self._lock:
            self._forget(key)
            if len(made) <= self._most:
                self._parts[key] = (stamp, self._clock() + SECONDS, made)
                self._size += len(made)
                while self._size > self._most:
                    self._forget(next(iter(self._parts)))
        return made

    def _forget(self, key: Hashable) -> None:
        gone = self._parts.pop(key, None)
        if gone:
            self._size -= len(gone[2])
