"""The gate: the one function every step passes, from page, bulk action, import, API, command line.

In one transaction: find the case in scope, compare its version, ask the policy, the workflow, the
evidence and the clocks, write the event (which moves the case), its figures, and commit once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ecoissues.core import policy, rules, workflow
from ecoissues.core.errors import Forbidden, Refused, Stale
from ecoissues.core.events import MOVE_STEP, Event, live, tracks_of
from ecoissues.core.kinds import Step
from ecoissues.core.life import Life, fold
from ecoissues.core.policy import Actor
from ecoissues.core.values import LONG, Bad, clean_text, clean_values
from ecoissues.core.vocabulary import ROLES
from ecoissues.figures import sums
from ecoissues.services import merging, onward, repeating
from ecoissues.services.clock_effects import asked_on
from ecoissues.services.clocks import move_clocks
from ecoissues.services.effects import EFFECTS, Making, track_facts
from ecoissues.services.evidence import Prepared, keep_files
from ecoissues.services.loading import lock_both, lock_case
from ecoissues.services.parts_of_case import check_parts
from ecoissues.services.recording import CaseRow, Draft, Recorder
from ecoissues.services.site import Site
from ecoissues.storage import log
from ecoissues.storage.engine import is_crossed

#: Effects a merged case still allows; everything else is done on its main case.
ON_MERGED = frozenset({"unmerge", "refuse_move", "ask_correction", "correct", "refuse_correction", "instruct",
                        "answer", "place", "unplace", "advance"})  # fmt: skip


#: Effects that take a case on to another list; they stand in ``onward``, which needs two cases.
ONWARD = {
    "ask_move": onward.ask_move, "move_on": onward.move_on, "refuse_move": onward.refuse_move,
}  # fmt: skip

#: After so many positions of the log the sums catch up, so that boards never add a long rest.
SUMS_EVERY = 2000


class Taken(msgspec.Struct, frozen=True):
    """A step that was taken: the case's new standing and the event that did it."""

    case_id: int
    key: str
    seq: int
    step: str
    state: str
    state_name: str
    phase: str
    waits_for: str
    digest: str
    pos: int = 0
    companions: int = 0
    repeated: bool = False


class Request(msgspec.Struct, frozen=True):
    """What is asked of the gate. ``version``: the one the asker saw (None: whatever stands)."""

    step: str
    version: int | None
    values: Mapping[str, Any] = {}
    files: Sequence[Prepared] = ()
    effective_on: date | None = None
    late_reason: str = ""
    key: str = ""


def take_step(site: Site, actor: Actor, case_id: int, request: Request) -> Taken:
    """Take one step on one case; all of it or nothing.

    In: files are prepared beforehand (``evidence.prepare``), so that no lock is held meanwhile.
    ``key`` makes a repetition of the same request harmless: it gives the first answer again.
    Errors: NotFound (outside the scope), Stale (somebody was first; both sides in ``facts``),
    Forbidden, Refused with the code of the rule broken. Nothing is written then.
    """
    try:
        taken = site.store.write(
            lambda connection: step_within(site, connection, actor, case_id, request)
        )
    except DBAPIError as error:
        if is_crossed(error):
            raise Stale(
                "同一事项刚刚被他人办理，您的操作未生效；所填内容已保留，请刷新后重试。"
            ) from None
        raise
    if not taken.repeated and -taken.pos % SUMS_EVERY <= taken.companions:
        sums.advance(site.store, SUMS_EVERY // 2)
    return taken


def step_within(
    site: Site, connection: Connection, actor: Actor, case_id: int, request: Request
) -> Taken:
    """Take one step inside the caller's transaction (imports and demonstration data)."""
    # Before anything is told about the case: a refusal by state or version would show it.
    policy.require(actor, policy.Permission.CASE_STEP)
    if "target_case" in request.values:
        lock_both(connection, site, actor, case_id, str(request.values["target_case"]))
    case = lock_case(connection, site, actor, case_id)
    before = repeating.find_answer(connection, actor, request.key, _asked(case_id, request))
    if before is not None:
        return msgspec.convert({**before, "repeated": True}, Taken)
    events = log.events_of(connection, case_id)
    if request.version is not None and request.version != case.version:
        raise _stale(site, case, events, request)
    recorder = Recorder(site, connection, actor)
    taken = make_step(site, recorder, actor, case, events, request)
    repeating.keep_answer(
        connection, actor, request.key, _asked(case_id, request), msgspec.to_builtins(taken),
        site.now(),
    )  # fmt: skip
    return taken


def make_step(
    site: Site,
    recorder: Recorder,
    actor: Actor,
    case: CaseRow,
    events: list[Event],
    request: Request,
) -> Taken:
    """Check every rule for a step on a locked case and record it. ``events`` is moved along."""
    kind = site.kind_of(case.kind, case.kind_version)
    step = kind.step_by_code.get(request.step)
    target = workflow.destination(kind, case.state, request.step)
    assert step is not None  # destination has refused an unknown one
    standing = live(events)
    life = fold(standing)
    check_right(site, actor, step, life, case)
    if life.merged_into is not None and step.effect not in ON_MERGED:
        raise Refused(
            "follows", f"本件已并入 {life.merged_into}，随主件办理，请在主件上操作。未作任何改动。"
        )
    making = Making(
        site=site, connection=recorder.connection, actor=actor, case=case, kind=kind, step=step,
        life=life, events=events, standing=standing,
        values=clean_values(step.fields, request.values, site.tree, step.zh),
        effective_on=request.effective_on or site.today(), facts={}, target=target,
    )  # fmt: skip
    _fill(making, request)
    _check(making, request)
    draft = Draft(
        making.event_step or step.code, making.target, kind.phase_of(making.target),
        making.effective_on, making.facts,
    )  # fmt: skip
    onward.register_moved(making, recorder)
    recorder.expect(case, life)
    now = recorder.record(case, kind, events, [draft])
    keep_files(recorder.connection, case.id, case.version, request.files)
    followed = merging.companions(making, recorder, events[-1]) if not now.merged_into else 0
    state = kind.state_by_code[case.state]
    return Taken(
        case_id=case.id, key=case.key, seq=case.version, step=step.code, state=state.code,
        state_name=state.zh, phase=state.phase, waits_for=state.waits_for,
        digest=events[-1].digest, pos=events[-1].pos, companions=followed,
    )  # fmt: skip


def check_right(site: Site, actor: Actor, step: Step, life: Life, case: CaseRow) -> None:
    """Refuse with Forbidden unless role and relation allow the step."""
    tree = site.tree
    parties = [(tree.by_code[code].path, party) for code, party in life.parties]
    accused = [path for path, party in parties if party == "accused"]
    policy.require_step(actor, step, parties, case.list_path, accused)


def _fill(making: Making, request: Request) -> None:
    """Turn the values of the form into facts: tracks, fields, files, marks, clocks, effect."""
    step, facts = making.step, making.facts
    if request.files:
        facts["evidence"] = [file.fact() for file in request.files]
    if step.marks:
        facts["marks"] = [mark for mark in step.marks if mark not in making.life.marks]
        if not facts["marks"]:
            del facts["marks"]
    if step.meets:
        facts["met"] = list(step.meets)
    if step.drops:
        facts["dropped"] = list(step.drops)
    if step.sort == "back":
        facts["back"] = True
    if making.target != making.case.state and making.kind.state_by_code[making.target].work:
        facts["round"] = True
    if step.effect in EFFECTS:
        EFFECTS[step.effect](making)
    elif step.effect in ONWARD:
        ONWARD[step.effect](making)
    elif step.effect == "merge":
        merging.merge(making)
    elif step.effect == "unmerge":
        merging.unmerge(making)
    if "asked" not in facts:
        for name, value in track_facts(making.values, making.kind).items():
            facts.setdefault(name, value)
    move_clocks(making)


def _check(making: Making, request: Request) -> None:
    step, life = making.step, making.life
    rules.check_obligations(step, life)
    rules.check_other_person(step, life, making.actor.name)
    rules.check_bound(step, life)
    check_parts(making)
    making.followers = merging.hold_followers(making)
    merging.check_void(making)
    trial = Event(
        seq=0, pos=0, step=making.event_step or step.code, source=making.case.state,
        target=making.target, phase="", actor="", role="", effective_on=making.effective_on,
        recorded_at="", facts=making.facts,
    )  # fmt: skip
    today = making.site.today()
    rules.check_day(making.effective_on, today, life, making.standing, tracks_of(trial))
    rules.check_wait(step, life, making.effective_on, asked_on(making))
    rules.check_evidence(step, life, making.facts)
    _check_late(making, request, today)


def _check_late(making: Making, request: Request, today: date) -> None:
    """More than a few days back needs a supervisor and a reason, and shows as a late entry."""
    days = (today - making.effective_on).days
    if days <= making.site.late_days or making.step.effect in ("extend", "suspend"):
        return
    if making.actor.role != "supervisor":
        raise Forbidden(
            f"生效日期早于今天 {days} 天，超过 {making.site.late_days} 天的补记须由督察员办理并说明理由。"
            "未作任何改动。",
            "late_needs_supervisor",
        )
    making.facts["late"] = late_fact(days, request.late_reason, "生效日期")


def late_fact(days: int, given: str, what: str) -> dict[str, Any]:
    """Give the fact that tells of a late entry: how many days, and why.

    In: the reason as given, ``what`` day lies so far back. Refused ``late_reason_missing``,
    ``invalid`` for one that is too long.
    """
    try:
        reason = clean_text(given, LONG)
    except Bad as bad:
        raise Refused(
            "invalid", f"补记理由：{bad}未作任何改动。", errors={"late_reason": str(bad)}
        ) from None
    if not reason:
        raise Refused(
            "late_reason_missing",
            f"{what}早于今天 {days} 天，属补记，请填写补记理由。未作任何改动。",
            errors={"late_reason": "请填写补记理由。"},
        )
    return {"days": days, "reason": reason}


def _asked(case_id: int, request: Request) -> dict[str, Any]:
    return {
        "case": case_id, "step": request.step, "values": dict(request.values),
        "files": [file.sha256 for file in request.files],
        "on": request.effective_on.isoformat() if request.effective_on else None,
    }  # fmt: skip


def _stale(site: Site, case: CaseRow, events: list[Event], request: Request) -> Stale:
    """Tell who did what since the version the asker saw, beside what he wanted to do."""
    kind = site.kind_of(case.kind, case.kind_version)
    since = [event for event in events if event.seq > (request.version or 0)]
    theirs = [
        {
            "seq": event.seq, "step": event.step, "step_name": step_name(kind, event.step),
            "actor": event.actor, "role": ROLES.get(event.role, (event.role,))[0],
            "recorded_at": event.recorded_at, "fields": event.facts.get("fields", {}),
        }
        for event in since
    ]  # fmt: skip
    who = (
        f"{theirs[-1]['role']} {theirs[-1]['actor']} 的“{theirs[-1]['step_name']}”"
        if theirs
        else "他人"
    )
    return Stale(
        f"您打开后，本件已有新的办理（{who}），您的操作未生效；所填内容已保留，请核对后重新提交。",
        version=case.version, seen=request.version, state=case.state, theirs=theirs,
        mine={"step": request.step, "values": dict(request.values)},
    )  # fmt: skip


_OTHER_STEPS = {
    "amend": "更正", "strike": "撤销记录", "follow": "随主件", "import": "表格导入", MOVE_STEP: "类型版本迁移",
}  # fmt: skip


def step_name(kind: Any, code: str) -> str:
    """Give the Chinese name of a step as it stands in a case's history."""
    step = kind.step_by_code.get(code)
    return step.zh if step is not None else _OTHER_STEPS.get(code, code)
