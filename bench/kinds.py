"""Kinds at start: a fresh process imports the reader, reads every document and proves each sound.

Beside the packaged documents stand as many copies of them as make MANY in all, one of them with
twelve bounded steps more (bounds are no part of the walk, so they must cost nothing there). The interpreter's own start is not counted; the best of some rounds is.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from bench.measuring import Line, Options

LIMIT = 200.0
MANY = 22
BOUNDED = 12

_RUN = """
import sys, time
begin = time.perf_counter()
from pathlib import Path
from ecoissues.core.kind_registry import load_kinds
read = time.perf_counter()
found = load_kinds(Path(sys.argv[1]))
end = time.perf_counter()
print(len(found), (read - begin) * 1000, (end - read) * 1000)
"""
_CODE = re.compile(r'^code = "(\w+)"', re.MULTILINE)
_NOTE = """
[[steps]]
code = "bounded_{number}"
zh = "限次记录{number}"
en = "Bounded {number}"
from = ["@open"]
roles = ["officer"]
bound = 3
sort = "note"
meets = ["noted_{number}"]
"""


def fill(folder: Path, many: int = MANY) -> int:
    """Put copies of the packaged kinds into a folder until there are ``many`` kinds in all.

    Out: how many kinds there are then. The first copy has the bounded steps.
    """
    texts = {
        item.name: item.read_text(encoding="utf-8")
        for item in files("ecoissues.kinds").iterdir()
        if item.name.endswith(".toml")
    }
    kinds = [text for text in texts.values() if _CODE.search(text.partition("[[")[0])]
    for number in range(max(1, many - len(kinds))):
        text = kinds[number % len(kinds)]
        text = _CODE.sub(rf'code = "\1_copy_{number}"', text, count=1)
        if not number:
            text += "".join(_NOTE.format(number=place) for place in range(BOUNDED))
        (folder / f"copy_{number}.toml").write_text(text, encoding="utf-8")
    return len(kinds) + max(1, many - len(kinds))


def fresh_start(folder: Path) -> tuple[int, float, float]:
    """Load all kinds in a fresh process: how many, milliseconds of the import and of the rest.

    With the modules compiled, as where the program is installed: the first round compiles them.
    """
    command = [sys.executable, "-X", f"pycache_prefix={folder.parent / 'compiled'}", "-c", _RUN,
               str(folder)]  # fmt: skip
    compiled = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=compiled)
    count, imported, loaded = done.stdout.split()
    return int(count), float(imported), float(loaded)


def measure(options: Options) -> Iterator[Line]:
    """Give the lines: import, loading with proof, both together beside the limit."""
    folder = options.folder / "kinds"
    folder.mkdir()
    count = fill(folder)
    rounds = [fresh_start(folder) for _ in range(options.size(9, 4))]
    assert all(found == count for found, _, _ in rounds)
    _, imported, loaded = min(rounds, key=lambda each: each[1] + each[2])
    yield Line("import of the modules", imported)
    yield Line(f"reading and proving {count} kinds", loaded)
    yield Line(
        f"all {count} kinds at start, in a fresh process", imported + loaded, limit=LIMIT,
        absolute=True, note=f"one kind has {BOUNDED} bounded steps more than its like",
    )  # fmt: skip
