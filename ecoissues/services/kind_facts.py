"""What a kind's document says beside its states and steps, in words for pages and command line."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ecoissues.core.clock_rules import UNIT_WORDS
from ecoissues.core.kind_fields import CaseField
from ecoissues.core.kinds import Clock, Kind
from ecoissues.core.vocabulary import MARKS, PHASES, WORDLISTS
from ecoissues.figures.registry import packaged_definitions

#: Types of fields, and slots of clocks, as the administrator reads them.
TYPES = {
    "text": "短文字", "long_text": "长文字", "date": "日期", "month": "月份", "choice": "单选",
    "choices": "多选", "number": "数", "amount": "金额（元）", "people": "人数", "place": "地点",
    "flag": "是否",
}  # fmt: skip
SLOTS = {"report": "反馈", "finish": "办结", "wait": "等待期", "inner": "内部"}


class FieldFacts(msgspec.Struct, frozen=True):
    """A field of the case's own; ``asked``: names of the steps that ask for it."""

    code: str
    zh: str
    en: str
    type: str
    unit_or_options: str
    column: bool
    asked: str


class ClockFacts(msgspec.Struct, frozen=True):
    """A clock: its length, when its lights turn, what stops it, what may move it."""

    code: str
    zh: str
    slot: str
    length: str
    lights: str
    until: str
    limits: str


class Facts(msgspec.Struct, frozen=True):
    """Fields, clocks, figures (code, name) of a kind."""

    kind: Kind
    fields: list[FieldFacts]
    clocks: list[ClockFacts]
    figures: list[tuple[str, str]]

    def others(self, site_name: str = "") -> Iterator[tuple[str, str]]:
        """Give what else the document says, as (name, words)."""
        kind = self.kind
        if kind.children:
            yield "下级事项", kind.children
        if kind.planned:
            yield "节点", "各件自定"
        if kind.form:
            yield "台账表式", kind.form
        if kind.site_field:
            yield "认点位的字段", site_name or kind.site_field
        for advice in sorted(kind.advice, key=lambda one: one.earlier):
            yield f"以往 {advice.earlier} 次起", advice.zh
        if kind.number_patterns:
            yield "编号样式", "、".join(kind.number_patterns)


def facts_of(kind: Kind) -> Facts:
    """Read a kind for people; a figure that does not exist keeps its code as its name."""
    known = packaged_definitions()
    figures = [
        (code, found.wording.zh if (found := known.find(code)) else code) for code in kind.figures
    ]
    fields = [_field(kind, item) for item in kind.fields]
    return Facts(kind, fields, [_clock(kind, clock) for clock in kind.clocks], figures)


def _field(kind: Kind, item: CaseField) -> FieldFacts:
    options = "、".join(option.zh for option in item.options)
    if item.words in WORDLISTS:
        options = "、".join(pair[0] for pair in WORDLISTS[item.words].values())
    asked = [step.zh for step in kind.steps if any(ask.field == item.code for ask in step.asks)]
    type_name = TYPES.get(item.type, item.type) + ("（定重点程度）" if item.weighs else "")
    return FieldFacts(
        item.code, item.zh, item.en, type_name, item.unit or options, item.column, "、".join(asked)
    )


def _clock(kind: Kind, clock: Clock) -> ClockFacts:
    unit = UNIT_WORDS[clock.unit][0]
    length = f"{clock.length} {unit}" if clock.length else "按承诺或限定的日期"
    if clock.length_by is not None:
        item = kind.field_by_code[clock.length_by.field]
        named = {option.code: option.zh for option in item.options}
        pairs = (f"{named.get(code, code)} {n}" for code, n in clock.length_by.lengths.items())
        length = f"依“{item.zh}”：{'、'.join(pairs)} {unit}"
    lights = f"到期前 {clock.warn_workdays} 个工作日黄"
    if clock.urgent_workdays >= 0:
        lights += f"，{clock.urgent_workdays} 个工作日橙"
    until = "、".join(_until(kind, reason) for reason in clock.met_by)
    limits = []
    if clock.extension is not None:
        days = UNIT_WORDS[clock.extension.unit][0]
        limits.append(f"延期每次至多 {clock.extension.max_days} {days}，{clock.extension.times} 次")
    if clock.suspension is not None:
        limits.append(f"中止至多 {clock.suspension.max_days} 天，{clock.suspension.times} 次")
    return ClockFacts(
        clock.code, clock.zh, SLOTS.get(clock.slot, clock.slot), length,
        "期满为止" if clock.waits else lights, until or "期满", "；".join(limits) or "不能",
    )  # fmt: skip


def _until(kind: Kind, reason: str) -> str:
    if reason.startswith("step:"):
        step = kind.step_by_code.get(reason[5:])
        return f"“{step.zh}”" if step else reason
    return PHASES.get(reason, MARKS.get(reason, (reason,)))[0]
