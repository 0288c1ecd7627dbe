"""The reading child: ``python -m ecoissues.intake.child REQUEST < FILE``.

It bounds its own memory and processor time before it looks at the file, reads it, and answers
JSON lines on standard output: ``{"rows": [[line, [text, …]], …]}`` any number of times, then one
``{"end": …}`` or one ``{"refused": [code, sentence, facts]}``. Whatever happens to it (memory,
time, abort inside a library) happens to nobody else.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from ecoissues.core.errors import Refused
from ecoissues.intake import refusals
from ecoissues.intake.grid import Grid
from ecoissues.intake.limits import Limits

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = (
    (b"%PDF", "文件是 PDF"),
    (b"\xff\xd8\xff", "文件是图片"),
    (b"\x89PNG", "文件是图片"),
    (b"Rar!", "文件是 RAR 压缩包"),
    (b"7z\xbc\xaf", "文件是 7z 压缩包"),
)


def bound_resources(limits: Limits) -> None:
    """Set this process's limits on memory and processor time, and switch core dumps off."""
    try:
        import resource
    except ImportError:  # a platform without them: the zip checks and the wall clock remain
        return
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def send(message: dict[str, Any]) -> None:
    """Write one line of the answer."""
    line = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    sys.stdout.buffer.write(line.encode("utf-8", "replace") + b"\n")


def send_refusal(refused: Refused) -> None:
    """Answer that the file is not taken."""
    send({"refused": [refused.code, refused.sentence, refused.facts]})


def hand_on(grid: Grid, pauses: Iterator[None]) -> None:
    """Run a reading, sending its rows as they come."""
    for _ in pauses:
        if grid.rows:
            send({"rows": grid.rows})
            grid.rows.clear()


def read_sheets(
    names: list[str],
    shown: list[str],
    wanted: str | None,
    grid: Grid,
    read: Callable[[str], Iterator[None]],
) -> str:
    """Read the wanted sheet, or the first shown one that holds anything; give its name."""
    if wanted is not None:
        if wanted not in names:
            raise Refused(
                "sheet_missing",
                f"文件中没有名为“{wanted}”的工作表。没有写入任何数据。",
                names=names,
            )
        hand_on(grid, read(wanted))
        return wanted
    for name in shown or names:
        hand_on(grid, read(name))
        if grid.any_text:
            return name
        grid.merged.clear()
    return names[0] if names else ""


def read_xlsx(file: BinaryIO, wanted: str | None, grid: Grid) -> dict[str, Any]:
    """Read an xlsx workbook from its container."""
    from ecoissues.intake.archive import open_archive
    from ecoissues.intake.workbook import read_workbook
    from ecoissues.intake.worksheet import read_cells

    archive = open_archive(file, grid.limits)
    book = read_workbook(archive, grid.limits)
    parts = {sheet.name: sheet.part for sheet in book.sheets}
    shown = [sheet.name for sheet in book.sheets if not sheet.hidden]

    def read(name: str) -> Iterator[None]:
        return read_cells(archive, parts[name], book, grid)

    name = read_sheets(list(parts), shown, wanted, grid, read)
    return {"sheet": name, "sheets": list(parts), "shown": shown}


def read_xls(file: BinaryIO, wanted: str | None, grid: Grid) -> dict[str, Any]:
    """Read a workbook of the older format."""
    from ecoissues.intake.legacy import LegacyBook

    book = LegacyBook(file)
    name = read_sheets(book.names, book.shown, wanted, grid, lambda name: book.read(name, grid))
    return {"sheet": name, "sheets": book.names, "shown": book.shown}


def read_any(file: BinaryIO, request: dict[str, Any], grid: Grid) -> dict[str, Any]:
    """Choose the reader by the file's first bytes; a name's ending proves nothing."""
    head = file.read(2048)
    file.seek(0)
    if head.startswith(_ZIP):
        return read_xlsx(file, request["sheet"], grid)
    if head.startswith(_OLE):
        return read_xls(file, request["sheet"], grid)
    for mark, sort in _OTHERS:
        if head.startswith(mark):
            raise refusals.unreadable(sort, "请导入 xlsx、xls 或 csv 表格")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"mime-version")):
        raise refusals.unreadable("文件实际是网页，只是以表格命名")
    from ecoissues.intake.delimited import read_text

    hand_on(grid, read_text(file.read(), grid, request["delimiter"]))
    return {"sheet": "", "sheets": [], "shown": []}


def main() -> int:
    """Serve one request; the exit code is 0 also for a refusal, which is an ordinary answer."""
    request = json.loads(sys.argv[1])
    limits = Limits(**request["limits"])
    bound_resources(limits)
    gc.disable()  # short-lived, makes no cycles worth collecting; the memory limit stands
    grid = Grid(limits.for_file(os.fstat(0).st_size))
    try:
        end = read_any(sys.stdin.buffer, request, grid)
        end |= {"merged": grid.merged, "remarks": grid.remarks, "hidden_rows": grid.hidden_rows}
        send({"end": end})
    except Refused as error:
        send_refusal(error)
    except MemoryError:
        grid.rows.clear()
        send_refusal(refusals.too_large("读取该文件所需的内存过大"))
    except (ValueError, LookupError, OverflowError):
        send_refusal(refusals.unreadable("文件已损坏，内容不符合表格格式"))
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
