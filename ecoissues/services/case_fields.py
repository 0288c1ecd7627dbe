"""Fields of a kind's own as columns: of official sheets, of the template, of the list on the page.

A list's columns and filters name such a field ``field.CODE``, so that it never meets a name of the
system. Values are read from the projected field values of the case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Numeric, case, cast, false, func, or_
from sqlalchemy.dialects.postgresql import JSONB

from ecoissues.core.errors import Refused
from ecoissues.core.forms import Column, Form
from ecoissues.core.kind_fields import MILESTONES, CaseField
from ecoissues.core.kinds import Kind
from ecoissues.core.measures import place_text
from ecoissues.core.milestones import miles_of, summary
from ecoissues.core.units import UnitTree
from ecoissues.core.values import Bad, clean_value
from ecoissues.core.vocabulary import WORDLISTS
from ecoissues.services.field_words import value_text
from ecoissues.services.site import Site
from ecoissues.storage import tables as t

PREFIX: Final = "field."
_NUMBERS: Final = frozenset({"number", "amount", "people"})
_TYPES: Final[Mapping[str, Any]] = {
    "number": "number", "people": "integer", "amount": "amount", "date": "date",
}  # fmt: skip
_WIDTHS: Final[Mapping[str, float]] = {"long_text": 24, "place": 20, "text": 12, "choices": 14}


def widened(form: Form, kind: Kind, *, all_fields: bool = False) -> Form:
    """Give a form with the kind's own fields behind its columns, each unless the form has it.

    In: ``all_fields`` for the template of an import, else those marked ``column``; milestones make
    one column of the ledger. A form document that names a field by its code places it itself.
    """
    keys = {column.key for column in form.columns}
    heads = {column.header for column in form.columns}
    more = [
        _column(kind, item)
        for item in kind.fields
        if (all_fields or item.column) and item.code not in keys and item.label not in heads
    ]
    if kind.has_plan and not all_fields and MILESTONES not in keys:
        more.append(Column(MILESTONES, "节点", 16))
    words = {
        **form.wordlists,
        **{_words(item): _own_words(item) for item in kind.fields if _own_words(item)},
    }
    columns = (*form.columns, *more)
    return msgspec.structs.replace(form, columns=columns, wordlists=words) if more else form


def _column(kind: Kind, item: CaseField) -> Column:
    asked = [ask for step in kind.steps if step.effect == "register" for ask in step.asks]
    return Column(
        item.code, item.label, _WIDTHS.get(item.type, 10), type=_TYPES.get(item.type, "text"),
        words=_words(item) if _own_words(item) else item.words, several=item.type == "choices",
        required=any(ask.field == item.code and ask.required for ask in asked), note=item.hint,
    )  # fmt: skip


def _words(item: CaseField) -> str:
    return PREFIX + item.code


def _own_words(item: CaseField) -> dict[str, str]:
    if item.type == "flag":
        return {"True": "是", "False": "否"}
    return {option.code: option.zh for option in item.options}


def header_names(kind: Kind) -> dict[str, str]:
    """Give the names under which sheets may head the kind's own fields -> code."""
    return {
        name: item.code
        for item in kind.fields
        for name in (item.label, item.zh, item.en, *item.headers)
    }


def sheet_values(kind: Kind, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Give the kind's own fields of a case by column key, as sheets take them (fen, days, keys)."""
    found = {}
    for item in kind.fields:
        value = fields.get(item.code)
        if value and item.type == "place":
            value = place_text(value)
        elif value and item.type == "date":
            value = date.fromisoformat(value)
        found[item.code] = value
    if kind.has_plan:
        found[MILESTONES] = summary(miles_of(fields)) or None
    return found


def own_values(kind: Kind, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Give the kind's own fields of a case as stored, with its milestones and their days."""
    found = {item.code: fields[item.code] for item in kind.fields if item.code in fields}
    miles = miles_of(fields)
    if miles:
        found[MILESTONES] = [msgspec.to_builtins(mile) for mile in miles]
    return found


def kind_of_list(site: Site, code: str) -> Kind | None:
    """Give the kind of a list by its code, None for "" (no list chosen)."""
    if not code:
        return None
    home = site.get_list(code)
    return site.kind_of(home.kind, home.kind_version)


def list_columns(kind: Kind | None) -> dict[str, str]:
    """Give the columns a kind adds to the list: name -> heading, ledger columns first."""
    if kind is None:
        return {}
    items = sorted(kind.fields, key=lambda item: not item.column)
    found = {PREFIX + item.code: item.label for item in items}
    return found | ({PREFIX + MILESTONES: "节点"} if kind.has_plan else {})


def list_cell(kind: Kind, name: str, tree: UnitTree) -> Callable[[Mapping[str, Any]], str]:
    """Give the function that makes the text of such a column from a case's field values."""
    code = name.removeprefix(PREFIX)
    item = kind.field_by_code.get(code)
    if item is None:
        return lambda fields: summary(miles_of(fields)) or "—"
    field = item.field()
    return lambda fields: value_text(kind, field, fields.get(code), tree)[:120]


def expression(item: CaseField, dialect: str) -> ColumnElement[Any]:
    """Give the SQL of a field's value: numbers as numbers, everything else as text."""
    facts = t.cases.c.facts
    if dialect != "postgresql":
        return func.json_extract(facts, f'$."{item.code}"')
    value: ColumnElement[Any] = cast(facts, JSONB)[item.code].astext
    if item.type not in _NUMBERS:
        return value
    # A case placed here from another list may hold something else under the same code.
    return case((value.regexp_match(r"^-?[0-9]+(\.[0-9]+)?$"), cast(value, Numeric)), else_=None)


def condition(
    kind: Kind | None, key: str, asked: str, tree: UnitTree, dialect: str
) -> ColumnElement[bool]:
    """Give the condition of a filter ``field.CODE`` = what was asked for.

    Texts hold the words asked for, choices and numbers equal them. Refused ``bad_filter`` where the
    kind has no such field or the value cannot be meant.
    """
    code = key.removeprefix(PREFIX)
    item = kind.field_by_code.get(code) if kind else None
    if item is None:
        raise Refused("bad_filter", f"筛选条件“{code[:30]}”不是本清单的字段，请先选定清单。")
    value = expression(item, dialect)
    try:
        wanted = clean_value(item.field(), asked, tree)
    except Bad as bad:
        raise Refused("bad_filter", f"筛选条件“{item.zh}”：{bad}") from None
    match item.type:
        case "choices":
            return or_(
                false(), *(value.contains(f'"{each}"', autoescape=True) for each in wanted)
            )
        case "text" | "long_text" | "place":
            text = wanted if isinstance(wanted, str) else wanted.get("text") or place_text(wanted)
            return value.contains(str(text), autoescape=True)
        case "flag":
            return _flag(value, dialect) if wanted else or_(value.is_(None), ~_flag(value, dialect))
    same: ColumnElement[bool] = value == wanted
    return same


def _flag(value: ColumnElement[Any], dialect: str) -> ColumnElement[bool]:
    is_set: ColumnElement[bool] = value == ("true" if dialect == "postgresql" else 1)
    return is_set


def filter_controls(kind: Kind | None) -> list[tuple[str, str, list[tuple[str, str]] | None]]:
    """Give (key, label, options or None for a text) of the filters a kind adds."""
    found: list[tuple[str, str, list[tuple[str, str]] | None]] = []
    for item in kind.fields if kind else ():
        options: list[tuple[str, str]] | None = [(o.code, o.zh) for o in item.options]
        if item.words in WORDLISTS:
            options = [(key, pair[0]) for key, pair in WORDLISTS[item.words].items()]
        elif item.type == "flag":
            options = [("1", "是"), ("0", "否")]
        found.append((PREFIX + item.code, item.label, options or None))
    return found
