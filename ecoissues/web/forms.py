"""Forms made from the fields of a kind's document: what is shown, and what was sent.

Cleaning and refusing is the gate's (``core.values``); here values only change their shape, so that
every form works without JavaScript and a refused one comes back as it was filled in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec
from werkzeug.datastructures import MultiDict

from ecoissues.core.kind_fields import Field
from ecoissues.core.measures import place_text, yuan_text
from ecoissues.core.milestones import written
from ecoissues.core.units import UnitTree
from ecoissues.core.vocabulary import OUTCOMES, PARTIES, WORDLISTS
from ecoissues.services.unit_finder import find_unit, full_name, search_units

Given = MultiDict[str, str]
Options = Sequence[tuple[str, str]]

_UNIT_ROWS: Final = 3
_OUTCOME_ROWS: Final = 3


class Control(msgspec.Struct):
    """One field as it is shown; ``name`` is what it sends, ``value`` what stands in it."""

    name: str
    label: str
    type: str
    required: bool
    hint: str
    value: Any
    options: Options = ()
    error: str = ""
    rows: list[dict[str, str]] = []
    first: str = ""


def read_values(
    fields: Sequence[Field], given: Given, tree: UnitTree, initial: Mapping[str, Any],
    prefix: str = "",
) -> dict[str, Any]:
    """Give the raw values of fields as the gate takes them.

    A field that may stay empty and still holds what was shown first is left out: nothing changed.
    """
    values: dict[str, Any] = {}
    for field in fields:
        name = prefix + field.code
        value = _sent(field, name, given, tree, initial.get(field.code))
        if value in ("", [], None):
            continue
        shown = initial.get(field.code)
        if field.type in ("amount", "place", "milestones"):
            shown = _written(field, shown)
        unchanged = _same(value, shown)
        if not (unchanged and field.initial and not field.required):
            values[field.code] = value
    return values


def _same(value: Any, old: Any) -> bool:
    if isinstance(value, str) and isinstance(old, str):
        return value.replace("\r\n", "\n").strip() == old.strip()
    return bool(value == old)


def _sent(field: Field, name: str, given: Given, tree: UnitTree, old: Any) -> Any:
    match field.type:
        case "choices":
            chosen = [value for value in given.getlist(name) if value]
            first = given.get(f"{name}-first", "")
            return [first, *(c for c in chosen if c != first)] if first else chosen
        case "flag":
            # An empty box says "no" only where "yes" stood before.
            return "1" if given.get(name) else ("0" if old else "")
        case "units":
            return _units(name, given, tree)
        case "outcomes":
            return _outcomes(name, given)
        case _:
            return given.get(name, "").strip()


def unit_code(text: str, tree: UnitTree) -> str:
    """Give the code of what a unit picker sent; what fits no unit stays as it is."""
    shown = " ".join(text.split())
    for unit in tree.by_id.values():
        if full_name(tree, unit) == shown:
            return unit.code
    found = find_unit(tree, shown)
    if found is None:  # without the picker: what fits one unit only is meant
        likely = search_units(tree, shown, most=2)
        found = likely[0] if len(likely) == 1 else None
    return found.code if found else shown


def unit_advice(name: str, given: Given, tree: UnitTree) -> str:
    """Give a sentence that names units like those typed that fit none, "" when all fit."""
    for text in given.getlist(f"{name}-unit"):
        if text.strip() and unit_code(text, tree) not in tree.by_code:
            likely = [full_name(tree, unit) for unit in search_units(tree, text, most=4)]
            if likely:
                return f"是不是：{'、'.join(likely)}？"
    return ""


def _units(name: str, given: Given, tree: UnitTree) -> list[list[str]] | str:
    texts, parts = given.getlist(f"{name}-unit"), given.getlist(f"{name}-party")
    if not texts:
        return given.get(name, "")
    rows: list[list[str]] = []
    for place, text in enumerate(texts):
        if text.strip():
            part = parts[place] if place < len(parts) else ""
            rows.append([unit_code(text, tree), part or ("joint" if rows else "lead")])
    return rows


def _outcomes(name: str, given: Given) -> list[dict[str, Any]] | str:
    sorts = given.getlist(f"{name}-sort")
    if not sorts:
        return given.get(name, "")
    numbers, amounts = given.getlist(f"{name}-count"), given.getlist(f"{name}-amount")
    return [
        {"sort": sort, "count": _at(numbers, place) or "1", "amount": _fen(_at(amounts, place))}
        for place, sort in enumerate(sorts)
        if sort
    ]


def _at(values: list[str], place: int) -> str:
    return values[place].strip() if place < len(values) else ""


def _fen(yuan: str) -> Any:
    """Read yuan, also 20,000 and 1.5万, as integer fen; nonsense stays for the gate to refuse."""
    text = yuan.replace(",", "").replace("\uff0c", "").replace("元", "").strip()
    if not text:
        return 0
    try:
        if text.endswith("万"):
            return int(Decimal(text[:-1]) * 1_000_000)
        return int(Decimal(text) * 100)
    except (InvalidOperation, ValueError):
        return yuan


def controls(
    fields: Sequence[Field],
    tree: UnitTree,
    *,
    initial: Mapping[str, Any],
    options: Mapping[str, Options],
    given: Given | None = None,
    errors: Mapping[str, str] | None = None,
    prefix: str = "",
) -> list[Control]:
    """Give the controls of a form: filled as sent (``given``), else with the initial values."""
    return [
        _control(field, tree, initial.get(field.code), options.get(field.code, ()), given,
                 (errors or {}).get(field.code, ""), prefix)
        for field in fields
    ]  # fmt: skip


def _control(
    field: Field, tree: UnitTree, initial: Any, options: Options, given: Given | None,
    error: str, prefix: str,
) -> Control:  # fmt: skip
    name = prefix + field.code
    label = f"{field.zh}（{field.unit}）" if field.unit else field.zh
    control = Control(
        name, label, field.type, field.required, field.hint, "",
        options or _known_options(field), error,
    )  # fmt: skip
    if field.type == "units":
        if error and given is not None:
            control.error += unit_advice(name, given, tree)
        control.rows = _unit_rows(name, tree, initial, given)
    elif field.type == "outcomes":
        control.rows = _outcome_rows(name, initial, given)
    elif field.type == "choices":
        chosen = given.getlist(name) if given is not None else list(initial or ())
        control.value = chosen
        control.first = given.get(f"{name}-first", "") if given is not None else (chosen or [""])[0]
    elif given is not None:
        control.value = given.get(name, "")
    elif field.type == "flag":
        control.value = "1" if initial else ""
    else:
        control.value = _written(field, initial)
    return control


def _written(field: Field, value: Any) -> str:
    """Write a stored value as its control takes it again: money in yuan, a place in one line."""
    if value in (None, "", {}, []):
        return ""
    match field.type:
        case "amount":
            return yuan_text(int(value))
        case "place":
            return place_text(value)
        case "milestones":
            return written(value)
    return str(value)


def _known_options(field: Field) -> Options:
    if field.options:
        return [(option.code, option.zh) for option in field.options]
    if field.words in WORDLISTS:
        return [(key, pair[0]) for key, pair in WORDLISTS[field.words].items()]
    return ()


def _unit_rows(
    name: str, tree: UnitTree, initial: Any, given: Given | None
) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    if given is not None:
        texts, parts = given.getlist(f"{name}-unit"), given.getlist(f"{name}-party")
        rows += [{"unit": text, "party": _at(parts, place)} for place, text in enumerate(texts)]
    else:
        for code, part in initial or ():
            unit = tree.by_code.get(code)
            if part in PARTIES and unit is not None:
                rows.append({"unit": full_name(tree, unit), "party": part})
    while len(rows) < _UNIT_ROWS or rows[-1]["unit"]:
        rows.append({"unit": "", "party": "joint" if rows else "lead"})
    return rows


def _outcome_rows(name: str, initial: Any, given: Given | None) -> list[dict[str, str]]:
    rows = []
    if given is not None:
        counts, amounts = given.getlist(f"{name}-count"), given.getlist(f"{name}-amount")
        for place, sort in enumerate(given.getlist(f"{name}-sort")):
            rows.append({"sort": sort, "count": _at(counts, place), "amount": _at(amounts, place)})
    else:
        for each in initial or ():
            amount = f"{each['amount'] / 100:g}" if each.get("amount") else ""
            rows.append({"sort": each["sort"], "count": str(each.get("count", 1)), "amount": amount})
    while len(rows) < _OUTCOME_ROWS or rows[-1]["sort"]:
        rows.append({"sort": "", "count": "", "amount": ""})
    return rows


#: Choices of the rows of units and outcomes, for the templates.
PARTY_OPTIONS: Final = [(key, pair[0]) for key, pair in PARTIES.items()]
ACCUSED_OPTION: Final = ("accused", "被举报单位（不得办理）")
OUTCOME_OPTIONS: Final = [(key, pair[0]) for key, pair in OUTCOMES.items()]


def echo(fields: Sequence[Field], values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give (label, text) of what somebody filled in, to be shown beside another's work."""
    shown = []
    for field in fields:
        if field.code in values:
            value, words = values[field.code], dict(_known_options(field))
            pieces = value if isinstance(value, list) else [value]
            texts = [
                words.get(piece, piece) if isinstance(piece, str)
                else " ".join(str(part) for part in (piece.values() if isinstance(piece, dict) else piece))
                for piece in pieces
            ]  # fmt: skip
            shown.append((field.zh, "、".join(texts)))
    return shown
