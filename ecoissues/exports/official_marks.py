"""What python-docx has no word for: rules, page numbers, fonts that stand in, the language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from docx.document import Document as Word
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.oxml import serialize_part_xml
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Length, Pt
from docx.text.paragraph import Paragraph


def add_rule(paragraph: Paragraph, colour: str, eighths: int, *, top: bool = False) -> None:
    """Draw a rule over or under a paragraph: colour as RRGGBB, thickness in eighths of a point."""
    shape = paragraph._p.get_or_add_pPr()
    borders = shape.find(qn("w:pBdr"))
    if borders is None:
        borders = OxmlElement("w:pBdr")
        shape.insert_element_before(
            borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:kinsoku", "w:wordWrap",
            "w:spacing", "w:ind", "w:jc", "w:rPr",
        )  # fmt: skip
    side = OxmlElement("w:top" if top else "w:bottom")
    for name, value in (("val", "single"), ("sz", str(eighths)), ("space", "4"), ("color", colour)):
        side.set(qn(f"w:{name}"), value)
    borders.insert(0, side) if top else borders.append(side)


def add_page_numbers(word: Word, font: str, size: float) -> None:
    """Number the pages outside: odd pages right, even pages left, one sign from the edge."""
    word.settings.odd_and_even_pages_header_footer = True
    section = word.sections[0]
    for footer, align, indent in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT, "right_indent"),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT, "left_indent"),
    ):
        footer.is_linked_to_previous = False
        paragraph = footer.paragraphs[0]
        paragraph.alignment = align
        setattr(paragraph.paragraph_format, indent, Pt(size))
        for kind, text in (("", "— "), ("begin", ""), ("instr", " PAGE "), ("end", ""), ("", " —")):
            _piece(paragraph, kind, text, font, size)


def _piece(paragraph: Paragraph, kind: str, text: str, font: str, size: float) -> None:
    run = paragraph.add_run(text if not kind else "")
    run.font.size, run.font.name = Pt(size), font
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    if kind in ("begin", "end"):
        mark = OxmlElement("w:fldChar")
        mark.set(qn("w:fldCharType"), kind)
        run._element.append(mark)
    elif kind == "instr":
        instruction = OxmlElement("w:instrText")
        instruction.set(qn("xml:space"), "preserve")
        instruction.text = text
        run._element.append(instruction)


_FONT: Final = (
    '<w:font {ns} w:name="{name}"><w:altName w:val="{instead}"/><w:charset w:val="86"/>'
    '<w:family w:val="{family}"/><w:pitch w:val="variable"/></w:font>'
)


def substitute(word: Word, instead: Mapping[str, str]) -> None:
    """Name in the font table what may stand in for each font that is not installed."""
    part: Any = word.part.part_related_by(RT.FONT_TABLE)
    root = parse_xml(part.blob)
    for name, others in instead.items():
        family = "swiss" if name == "黑体" else "roman"
        text = _FONT.format(ns=nsdecls("w"), name=name, instead=others, family=family)
        root.append(parse_xml(text))
    part._blob = serialize_part_xml(root)


def set_language(word: Word) -> None:
    """Say that the text is Chinese: line breaking, spelling and the shapes of signs depend on it.

    The blank document is Japanese by its theme: a reader without the fonts named would take a
    Japanese face, with other strokes in signs like 直 and 骨.
    """
    style: Any = word.styles["Normal"].element
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-US")
    language.set(qn("w:eastAsia"), "zh-CN")
    style.get_or_add_rPr().append(language)
    every: Any = word.styles.element
    for stated in every.iterfind(f".//{qn('w:docDefaults')}//{qn('w:lang')}"):
        stated.set(qn("w:eastAsia"), "zh-CN")
    settings: Any = word.settings.element
    for stated in settings.iterfind(qn("w:themeFontLang")):
        stated.set(qn("w:eastAsia"), "zh-CN")


def set_spacing(run: Any, by: Length) -> None:
    """Draw the signs of a run further apart (below 0: closer) by a length."""
    shape = run._element.get_or_add_rPr()
    spacing = OxmlElement("w:spacing")
    spacing.set(qn("w:val"), str(round(by.pt * 20)))
    shape.insert_element_before(
        spacing, "w:w", "w:kern", "w:position", "w:sz", "w:szCs", "w:highlight", "w:u", "w:effect",
        "w:bdr", "w:shd", "w:fitText", "w:vertAlign", "w:rtl", "w:cs", "w:em", "w:lang",
        "w:eastAsianLayout", "w:specVanish", "w:oMath",
    )  # fmt: skip


_RULES: Final = (
    '<w:tblBorders {ns}><w:top w:val="single" w:sz="8" w:space="0" w:color="000000"/>'
    '<w:bottom w:val="single" w:sz="8" w:space="0" w:color="000000"/>'
    '<w:insideH w:val="single" w:sz="6" w:space="0" w:color="000000"/></w:tblBorders>'
)
_BARE: Final = (
    '<w:tblCellMar {ns}><w:left w:w="0" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tblCellMar>'
)


def add_imprint(word: Word, rows: int, width: int) -> Any:
    """Add the table of the imprint, one cell a row: rules as wide as the text, the outer ones thicker.

    In: ``width`` of the text in EMU. Source: GB/T 9704-2012, 7.4.1. It follows the text: where it
    should lie on the lower edge of the last page, a frame for that is not read alike everywhere.
    """
    made = word.add_table(rows=rows, cols=1)
    made.autofit = False
    for row in made.rows:
        row.cells[0].width = width
    shape = made._tbl.tblPr
    after = shape.find(qn("w:tblLayout"))
    for text in (_RULES, _BARE):  # the order of the schema: borders, layout, margins
        part = parse_xml(text.format(ns=nsdecls("w")))
        if text is _RULES and after is not None:
            after.addprevious(part)
        elif after is not None:
            after.addnext(part)
        else:
            shape.append(part)
    return made
