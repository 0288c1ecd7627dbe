"""The board as of a past day at 63,000 and at 630,000 independently drawn cases, in turn, beside
the one raw query it stands on. What is drawn and how stands in ``figures_scale``.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from bench import figures_scale
from bench.measuring import Line, Options, in_turn
from ecoissues.figures import generations
from ecoissues.figures.sums import rebuild
from ecoissues.storage import tables as t
from ecoissues.storage.engine import Store

LIMIT_GROWTH, LIMIT_RAW, LIMIT_MS = 4.0, 1.5, 10.0
BOARD, RAW = "board, past day", "raw query of the board"


def _kept(cases: int) -> tuple[Path, int]:
    """Give a filled database and the position known two days after the board's day."""
    source = hashlib.sha256()
    tables = sorted(Path(t.__file__).parent.glob("tables*.py"))
    for path in (Path(figures_scale.__file__), Path(generations.__file__), *tables):
        source.update(path.read_bytes())
    temporary, sort = Path(tempfile.gettempdir()), f"ecoissues-bench-figures-{cases}"
    folder = temporary / f"{sort}-{source.hexdigest()[:12]}"
    marker, path = folder / "known", folder / "figures.sqlite3"
    if not marker.exists():
        for old in temporary.glob(f"{sort}-*"):
            shutil.rmtree(old, ignore_errors=True)
        folder.mkdir()
        store = Store(f"sqlite:///{path}")
        known = figures_scale.fill(store, cases)
        rebuild(store, chunk=12)
        store.close()
        with closing(sqlite3.connect(path)) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        marker.write_text(str(known), "utf-8")
    return path, int(marker.read_text("utf-8"))


def _often(call: Callable[[], Any]) -> Callable[[int], object]:
    return lambda _number: call()


def measure(options: Options) -> Iterator[Line]:
    """Part d."""
    small, large = options.size(63_000, 6_300), options.size(630_000, 63_000)
    variants: dict[str, Callable[[int], object]] = {}
    with ExitStack() as stack:
        for cases in (small, large):
            path, known = _kept(cases)
            store = Store(f"sqlite:///{path}")
            stack.callback(store.close)
            connection = stack.enter_context(store.reading())
            for name, call in figures_scale.variants(connection, known).items():
                variants[f"{cases} {name}"] = _often(call)
        in_turn(variants, 3)
        medians = in_turn(variants, options.size(60, 30))
    board, raw = medians[f"{large} {BOARD}"], medians[f"{large} {RAW}"]
    yield Line(f"board of a past day, {large:,} cases: of {small:,}", board,
               medians[f"{small} {BOARD}"], limit=LIMIT_GROWTH)  # fmt: skip
    yield Line(f"board of a past day, {large:,} cases: its raw query", board, raw, limit=LIMIT_RAW)
    yield Line("the same in the database", raw, limit=LIMIT_MS, absolute=True)
    for name in ("one figure by district", "board, by unit", "board, earlier known-at",
                 "trend of 12 months"):  # fmt: skip
        yield Line(f"{name}, {large:,} cases", medians[f"{large} {name}"], raw)
