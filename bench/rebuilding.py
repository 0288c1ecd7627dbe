"""Rebuilding every figure from the log: what a case costs, and so 630,000 of them.

The same command as ``ecoissues figures rebuild``: every posting compared with the log, the sums
built anew by as many processes as there are cores.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.filling import copied, filled
from bench.measuring import Line, Options
from ecoissues.services import starting
from ecoissues.storage.crew import cores

WHOLE, LIMIT_S = 630_000, 300.0


def measure(options: Options) -> Iterator[Line]:
    """Part h."""
    cases = options.size(60_000, 6_000)
    site = starting.open_site(copied(filled(cases), options.folder / "rebuilt"))
    try:
        began = time.perf_counter()
        changed = starting.rebuild_figures(site)
        taken = time.perf_counter() - began
    finally:
        site.close()
    yield Line(
        f"rebuilding figures: {WHOLE:,} cases", taken / cases * WHOLE, unit="s", limit=LIMIT_S,
        absolute=True,
        note=f"{cases:,} cases in {taken:.1f} s: {taken / cases * 1000:.2f} ms a case, {cores()}"
        f" processes; {changed} posted anew",
    )  # fmt: skip
