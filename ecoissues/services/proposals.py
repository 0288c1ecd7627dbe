"""The list of proposals old → new: made when a calendar or rule changed, accepted by people.

The list is only a memory of what ``proposing.proposed`` says; accepting asks it again, through the
gate like every step. Cases that are closed, void or merged into another never stand on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, delete, insert, select

from ecoissues.core import policy
from ecoissues.core.errors import Refused
from ecoissues.core.events import live
from ecoissues.core.instants import instant_text
from ecoissues.core.kinds import END_PHASES
from ecoissues.core.life import Life, fold
from ecoissues.core.policy import Actor
from ecoissues.services import changes, gate, listing
from ecoissues.services.calendar_library import Loaded
from ecoissues.services.listing import Filter
from ecoissues.services.proposing import proposed
from ecoissues.services.recording import case_key
from ecoissues.services.site import Site
from ecoissues.storage import log
from ecoissues.storage import tables as t
from ecoissues.storage.tables_notices import proposals as table

Progress = Callable[[int, int], None]
_C = t.cases.c
_CHUNK: Final = 500


class Proposal(msgspec.Struct, frozen=True):
    """One line of the list: the case, its clock, the day in force and the one proposed."""

    case_id: int
    key: str
    title: str
    unit: str
    clock: str
    clock_name: str
    due: str
    new_due: str
    provisional: bool
    because: str


class Accepted(msgspec.Struct, frozen=True):
    """What became of one proposal: ``refused`` is the sentence of a refusal, "" when accepted."""

    key: str
    clock: str
    new_due: str
    refused: str = ""


class Uncertain(msgspec.Struct, frozen=True):
    """A provisional deadline: the case, its clock and day."""

    case_id: int
    key: str
    title: str
    clock_name: str
    due: str


def load_calendar(
    site: Site, actor: Actor, text: str, name: str, progress: Progress | None = None
) -> Loaded:
    """Load a calendar document and propose what follows from it; no deadline moves.

    Refused ``bad_calendar``; Forbidden without ``calendar.load``.
    """
    policy.require(actor, "calendar.load")
    loaded = site.calendar_library.load(text, name, actor.name, instant_text(site.now()))
    if not loaded.changed:
        return loaded
    with site.store.writing() as connection:
        changes.note(
            site, connection, actor.name, "calendar.loaded", f"{loaded.year}{loaded.region}",
            after={"version": loaded.version, "status": loaded.status},
        )  # fmt: skip
    return msgspec.structs.replace(loaded, proposals=refresh(site, progress))


def refresh(site: Site, progress: Progress | None = None) -> int:
    """Make the list anew from every running clock; gives how many proposals stand on it."""
    now = instant_text(site.now())
    with site.store.reading() as connection:
        query = select(_C.id, _C.kind, _C.kind_version).where(
            _C.phase.not_in(END_PHASES), _C.running != "[]", _C.merged_into_id.is_(None)
        )
        heads = {row.id: (row.kind, row.kind_version) for row in connection.execute(query)}
        found: list[dict[str, Any]] = []
        logs = log.events_of_cases(connection, sorted(heads))
        for done, (case_id, events) in enumerate(logs, 1):
            found += _rows(site, case_id, heads[case_id], fold(live(events)), now)
            if progress and not done % 1000:
                progress(done, len(heads))
    with site.store.writing() as connection:
        connection.execute(delete(table))
        for start in range(0, len(found), _CHUNK):
            connection.execute(insert(table), found[start : start + _CHUNK])
    return len(found)


def _rows(
    site: Site, case_id: int, head: tuple[str, int], life: Life, now: str
) -> Iterable[dict[str, Any]]:
    kind = site.kind_of(*head)
    for face in life.running():
        one = proposed(site, kind, face, life.fields)
        if one is not None:
            yield {
                "case_id": case_id, "clock": face.code, "due_on": str(face.current),
                "new_due": one.deadline.due.isoformat(), "provisional": one.deadline.provisional,
                "because": one.because, "made_at": now,
            }  # fmt: skip


def list_proposals(site: Site, actor: Actor, list_code: str = "") -> list[Proposal]:
    """Give the proposals for the cases an actor sees, by list, number and clock."""
    policy.require(actor, "case.read")
    with site.store.reading() as connection:
        where = _scope(connection, site, actor, list_code)
        rows = connection.execute(
            select(
                _C.id, _C.list_id, _C.number, _C.part, _C.title, _C.unit_id, _C.kind,
                _C.kind_version, table.c.clock, table.c.due_on, table.c.new_due,
                table.c.provisional, table.c.because,
            )
            .select_from(table.join(t.cases, _C.id == table.c.case_id))
            .where(_C.phase.not_in(END_PHASES), *where)
            .order_by(_C.list_id, _C.number, _C.part, table.c.clock)
        ).all()  # fmt: skip
    return [
        Proposal(
            row.id, _key(site, row), row.title, site.tree.by_id[row.unit_id].short, row.clock,
            _clock_name(site, row, row.clock), row.due_on, row.new_due, bool(row.provisional),
            row.because,
        )
        for row in rows
    ]  # fmt: skip


def _scope(connection: Connection, site: Site, actor: Actor, list_code: str) -> list[Any]:
    asked = {"list": site.get_list(list_code).code} if list_code else {}
    return list(listing.conditions(connection, site, actor, Filter(asked)))


def _key(site: Site, row: Any) -> str:
    return case_key(site.lists[row.list_id].code, row.number, row.part)


def _clock_name(site: Site, row: Any, code: str) -> str:
    clock = site.kind_of(row.kind, row.kind_version).clock_by_code.get(code)
    return clock.zh if clock else code


def accept(
    site: Site, actor: Actor, chosen: Sequence[tuple[int, str]] | None = None, list_code: str = ""
) -> list[Accepted]:
    """Accept proposals, each by its own step and event.

    In: (case id, clock) of the chosen ones; None accepts all that the actor sees (of one list).
    Out: one line each; a refusal (no right, nothing left to accept) stops none of the others.
    """
    policy.require(actor, "deadline.accept")
    wanted = None if chosen is None else set(chosen)
    found = []
    for one in list_proposals(site, actor, list_code):
        if wanted is None or (one.case_id, one.clock) in wanted:
            found.append(_accept(site, actor, one))
    return found


def _accept(site: Site, actor: Actor, one: Proposal) -> Accepted:
    try:
        step = _step_of(site, one.case_id)
        values = {"clock": one.clock, "new_due": one.new_due}
        gate.take_step(site, actor, one.case_id, gate.Request(step, None, values))
    except Refused as refused:
        if refused.code in ("proposal_gone", "clock_not_running"):
            _forget(site, one)
        return Accepted(one.key, one.clock, one.new_due, refused.sentence)
    _forget(site, one)
    return Accepted(one.key, one.clock, one.new_due)


def _step_of(site: Site, case_id: int) -> str:
    with site.store.reading() as connection:
        row = connection.execute(select(_C.kind, _C.kind_version).where(_C.id == case_id)).one()
    kind = site.kind_of(row.kind, row.kind_version)
    code = next((step.code for step in kind.steps if step.effect == "recount"), None)
    if code is None:
        raise Refused("unknown_step", f"“{kind.wording.zh}”没有改定时限的步骤，未作任何改动。")
    return code


def _forget(site: Site, one: Proposal) -> None:
    with site.store.writing() as connection:
        connection.execute(
            delete(table).where(table.c.case_id == one.case_id, table.c.clock == one.clock)
        )


def list_uncertain(site: Site, actor: Actor, list_code: str = "") -> list[Uncertain]:
    """Give the provisional deadlines of the cases an actor sees, by day."""
    policy.require(actor, "case.read")
    with site.store.reading() as connection:
        where = _scope(connection, site, actor, list_code)
        rows = connection.execute(
            select(_C.id, _C.list_id, _C.number, _C.part, _C.title, _C.kind, _C.kind_version,
                   _C.running)
            .where(_C.provisional, _C.phase.not_in(END_PHASES), *where)
            .order_by(_C.reminded_on, _C.id)
        ).all()  # fmt: skip
    return [
        Uncertain(row.id, _key(site, row), row.title, _clock_name(site, row, one["clock"]), one["due"])
        for row in rows
        for one in msgspec.json.decode(row.running)
        if one.get("provisional") and one["due"]
    ]


def calendar_status(site: Site) -> list[dict[str, Any]]:
    """Give each calendar in force: year, region, version, status, notice, how many days off and
    worked weekends."""
    return [
        {
            "year": one.year, "region": one.region, "version": one.version, "status": one.status,
            "notice": one.notice, "holidays": len(one.holidays), "makeup": len(one.makeup),
        }
        for one in site.calendars.documents()
    ]  # fmt: skip
