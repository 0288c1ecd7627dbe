"""Cell styles of a workbook, each written once (Office Open XML, ISO/IEC 29500-1, 18.8)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeVar
from xml.sax.saxutils import quoteattr

Kind = TypeVar("Kind", bound=Hashable)

#: The Song face is what official tables are set in; programs without it take their own CJK face.
FONT: Final = "宋体"
BODY_SIZE: Final = 10.0

#: Formats every program knows by number; others are declared from 164 on.
_BUILT_IN: Final = {"": 0, "0": 1, "0.00": 2, "#,##0.00": 4, "0%": 9, "0.00%": 10, "@": 49}
_FIRST_OWN: Final = 164


class Style(NamedTuple):
    """How a cell looks. ``quoted``: a text that starts like a formula stays text when edited."""

    size: float = BODY_SIZE
    bold: bool = False
    align: str = "left"
    vertical: str = "center"
    format: str = ""
    border: bool = False
    fill: bool = False
    quoted: bool = False


@dataclass
class Styles:
    """Collects the styles used; ``index`` gives a style's number in the workbook."""

    _styles: list[Style] = field(default_factory=lambda: [Style()])
    _numbers: dict[Style, int] = field(default_factory=lambda: {Style(): 0})

    def index(self, style: Style) -> int:
        """Number of ``style``, the same for the same style."""
        if style not in self._numbers:
            self._numbers[style] = len(self._styles)
            self._styles.append(style)
        return self._numbers[style]

    def xml(self) -> str:
        """The part ``xl/styles.xml``."""
        fonts = _places((style.size, style.bold) for style in self._styles)
        formats = _places(s.format for s in self._styles if s.format not in _BUILT_IN)
        own = {code: _FIRST_OWN + place for place, code in enumerate(formats)}
        cells = "".join(_xf(s, fonts, own) for s in self._styles)
        declared = "".join(
            f'<numFmt numFmtId="{number}" formatCode={quoteattr(code)}/>'
            for code, number in own.items()
        )
        return (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            + (f'<numFmts count="{len(own)}">{declared}</numFmts>' if own else "")
            + f'<fonts count="{len(fonts)}">{"".join(map(_font, fonts))}</fonts>'
            + _FILLS_AND_BORDERS
            + '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
            f'</cellStyleXfs><cellXfs count="{len(self._styles)}">{cells}</cellXfs>'
            '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
            "</styleSheet>"
        )


_SIDES: Final = "".join(
    f'<{side} style="thin"><color auto="1"/></{side}>'
    for side in ("left", "right", "top", "bottom")
)
_FILLS_AND_BORDERS: Final = (
    '<fills count="3"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid">'
    '<fgColor rgb="FFEDEDED"/><bgColor indexed="64"/></patternFill></fill></fills>'
    '<borders count="2"><border><left/><right/><top/><bottom/><diagonal/></border>'
    f"<border>{_SIDES}<diagonal/></border></borders>"
)


def _places(values: Iterable[Kind]) -> dict[Kind, int]:
    """Each distinct value with its place, in order of first use."""
    return {value: place for place, value in enumerate(dict.fromkeys(values))}


def _font(font: tuple[float, bool]) -> str:
    size, bold = font
    return (
        f'<font>{"<b/>" if bold else ""}<sz val="{size:g}"/><name val="{FONT}"/>'
        '<family val="3"/><charset val="134"/></font>'
    )


def _xf(style: Style, fonts: dict[tuple[float, bool], int], own: dict[str, int]) -> str:
    number = _BUILT_IN.get(style.format, own.get(style.format, 0))
    quote = ' quotePrefix="1"' if style.quoted else ""
    return (
        f'<xf numFmtId="{number}" fontId="{fonts[style.size, style.bold]}" '
        f'fillId="{2 if style.fill else 0}" borderId="{1 if style.border else 0}" xfId="0"{quote} '
        'applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1">'
        f'<alignment horizontal="{style.align}" vertical="{style.vertical}" wrapText="1"/></xf>'
    )
