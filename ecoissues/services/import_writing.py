"""Writing the rows of a sheet: each wholly or not at all, some hundred in one transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from typing import Any, Final, Literal

import msgspec
from sqlalchemy.exc import DBAPIError

from ecoissues.core import rules
from ecoissues.core.errors import Refused
from ecoissues.core.events import Event, live, tracks_of
from ecoissues.core.kinds import Step
from ecoissues.core.life import Life, fold
from ecoissues.core.policy import Actor
from ecoissues.services.effects import Making, track_facts
from ecoissues.services.gate import Request, make_step
from ecoissues.services.import_plans import TRACKS, Plan, Planner
from ecoissues.services.import_rounds import Rounds
from ecoissues.services.import_standing import stand
from ecoissues.services.loading import lock_case, lock_cases
from ecoissues.services.merging import companions
from ecoissues.services.outages import is_outage
from ecoissues.services.recording import CaseRow, Draft
from ecoissues.services.registering import Registration, compose
from ecoissues.services.site import Site
from ecoissues.storage import log
from ecoissues.storage.engine import is_crossed

#: The step under which a case's log says what a sheet stated.
IMPORT: Final = "import"

#: What the gate calls a step; this one is in no document, since no page offers it.
_STEP: Final = Step(IMPORT, "表格导入", "Import", ("*",), by="office", sort="note")

_AWAY: Final = (
    "数据库中断，该行没有确认写入；恢复后请用同一文件重新导入，已写入的行不会重复。"
)

OutcomeSort = Literal["new", "changed", "same", "refused", "left_out"]


class Outcome(msgspec.Struct, frozen=True):
    """What became of one row: ``code`` and ``sentence`` say why it was refused or only registered;
    ``state``: the state's name it stands in now; ``case_id`` 0 for none."""

    line: int
    number: str
    outcome: OutcomeSort
    case_id: int = 0
    state: str = ""
    code: str = ""
    sentence: str = ""
    notes: tuple[str, ...] = ()


def write_chunk(
    site: Site,
    actor: Actor,
    planner: Planner,
    plans: Sequence[Plan],
    accept: Collection[int] | None,
    source: str,
    seen: int,
) -> list[Outcome]:
    """Write some rows in one transaction; should the database refuse, one row at a time.

    In: ``source``, the sheet's name, which the log keeps as the reason of late entries; ``seen``,
    the log position up to which the importer knows the cases.
    """
    try:
        return _write(site, actor, planner, plans, accept, source, seen)
    except DBAPIError as error:
        if is_outage(error) and not is_crossed(error):
            return [_refused(plan, "database_away", _AWAY) for plan in plans]
        if len(plans) == 1:
            return [_refused(plans[0], "row_clash", "该行与他人刚刚的登记冲突，未导入；请重新预览。")]
        return [
            outcome
            for plan in plans
            for outcome in write_chunk(site, actor, planner, [plan], accept, source, seen)
        ]


def _write(
    site: Site,
    actor: Actor,
    planner: Planner,
    plans: Sequence[Plan],
    accept: Collection[int] | None,
    source: str,
    seen: int,
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    who = dataclasses.replace(actor, channel="import")
    with site.store.writing() as connection:
        stand(site, connection, planner, plans)
        lock_cases(connection, {plan.case_id for plan in plans if plan.case_id})
        recorder = Rounds(site, connection, who, planner.home)
        recorder.reserve(sum(plan.standing == "new" for plan in plans))
        for plan in plans:
            outcomes.append(_row(site, recorder, planner, plan, accept, source, seen))
        recorder.flush()
    return outcomes


def _row(
    site: Site,
    recorder: Rounds,
    planner: Planner,
    plan: Plan,
    accept: Collection[int] | None,
    source: str,
    seen: int,
) -> Outcome:
    if plan.standing == "refused":
        first = plan.problems[0]
        return _refused(plan, first.code, "".join(each.sentence for each in plan.problems))
    notes = tuple(note.sentence for note in plan.notes)
    if plan.standing == "same":
        return Outcome(plan.line, plan.number, "same", plan.case_id, notes=notes)
    if accept is not None and plan.line not in accept:
        return Outcome(plan.line, plan.number, "left_out", plan.case_id, notes=notes)
    recorder.begin_row()
    try:
        if plan.standing == "new":
            case = _register(site, recorder, planner, plan, source)
        else:
            case = _update(site, recorder, planner, plan, source, seen)
    except Refused as refused:
        recorder.take_back()
        return _refused(plan, refused.code, refused.sentence)
    state = site.kind_of(case.kind, case.kind_version).state_by_code[case.state].zh
    return Outcome(plan.line, plan.number, plan.standing, case.id, state, notes=notes)


def _refused(plan: Plan, code: str, sentence: str) -> Outcome:
    return Outcome(plan.line, plan.number, "refused", plan.case_id, "", code, sentence)


def _register(
    site: Site, recorder: Rounds, planner: Planner, plan: Plan, source: str
) -> CaseRow:
    """Register the row, hand it over where its unit is known, keep what else the sheet states."""
    reason = _reason(plan, source)
    asked = Registration(plan.values, effective_on=plan.day, late_reason=reason)
    connection = recorder.connection
    composed = compose(site, connection, recorder.actor, planner.home, asked)
    case, events = composed.case, recorder.register(composed)
    onward = planner.onward_values(plan)
    if onward is not None and planner.onward is not None:
        day = plan.handed_over_on or plan.day
        assert plan.day is not None
        assert day is not None
        request = Request(
            planner.onward.code, None, onward, effective_on=max(plan.day, min(day, site.today())),
            late_reason=reason,
        )  # fmt: skip
        make_step(site, recorder, recorder.actor, case, events, request)
    if plan.facts:
        _state(site, recorder, planner, plan, case, events, dict(plan.facts), source)
    return case


def _update(
    site: Site, recorder: Rounds, planner: Planner, plan: Plan, source: str, seen: int
) -> CaseRow:
    """Record what the sheet states differently about a case that stands.

    Refused ``row_moved``: there is news of the case that nobody saw beside the sheet.
    """
    connection = recorder.connection
    case = lock_case(connection, site, recorder.actor, plan.case_id)
    events = log.events_of(connection, case.id)
    if events[-1].pos > seen:
        _check_unmoved(plan, fold(live(events, seen)), fold(live(events)))
    values = {
        code: list(new) if isinstance(new, tuple) else new
        for code, (_, new) in plan.differences.items()
    }
    facts = track_facts(values, site.kind_of(case.kind, case.kind_version))
    _state(site, recorder, planner, plan, case, events, facts, source)
    return case


def _check_unmoved(plan: Plan, then: Life, now: Life) -> None:
    """Refuse a row whose differences are others than somebody looked at.

    In: the case's standing at the preview (``Life()`` if it was not there yet) and now.
    """
    if then.registered_on is None or any(
        _stated(then, code) != _stated(now, code) for code in plan.differences
    ):
        raise Refused(
            "row_moved",
            f"编号 {plan.number} 的同一栏目在预览之后已有新的内容，表中可能是旧的，本行未导入；"
            "请重新预览后再选。",
        )


def _stated(life: Life, code: str) -> Any:
    return getattr(life, code) if code in TRACKS else life.fields.get(code)


def _state(
    site: Site,
    recorder: Rounds,
    planner: Planner,
    plan: Plan,
    case: CaseRow,
    events: list[Event],
    facts: dict[str, Any],
    source: str,
) -> None:
    """Record an event ``import``: it moves no state, and says from which line of which sheet.

    The day is today: what a sheet states is known from the day it is taken over.
    """
    today = site.today()
    kind = site.kind_of(case.kind, case.kind_version)
    facts["imported"] = {"sheet": source[:120], "line": plan.line}
    draft = Draft(IMPORT, case.state, kind.phase_of(case.state), today, facts)
    if plan.standing == "new":  # nothing on the case is later than today, and nobody follows it
        recorder.record(case, kind, events, [draft])
        return
    standing = live(events)
    life = fold(standing)
    trial = Event(
        seq=0, pos=0, step=IMPORT, source=case.state, target=case.state, phase="", actor="",
        role="", effective_on=today, recorded_at="", facts=facts,
    )  # fmt: skip
    rules.check_day(today, today, life, standing, tracks_of(trial))
    recorder.record(case, kind, events, [draft])
    making = Making(
        site=site, connection=recorder.connection, actor=recorder.actor, case=case, kind=kind,
        step=_STEP, life=life, events=events, standing=standing, values={}, effective_on=today,
        facts=facts, target=case.state,
    )  # fmt: skip
    companions(making, recorder, events[-1])


def _reason(plan: Plan, source: str) -> str:
    return f"表格导入：{source[:80]}，第 {plan.line} 行"

