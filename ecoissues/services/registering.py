"""Registering a case: the first event of its log, and the row it is born with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import DBAPIError

from ecoissues.core import policy, rules, workflow
from ecoissues.core.errors import Refused, Stale
from ecoissues.core.events import Event
from ecoissues.core.instants import instant_text
from ecoissues.core.kinds import END_PHASES, Kind
from ecoissues.core.life import Life
from ecoissues.core.policy import Actor
from ecoissues.core.values import Bad, clean_number, clean_values
from ecoissues.services.clocks import move_clocks
from ecoissues.services.effects import Making, track_facts
from ecoissues.services.evidence import Prepared, keep_files
from ecoissues.services.gate import Taken, late_fact
from ecoissues.services.loading import LAST_PART, load_case, read_case
from ecoissues.services.recording import CaseRow, Draft, Recorder
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.engine import is_crossed
from ecoissues.storage.reference import ListRow


class Registration(msgspec.Struct, frozen=True):
    """What is needed to register: the form's values, the part of a split number, the day."""

    values: Mapping[str, Any]
    part: int = 0
    effective_on: date | None = None
    late_reason: str = ""
    files: Sequence[Prepared] = ()
    parent_id: int | None = None
    derived_from: Mapping[str, Any] = {}  # the case it goes on from: case, seq (of the request)
    complainant: Mapping[str, str] = {}


def register(site: Site, actor: Actor, list_code: str, asked: Registration) -> Taken:
    """Register a case on a list. Out: its standing, as after any step.

    Errors: NotFound (no such list in scope), Forbidden, Refused ``number_exists``, ``invalid`` …,
    Stale when others registered in its way every time it was tried.
    """
    home = site.get_list(list_code)

    def work(connection: Connection) -> Taken:
        return register_within(site, Recorder(site, connection, actor), actor, home, asked)[0]

    try:
        return site.store.write(work)
    except DBAPIError as error:
        if is_crossed(error):
            raise Stale("同时有他人在登记，本次登记未生效，未作任何改动；请重新提交。") from None
        raise


def register_within(
    site: Site, recorder: Recorder, actor: Actor, home: ListRow, asked: Registration
) -> tuple[Taken, CaseRow, list[Event]]:
    """Register inside the caller's transaction; gives the standing, the case and its events."""
    composed = compose(site, recorder.connection, actor, home, asked)
    case, kind, draft = composed.case, composed.kind, composed.draft
    connection = recorder.connection
    check_new(connection, home, case.number, asked.part)
    case.id = _insert_case(
        connection, site, case, composed.values, draft.effective_on, composed.parent_id, home
    )
    if asked.complainant:
        connection.execute(
            insert(t.complainants).values(
                case_id=case.id, sealed=site.sealer.seal(dict(asked.complainant))
            )
        )
    events: list[Event] = []
    recorder.record(case, kind, events, [draft])
    keep_files(connection, case.id, 1, asked.files)
    state = kind.state_by_code[draft.target]
    taken = Taken(
        case_id=case.id, key=case.key, seq=1, step=draft.step, state=state.code,
        state_name=state.zh,
        phase=state.phase, waits_for=state.waits_for, digest=events[-1].digest,
    )  # fmt: skip
    return taken, case, events


class Composed(msgspec.Struct):
    """A registration that passed every rule and is not written yet: ``case`` has no id."""

    case: CaseRow
    kind: Kind
    draft: Draft
    values: dict[str, Any]
    parent_id: int | None = None


def compose(
    site: Site, connection: Connection, actor: Actor, home: ListRow, asked: Registration
) -> Composed:
    """Check every rule of a registration except that its number is free; nothing is written.

    Errors as ``register``. An import composes many and writes them in one round.
    """
    kind = site.kind_of(home.kind, home.kind_version)
    site.library.pin(connection, kind, instant_text(site.now()))
    step = next(step for step in kind.steps if step.effect == "register")
    target = workflow.destination(kind, "", step.code)
    policy.require_step(actor, step, (), home.unit_path)
    values = clean_values(step.fields, asked.values, site.tree, step.zh)
    number, is_key = _number(values)
    if not 0 <= asked.part <= LAST_PART:
        sentence = f"分解序号须为 1 至 {LAST_PART}。"
        raise Refused("invalid", f"{sentence}未作任何改动。", errors={"part": sentence})
    day = asked.effective_on or site.today()
    if is_key:
        values["weight"] = "key"
    case = CaseRow(
        id=0, list_id=home.id, list_code=home.code, list_path=home.unit_path, number=number,
        part=asked.part, kind=kind.code, kind_version=kind.version, version=0, state="",
    )  # fmt: skip
    making = Making(
        site=site, connection=connection, actor=actor, case=case, kind=kind, step=step,
        life=Life(), events=[], standing=[], values=values, effective_on=day, facts={},
        target=target,
    )  # fmt: skip
    if asked.parent_id is not None or values.get("parent_case"):
        asked = msgspec.structs.replace(asked, parent_id=_parent(site, connection, actor, home, values, asked))
    _fill(making, home, asked)
    rules.check_day(day, site.today(), making.life, [], set())
    _check_late(site, actor, day, asked.late_reason, making.facts)
    rules.check_evidence(step, making.life, making.facts)
    draft = Draft(step.code, target, kind.phase_of(target), day, making.facts)
    return Composed(case, kind, draft, values, asked.parent_id)


def _parent(
    site: Site, connection: Connection, actor: Actor, home: ListRow, values: dict[str, Any],
    asked: Registration,
) -> int:  # fmt: skip
    """Give the id of the case this one is a part of, or derived from (举一反三).

    Errors: NotFound outside the scope; Refused ``parent_ended``: no part is added to a case whose
    kind has parts of this kind once it is closed or void.
    """
    if asked.parent_id is not None:
        parent = read_case(connection, site, actor, asked.parent_id)
    else:
        key = str(values["parent_case"])
        values["parent_case"] = key if "/" in key else f"{home.code}/{key}"
        parent = load_case(connection, site, actor, values["parent_case"])
    kind = site.kind_of(parent.kind, parent.kind_version)
    if kind.children == home.kind and kind.phase_of(parent.state) in END_PHASES:
        raise Refused(
            "parent_ended",
            f"上级事项 {parent.number} 已是“{kind.state_by_code[parent.state].zh}”，不能再登记下级事项。"
            "未作任何改动。",
            errors={"parent_case": "上级事项已经结束。"},
        )
    return parent.id


def _number(values: dict[str, Any]) -> tuple[str, bool]:
    try:
        return clean_number(values.pop("number"))
    except Bad as bad:
        raise Refused("invalid", f"{bad}未作任何改动。", errors={"number": str(bad)}) from None


def check_new(connection: Connection, home: ListRow, number: str, part: int) -> None:
    """Refuse ``number_exists`` when the list has a case of the number already."""
    query = select(t.cases.c.id).where(
        t.cases.c.list_id == home.id, t.cases.c.number == number, t.cases.c.part == part
    )
    if connection.execute(query).first():
        raise Refused(
            "number_exists",
            f"“{home.title}”中已有编号 {number}，未重复登记；如属分解件，请填写分解序号。",
            errors={"number": "该编号已登记。"},
        )


def _fill(making: Making, home: ListRow, asked: Registration) -> None:
    facts, values = making.facts, making.values
    facts["parties"] = values.get("units") or [[home.unit_code, "lead"]]
    rules.check_handlers(facts["parties"], making.site.tree)
    facts.update(track_facts(values, making.kind))
    if asked.part:
        facts["part"] = asked.part
    facts.setdefault("types", ["other"])
    facts.setdefault("weight", "normal")
    if asked.files:
        facts["evidence"] = [file.fact() for file in asked.files]
    if asked.derived_from:
        facts["derived_from"] = dict(asked.derived_from)
    if making.step.marks:
        facts["marks"] = list(making.step.marks)
    if making.kind.state_by_code[making.target].work:
        facts["round"] = True
    move_clocks(making)


def _check_late(site: Site, actor: Actor, day: date, reason: str, facts: dict[str, Any]) -> None:
    days = (site.today() - day).days
    if days > site.late_days:
        facts["late"] = late_fact(days, reason, "登记日期")


def _insert_case(
    connection: Connection, site: Site, case: CaseRow, values: dict[str, Any], day: date,
    parent_id: int | None, home: ListRow,
) -> int:  # fmt: skip
    batch_id = find_batch(connection, home, values.get("batch"))
    row = case_row(site, case, day, home, batch_id, parent_id)
    result = connection.execute(insert(t.cases).values(**row))
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])


def case_row(
    site: Site, case: CaseRow, day: date, home: ListRow, batch_id: int | None,
    parent_id: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Give the row a case is born with, before its first event gives it version and state."""
    unit = site.tree.by_code[home.unit_code]
    return {
        "list_id": case.list_id, "number": case.number, "part": case.part, "kind": case.kind,
        "kind_version": case.kind_version, "registered_on": day.isoformat(),
        "moved_on": day.isoformat(), "unit_id": unit.id, "top_id": unit.top_id,
        "batch_id": batch_id, "parent_id": parent_id, "is_demo": home.is_demo,
    }  # fmt: skip


def find_batch(connection: Connection, home: ListRow, name: Any) -> int | None:
    """Find or add the batch of a list by its name."""
    if not name:
        return None
    query = select(t.batches.c.id).where(t.batches.c.list_id == home.id, t.batches.c.name == name)
    found = connection.execute(query).scalar()
    if found is not None:
        return int(found)
    last = select(func.max(t.batches.c.ordinal)).where(t.batches.c.list_id == home.id)
    ordinal = (connection.execute(last).scalar() or 0) + 1
    added = connection.execute(
        insert(t.batches).values(list_id=home.id, name=name, ordinal=ordinal)
    ).inserted_primary_key
    assert added is not None
    return int(added[0])
