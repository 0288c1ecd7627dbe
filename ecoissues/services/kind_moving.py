"""Moving the cases of a list to another version of its kind: shown first, all of them or none.

Each case gets one event ``move_kind``, chained like any other: the state it stood in, its image in
the new version (of the same phase, so no figure changes), the versions. Clocks, fields, evidence
and requests stay. Cases merged into one that moves go with it. The list itself takes the version,
so what is registered from then on has it too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, or_, select, update

from ecoissues.core import kind_moves, policy
from ecoissues.core.errors import Forbidden, NotFound, Refused
from ecoissues.core.events import MOVE_STEP, Event, live
from ecoissues.core.instants import instant_text
from ecoissues.core.kind_moves import Image, Map
from ecoissues.core.kinds import Kind
from ecoissues.core.life import fold
from ecoissues.core.policy import Actor
from ecoissues.figures import sums
from ecoissues.services import changes, proposals
from ecoissues.services.bulk import BulkRecorder
from ecoissues.services.gate import SUMS_EVERY
from ecoissues.services.recording import CaseRow, Draft
from ecoissues.services.site import Site
from ecoissues.storage import log
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow

_CHUNK = 400


class Asked(msgspec.Struct, frozen=True):
    """A move as asked for: list, version to move to, the map's text and its file's name."""

    list_code: str
    version: int
    map_text: str = ""
    map_name: str = "映射"


class Line(msgspec.Struct, frozen=True):
    """One case. ``image``: where it lands; ``fault``: why it cannot (no_image, phase_differs,
    unsigned, unproven, before_merge); ``sentence``: the same for people."""

    case: str
    version: int
    state: str
    state_name: str
    image: str
    image_name: str
    fault: str = ""
    sentence: str = ""


class MovePlan(msgspec.Struct):
    """What a move does. ``states``: (version, state, name, image, image name, cases) in all;
    ``blocked``: the cases that cannot move; ``left``: cases that follow one of another list;
    ``proposals``: deadlines that the new rules would move, proposed and not moved."""

    list_code: str
    kind: str
    version: int
    cases: int = 0
    moved: int = 0
    states: list[tuple[int, str, str, str, str, int]] = []
    blocked: list[Line] = []
    left: list[str] = []
    proposals: int = 0

    @property
    def ready(self) -> bool:
        """Whether each case has an image."""
        return not self.blocked


class _Moving(msgspec.Struct):
    """One case about to move: what is known about it and the event it will get."""

    case: CaseRow
    events: list[Event]
    draft: Draft


def plan_move(site: Site, actor: Actor, asked: Asked) -> MovePlan:
    """Show what a move would do; nothing is written. Errors as ``move_list``, but for the blocked
    cases, which are named in the plan."""
    home, new = _check(site, actor, asked)
    with site.store.reading() as connection:
        return _plan(site, connection, home, new, asked)[0]


def move_list(site: Site, actor: Actor, asked: Asked) -> MovePlan:
    """Move every case of a list and the list itself, in one transaction.

    Refused: ``bad_map``, ``map_unknown`` (file, line), ``unknown_kind`` (no such version),
    ``no_image`` while any case has no image (``facts``: the blocked cases); Forbidden for anyone
    but a supervisor of the office that keeps the list. Nothing is written then.
    """
    home, new = _check(site, actor, asked)

    def work(connection: Connection) -> MovePlan:
        _hold(connection, home)
        plan, moving = _plan(site, connection, home, new, asked)
        if not plan.ready:
            first = plan.blocked[0]
            raise Refused(
                "no_image",
                f"有 {len(plan.blocked)} 件不能迁移，例如 {first.case}：{first.sentence}未作任何改动。",
                blocked=msgspec.to_builtins(plan.blocked[:1000]),
            )
        site.library.pin(connection, site.library.document(new.code, new.version),
                         instant_text(site.now()))  # fmt: skip
        _write(site, connection, actor, new, moving)
        connection.execute(
            update(t.lists).where(t.lists.c.id == home.id).values(kind_version=new.version)
        )
        if home.kind_version != new.version:
            changes.note(
                site, connection, actor.name, "list.moved", home.code, path=home.unit_path,
                before={"version": home.kind_version}, after={"version": new.version},
            )  # fmt: skip
        plan.moved = len(moving)
        return plan

    plan = site.store.write(work)
    site.refresh()
    if plan.moved:
        sums.advance(site.store, SUMS_EVERY // 2)
        # Other rules give other days: they are proposed, no deadline moves .
        proposals.refresh(site)
        plan.proposals = len(proposals.list_proposals(site, actor, home.code))
    return plan


def _check(site: Site, actor: Actor, asked: Asked) -> tuple[ListRow, Kind]:
    policy.require(actor, policy.Permission.KIND_MOVE)
    site.refresh()
    home = site.get_list(asked.list_code)
    if not policy.is_office(actor, home.unit_path):
        raise Forbidden("只有该清单的督察办可以迁移类型版本，未作任何改动。", "not_office")
    site.library.look(at_once=True)
    new = site.kinds.get((home.kind, asked.version))
    if new is None:
        known = sorted(version for code, version in site.kinds if code == home.kind)
        shown = "、".join(str(version) for version in known)
        raise NotFound(f"清单类型 {home.kind} 没有第 {asked.version} 版；现有第 {shown} 版。未作任何改动。")
    return home, new


def _hold(connection: Connection, home: ListRow) -> None:
    """Hold the list's cases and those merged into them until commit, in the order of ids."""
    if connection.dialect.name == "sqlite":
        return
    own = select(t.cases.c.id).where(t.cases.c.list_id == home.id)
    connection.execute(
        select(t.cases.c.id)
        .where(or_(t.cases.c.list_id == home.id, t.cases.c.merged_into_id.in_(own)))
        .order_by(t.cases.c.id)
        .with_for_update(key_share=True)
    )


def _plan(
    site: Site, connection: Connection, home: ListRow, new: Kind, asked: Asked
) -> tuple[MovePlan, list[_Moving]]:
    given = kind_moves.read_map(asked.map_text, asked.map_name)
    plan = MovePlan(home.code, new.code, new.version)
    tally: Counter[tuple[int, str, str]] = Counter()
    moving: list[_Moving] = []
    rows = _rows(connection, home)
    inside = {row.id for row in rows if row.merged_into_id is None}
    # A case merged into one of another list stays with it: both keep the version they have.
    plan.left = [row.key for row in rows if row.merged_into_id and row.merged_into_id not in inside]
    wanted = [row for row in rows if row.merged_into_id is None or row.merged_into_id in inside]
    rows = [row for row in [*wanted, *_followers(site, connection, home, inside)]
            if row.kind_version != new.version]  # fmt: skip
    olds = {version: site.kind_of(home.kind, version) for version in {r.kind_version for r in rows}}
    if olds:
        kind_moves.check_map(
            [*olds.values()], new, given, asked.map_text, asked.map_name
        )
    plan.cases = len(rows)
    for row, events in _with_logs(connection, rows):
        image, draft = _land(site, row, events, new, given)
        tally[row.kind_version, row.state, image.target] += 1
        if image.fault:
            plan.blocked.append(_line(olds[row.kind_version], new, row, image))
        else:
            moving.append(_Moving(row, events, draft))
    for (version, state, target), count in sorted(tally.items()):
        names = (olds[version].state_by_code[state].zh, _name(new, target))
        plan.states.append((version, state, names[0], target, names[1], count))
    return plan, moving


def _name(kind: Kind, state: str) -> str:
    found = kind.state_by_code.get(state)
    return found.zh if found else ""


def _line(old: Kind, new: Kind, row: CaseRow, image: Image) -> Line:
    return Line(
        row.key, row.kind_version, row.state, _name(old, row.state), image.target,
        _name(new, image.target), image.fault, image.sentence,
    )  # fmt: skip


def _land(
    site: Site, row: CaseRow, events: list[Event], new: Kind, given: Map
) -> tuple[Image, Draft]:
    """Give where a case lands and the event that takes it there."""
    standing = live(events)
    life = fold(standing)
    held = kind_moves.versions_of(events, row.kind_version)
    pinned = [site.kind_of(row.kind, version) for _, version in held]
    old = pinned[-1]
    image = kind_moves.land(pinned, new, given, life, row.state)
    if not image.fault:
        image = kind_moves.check_placed(old, new, life, image)
    facts = kind_moves.move_facts(old, new, given, life, image.target)
    if life.merged_into is not None:
        image = _before_merge(old, new, given, standing, facts, image)
    phase = old.phase_of(row.state)
    return image, Draft(MOVE_STEP, image.target, phase, site.today(), facts)


def _before_merge(
    old: Kind, new: Kind, given: Map, standing: list[Event], facts: dict[str, Any], image: Image
) -> Image:
    """State anew where a merged case would return to; without an image it could never return."""
    before = next(e for e in reversed(standing) if "before_merge" in e.facts).facts["before_merge"]
    back = kind_moves.image_of(old, new, given, before["state"])
    facts["before_merge"] = {"state": back.target, "phase": before["phase"]}
    if back.fault and not image.fault:
        return Image(image.target, "before_merge", f"撤销并案后将回到的{back.sentence}")
    return image



def _rows(connection: Connection, home: ListRow) -> list[CaseRow]:
    query = select(*_COLUMNS).where(t.cases.c.list_id == home.id).order_by(t.cases.c.id)
    return [_row(home, row) for row in connection.execute(query)]


_COLUMNS = [
    t.cases.c[name]
    for name in ("id", "list_id", "number", "part", "kind", "kind_version", "version", "state",
                 "merged_into_id")
]  # fmt: skip


def _row(home: ListRow, row: Any) -> CaseRow:
    return CaseRow(
        id=row.id, list_id=home.id, list_code=home.code, list_path=home.unit_path,
        number=row.number, part=row.part, kind=row.kind, kind_version=row.kind_version,
        version=row.version, state=row.state, merged_into_id=row.merged_into_id,
    )  # fmt: skip


def _followers(
    site: Site, connection: Connection, home: ListRow, inside: set[int]
) -> list[CaseRow]:
    """Give the cases of other lists that are merged into one of this list."""
    query = select(*_COLUMNS).where(
        t.cases.c.merged_into_id.is_not(None), t.cases.c.list_id != home.id
    )
    rows = connection.execute(query.order_by(t.cases.c.id)).all()
    return [_row(site.lists[row.list_id], row) for row in rows if row.merged_into_id in inside]


def _with_logs(
    connection: Connection, rows: list[CaseRow]
) -> Iterator[tuple[CaseRow, list[Event]]]:
    by_id = {row.id: row for row in rows}
    for case_id, events in log.events_of_cases(connection, sorted(by_id)):
        yield by_id[case_id], events


def _write(
    site: Site, connection: Connection, actor: Actor, new: Kind, moving: list[_Moving]
) -> None:
    recorder = BulkRecorder(site, connection, actor)
    for one in moving:
        recorder.record(one.case, new, one.events, [one.draft])
    recorder.flush()
    ids = [one.case.id for one in moving]
    for start in range(0, len(ids), _CHUNK):
        connection.execute(
            update(t.cases)
            .where(t.cases.c.id.in_(ids[start : start + _CHUNK]))
            .values(kind_version=new.version)
        )
