"""Cross-checks of one step of a kind: states, roles, fields, evidence, clocks, obligations.

The part of ``kind_checks`` that looks at steps; same rules, same shape of result.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ecoissues.core.kind_documents import Problem
from ecoissues.core.kind_field_checks import check_step_fields
from ecoissues.core.kind_lines import KeyPath
from ecoissues.core.kinds import (
    ANY_STATE,
    EFFECTS,
    RELATIONS,
    SORTS,
    Kind,
    Step,
)
from ecoissues.core.policy import RELATION_ROLES, holds
from ecoissues.core.vocabulary import EVIDENCE_STAGES, MARKS, ROLES, VERDICTS

#: Effects that only the system writes, never a document's step.
_SYSTEM_EFFECTS: Final = frozenset({"amend", "strike"})

#: Effect -> fields (code, type) its service reads; a document must ask for them.
_EFFECT_FIELDS: Final[dict[str, dict[str, str]]] = {
    "assign": {"units": "units"},
    "place": {"list_code": "list"},
    "unplace": {"list_code": "list"},
    "advance": {"list_code": "list", "standing": "choice"},
    "merge": {"target_case": "case"},
    "answer": {"event": "event"},
    "plan": {"milestones": "milestones"},
    "reach": {"milestone": "choice", "done_on": "date"},
    "ask_extension": {"clock": "choice", "new_due": "date"},
    "extend": {"event": "event"},
    "refuse_extension": {"event": "event"},
    "ask_suspension": {"clock": "choice", "reason": "long_text"},
    "suspend": {"event": "event"},
    "refuse_suspension": {"event": "event"},
    "resume": {"clock": "choice"},
    "withdraw_request": {"event": "event"},
    "recount": {"clock": "choice", "new_due": "date"},
    "order": {"answer_by": "date"},
    "answer_order": {"event": "event"},
    "ask_correction": {"correction": "choice", "event": "event"},
    "correct": {"event": "event"},
    "refuse_correction": {"event": "event"},
}

#: Effect that decides on a request -> effect that asked for it (never the same person).
_DECIDES: Final = {
    "extend": "ask_extension",
    "refuse_extension": "ask_extension",
    "suspend": "ask_suspension",
    "refuse_suspension": "ask_suspension",
    "correct": "ask_correction",
    "refuse_correction": "ask_correction",
}


def check_step(kind: Kind, index: int) -> Iterator[Problem]:
    """Yield every fault of the kind's step at ``index``."""
    step, key = kind.steps[index], ("steps", index)
    yield from _check_states(kind, step, key)
    yield from _check_holders(step, key)
    yield from check_step_fields(kind, step, key)
    yield from _check_effect(kind, step, key)
    yield from _check_evidence(kind, step, key)
    yield from _check_clocks(kind, step, key)
    yield from _check_words(kind, step, key)


def _check_states(kind: Kind, step: Step, key: KeyPath) -> Iterator[Problem]:
    named = f"步骤“{step.zh}”"
    for place, source in enumerate(step.sources):
        if source.startswith("@"):
            sentence = f"{named}的起始阶段“{source[1:]}”不存在。"
            yield Problem("unknown_phase", sentence, (*key, "from", place))
        elif source != ANY_STATE and source not in kind.state_by_code:
            sentence = f"{named}的起始状态“{source}”不存在。"
            yield Problem("unknown_state", sentence, (*key, "from", place))
    target = kind.state_by_code.get(step.to)
    if step.to and target is None:
        yield Problem("unknown_state", f"{named}到达的状态“{step.to}”不存在。", (*key, "to"))
    if step.sort not in SORTS:
        yield Problem("unknown_sort", f"{named}的性质“{step.sort}”不存在。", (*key, "sort"))
    ends = target is not None and target.phase == "void"
    if ends != (step.sort == "end"):
        sentence = f"{named}：到达不计入统计的状态时性质须为 end，否则不得为 end。"
        yield Problem("sort_mismatch", sentence, (*key, "sort"))
    reasoned = any(item.code == "reason" and item.required for item in step.fields)
    if step.sort in ("back", "end") and not reasoned:
        sentence = f"{named}退回或作废事项，须有必填的理由字段 reason。"
        yield Problem("back_without_reason", sentence, (*key, "sort"))
    if step.bound < 0:
        yield Problem("bad_number", f"{named}的次数上限不能为负。", (*key, "bound"))


def _check_holders(step: Step, key: KeyPath) -> Iterator[Problem]:
    named = f"步骤“{step.zh}”"
    if step.by not in RELATIONS:
        yield Problem("unknown_relation", f"{named}的办理关系“{step.by}”不存在。", (*key, "by"))
        return
    if not step.roles:
        yield Problem("step_without_role", f"{named}没有任何角色可以执行。", (*key, "roles"))
    right = "case.register" if step.effect == "register" else "case.step"
    for place, role in enumerate(step.roles):
        at = (*key, "roles", place)
        if role not in ROLES:
            yield Problem("unknown_role", f"{named}的角色“{role}”不存在。", at)
        elif not holds(role, right):
            sentence = f"{named}交给了“{ROLES[role][0]}”，但该角色没有这项权限。"
            yield Problem("role_without_right", sentence, at)
        elif role not in RELATION_ROLES[step.by]:
            sentence = f"{named}的办理关系为 {step.by}，“{ROLES[role][0]}”永远不具备。"
            yield Problem("role_without_relation", sentence, at)


def _check_effect(kind: Kind, step: Step, key: KeyPath) -> Iterator[Problem]:
    named, at = f"步骤“{step.zh}”", (*key, "effect")
    if step.effect not in EFFECTS:
        yield Problem("unknown_effect", f"{named}的作用“{step.effect}”不存在。", at)
    if step.effect in _SYSTEM_EFFECTS:
        yield Problem("unknown_effect", f"{named}的作用“{step.effect}”只由系统写入。", at)
    given = {item.code: item.type for item in step.fields}
    for code, wanted in _EFFECT_FIELDS.get(step.effect, {}).items():
        if given.get(code) != wanted:
            sentence = f"{named}的作用 {step.effect} 需要类型为 {wanted} 的字段 {code}。"
            yield Problem("effect_without_field", sentence, at)
    if step.effect == "ask_extension" and not any(clock.extension for clock in kind.clocks):
        yield Problem("extension_without_clock", f"{named}：没有可以延期的时限。", at)
    if step.effect == "ask_suspension" and not any(clock.suspension for clock in kind.clocks):
        yield Problem("extension_without_clock", f"{named}：没有可以中止的时限。", at)
    if step.effect == "escalate" and not step.paper:
        yield Problem("empty_wording", f"{named}须写明文书名称 paper。", (*key, "paper"))
    asked = _DECIDES.get(step.effect)
    if asked is not None:
        askers = [other.code for other in kind.steps if other.effect == asked]
        if not askers or not set(askers) <= set(step.other_than):
            sentence = f"{named}须由申请人以外的人决定，other_than 中缺少申请步骤。"
            yield Problem("decided_by_asker", sentence, (*key, "other_than"))


def _check_evidence(kind: Kind, step: Step, key: KeyPath) -> Iterator[Problem]:
    if not step.evidence:
        return
    flags = {f.code for other in kind.steps for f in other.fields if f.type == "flag"}
    for place, need in enumerate(step.evidence):
        at = (*key, "evidence", place)
        named = f"步骤“{step.zh}”的材料要求"
        if need.stage not in EVIDENCE_STAGES:
            yield Problem("unknown_evidence_stage", f"{named}“{need.stage}”不存在。", at)
        if need.least < 1:
            yield Problem("bad_number", f"{named}至少为一件。", at)
        for condition in need.unless:
            sort, _, code = condition.partition(":")
            if sort == "field" and code not in flags:
                sentence = f"{named}的例外“{condition}”所指的勾选字段不存在。"
                yield Problem("unknown_field", sentence, at)
            elif sort != "field" and not (sort == "verdict" and code in VERDICTS):
                yield Problem("unknown_condition", f"{named}的例外“{condition}”不认识。", at)


def _check_clocks(kind: Kind, step: Step, key: KeyPath) -> Iterator[Problem]:
    named = f"步骤“{step.zh}”"
    clocks = kind.clock_by_code
    waited = (step.after_clock,) if step.after_clock else ()
    for name, codes in (
        ("starts", step.starts),
        ("resets", step.resets),
        ("restarts", step.restarts),
        ("promises", tuple(step.promises)),
        ("after_clock", waited),
        ("before_clock", (step.before_clock,) if step.before_clock else ()),
    ):
        for code in codes:
            if code not in clocks:
                yield Problem("unknown_clock", f"{named}所指的时限“{code}”不存在。", (*key, name))
            elif name in ("starts", "resets", "restarts") and clocks[code].length == 0:
                sentence = f"{named}起算时限“{clocks[code].zh}”，但它没有期限长度。"
                yield Problem("clock_without_length", sentence, (*key, name))
            elif name == "restarts" and clocks[code].slot != "inner":
                sentence = f"{named}以 restarts 再次起算时限“{clocks[code].zh}”，但它不是内部时限。"
                yield Problem("restart_not_inner", sentence, (*key, name))
            elif name == "promises" and clocks[code].length > 0:
                sentence = f"{named}以日期承诺时限“{clocks[code].zh}”，但它有固定期限。"
                yield Problem("promise_on_counted_clock", sentence, (*key, name))
            elif name == "after_clock" and not clocks[code].waits:
                sentence = f"{named}须等“{clocks[code].zh}”期满，但它不是等待期。"
                yield Problem("clock_not_waiting", sentence, (*key, name))
    if not step.promises:
        return
    case_fields = {f.code: f for s in kind.steps if s.effect == "register" for f in s.fields}
    dates = case_fields | {item.code: item for item in step.fields}
    for code, source in step.promises.items():
        item = dates.get(source)
        text = dates.get(step.reads.get(source, ""))
        if source in step.reads and (text is None or text.type not in ("text", "long_text")):
            sentence = f"{named}从文字读取日期的字段“{step.reads[source]}”不存在或不是文字。"
            yield Problem("unknown_field", sentence, (*key, "reads", source))
        if item is None or item.type != "date":
            sentence = f"{named}承诺的日期字段“{source}”不在本步骤或登记表中，或不是日期。"
            yield Problem("unknown_field", sentence, (*key, "promises", code))


def _check_words(kind: Kind, step: Step, key: KeyPath) -> Iterator[Problem]:
    """Check marks, steps named for four eyes, and obligations."""
    named = f"步骤“{step.zh}”"
    for place, mark in enumerate(step.marks):
        if mark not in MARKS:
            yield Problem("unknown_mark", f"{named}的标记“{mark}”不存在。", (*key, "marks", place))
    for place, code in enumerate(step.other_than):
        if code not in kind.step_by_code:
            sentence = f"{named}须另一人办理的步骤“{code}”不存在。"
            yield Problem("unknown_step", sentence, (*key, "other_than", place))
    if not (step.requires or step.drops):
        return
    met = {code for other in kind.steps for code in other.meets}
    for name, codes in (("requires", step.requires), ("drops", step.drops)):
        for place, code in enumerate(codes):
            if code not in met:
                sentence = f"{named}提到的条件“{code}”没有任何步骤会满足。"
                yield Problem("unknown_obligation", sentence, (*key, name, place))
