"""The small parts of an xlsx workbook: sheet names, date formats, shared texts (reading child)."""

from __future__ import annotations

import posixpath
import re
import zipfile
from dataclasses import dataclass, field

from ecoissues.intake import archive as zipped
from ecoissues.intake import refusals
from ecoissues.intake.cells import unescape
from ecoissues.intake.limits import Limits

#: Built-in number formats that show a date (ECMA-376 Part 1, 18.8.30, with the zh-cn ones).
_DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_QUIET = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')


@dataclass(slots=True)
class SheetEntry:
    """One sheet of the workbook: its name, whether it is shown, and the part that holds it."""

    name: str
    hidden: bool
    part: str


@dataclass(slots=True)
class Workbook:
    """What the sheets need from the rest of the workbook."""

    sheets: list[SheetEntry] = field(default_factory=list)
    from_1904: bool = False
    date_styles: frozenset[int] = frozenset()
    #: Shared texts; None marks one that is longer than a cell may be.
    texts: list[str | None] = field(default_factory=list)


def local(tag: str) -> str:
    """Give a tag without its prefix: some writers put every element under ``x:``."""
    return tag if ":" not in tag else tag.rpartition(":")[2]


def shows_date(code: str) -> bool:
    """Say whether a custom number format shows a date; elapsed time ``[h]:mm`` does not."""
    if re.search(r"\[[hms]+\]", code, re.IGNORECASE):
        return False
    plain = _QUIET.sub("", code.split(";")[0]).lower()
    return "general" not in plain and re.search(r"[ymdh]", plain) is not None


def _relations(archive: zipfile.ZipFile, limits: Limits) -> dict[str, str]:
    targets: dict[str, str] = {}
    part = zipped.find_part(archive, "xl/_rels/workbook.xml.rels")
    if part is None:
        raise refusals.unreadable("文件不是完整的 xlsx 工作簿")

    def start(tag: str, attributes: dict[str, str]) -> None:
        if local(tag) == "Relationship":
            target = attributes.get("Target", "")
            path = target if target.startswith("/") else posixpath.join("xl", target)
            targets[attributes.get("Id", "")] = posixpath.normpath(path).lstrip("/")

    parser = zipped.new_parser()
    parser.StartElementHandler = start
    zipped.drain(zipped.feed(parser, zipped.inflate(archive, part, limits)))
    return targets


def _read_sheets(archive: zipfile.ZipFile, book: Workbook, limits: Limits) -> None:
    part = zipped.find_part(archive, "xl/workbook.xml")
    if part is None:
        if zipped.find_part(archive, "xl/workbook.bin"):
            raise refusals.unreadable("xlsb 格式暂不读取")
        raise refusals.unreadable("文件不是 Excel 工作簿")
    targets = _relations(archive, limits)

    def start(tag: str, attributes: dict[str, str]) -> None:
        name = local(tag)
        if name == "sheet":
            relation = next((v for k, v in attributes.items() if k.endswith(":id")), "")
            hidden = attributes.get("state", "visible") != "visible"
            book.sheets.append(
                SheetEntry(attributes.get("name", ""), hidden, targets.get(relation, ""))
            )
        elif name == "workbookPr":
            book.from_1904 = attributes.get("date1904", "0") in ("1", "true")

    parser = zipped.new_parser()
    parser.StartElementHandler = start
    zipped.drain(zipped.feed(parser, zipped.inflate(archive, part, limits)))


def _read_styles(archive: zipfile.ZipFile, book: Workbook, limits: Limits) -> None:
    part = zipped.find_part(archive, "xl/styles.xml")
    if part is None:
        return
    custom: dict[int, bool] = {}
    styles: list[int] = []
    within = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal within
        name = local(tag)
        if name == "numFmt":
            code = attributes.get("formatCode", "")
            custom[int(attributes.get("numFmtId", "0"))] = shows_date(code)
        elif name == "cellXfs":
            within = True
        elif name == "xf" and within:
            styles.append(int(attributes.get("numFmtId", "0")))

    def end(tag: str) -> None:
        nonlocal within
        if local(tag) == "cellXfs":
            within = False

    parser = zipped.new_parser()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    zipped.drain(zipped.feed(parser, zipped.inflate(archive, part, limits)))
    book.date_styles = frozenset(
        index for index, code in enumerate(styles) if custom.get(code, code in _DATE_FORMATS)
    )


def _read_texts(archive: zipfile.ZipFile, book: Workbook, limits: Limits) -> None:
    part = zipped.find_part(archive, "xl/sharedStrings.xml")
    if part is None:
        return
    pieces: list[str] = []
    phonetic = False
    total = 0

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal phonetic
        name = local(tag)
        if name == "t" and not phonetic:
            parser.CharacterDataHandler = pieces.append
        elif name == "si":
            pieces.clear()
        elif name == "rPh":
            # Reading aids (phonetic runs) are not part of the text.
            phonetic = True

    def end(tag: str) -> None:
        nonlocal phonetic, total
        name = local(tag)
        if name == "t":
            parser.CharacterDataHandler = None
        elif name == "rPh":
            phonetic = False
        elif name == "si":
            text = unescape("".join(pieces))
            pieces.clear()
            total += len(text)
            if total > limits.total_chars or len(book.texts) >= limits.cells:
                raise refusals.too_large(f"全表文字超过 {limits.total_chars} 个字符")
            book.texts.append(text if len(text) <= limits.cell_chars else None)

    def after() -> None:
        # One endless text: keep what proves that it is too long, drop the rest.
        if len(pieces) > 1 and sum(map(len, pieces)) > limits.cell_chars:
            pieces[:] = ["".join(pieces)[: limits.cell_chars + 1]]

    parser = zipped.new_parser()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    zipped.drain(zipped.feed(parser, zipped.inflate(archive, part, limits), after))


def read_workbook(archive: zipfile.ZipFile, limits: Limits) -> Workbook:
    """Read names, formats and shared texts; refuses what is no workbook or goes beyond limits."""
    book = Workbook()
    _read_sheets(archive, book, limits)
    _read_styles(archive, book, limits)
    _read_texts(archive, book, limits)
    return book
