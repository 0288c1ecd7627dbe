"""What an auditor reads: the records of the log in his scope, newest first."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, select

from ecoissues.core.instants import SHANGHAI, instant_text
from ecoissues.core.policy import Actor
from ecoissues.core.vocabulary import ROLES
from ecoissues.services.gate import step_name
from ecoissues.services.site import Site
from ecoissues.services.timeline import local_minute
from ecoissues.storage import tables as t
from ecoissues.storage.scope import visible_cases

#: Records on a page.
SIZE: Final = 50


class Wanted(msgspec.Struct, frozen=True):
    """Which records are asked for; empty: all. ``before``: a position, the page begins below it."""

    list_code: str = ""
    number: str = ""
    actor: str = ""
    since: date | None = None
    until: date | None = None
    late: bool = False
    before: int = 0


class Record(msgspec.Struct, frozen=True):
    """One record of the log in words. ``late``: days it was entered late, 0 for in time."""

    pos: int
    case_id: int
    number: str
    list_title: str
    seq: int
    step: str
    state: str
    actor: str
    role: str
    unit: str
    channel: str
    effective_on: str
    recorded_at: str
    late: int
    digest: str


class LogPage(msgspec.Struct, frozen=True):
    """A page of the log. ``older``: the position below which it goes on, 0 at the end."""

    records: list[Record]
    older: int


_COLUMNS: Final = (
    t.events.c.pos, t.events.c.case_id, t.cases.c.number, t.cases.c.part, t.cases.c.list_id,
    t.cases.c.kind, t.cases.c.kind_version, t.events.c.seq, t.events.c.step, t.events.c.to_state,
    t.events.c.actor, t.events.c.role, t.events.c.unit, t.events.c.channel,
    t.events.c.effective_on, t.events.c.recorded_at, t.events.c.facts, t.events.c.digest,
)  # fmt: skip


def read_log(site: Site, actor: Actor, wanted: Wanted) -> LogPage:
    """Read a page of the log within the actor's scope.

    Refused ``not_found`` for a list that does not exist. Days are those of recording, in Shanghai.
    """
    e = t.events.c
    query = (
        select(*_COLUMNS)
        .join(t.cases, t.cases.c.id == e.case_id)
        .where(visible_cases(site.tree, site.lists, actor.scope_path), *_conditions(site, wanted))
        .order_by(e.pos.desc())
        .limit(SIZE + 1)
    )
    with site.store.reading() as connection:
        rows = connection.execute(query).all()
    records = [_record(site, row) for row in rows[:SIZE]]
    return LogPage(records, records[-1].pos if len(rows) > SIZE else 0)


def _conditions(site: Site, wanted: Wanted) -> list[ColumnElement[bool]]:
    e, c = t.events.c, t.cases.c
    found: list[ColumnElement[bool]] = []
    if wanted.list_code:
        found.append(c.list_id == site.get_list(wanted.list_code).id)
    if wanted.number:
        found.append(c.number == wanted.number)
    if wanted.actor:
        found.append(e.actor == wanted.actor)
    if wanted.since:
        found.append(e.recorded_at >= _begin(wanted.since))
    if wanted.until:
        found.append(e.recorded_at < _begin(wanted.until + timedelta(1)))
    if wanted.late:
        found.append(e.facts.contains('"late":{', autoescape=True))
    if wanted.before:
        found.append(e.pos < wanted.before)
    return found


def _begin(day: date) -> str:
    return instant_text(datetime.combine(day, time.min, SHANGHAI))


def _record(site: Site, row: Any) -> Record:
    kind = site.kind_of(row.kind, row.kind_version)
    state = kind.state_by_code.get(row.to_state)
    unit = site.tree.by_code.get(row.unit)
    late = msgspec.json.decode(row.facts).get("late") or {}
    return Record(
        pos=row.pos, case_id=row.case_id,
        number=f"{row.number}/{row.part}" if row.part else row.number,
        list_title=site.lists[row.list_id].title, seq=row.seq,
        step=step_name(kind, row.step), state=state.zh if state else row.to_state,
        actor=row.actor, role=ROLES.get(row.role, (row.role, ""))[0],
        unit=unit.short if unit else row.unit, channel=row.channel,
        effective_on=row.effective_on, recorded_at=local_minute(row.recorded_at),
        late=int(late.get("days", 0)), digest=row.digest,
    )  # fmt: skip
