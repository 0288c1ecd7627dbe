"""Reading a file of rows safely: the parent's side of the reading child."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import IO, Any

import ecoissues
from ecoissues.core.errors import Refused
from ecoissues.intake import refusals
from ecoissues.intake.cells import DATE_MARK, address
from ecoissues.intake.limits import Limits

#: A cell as read: text (empty when blank) or a day.
Cell = str | date

_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Remark:
    """Something odd about one cell, found while reading.

    ``code``: ``control_removed`` (unwanted characters taken out), ``digits_lost`` (a long number
    typed as a number), ``cell_error`` (#REF! and the like), ``formula_empty`` (a formula whose
    value was never stored). ``line`` from 1, ``column`` from 0.
    """

    line: int
    column: int
    code: str
    detail: str

    @property
    def sentence(self) -> str:
        """Say it in Chinese, with the cell's address."""
        where = address(self.line, self.column)
        return {
            "control_removed": f"{where} 去除了 {self.detail} 个不可见字符",
            "digits_lost": f"{where} 的长号码以数值存放，末尾数字可能已丢失",
            "cell_error": f"{where} 是错误值 {self.detail}，按空白处理",
            "formula_empty": f"{where} 是没有计算结果的公式，按空白处理",
        }.get(self.code, where)


@dataclass(slots=True)
class RawSheet:
    """A sheet as read: ``rows[i]`` is line ``i + 1``; rows are ragged, blank tails are dropped.

    ``sheets`` are all sheets of the workbook, ``shown`` those that are not hidden.
    ``filled`` counts the cells that got the value of the merged cell they belong to.
    """

    name: str
    sheet: str
    sheets: list[str]
    rows: list[list[Cell]]
    remarks: list[Remark] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    filled: int = 0
    hidden_rows: int = 0
    shown: list[str] = field(default_factory=list)

    def cell(self, line: int, column: int) -> Cell:
        """Give a cell (``line`` from 1, ``column`` from 0), blank outside the sheet."""
        if not 0 < line <= len(self.rows):
            return ""
        row = self.rows[line - 1]
        return row[column] if 0 <= column < len(row) else ""

    @property
    def width(self) -> int:
        """Give the number of columns of the widest row."""
        return max(map(len, self.rows), default=0)


@contextmanager
def _opened(source: Path | str | bytes, limits: Limits) -> Iterator[IO[bytes]]:
    if isinstance(source, bytes):
        if len(source) > limits.file_bytes:
            raise refusals.heavy_file(len(source), limits)
        with tempfile.TemporaryFile() as copy:
            copy.write(source)
            copy.seek(0)
            yield copy
        return
    try:
        size = os.path.getsize(source)
        file: IO[bytes] = open(source, "rb")  # noqa: SIM115 - closed below; errors answered here
    except OSError as error:
        raise refusals.unreadable(
            f"打不开文件“{Path(source).name}”", "请检查文件是否存在"
        ) from error
    with file:
        if size > limits.file_bytes:
            raise refusals.heavy_file(size, limits)
        yield file


def _command(limits: Limits, sheet: str | None, delimiter: str) -> list[str]:
    request = {"limits": asdict(limits), "sheet": sheet, "delimiter": delimiter}
    return [sys.executable, "-m", "ecoissues.intake.child", json.dumps(request)]


def _environment() -> dict[str, str]:
    # Nothing of ours is handed over: no database address, no key.
    root = str(Path(ecoissues.__file__).parent.parent)
    return {"PYTHONPATH": root, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def _messages(
    source: Path | str | bytes, limits: Limits, sheet: str | None, delimiter: str
) -> Iterator[dict[str, Any]]:
    """Run the child and give its messages; a dead or silent child becomes a refusal."""
    with (
        _opened(source, limits) as file,
        subprocess.Popen(
            _command(limits, sheet, delimiter),
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        ) as child,
    ):
        timer = threading.Timer(limits.wall_seconds, child.kill)
        timer.start()
        answered = False
        try:
            assert child.stdout is not None
            for line in child.stdout:
                message = json.loads(line)
                answered = "rows" not in message
                yield message
            code = child.wait()
            if not answered:
                raise _silence(code, timer.is_alive())
        finally:
            timer.cancel()
            if child.poll() is None:
                child.kill()


def _silence(code: int, in_time: bool) -> Refused:
    """Say why a child that never finished its answer died."""
    if not in_time or code == -24:
        return refusals.too_large("读取该文件所需的时间过长")
    if code < 0:
        return refusals.too_large("读取该文件所需的内存过大")
    return refusals.unreadable("读取该文件时出错")


def _decode(rows: list[list[Any]], kept: dict[str, str]) -> Iterator[tuple[int, list[Cell]]]:
    for line, texts in rows:
        cells: list[Cell] = []
        for text in texts:
            if text[:1] == DATE_MARK:
                cells.append(date.fromisoformat(text[1:]))
            elif len(kept) < _REMEMBERED:
                # Texts repeat (regions, types, verdicts, whole answers): keep each once.
                cells.append(kept.setdefault(text, text))
            else:
                cells.append(kept.get(text, text))
        yield line, cells


def _fill_merged(sheet: RawSheet, limits: Limits) -> None:
    """Give each cell of a merged range the value of its first cell, within the sheet's extent.

    Ranges are clipped to the rows and columns that hold anything: ``A1:XFD1048576`` is lawful.
    """
    width, budget = sheet.width, limits.cells
    for top, left, bottom, right in sheet.merged:
        value = sheet.cell(top, left)
        last, end = min(bottom, len(sheet.rows)), min(right, width - 1)
        budget -= max(0, last - top + 1) * max(0, end - left + 1)
        if not value or budget < 0:
            continue
        for line in range(top, last + 1):
            row = sheet.rows[line - 1]
            row.extend([""] * (end + 1 - len(row)))
            for column in range(left, end + 1):
                if not row[column]:
                    row[column] = value
                    sheet.filled += 1


def read_sheet(
    source: Path | str | bytes,
    name: str = "",
    limits: Limits | None = None,
    sheet: str | None = None,
    delimiter: str = "",
) -> RawSheet:
    """Read one sheet of an xlsx, xls, CSV or tab-separated file in a limited child process.

    In: a path or the file's bytes; ``name`` as the user knows the file; ``sheet`` the wanted
    sheet, by default the first shown one that holds anything; ``delimiter`` for text, empty to
    find it. Formula cells give their stored value; hidden rows and columns are read too.
    Raises Refused ``sheet_too_large``, ``sheet_unreadable``, ``sheet_dangerous``,
    ``cell_too_long``, ``sheet_missing`` or ``sheet_empty``; the process itself is never at risk.
    """
    limits = limits or Limits()
    shown = name or ("" if isinstance(source, bytes) else Path(source).name)
    raw = RawSheet(shown, "", [], [])
    kept: dict[str, str] = {}
    for message in _messages(source, limits, sheet, delimiter):
        if "refused" in message:
            code, sentence, facts = message["refused"]
            raise Refused(code, sentence, file=shown, **facts)
        for line, cells in _decode(message.get("rows", ()), kept):
            raw.rows.extend([] for _ in range(line - 1 - len(raw.rows)))
            raw.rows.append(cells)
        end = message.get("end")
        if end is not None:
            raw.sheet, raw.sheets, raw.shown = end["sheet"], end["sheets"], end["shown"]
            raw.remarks = [Remark(*remark) for remark in end["remarks"]]
            raw.merged = [tuple(each) for each in end["merged"]]
            raw.hidden_rows = end["hidden_rows"]
    if not raw.rows:
        raise Refused("sheet_empty", "文件中没有任何内容。没有写入任何数据。", file=shown)
    _fill_merged(raw, limits)
    return raw
