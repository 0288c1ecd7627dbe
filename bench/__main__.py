"""``python -m bench [--only b,c] [--quick]``: every benchmark, each figure beside its limit.

Exit code 0 unless something crashed: a slow machine is no error, the table says what was missed.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.measuring import Line, Options, Part

#: Letter -> (module, what it is). Each module has ``measure``.
PARTS = {
    "a": ("pages", "list and board page, signed in, against a bare Flask page of 50 rows"),
    "b": ("step", "a step in the service"),
    "c": ("ledger", "the ledger of 63,000 rows"),
    "d": ("figures", "the board as of a past day at 630,000 cases"),
    "e": ("intake", "import of 10,000 rows"),
    "f": ("contention", "16 clients over 2 processes on one case"),
    "k": ("kinds", "importing, loading and proving all kinds at start"),
    "g": ("scanning", "the daily scan and the proof of a deadline"),
    "h": ("rebuilding", "rebuilding every figure from the log"),
    "m": ("figures_large", "the board as of a past day at 6.3 million cases on PostgreSQL"),
}
#: Takes the better part of an hour and 30 GB: only when it is named.
LONG = ("m",)


def main() -> int:
    """Run the parts asked for and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    usual = ",".join(letter for letter in PARTS if letter not in LONG)
    parser.add_argument("--only", default=usual, help=f"parts, e.g. b,c (default: {usual})")
    parser.add_argument("--quick", action="store_true", help="smaller sizes and fewer rounds")
    asked = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()},"
        f" SQLite {sqlite3.sqlite_version}, load {os.getloadavg()[0]:.1f}"
        f"{', quick' if asked.quick else ''}\n"
    )
    missed = 0
    for letter in asked.only.split(","):
        module, title = PARTS[letter]
        print(f"{letter}. {title}", flush=True)
        for line in _lines(module, asked.quick):
            print(shown(line), flush=True)
            missed += line.keeps is False
    print(f"\n{'all limits kept' if not missed else f'{missed} limits missed'}"
          f" (load {os.getloadavg()[0]:.1f})")  # fmt: skip
    return 0


def _lines(module: str, quick: bool) -> Iterator[Line]:
    part: Part = importlib.import_module(f"bench.{module}").measure
    with tempfile.TemporaryDirectory(prefix="ecoissues-bench-") as folder:
        yield from part(Options(quick, Path(folder)))


def shown(line: Line) -> str:
    """Write one line: what, ours, the floor, ratio, limit, verdict, note."""
    parts = [f"   {line.what:<58}"]
    if line.ours is not None:
        parts.append(f"{line.ours:9.2f} {line.unit}")
    if line.floor is not None:
        parts.append(f"beside {line.floor:8.2f} {line.unit}")
    if line.ratio is not None:
        parts.append(f"= {line.ratio:5.2f}x")
    if line.limit is not None:
        unit = f" {line.unit}" if line.absolute else "x"
        parts.append(f"(at most {line.limit:g}{unit}): {'pass' if line.keeps else 'FAIL'}")
    text = "  ".join(parts)
    return f"{text}\n      {line.note}" if line.note else text


if __name__ == "__main__":
    sys.exit(main())
