"""Cross-checks of a kind's fields and milestones; same rules and shape of result as ``kind_checks``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from ecoissues.core.kind_documents import Problem
from ecoissues.core.kind_fields import (
    CASE_FIELD_TYPES,
    FIELD_TYPES,
    MILESTONES,
    SITE_WORDS,
    CaseField,
    Field,
    Milestone,
    Option,
)
from ecoissues.core.kind_lines import KeyPath
from ecoissues.core.kinds import Clock, Kind, Step
from ecoissues.core.vocabulary import WORDLISTS

#: Codes with a meaning of their own in every kind: a field of the case may not take them.
RESERVED: Final = frozenset(
    {
        *("units", "types", "weight", "verdict", "outcomes", "progress", "target_case"),
        "satisfaction",
        *("list_code", "event", "clock", "new_due", "correction", "facts", "effective_on"),
        *("number", "received_on", "title", "content", "problem", "batch", "region", "site"),
        *("channel", "visibility", "promised_on", "parent_case", "milestones", "milestone"),
        *("done_on", "reason", "note", "instruction", "answer"),
        # Columns that sheets are read by and forms are written by, whatever the kind: an own field
        # of such a code would be filled from, and shown in, a column that means something else.
        *("ordinal", "task_number", "superior_number", "source", "address", "contact", "remark"),
        *("goal", "measures", "situation", "investigation", "handling", "handling_sort", "remains"),
        *("result", "statement", "accountability", "finished", "standing", "phase", "fields"),
        *("deadline_text", "deadline_on", "due_on", "due_original", "light", "closed_on", "published_on"),
        *("handed_over_on", "notice_from", "notice_to", "notice_days", "region_city", "regions"),
        *("unit", "joint_units", "lead_unit", "supervising_unit", "unit_codes", "stated_finished"),
        *("finished_text", "progress_text", "verdict_text"),
    }
)
_CODE: Final = re.compile(r"[a-z][a-z0-9_]*")


def check_case_fields(kind: Kind) -> Iterator[Problem]:
    """Yield every fault of a kind's own fields (``[[fields]]``)."""
    asked = {ask.field for step in kind.steps for ask in step.asks}
    heads: dict[str, str] = {}
    for index, item in enumerate(kind.fields):
        at: KeyPath = ("fields", index)
        named = f"字段“{item.zh}”"
        if not _CODE.fullmatch(item.code):
            sentence = f"代码“{item.code}”只能用小写字母、数字和下划线。"
            yield Problem("bad_code", sentence, (*at, "code"))
        if item.code in RESERVED:
            sentence = f"{named}的代码“{item.code}”是系统字段，请在步骤的 fields 中直接写，或换一个代码。"
            yield Problem("reserved_code", sentence, (*at, "code"))
        if any(other.code == item.code for other in kind.fields[:index]):
            yield Problem("duplicate_code", f"代码“{item.code}”重复。", (*at, "code"))
        if item.type not in CASE_FIELD_TYPES:
            sentence = f"{named}的类型“{item.type}”不存在，或不能用于事项字段。"
            yield Problem("unknown_type", sentence, (*at, "type"))
        yield from check_values(item, named, at)
        if item.code not in asked:
            sentence = f"{named}没有任何步骤会询问（asks），无人能填。"
            yield Problem("field_never_asked", sentence, at)
        yield from _check_headers(item, at, heads)
    yield from _check_weighing(kind)


def _check_weighing(kind: Kind) -> Iterator[Problem]:
    """Check that one flag says whether a case is a key one, and no step asks for both."""
    flags = [index for index, item in enumerate(kind.fields) if item.weighs]
    for place, index in enumerate(flags):
        item, at = kind.fields[index], ("fields", index, "weighs")
        if item.type != "flag" or place:
            sentence = f"字段“{item.zh}”：只有一个“是否”字段（flag）可以决定重点程度。"
            yield Problem("weighs_not_flag", sentence, at)
    for index, step in enumerate(kind.steps):
        codes = {field.code for field in step.fields}
        if flags and {"weight", kind.weighing} <= codes:
            sentence = f"步骤“{step.zh}”既问重点程度又问“{kind.fields[flags[0]].zh}”，两者须只问一个。"
            yield Problem("weight_twice", sentence, ("steps", index, "fields"))


def check_length_by(kind: Kind, clock: Clock, key: KeyPath) -> Iterator[Problem]:
    """Check that one choice rules a clock's length: each value has a length, whoever sets the clock
    is told the value, and nobody changes the value without setting the clock anew."""
    by, named = clock.length_by, f"时限“{clock.zh}”"
    if by is None:
        return
    at: KeyPath = (*key, "length_by")
    item = kind.field_by_code.get(by.field)
    if item is None or item.type != "choice" or not item.options:
        sentence = f"{named}的长度所依的字段“{by.field}”没有声明，或不是自列选项的单选字段。"
        yield Problem("unknown_field", sentence, (*at, "field"))
        return
    if {option.code for option in item.options} != set(by.lengths):
        sentence = f"{named}须给“{item.zh}”的每个选项各写一个长度，不多不少。"
        yield Problem("length_missing", sentence, (*at, "lengths"))
    if not clock.length or min(by.lengths.values(), default=1) < 1:
        sentence = f"{named}的长度须不少于 1，并须写明没有选项时的 length。"
        yield Problem("bad_number", sentence, at)
    first = next((s for s in kind.steps if s.effect == "register"), None)
    needed = {ask.field for ask in first.asks if ask.required} if first else set[str]()
    for index, step in enumerate(kind.steps):
        asks = {ask.field: ask.required for ask in step.asks}
        sets = clock.code in (*step.starts, *step.resets)
        if sets and not asks.get(by.field) and by.field not in needed:
            sentence = f"步骤“{step.zh}”起算{named}，须必填“{item.zh}”。"
            yield Problem("length_apart", sentence, ("steps", index))
        if by.field in asks and not sets and step is not first:
            sentence = f"步骤“{step.zh}”会改变“{item.zh}”而不重定{named}，二者会对不上。"
            yield Problem("length_apart", sentence, ("steps", index, "asks"))


def check_advice(kind: Kind) -> Iterator[Problem]:
    """Check that a site's history has a field to be found by, and each advice a number of its own."""
    if kind.site_field:
        first = [f for s in kind.steps if s.effect == "register" for f in s.fields]
        item = next((field for field in first if field.code == kind.site_field), None)
        own = item is not None and (item.code in kind.field_by_code or item.code == "site")
        if item is None or item.type != "text" or not own:
            sentence = f"认点位的字段“{kind.site_field}”须是登记表上的短文字：site，或事项字段。"
            yield Problem("unknown_field", sentence, ("site_field",))
    for index, advice in enumerate(kind.advice):
        at: KeyPath = ("advice", index)
        if not kind.site_field:
            yield Problem("advice_without_site", "有建议而没有写明认点位的字段 site_field。", at)
        if advice.earlier < 0:
            yield Problem("bad_number", "以往次数不能为负。", (*at, "earlier"))
        if any(other.earlier == advice.earlier for other in kind.advice[:index]):
            sentence = f"以往 {advice.earlier} 次的建议写了两遍。"
            yield Problem("duplicate_advice", sentence, (*at, "earlier"))
        if not (advice.zh.strip() and advice.en.strip()):
            yield Problem("empty_wording", "建议缺少中文或英文文字。", at)


def _check_headers(item: CaseField, at: KeyPath, heads: dict[str, str]) -> Iterator[Problem]:
    """Check that no name of a column means two fields."""
    for place, name in enumerate((item.zh, *item.headers)):
        key = re.sub(r"\s", "", name)
        other = heads.setdefault(key, item.code)
        if other != item.code or not key:
            where = (*at, "headers", place - 1) if place else (*at, "zh")
            sentence = f"表头“{name}”为空，或同时指字段“{other}”和“{item.code}”。"
            yield Problem("header_clash", sentence, where)


def check_values(item: CaseField | Field, named: str, at: KeyPath) -> Iterator[Problem]:
    """Yield the faults of what a field's values may be: words, options, unit, wording."""
    if item.words and item.words not in WORDLISTS and item.words not in SITE_WORDS:
        yield Problem("unknown_words", f"{named}的词表“{item.words}”不存在。", at)
    if item.options:
        yield from _check_options(item.options, named, at)
    chooses = item.type in ("choice", "choices")
    if chooses != (bool(item.words) != bool(item.options)) or (item.words and item.options):
        sentence = f"{named}：选择类字段须有词表或选项之一，其他字段不得有。"
        yield Problem("choice_without_words", sentence, at)
    if item.unit and item.type != "number":
        yield Problem("unit_without_number", f"{named}不是数字，不能写计量单位。", at)
    if not (item.zh.strip() and item.en.strip()):
        yield Problem("empty_wording", f"字段“{item.code}”缺少中文或英文名称。", at)


def _check_options(options: tuple[Option, ...], named: str, at: KeyPath) -> Iterator[Problem]:
    codes: dict[str, str] = {}
    for place, option in enumerate(options):
        key = (*at, "options", place)
        if not (option.zh.strip() and option.en.strip()):
            yield Problem("empty_wording", f"{named}的选项“{option.code}”缺少中文或英文名称。", key)
        # A sheet says an option by its code or by its word, so none may stand for two.
        for word in {option.code, option.zh, option.en}:
            if codes.setdefault(word, option.code) != option.code:
                yield Problem("duplicate_code", f"{named}的选项“{word}”重复。", key)
        if any(other.code == option.code for other in options[:place]):
            yield Problem("duplicate_code", f"{named}的选项代码“{option.code}”重复。", key)


def check_step_fields(kind: Kind, step: Step, key: KeyPath) -> Iterator[Problem]:
    """Yield every fault of what a step asks for: its own fields, then the case's by ``asks``."""
    known = kind.field_by_code
    answered = sum(ask.field in known for ask in step.asks)
    own = step.fields[: len(step.fields) - answered]
    seen: set[str] = set()
    for place, item in enumerate(own):
        at = (*key, "fields", place)
        named = f"步骤“{step.zh}”的字段“{item.zh}”"
        if item.code in seen:
            yield Problem("duplicate_code", f"{named}代码“{item.code}”重复。", at)
        if item.code in known:
            sentence = f"{named}已是事项字段，请改用 asks 询问，不要写两遍。"
            yield Problem("duplicate_field", sentence, at)
        seen.add(item.code)
        if item.type not in FIELD_TYPES:
            yield Problem("unknown_type", f"{named}的类型“{item.type}”不存在。", at)
        yield from check_values(item, named, at)
    asked: set[str] = set()
    for place, ask in enumerate(step.asks):
        at = (*key, "asks", place)
        if ask.field not in known:
            sentence = f"步骤“{step.zh}”询问的字段“{ask.field}”没有声明（[[fields]]）。"
            yield Problem("unknown_field", sentence, at)
        if ask.field in asked:
            sentence = f"步骤“{step.zh}”两次询问字段“{ask.field}”。"
            yield Problem("duplicate_field", sentence, at)
        asked.add(ask.field)


def check_milestones(kind: Kind) -> Iterator[Problem]:
    """Yield every fault of a kind's milestones: days, order, and that steps set and reach them."""
    known: Mapping[str, Milestone] = {item.code: item for item in kind.milestones}
    for index, item in enumerate(kind.milestones):
        at: KeyPath = ("milestones", index)
        named = f"节点“{item.zh}”"
        if item.due and not _is_day_of_year(item.due):
            sentence = f"{named}的日期“{item.due}”须写成 月-日，如 03-31。"
            yield Problem("bad_date", sentence, (*at, "due"))
        for place, other in enumerate(item.after):
            if other not in known:
                sentence = f"{named}须在其后完成的节点“{other}”不存在。"
                yield Problem("unknown_milestone", sentence, (*at, "after", place))
        circle = _circle(item.code, known)
        if circle:
            shown = " → ".join(known[code].zh for code in circle)
            sentence = f"{named}的先后次序成了循环（{shown}），永远完成不了。"
            yield Problem("milestone_cycle", sentence, (*at, "after"), circle)
    effects = {step.effect for step in kind.steps}
    for wanted in ("plan", "reach") if kind.milestones or effects & {"plan", "reach"} else ():
        if wanted not in effects:
            sentence = f"有节点而没有步骤{'设定' if wanted == 'plan' else '完成'}它们（effect = \"{wanted}\"）。"
            yield Problem("milestone_without_step", sentence, (MILESTONES,))


def _is_day_of_year(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d\d-\d\d", text) and date.fromisoformat(f"2023-{text}"))
    except ValueError:
        return False


def _circle(start: str, known: Mapping[str, Milestone]) -> tuple[str, ...]:
    """Give the shortest way from a milestone back to itself; () if there is none."""
    trails: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    for trail in trails:
        for other in known[trail[-1]].after:
            if other == start:
                return (*trail, start)
            if other in known and other not in seen:
                seen.add(other)
                trails.append((*trail, other))
    return ()
