"""Cross-checks of a decoded kind: every word in it is known, and nothing points into the void.

Each check yields problems whose key leads to the place in the document; the reason codes are listed
in ``docs/kinds.md``. What follows from walking the states stands in ``kind_proof``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from ecoissues.core.kind_documents import Problem
from ecoissues.core.kind_field_checks import (
    check_advice,
    check_case_fields,
    check_length_by,
    check_milestones,
)
from ecoissues.core.kind_lines import KeyPath
from ecoissues.core.kind_placements import check_placements
from ecoissues.core.kind_step_checks import check_step
from ecoissues.core.kinds import CLOCK_SLOTS, Clock, Kind, State
from ecoissues.core.vocabulary import MARKS, PHASES, ROLES

_CODE: Final = re.compile(r"[a-z][a-z0-9_]*")


def check_kind(
    kind: Kind,
    figures: frozenset[str] | None = None,
    forms: frozenset[str] | None = None,
) -> Iterator[Problem]:
    """Yield every fault of a kind's words and references.

    In: the kind; codes of the figures and forms that exist (None: not checked).
    """
    yield from _check_heading(kind, figures, forms)
    yield from _check_codes("states", kind.states)
    yield from _check_codes("clocks", kind.clocks)
    yield from _check_codes("steps", kind.steps)
    yield from _check_codes("milestones", kind.milestones)
    yield from _check_codes("placed_states", kind.placed_states)
    for index, state in enumerate(kind.states):
        yield from _check_state(state, ("states", index))
    for index, clock in enumerate(kind.clocks):
        yield from _check_clock(kind, clock, ("clocks", index))
    yield from check_case_fields(kind)
    yield from check_milestones(kind)
    yield from check_advice(kind)
    yield from check_placements(kind)
    yield from _check_registration(kind)
    for index in range(len(kind.steps)):
        yield from check_step(kind, index)


def _check_heading(
    kind: Kind, figures: frozenset[str] | None, forms: frozenset[str] | None
) -> Iterator[Problem]:
    if not _CODE.fullmatch(kind.code):
        yield Problem("bad_code", f"代码“{kind.code}”只能用小写字母、数字和下划线。", ("code",))
    if kind.version < 1:
        yield Problem("bad_number", "版本号须从 1 起。", ("version",))
    if not (kind.wording.zh.strip() and kind.wording.en.strip()):
        yield Problem("empty_wording", "清单类型缺少中文或英文名称。", ("wording",))
    for index, pattern in enumerate(kind.number_patterns):
        try:
            re.compile(pattern)
        except re.error as error:
            sentence = f"编号样式“{pattern}”不是正确的正则表达式（{error}）。"
            yield Problem("bad_pattern", sentence, ("number_patterns", index))
    if kind.clocks and kind.on_time_clock not in kind.clock_by_code:
        sentence = f"按时率所用的时限“{kind.on_time_clock}”不存在。"
        yield Problem("unknown_clock", sentence, ("on_time_clock",))
    if forms is not None and kind.form and kind.form not in forms:
        yield Problem("unknown_form", f"没有名为 {kind.form} 的台账表式。", ("form",))
    for index, figure in enumerate(kind.figures if figures is not None else ()):
        if figure not in (figures or ()):
            sentence = f"没有名为 {figure} 的统计口径。"
            yield Problem("unknown_figure", sentence, ("figures", index))


def _check_codes(table: str, items: Iterable[object]) -> Iterator[Problem]:
    """Check that codes are well formed and unique and that both wordings are given."""
    seen: set[str] = set()
    for index, item in enumerate(items):
        code, zh, en = (str(getattr(item, name)) for name in ("code", "zh", "en"))
        key: KeyPath = (table, index)
        if not _CODE.fullmatch(code):
            sentence = f"代码“{code}”只能用小写字母、数字和下划线。"
            yield Problem("bad_code", sentence, (*key, "code"))
        if code in seen:
            yield Problem("duplicate_code", f"代码“{code}”重复。", (*key, "code"))
        if not (zh.strip() and en.strip()):
            yield Problem("empty_wording", f"“{code}”缺少中文或英文名称。", (*key, "zh"))
        seen.add(code)


def _check_state(state: State, key: KeyPath) -> Iterator[Problem]:
    if state.phase not in PHASES:
        sentence = f"状态“{state.zh}”的阶段“{state.phase}”不存在。"
        yield Problem("unknown_phase", sentence, (*key, "phase"))
    if state.waits_for and state.waits_for not in ROLES:
        sentence = f"状态“{state.zh}”等待的角色“{state.waits_for}”不存在。"
        yield Problem("unknown_role", sentence, (*key, "waits_for"))
    if state.work and state.phase != "open":
        sentence = f"状态“{state.zh}”是办理状态，阶段须为 open。"
        yield Problem("work_not_open", sentence, (*key, "work"))


def _check_clock(kind: Kind, clock: Clock, key: KeyPath) -> Iterator[Problem]:
    named = f"时限“{clock.zh}”"
    if clock.slot not in CLOCK_SLOTS:
        sentence = f"{named}的账目“{clock.slot}”不存在。"
        yield Problem("unknown_slot", sentence, (*key, "slot"))
    limits = [1]
    for moved in (clock.extension, clock.suspension):
        limits += (moved.max_days, moved.times) if moved else ()
    if clock.length < 0 or clock.warn_workdays < 0 or min(limits) < 1:
        yield Problem("bad_number", f"{named}的天数或次数不能为负，延期至少一天一次。", key)
    yield from _check_rule(clock, named, key)
    yield from check_length_by(kind, clock, key)
    if (clock.slot == "wait") != clock.waits:
        sentence = f"{named}：须等待期满的时限，账目为 wait 且 waits 为 true，二者须一致。"
        yield Problem("wait_mismatch", sentence, (*key, "waits" if clock.waits else "slot"))
    marked = {mark for step in kind.steps for mark in step.marks}
    for index, met in enumerate(clock.met_by):
        place = (*key, "met_by", index)
        if met.startswith("step:"):
            if met[5:] not in kind.step_by_code:
                yield Problem("unknown_step", f"{named}的终止步骤“{met[5:]}”不存在。", place)
        elif met not in PHASES and met not in MARKS:
            yield Problem("unknown_mark", f"{named}的终止条件“{met}”不存在。", place)
        elif met in MARKS and met not in marked:
            sentence = f"{named}以“{MARKS[met][0]}”为止，但没有步骤会作此标记。"
            yield Problem("mark_never_set", sentence, place)
    if not any(clock.code in (*s.starts, *s.resets, *s.restarts, *s.promises) for s in kind.steps):
        yield Problem("clock_never_set", f"{named}没有任何步骤起算。", key)


def _check_rule(clock: Clock, named: str, key: KeyPath) -> Iterator[Problem]:
    """Check that the rule can be counted, and that orange comes after yellow."""
    if clock.length > 0:
        try:
            clock.rule()
        except ValueError as error:
            yield Problem("bad_rule", f"{named}：{error}。", (*key, "length"))
    elif clock.receipt or clock.roll or clock.counts_first:
        sentence = f"{named}的日期由字段承诺，不能另写计算规则。"
        yield Problem("clock_without_length", sentence, (*key, "length"))
    if clock.urgent_workdays >= max(clock.warn_workdays, 0) + 1:
        sentence = f"{named}的橙灯天数应不大于黄灯天数。"
        yield Problem("bad_number", sentence, (*key, "urgent_workdays"))


def _check_registration(kind: Kind) -> Iterator[Problem]:
    """Check that exactly one step begins a case's life, and from nowhere."""
    found = [index for index, step in enumerate(kind.steps) if step.effect == "register"]
    if not found:
        yield Problem("no_register", '没有登记步骤（effect = "register"）。', ("steps",))
    for index in found[1:]:
        sentence = f"登记步骤只能有一个，“{kind.steps[index].zh}”重复。"
        yield Problem("several_registers", sentence, ("steps", index, "effect"))
    for index, step in enumerate(kind.steps):
        first = step.effect == "register"
        if first and (step.sources or not step.to):
            sentence = f"登记步骤“{step.zh}”的 from 须为空，并须写明到达的状态。"
            yield Problem("register_from", sentence, ("steps", index, "from"))
        if not first and not step.sources:
            sentence = f"步骤“{step.zh}”没有起始状态。"
            yield Problem("step_without_source", sentence, ("steps", index, "from"))
