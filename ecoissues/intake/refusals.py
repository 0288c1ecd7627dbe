"""The sentences with which a whole file is refused; nothing of a refused file is written."""

from __future__ import annotations

from typing import Any

from ecoissues.core.errors import Refused
from ecoissues.intake.limits import MEBI, Limits

_KEPT = "没有写入任何数据。"


def too_large(
    what: str, cure: str = "请删去无关内容或分成几个文件后再导入", **facts: Any
) -> Refused:
    """The file goes beyond a limit (``what`` says which, in Chinese)."""
    return Refused("sheet_too_large", f"{what}，超出上限。{cure}；{_KEPT}", **facts)


def unreadable(why: str, cure: str = "请在表格软件中打开后另存为 xlsx 再导入") -> Refused:
    """The file is damaged or of a sort that is not read."""
    return Refused("sheet_unreadable", f"{why}。{cure}；{_KEPT}")


def dangerous(why: str) -> Refused:
    """The file is built to exhaust the machine (compression bomb, entity declarations)."""
    return Refused("sheet_dangerous", f"{why}，已拒绝读取。{_KEPT}")


def far_cell(where: str, limits: Limits) -> Refused:
    """A cell with a value stands outside the rows and columns that are read."""
    return too_large(
        f"单元格 {where} 有内容，但最多读取 {limits.rows} 行、{limits.columns} 列",
        "请清除该单元格后再导入",
        cell=where,
    )


def long_cell(where: str, limits: Limits) -> Refused:
    """A cell holds more characters than a spreadsheet allows; it is never cut silently."""
    return Refused(
        "cell_too_long",
        f"单元格 {where} 的文字超过 {limits.cell_chars} 个字符。请缩短或改作附件后再导入；{_KEPT}",
        cell=where,
    )


def heavy_file(size: int, limits: Limits) -> Refused:
    """The file itself has too many bytes."""
    shown = limits.file_bytes // MEBI
    return too_large(f"文件有 {size / MEBI:.1f} MB，最多 {shown} MB", size=size)
