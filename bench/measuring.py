"""How the benchmarks measure: variants in turn within one run, medians, a limit beside each ratio.

On a shared machine absolute times mean little; ratios of variants visited in turn do.
"""

from __future__ import annotations

import gc
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec


class Options(msgspec.Struct, frozen=True):
    """What a part needs to know: smaller numbers on ``quick``, and a folder it may fill."""

    quick: bool
    folder: Path

    def size(self, full: int, quick: int) -> int:
        """Give one of two numbers."""
        return quick if self.quick else full


class Line(msgspec.Struct, frozen=True):
    """One line of the table: what was measured, ours and the floor's value, ratio and limit.

    ``ratio`` and ``limit`` None: told for comparison only. ``absolute``: the limit is on ``ours``
    itself (in ``unit``), not on a ratio.
    """

    what: str
    ours: float | None = None
    floor: float | None = None
    unit: str = "ms"
    limit: float | None = None
    absolute: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours against the floor."""
        return self.ours / self.floor if self.ours is not None and self.floor else None

    @property
    def keeps(self) -> bool | None:
        """Whether the limit is kept; None where there is none."""
        value = self.ours if self.absolute else self.ratio
        return None if self.limit is None or value is None else value <= self.limit


Part = Callable[[Options], Iterator[Line]]


def clock(call: Callable[[], object]) -> float:
    """Give the milliseconds a call takes."""
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def in_turn(
    variants: Mapping[str, Callable[[int], object]],
    rounds: int,
    before: Mapping[str, Callable[[], object]] | None = None,
) -> dict[str, float]:
    """Run every variant once in each round; gives the median milliseconds of each.

    In: name -> a function of the number of the round. The order turns with the rounds, so that no
    variant always follows the same other; the collector rests while they run. ``before``: what is
    done, unmeasured, before a variant is run.
    """
    before = before or {}
    times: dict[str, list[float]] = {name: [] for name in variants}
    names = list(variants)
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds):
            first = number % len(names)
            for name in names[first:] + names[:first]:
                call = variants[name]
                before.get(name, int)()
                start = time.perf_counter()
                call(number)
                times[name].append((time.perf_counter() - start) * 1000)
    finally:
        gc.enable()
    return {name: statistics.median(values) for name, values in times.items()}


def fdatasync_ms(folder: Path, rounds: int = 200) -> float:
    """Give the median milliseconds of writing 4 KiB and handing it to the disk."""
    block = os.urandom(4096)
    with tempfile.TemporaryFile(dir=folder) as file:
        handle = file.fileno()

        def write() -> None:
            os.pwrite(handle, block, 0)
            os.fdatasync(handle)

        return statistics.median(clock(write) for _ in range(rounds))
