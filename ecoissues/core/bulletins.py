"""Bulletins: templates as documents, and text whose numbers are fields and nothing else.

A template (one TOML file) says head, title and sections; their text names fields in braces,
``{办结率}``, ``{办结率.分子}``. Whoever edits a bulletin moves or removes fields and writes words; a
number typed by hand is found, so that no published number is without its edition.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ecoissues.core.decoding import told
from ecoissues.core.errors import Refused
from ecoissues.core.values import clean_text

_FIELD: Final = re.compile(r"\{([^{}\n]{1,40})\}")
#: A count or a rate as official text writes it; years, days and ordinals are no figures.
_NUMBER: Final = re.compile(
    r"\d[\d,，]*(?:\.\d+)?\s*(?:%|％|个百分点|件|起|项|个(?!月)|家|宗)|百分之[〇零一二三四五六七八九十百点]+"
)
TABLES: Final = ("units", "phases", "types", "worst", "")


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One section: heading, text (paragraphs by line), a table of ``TABLES`` and a chart."""

    heading: str = ""
    text: str = ""
    table: str = ""
    chart: str = ""


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sort of bulletin. ``head``: the red head; ``period``: day, week, month or free; ``to``:
    whom it is addressed to; ``copies``: 抄送; fields may stand in every text."""

    code: str
    zh: str
    period: str
    head: str
    title: str
    number: str = ""
    to: str = ""
    copies: str = ""
    sections: tuple[Section, ...] = ()


class Text(msgspec.Struct, frozen=True):
    """What is edited of one bulletin: every text of it, with fields."""

    head: str
    number: str
    title: str
    to: str
    copies: str
    sections: tuple[Section, ...]

    def pieces(self) -> list[str]:
        """Give every text of the bulletin in order."""
        found = [self.head, self.number, self.title, self.to]
        for section in self.sections:
            found += [section.heading, section.text]
        return [*found, self.copies]


def cleaned(text: Text) -> Text:
    """Give a text without characters that no document can hold (Word keeps XML)."""

    def plain(piece: str) -> str:
        return clean_text(piece, 3 * len(piece))  # how long it may be is asked later

    sections = tuple(
        msgspec.structs.replace(one, heading=plain(one.heading), text=plain(one.text))
        for one in text.sections
    )
    return Text(
        plain(text.head), plain(text.number), plain(text.title), plain(text.to),
        plain(text.copies), sections,
    )  # fmt: skip


def decode_template(text: str, name: str) -> Template:
    """Read a template; Refused ``bad_template`` names the file and what is wrong."""
    try:
        found = msgspec.convert(tomllib.loads(text), Template)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Refused("bad_template", f"简报模板 {name} 有误：{told(error)}；未载入。") from None
    wrong = [s.table or s.chart for s in found.sections if s.table not in TABLES]
    wrong += [s.chart for s in found.sections if s.chart not in ("", "units", "phases", "trend")]
    if found.period not in ("day", "week", "month", "free") or wrong:
        raise Refused("bad_template", f"简报模板 {name} 有误：period、table 或 chart 的取值；未载入。")
    return found


def text_of(template: Template) -> Text:
    """Give the text a bulletin begins with."""
    return Text(
        template.head, template.number, template.title, template.to, template.copies,
        template.sections,
    )  # fmt: skip


def fields_in(text: str) -> list[str]:
    """Name the fields of a text in order."""
    return _FIELD.findall(text)


def check_fields(text: Text, values: Mapping[str, Any]) -> None:
    """Refuse ``unknown_field`` for a field that is not there, ``broken_field`` for a lone brace."""
    for piece in text.pieces():
        unknown = [name for name in fields_in(piece) if name not in values]
        if unknown:
            raise Refused(
                "unknown_field",
                f"没有名为“{unknown[0]}”的数字；请从“可用的数字”中选取，写成 {{名称}}。没有保存。",
            )
        if re.search(r"[{}]", _FIELD.sub("", piece)):
            raise Refused("broken_field", f"“{piece[:30]}…”中的花括号不成对。没有保存。")


def filled(text: str, values: Mapping[str, str]) -> str:
    """Put the values of its fields into a text; a field that is not there stays as it is."""
    return _FIELD.sub(lambda found: values.get(found[1], found[0]), text)


def typed_numbers(text: Text) -> list[str]:
    """Give counts and rates that somebody typed instead of taking a field, as they stand."""
    return [
        found[0] for piece in text.pieces() for found in _NUMBER.finditer(_FIELD.sub("＿", piece))
    ]
