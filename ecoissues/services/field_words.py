"""Values of a case as people read them: fields by the labels of their kind, facts as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from ecoissues.core.clock_rules import shown_instant
from ecoissues.core.kind_fields import REACHED, Field
from ecoissues.core.kinds import Kind
from ecoissues.core.measures import place_text
from ecoissues.core.milestones import written
from ecoissues.core.units import UnitTree
from ecoissues.core.vocabulary import PARTIES, word

#: Facts that move a track, with their labels where no field of the step names them.
_TRACKS = {
    "types": ("问题类型", "types"), "weight": ("重点程度", "weights"),
    "verdict": ("是否属实", "verdicts"), "progress": ("进度", "progress"),
    "satisfaction": ("满意程度", "satisfactions"),
}  # fmt: skip
_MARKS = {
    "handed_over": "已转办", "signed_for": "已签收", "reported": "已反馈结果", "replied": "已答复群众",
}  # fmt: skip


class Shown(msgspec.Struct, frozen=True):
    """One labelled value; ``long`` is a text of its own paragraph."""

    label: str
    text: str
    long: bool = False
    code: str = ""


def field_by_code(kind: Kind) -> dict[str, Field]:
    """Give each field of a kind as the first step that asks for it words it."""
    fields: dict[str, Field] = {}
    for step in kind.steps:
        for field in step.fields:
            fields.setdefault(field.code, field)
    return fields


def yuan(fen: int) -> str:
    """Write integer fen as yuan: 20,000 元, 12.50 元."""
    whole, rest = divmod(fen, 100)
    return f"{whole:,}.{rest:02d} 元" if rest else f"{whole:,} 元"


def outcome_text(outcome: Mapping[str, Any]) -> str:
    """Write one outcome: 罚款 1 次,20,000 元."""
    text = f"{word('outcomes', outcome['sort'])} {outcome.get('count', 1)} 次"
    return f"{text}，{yuan(outcome['amount'])}" if outcome.get("amount") else text


def party_text(parties: Iterable[Any], tree: UnitTree) -> str:
    """Write parties: 南川区生态环境局(责任单位)、……"""
    shown = []
    for code, party in parties:
        unit = tree.by_code.get(code)
        role = "被举报单位" if party == "accused" else PARTIES[party][0]
        shown.append(f"{unit.name if unit else code}（{role}）")
    return "、".join(shown)


def value_text(kind: Kind, field: Field | None, value: Any, tree: UnitTree) -> str:
    """Write one field's stored value as its reader expects it."""
    if value in (None, "", []):
        return "—"
    if field is None:
        return value if isinstance(value, str) else str(value)
    match field.type:
        case "flag":
            return "是" if value else "否"
        case "units":
            return party_text(value, tree)
        case "outcomes":
            return "；".join(outcome_text(each) for each in value)
        case "amount":
            return yuan(int(value))
        case "number" if field.unit:
            return f"{value} {field.unit}"
        case "people":
            return f"{value} 人"
        case "place":
            return place_text(value)
        case "milestones":
            return written(value)
        case "event":
            return f"第 {value} 条"
        case "choice" | "choices":
            pieces = value if isinstance(value, list) else [value]
            return "、".join(_choice_text(kind, field, piece) for piece in pieces)
    return str(value)


def _choice_text(kind: Kind, field: Field, value: str) -> str:
    for option in field.options:
        if option.code == value:
            return option.zh
    if field.words == "clocks" and value in kind.clock_by_code:
        return kind.clock_by_code[value].zh
    return word(field.words, value) if field.words not in ("", "clocks", "regions") else value


def _label(kind: Kind, code: str, field: Field | None) -> str:
    if field is not None or not code.startswith(REACHED):
        return field.zh if field is not None else code
    reached = code.removeprefix(REACHED)
    named = next((each.zh for each in kind.milestones if each.code == reached), reached)
    return f"节点“{named}”完成"


def fact_texts(kind: Kind, step_code: str, facts: Mapping[str, Any], tree: UnitTree) -> list[Shown]:
    """Give what an event says, labelled: its fields, then the tracks it moved."""
    step = kind.step_by_code.get(step_code)
    named = {field.code: field for field in step.fields} if step else {}
    every = field_by_code(kind)
    found = []
    # What is asked for stands apart (``asked``) until it is approved.
    given = {**facts.get("fields", {}), **facts.get("asked", {})}
    for code in sorted(given, key=[*named, *given].index):
        value = given[code]
        field = named.get(code) or every.get(code)
        text = value_text(kind, field, value, tree)
        long = field is not None and field.type in ("long_text", "milestones")
        if isinstance(value, Mapping) and (field is None or code == "facts"):
            text = _correction_text(kind, value, tree)
        if text != "—":
            found.append(Shown(_label(kind, code, field), text, long, code))
    for code, (label, words) in _TRACKS.items():
        if facts.get(code):
            value = facts[code]
            pieces = value if isinstance(value, list) else [value]
            found.append(Shown(label, "、".join(word(words, each) for each in pieces), code=code))
    if facts.get("outcomes"):
        found.append(Shown("处理结果", "；".join(outcome_text(each) for each in facts["outcomes"])))
    if facts.get("parties"):
        found.append(Shown("承办", party_text(facts["parties"], tree)))
    return found + _rest(kind, facts)


_MOVED: Final = {
    "extend": "延至", "reset": "重新设定为", "resume": "恢复计时，至", "recount": "改定为",
}  # fmt: skip


def _rest(kind: Kind, facts: Mapping[str, Any]) -> list[Shown]:
    found = []
    for code, fact in facts.get("clocks", {}).items():
        clock = kind.clock_by_code.get(code)
        label = clock.zh if clock else code
        if fact.get("due"):
            sort = _MOVED.get(fact["op"], "设定为")
            due = shown_instant(fact["due_at"]) if fact.get("due_at") else fact["due"]
            found.append(Shown(label, f"{sort} {due}"))
        elif fact["op"] == "suspend":
            found.append(Shown(label, "中止计时"))
    if facts.get("marks"):
        shown = [_MARKS.get(mark, mark) for mark in facts["marks"]]
        found.append(Shown("记为", "、".join(shown)))
    if facts.get("merged_into"):
        found.append(Shown("并入", str(facts["merged_into"])))
    if facts.get("placed"):
        found.append(Shown("列入清单", str(facts["placed"])))
    if facts.get("placement"):
        found.append(_placement(kind, facts["placement"]))
    if facts.get("unplaced"):
        found.append(Shown("移出清单", str(facts["unplaced"])))
    if facts.get("moved_to"):
        found.append(Shown("转入", str(facts["moved_to"])))
    if facts.get("derived_from"):
        found.append(Shown("转自", str(facts["derived_from"]["case"])))
    if facts.get("kind"):
        change = facts["kind"]
        found.append(Shown("类型版本", f"第 {change['was']} 版 → 第 {change['version']} 版"))
    if facts.get("settles"):
        found.append(Shown("处理申请", f"第 {facts['settles']} 条"))
    if facts.get("follows"):
        found.append(Shown("随主件", f"{facts['follows']['case']} 第 {facts['follows']['seq']} 条"))
    return found


def _placement(kind: Kind, fact: Mapping[str, Any]) -> Shown:
    state = kind.placed_by_code.get(fact["state"])
    return Shown("清单进展", f"{fact['list']}：{state.zh if state else fact['state']}")


def _correction_text(kind: Kind, facts: Mapping[str, Any], tree: UnitTree) -> str:
    shown = fact_texts(kind, "", facts, tree)
    return "；".join(f"{each.label}：{each.text}" for each in shown)
