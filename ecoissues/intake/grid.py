"""What the reading child collects while it walks a sheet, whatever the format (reading child)."""

from __future__ import annotations

from dataclasses import dataclass, field

from ecoissues.core.errors import Refused
from ecoissues.intake import refusals
from ecoissues.intake.cells import address, clean_text
from ecoissues.intake.limits import Limits

#: So many remarks are kept: a page cannot show more, and a file may provoke millions.
_REMARKS = 2_000


@dataclass(slots=True)
class Grid:
    """Rows on their way out, remarks on cells, and the counters that the limits bound.

    ``rows`` holds (line from 1, texts) not yet handed on; ``remarks`` holds (line, column, code,
    detail) with the codes ``control_removed``, ``digits_lost``, ``cell_error`` and
    ``formula_empty``.
    """

    limits: Limits
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    remarks: list[tuple[int, int, str, str]] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: int = 0
    chars: int = 0
    last_line: int = 0
    any_text: bool = False

    def remark(self, line: int, column: int, code: str, detail: str = "") -> None:
        """Keep a remark on a cell."""
        if len(self.remarks) < _REMARKS:
            self.remarks.append((line, column, code, detail))

    def text(self, line: int, column: int, raw: str) -> str:
        """Take a cell's text: check its length and place, remove unwanted characters."""
        if len(raw) > self.limits.cell_chars:
            raise refusals.long_cell(address(line, column), self.limits)
        cleaned, removed = clean_text(raw)
        if removed:
            self.remark(line, column, "control_removed", str(removed))
        return cleaned

    def check_place(self, line: int, column: int) -> None:
        """Refuse a value outside the rows and columns that are read."""
        if line > self.limits.rows or column >= self.limits.columns:
            raise refusals.far_cell(address(line, column), self.limits)

    def add_row(self, line: int, texts: list[str]) -> None:
        """Hand on a row without its blank tail; a blank row is only remembered by its absence."""
        while texts and not texts[-1].strip():
            texts.pop()
        if not texts:
            return
        if line <= self.last_line:
            raise disordered(line)
        self.chars += sum(map(len, texts))
        if self.chars > self.limits.total_chars:
            raise refusals.too_large(f"全表文字超过 {self.limits.total_chars} 个字符")
        self.last_line = line
        self.any_text = True
        self.rows.append((line, texts))


def disordered(line: int) -> Refused:
    """Rows of a sheet must ascend; a file where they do not is damaged or made up."""
    return refusals.unreadable(f"文件已损坏，第 {line} 行的次序错误")
