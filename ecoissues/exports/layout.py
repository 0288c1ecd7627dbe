"""Where things stand on a sheet: column letters, heights of wrapped Chinese text, merged headings.

Spreadsheet programs do not size merged rows, and some do not size rows of a file they did not
write, so heights are computed here and stored.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ecoissues.core.forms import COLUMN_PADDING, Form
from ecoissues.exports.styles import BODY_SIZE

#: Height of a line as a share of the font size: that of the widest-set CJK faces (Noto), which
#: leaves the Song face a little air.
_LEADING: Final = 1.46
#: Points above and below the text of a cell.
_AIR: Final = 6.0
#: The tallest row a spreadsheet can have is 409 points.
TALLEST: Final = 409.0
#: Sizes tried for a text that is too tall for one row; the smallest is the last that prints well.
SIZES: Final = (BODY_SIZE, 9.0, 8.0, 7.5, 7.0, 6.5, 6.0)


class Block(NamedTuple):
    """One heading cell: text and the rectangle it covers (rows and columns from 0)."""

    text: str
    first_row: int
    last_row: int
    first: int
    last: int


def letters(index: int) -> str:
    """Letters of column ``index`` (0 is A, 26 is AA)."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def line_count(text: str, usable: int) -> int:
    """How many lines ``text`` takes in a cell ``usable`` half-width characters wide.

    An estimate from above: a Chinese character counts two and may not start or end a line with
    half of itself or with a closing mark, so a wrapped line is taken one or two shorter than the
    cell; Latin words are not broken, so their lines are taken a fifth shorter.
    """
    if "\n" in text:
        return sum(line_count(part, usable) for part in text.split("\n"))
    length = len(text)
    if length * 2 <= usable:
        return 1
    # In UTF-8 a Chinese character has 3 bytes and a Latin one 1: the mean with the length is
    # the display width, computed without looking at any character.
    width = (len(text.encode()) + length) >> 1
    if width <= usable:
        return 1
    line = usable - 2 if width > length + (length >> 1) else usable * 4 // 5
    return -(-width // max(line, 2))


def height_of(lines: int, size: float = BODY_SIZE) -> float:
    """Points a cell with ``lines`` lines of ``size`` points needs."""
    return lines * size * _LEADING + _AIR


def usable_width(width: float, size: float = BODY_SIZE) -> int:
    """Half-width characters of ``size`` points on a line of a column ``width`` body ones wide."""
    return max(int(width * BODY_SIZE / size), 2)


def header_blocks(form: Form) -> list[Block]:
    """The table's header: one row, or two where columns stand under group headings."""
    columns = form.columns
    if not form.grouped:
        return [Block(column.header, 0, 0, i, i) for i, column in enumerate(columns)]
    blocks: list[Block] = []
    for group, first, last in form.header_groups():
        if not group:
            blocks.append(Block(columns[first].header, 0, 1, first, first))
            continue
        blocks.append(Block(group, 0, 0, first, last))
        blocks += [Block(columns[i].header, 1, 1, i, i) for i in range(first, last + 1)]
    return blocks


def corner_blocks(form: Form, corners: tuple[str, str, str]) -> list[Block]:
    """The line under the title, in three parts of about a third each; in one if it is narrow."""
    last = len(form.columns) - 1
    if last < 2:
        joined = "  ".join(text for text in corners if text)
        return [Block(joined, 0, 0, 0, last)]
    third = form.width / 3
    reached, ends = 0.0, [0, 1]
    for index, column in enumerate(form.columns):
        reached += column.width + COLUMN_PADDING
        if reached <= third * 1.15:
            ends[0] = min(index, last - 2)
        if reached <= third * 2:
            ends[1] = min(index, last - 1)
    ends[1] = max(ends[1], ends[0] + 1)
    edges = ((0, ends[0]), (ends[0] + 1, ends[1]), (ends[1] + 1, last))
    return [
        Block(text, 0, 0, first, end) for text, (first, end) in zip(corners, edges, strict=True)
    ]


def block_width(form: Form, block: Block) -> float:
    """Usable width of the columns a block covers, in half-width characters."""
    covered = form.columns[block.first : block.last + 1]
    return sum(c.width + COLUMN_PADDING for c in covered) - COLUMN_PADDING
