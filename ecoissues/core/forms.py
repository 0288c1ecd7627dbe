"""Official forms as documents: the shapes a form's TOML file decodes into, and its checks.

A form (表式) says which columns an official sheet has, in which order, under which heading, how
wide, and how each value is shown. It knows columns, not cases: a row is a mapping by column key.
Layouts follow the published tables of inspection offices (群众信访举报转办和边督边改公开情况一览表,
整改台账, 每批通报, 调度表); an office replaces a document by its own of the same code.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Final, Literal

import msgspec
from msgspec import Struct, field

from ecoissues.core.errors import Refused
from ecoissues.core.vocabulary import WORDLISTS

Align = Literal["left", "center", "right"]
ColumnType = Literal["text", "integer", "number", "date", "percent", "amount"]

#: Value of the first cell of a template's example row; whoever reads a sheet skips such a row.
EXAMPLE_MARK: Final = "示例"

#: What a title may name; empty ones vanish.
PLACEHOLDERS: Final = frozenset({"list", "batch", "unit", "as_of"})

#: Half-width characters (7 px of the 10 pt body) across an A4 page with 10 mm margins, by
#: ``landscape``. Wider forms are shrunk by fit-to-width; beyond a tenth the print is under 9 pt.
PAGE_WIDTHS: Final = {True: 149.0, False: 102.0}
_MOST_SHRUNK: Final = 1.1
#: What a spreadsheet adds to each column as inner margin (5 px), in half-width characters.
COLUMN_PADDING: Final = 5 / 7

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_CODE = re.compile(r"[a-z][a-z0-9_]*")
#: Signs that start a formula, half-width and full-width, and the blanks programs skip before them.
_FORMULA_START = re.compile("'*\\s*[=+\\-@\\t\\r\\n\uff1d\uff0b\uff0d\uff20]")


class Column(Struct, frozen=True, forbid_unknown_fields=True):
    """One column.

    ``group``: heading above it; neighbours with the same group share one merged cell.
    ``width``: in half-width characters of the body. ``type``: text; integer; number; date (a day);
    percent (percent points as printed, a string); amount (integer fen, shown in yuan).
    ``words``: word list of the values (the form's own ``wordlists`` before the vocabulary).
    ``several``: a list of values, joined by 、. ``serial``: numbered 1, 2, 3 where a row has none.
    ``blank``: shown for no value. ``required``, ``note``, ``example``: for the import template.
    """

    key: str
    header: str
    width: float
    group: str = ""
    type: ColumnType = "text"
    align: Align = "left"
    wrap: bool = True
    words: str = ""
    several: bool = False
    serial: bool = False
    blank: str = ""
    required: bool = False
    note: str = ""
    example: str = ""


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """One official sheet.

    ``title``: with {list} {batch} {unit} {as_of}; a part in [ ] is left out when one of its
    placeholders is empty. ``number``: 表号. ``sheet``: name of the worksheet. ``total``: words of
    the sum row's first cell. ``notes``: lines printed under every copy. ``wordlists``: the form's
    own words by list and key.
    """

    code: str
    version: int
    zh: str
    en: str
    title: str
    sheet: str
    columns: tuple[Column, ...]
    number: str = ""
    paper: Literal["A4"] = "A4"
    landscape: bool = True
    total: str = "合计"
    notes: tuple[str, ...] = ()
    wordlists: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def grouped(self) -> bool:
        """True if the header has two rows."""
        return any(column.group for column in self.columns)

    @property
    def width(self) -> float:
        """Width of the sheet in half-width characters, inner margins included."""
        return sum(column.width + COLUMN_PADDING for column in self.columns)

    def words_of(self, column: Column) -> Mapping[str, str]:
        """Chinese words of a column's values by key; empty if the column is not translated."""
        if not column.words:
            return {}
        if column.words in self.wordlists:
            return self.wordlists[column.words]
        return {key: pair[0] for key, pair in WORDLISTS[column.words].items()}

    def header_groups(self) -> Iterator[tuple[str, int, int]]:
        """Runs of neighbouring columns under one group: (group, first index, last index).

        A column without a group is a run of its own.
        """
        numbered = enumerate(self.columns)
        for _, run in groupby(numbered, key=lambda pair: pair[1].group or f"\0{pair[0]}"):
            indexes = [index for index, _ in run]
            yield self.columns[indexes[0]].group, indexes[0], indexes[-1]


def decode_form(text: str, file: str) -> Form:
    """Decode and check one form document.

    In: the TOML text and the file's name for messages. Out: a Form that can be written.
    Raises Refused ``bad_form`` with facts file and reason (``toml``, ``shape``, ``duplicate_key``,
    ``unknown_words``, ``split_group``, ``placeholder``, ``too_wide``, ``code``).
    """
    try:
        form = msgspec.convert(tomllib.loads(text), type=Form, strict=True)
    except tomllib.TOMLDecodeError as error:
        raise _bad(file, "toml", f"不是有效的 TOML（{error}）") from None
    except msgspec.ValidationError as error:
        raise _bad(file, "shape", f"内容不合规格（{error}）") from None
    for check in _CHECKS:
        found = check(form)
        if found is not None:
            raise _bad(file, *found)
    return form


def fill_title(form: Form, values: Mapping[str, str]) -> str:
    """The title with its placeholders filled in; optional parts without a value are left out.

    In: texts by placeholder name (missing or empty means none). Values are put in as they are,
    braces in them mean nothing.
    """

    def fill(part: str) -> str:
        return _PLACEHOLDER.sub(lambda match: values.get(match[1], ""), part)

    def optional(match: re.Match[str]) -> str:
        named = _PLACEHOLDER.findall(match[1])
        return match[1] if all(values.get(name) for name in named) else ""

    return fill(_OPTIONAL.sub(optional, form.title))


def guard_formula(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula (CSV only).

    Signs as listed by OWASP's page on CSV injection, with the full-width ones. A text that already
    starts with apostrophes before such a sign gets one more, so that ``unguard_formula`` gives back
    exactly what came in.
    """
    return f"'{text}" if _FORMULA_START.match(text) else text


def unguard_formula(text: str) -> str:
    """Undo ``guard_formula``: for whoever reads a CSV that this system wrote."""
    return text[1:] if text[:1] == "'" and _FORMULA_START.match(text, 1) else text


Finding = tuple[str, str] | None


def _check_codes(form: Form) -> Finding:
    for code in (form.code, *(column.key for column in form.columns)):
        if not _CODE.fullmatch(code):
            return "code", f"代码“{code}”只能用小写字母、数字和下划线，并以字母开头"
    return None if form.columns else ("shape", "没有任何列")


def _check_keys(form: Form) -> Finding:
    seen: set[str] = set()
    for column in form.columns:
        if column.key in seen:
            return "duplicate_key", f"列“{column.key}”出现了两次"
        seen.add(column.key)
    return None


def _check_words(form: Form) -> Finding:
    for column in form.columns:
        if column.words and column.words not in form.wordlists and column.words not in WORDLISTS:
            return "unknown_words", f"列“{column.key}”引用了不存在的词表“{column.words}”"
    return None


def _check_groups(form: Form) -> Finding:
    groups = [group for group, _, _ in form.header_groups() if group]
    for group in groups:
        if groups.count(group) > 1:
            return "split_group", f"表头分组“{group}”的各列不相邻"
    return None


def _check_title(form: Form) -> Finding:
    for name in _PLACEHOLDER.findall(form.title):
        if name not in PLACEHOLDERS:
            return "placeholder", f"标题中的占位符“{{{name}}}”未定义"
    return None


def _check_widths(form: Form) -> Finding:
    for column in form.columns:
        if not 4 <= column.width <= 100:
            return "too_wide", f"列“{column.key}”的宽度应在 4 到 100 之间"
    if form.width > PAGE_WIDTHS[form.landscape] * _MOST_SHRUNK:
        return "too_wide", f"各列宽度合计 {form.width:g}，一页宽打印后字号过小"
    return None


_CHECKS: Final[tuple[Callable[[Form], Finding], ...]] = (
    _check_codes,
    _check_keys,
    _check_words,
    _check_groups,
    _check_title,
    _check_widths,
)


def _bad(file: str, reason: str, what: str) -> Refused:
    return Refused("bad_form", f"表式文件 {file} 不能使用：{what}。", file=file, reason=reason)
