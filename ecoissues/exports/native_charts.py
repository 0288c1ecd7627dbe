"""Charts as Word draws them itself: sharp in print, in the fonts of the document, no picture.

The values stand in the document and nowhere else, so they cannot be edited away from the edition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.sax.saxutils import escape

from docx.document import Document as Word
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.shared import Length
from docx.text.paragraph import Paragraph

_TYPE: Final = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
_RELATION: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/chart"
_SPACES: Final = (
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_INLINE: Final = (
    '<w:r xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:drawing>'
    '<wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
    ' distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{cx}" cy="{cy}"/>'
    '<wp:docPr id="{number}" name="图 {number}" descr="{text}"/>'
    '<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData'
    ' uri="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:chart'
    ' xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id="{id}"/>'
    "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
)


@dataclass(frozen=True)
class Chart:
    """One series over names. ``sort``: ``bar`` or ``line``; ``rate``: values are percentages."""

    title: str
    names: Sequence[str]
    values: Sequence[float | None]
    sort: str = "bar"
    rate: bool = False


def add_chart(word: Word, paragraph: Paragraph, chart: Chart, width: Length, height: Length) -> None:
    """Put a chart into a paragraph."""
    package: Any = word.part.package
    number = sum(1 for part in package.iter_parts() if part.content_type == _TYPE) + 1
    name = PackURI(f"/word/charts/chart{number}.xml")
    part = Part(name, _TYPE, chart_xml(chart).encode(), package)
    relation = word.part.relate_to(part, _RELATION)
    inline = _INLINE.format(
        cx=int(width), cy=int(height), number=number, id=relation, text=escape(chart.title, {'"': ""})
    )
    paragraph._p.append(parse_xml(inline))


def chart_xml(chart: Chart) -> str:
    """Give the chart's part: title, one series with its values, both axes."""
    series = (
        f'<c:ser><c:idx val="0"/><c:order val="0"/><c:tx><c:v>{escape(chart.title)}</c:v></c:tx>'
        f"{_look(chart)}{_labels(chart)}<c:cat><c:strLit>{_points(chart.names)}</c:strLit></c:cat>"
        f'<c:val><c:numLit><c:formatCode>General</c:formatCode>{_points(chart.values)}</c:numLit>'
        f'</c:val>{"<c:smooth val=" + chr(34) + "0" + chr(34) + "/>" if chart.sort == "line" else ""}'
        "</c:ser>"
    )
    if chart.sort == "line":
        plot = (
            f'<c:lineChart><c:grouping val="standard"/><c:varyColors val="0"/>{series}'
            '<c:marker val="1"/><c:axId val="1"/><c:axId val="2"/></c:lineChart>'
        )
    else:
        plot = (
            '<c:barChart><c:barDir val="col"/><c:grouping val="clustered"/><c:varyColors val="0"/>'
            f'{series}<c:gapWidth val="60"/><c:axId val="1"/><c:axId val="2"/></c:barChart>'
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><c:chartSpace {_SPACES}>'
        '<c:roundedCorners val="0"/><c:chart><c:title><c:tx><c:rich><a:bodyPr/><a:p><a:pPr>'
        '<a:defRPr sz="1200" b="0"/></a:pPr><a:r><a:rPr lang="zh-CN" sz="1200" b="0">'
        f'<a:ea typeface="黑体"/></a:rPr><a:t>{escape(chart.title)}</a:t></a:r></a:p></c:rich></c:tx>'
        '<c:overlay val="0"/></c:title><c:autoTitleDeleted val="0"/><c:plotArea><c:layout/>'
        f'{plot}{_axes(chart)}</c:plotArea><c:plotVisOnly val="1"/><c:dispBlanksAs val="gap"/>'
        '</c:chart><c:spPr><a:ln w="6350"><a:solidFill><a:srgbClr val="808080"/></a:solidFill></a:ln>'
        "</c:spPr>"
        f"{_font(1000)}</c:chartSpace>"
    )


def _font(size: int) -> str:
    return (
        f'<c:txPr><a:bodyPr/><a:p><a:pPr><a:defRPr sz="{size}"><a:ea typeface="仿宋"/></a:defRPr>'
        '</a:pPr><a:endParaRPr lang="zh-CN"/></a:p></c:txPr>'
    )


def _look(chart: Chart) -> str:
    colour = '<a:solidFill><a:srgbClr val="1C4F82"/></a:solidFill>'
    if chart.sort == "line":
        return (
            f'<c:spPr><a:ln w="22225">{colour}</a:ln></c:spPr>'
            '<c:marker><c:symbol val="circle"/><c:size val="5"/></c:marker>'
        )
    return f'<c:spPr>{colour}</c:spPr><c:invertIfNegative val="0"/>'


def _labels(chart: Chart) -> str:
    shown = "1" if len(chart.names) <= 16 else "0"
    format_ = '0.0"%"' if chart.rate else "General"
    place = "t" if chart.sort == "line" else "outEnd"
    return (
        f'<c:dLbls><c:numFmt formatCode="{escape(format_, {chr(34): "&quot;"})}" sourceLinked="0"/>'
        f'<c:spPr><a:noFill/></c:spPr>{_font(900)}<c:dLblPos val="{place}"/>'
        f'<c:showLegendKey val="0"/><c:showVal val="{shown}"/><c:showCatName val="0"/>'
        '<c:showSerName val="0"/><c:showPercent val="0"/><c:showBubbleSize val="0"/></c:dLbls>'
    )


def _points(values: Sequence[object]) -> str:
    points = "".join(
        f'<c:pt idx="{place}"><c:v>{escape(str(value))}</c:v></c:pt>'
        for place, value in enumerate(values)
        if value is not None
    )
    return f'<c:ptCount val="{len(values)}"/>{points}'


def _axes(chart: Chart) -> str:
    line = '<c:spPr><a:ln w="6350"><a:solidFill><a:srgbClr val="808080"/></a:solidFill></a:ln></c:spPr>'
    grid = (
        '<c:majorGridlines><c:spPr><a:ln w="3175"><a:solidFill><a:srgbClr val="D9D9D9"/></a:solidFill>'
        "</a:ln></c:spPr></c:majorGridlines>"
    )
    upright = len(chart.names) > 12
    turned = _font(800).replace("<a:bodyPr/>", '<a:bodyPr vert="eaVert"/>') if upright else ""
    scale = '<c:max val="100"/><c:min val="0"/>' if chart.rate else '<c:min val="0"/>'
    return (
        '<c:catAx><c:axId val="1"/><c:scaling><c:orientation val="minMax"/></c:scaling>'
        '<c:delete val="0"/><c:axPos val="b"/><c:majorTickMark val="none"/><c:minorTickMark val="none"/>'
        f'<c:tickLblPos val="low"/>{line}{turned}<c:crossAx val="2"/><c:noMultiLvlLbl val="0"/></c:catAx>'
        f'<c:valAx><c:axId val="2"/><c:scaling><c:orientation val="minMax"/>{scale}</c:scaling>'
        f'<c:delete val="0"/><c:axPos val="l"/>{grid}<c:numFmt formatCode="General" sourceLinked="0"/>'
        f'<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/>{line}'
        '<c:crossAx val="1"/></c:valAx>'
    )
