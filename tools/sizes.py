"""Sizes of files, functions and templates: a guide that is printed, a cap that fails.

A file, function or template over the cap passes only with a stated reason: a comment with the word
``size:`` in it (in the first 30 lines of a file or template, on or just above a ``def``).
Run: ``python -m tools.sizes``; exit code 1 when a cap is passed without a reason.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CODE_FOLDERS = ("ecoissues", "tools", "tests", "bench")
REASON = "size:"


@dataclass(frozen=True)
class Limit:
    """Lines from which a thing is mentioned, and from which it fails."""

    guide: int
    cap: int


FILE, FUNCTION, TEMPLATE = Limit(300, 450), Limit(40, 70), Limit(120, 180)


@dataclass(frozen=True)
class Size:
    """One thing over its guide."""

    place: str
    lines: int
    limit: Limit
    reason: bool

    @property
    def fails(self) -> bool:
        return self.lines > self.limit.cap and not self.reason

    def __str__(self) -> str:
        state = "over the cap" if self.fails else "over the cap, with a reason"
        state = state if self.lines > self.limit.cap else "over the guide"
        return f"{self.place}: {self.lines} lines, {state} ({self.limit.guide}/{self.limit.cap})"


def measure(root: Path = ROOT) -> list[Size]:
    """Everything over its guide, the longest first."""
    found: list[Size] = []
    for folder in CODE_FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            found += measure_python(path.read_text("utf-8"), path.relative_to(root).as_posix())
    for path in sorted((root / "templates").rglob("*.html")):
        lines = path.read_text("utf-8").splitlines()
        place = path.relative_to(root).as_posix()
        found.append(Size(place, len(lines), TEMPLATE, has_reason(lines[:30])))
    over = [size for size in found if size.lines > size.limit.guide]
    return sorted(over, key=lambda size: (-size.lines / size.limit.guide, size.place))


def measure_python(text: str, place: str) -> Iterator[Size]:
    """Sizes of a file and of each function in it; a docstring does not count as length."""
    lines = text.splitlines()
    yield Size(place, len(lines), FILE, has_reason(lines[:30]))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1 - docstring_lines(node)
            first = node.body[0].lineno
            reason = has_reason(lines[max(node.lineno - 3, 0) : first])
            yield Size(f"{place}:{node.lineno} {node.name}", length, FUNCTION, reason)


def docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    if ast.get_docstring(node) is None:
        return 0
    return (first.end_lineno or first.lineno) - first.lineno + 1


def has_reason(lines: list[str]) -> bool:
    return any(REASON in line and ("#" in line or "{#" in line) for line in lines)


def main() -> int:
    sizes = measure()
    for size in sizes:
        print(size)
    return 1 if any(size.fails for size in sizes) else 0


if __name__ == "__main__":
    sys.exit(main())
