"""One case as its page shows it: standing, facts, parties, clocks, history, requests, buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
from sqlalchemy import Connection, select

from ecoissues.core import milestones, policy
from ecoissues.core.errors import NotFound
from ecoissues.core.events import Event, live
from ecoissues.core.kinds import Kind
from ecoissues.core.life import Life, fold
from ecoissues.core.lights import ORDER
from ecoissues.core.milestones import Mile
from ecoissues.core.policy import Actor
from ecoissues.core.vocabulary import PARTIES, ROLES
from ecoissues.services import actions, timeline
from ecoissues.services.actions import Action
from ecoissues.services.case_facts import basics_of, title_of, work_of
from ecoissues.services.case_links import Child, child_lists, links_of
from ecoissues.services.clock_faces import Face, faces_of
from ecoissues.services.field_words import Shown, fact_texts
from ecoissues.services.loading import read_case
from ecoissues.services.placed_rows import placed_name
from ecoissues.services.recording import CaseRow
from ecoissues.services.site import Site
from ecoissues.services.site_history import SiteHistory, history_of_case
from ecoissues.services.timeline import Entry, File
from ecoissues.services.unit_finder import full_name
from ecoissues.storage import log
from ecoissues.storage import tables as t


class Opened(msgspec.Struct):
    """A case as read: its row, kind, log and standing (what rules are asked about)."""

    case: CaseRow
    kind: Kind
    events: list[Event]
    standing: list[Event]
    life: Life


class Party(msgspec.Struct, frozen=True):
    """A unit of the case and its part in it."""

    name: str
    part: str
    code: str


class Ask(msgspec.Struct, frozen=True):
    """A pending request and the steps that answer it."""

    seq: int
    sort: str
    title: str
    actor: str
    asked_on: str
    shown: list[Shown]
    answers: list[Action]


class PlacedOn(msgspec.Struct, frozen=True):
    """A further list the case stands on; ``state`` and ``phase`` are "" where it shows the case's."""

    code: str
    title: str
    state: str
    phase: str
    placed_on: str


class CaseFile(msgspec.Struct):
    """Everything the page of a case shows."""

    id: int
    number: str
    key: bool
    list_code: str
    list_title: str
    is_demo: bool
    version: int
    state: str
    state_name: str
    phase: str
    light: str
    merged: bool
    waits_for: str
    next_actor: str
    chain: list[Party]
    path: list[str]
    basics: list[Shown]
    work: list[Shown]
    clocks: list[Face]
    clockless: str
    files: list[File]
    history: list[Entry]
    asks: list[Ask]
    buttons: list[Action]
    may_correct: bool
    main_case: tuple[int, str] | None
    followers: list[tuple[int, str, str]]
    parent: tuple[int, str] | None
    derived: list[tuple[int, str]]
    children: list[Child]
    miles: list[Mile]
    plan: str
    child_lists: list[tuple[str, str]]
    today: date
    is_child: bool
    is_part: bool
    lists: list[PlacedOn]
    title: str = ""
    batch: str = ""
    same_site: SiteHistory | None = None

    @property
    def year(self) -> int:
        """The year that ``due this year`` speaks of."""
        return self.today.year

    @property
    def key_text(self) -> str:
        """List and number, as a form names the case: LIST/NUMBER, LIST/NUMBER/PART."""
        number, dash, part = self.number.rpartition("-") if self.is_part else (self.number, "", "")
        return f"{self.list_code}/{number}" + (f"/{part}" if dash else "")


def open_case(connection: Connection, site: Site, actor: Actor, case_id: int) -> Opened:
    """Read one case within the actor's scope; NotFound otherwise."""
    case = read_case(connection, site, actor, case_id)
    events = log.events_of(connection, case_id)
    standing = live(events)
    kind = site.kind_of(case.kind, case.kind_version)
    return Opened(case, kind, events, standing, fold(standing))


def case_file(site: Site, actor: Actor, case_id: int) -> CaseFile:
    """Read everything the page of a case shows. NotFound outside the actor's scope."""
    with site.store.reading() as connection:
        opened = open_case(connection, site, actor, case_id)
        names = _names(connection, opened.events)
        files = files_of_case(connection, case_id)
        links = links_of(connection, site, actor, opened.case)
        same_site = history_of_case(connection, site, actor, opened.kind, case_id)
    case, kind, life = opened.case, opened.kind, opened.life
    today = site.today()
    state = kind.state_by_code[case.state]
    miles = milestones.miles_of(life.fields)
    buttons = actions.possible_actions(site, actor, case, kind, life, today)
    clocks = faces_of(site, kind, life, names)
    running = [face for face in clocks if face.light and not face.met_on and not face.waits]
    counted = [face.light for face in running if not face.inner]
    return CaseFile(
        id=case.id, number=_number(case), key=life.weight == "key", list_code=case.list_code,
        list_title=site.lists[case.list_id].title, is_demo=site.lists[case.list_id].is_demo,
        version=case.version, state=case.state, state_name=state.zh, phase=state.phase,
        light=_worst(counted), merged=life.merged_into is not None,
        waits_for=state.waits_for, next_actor=next_actor(site, opened),
        chain=_chain(site, life), path=_path(site, opened.standing), basics=basics_of(site, kind, life),
        work=work_of(site, kind, life),
        clocks=clocks, clockless=state.clockless if not running else "", files=files,
        history=timeline.tell(site, kind, opened.events, names, files),
        asks=_asks(site, kind, life, names, buttons),
        buttons=[b for b in buttons if _effect(kind, b) not in actions.SETTLING
                 and _effect(kind, b) != "ask_correction"],
        may_correct=any(_effect(kind, b) == "ask_correction" for b in buttons),
        lists=[_placed(site, kind, life, code) for code in life.lists],
        title=title_of(kind, life), miles=miles, plan=milestones.summary(miles),
        child_lists=child_lists(site, actor, kind), today=today,
        is_part=bool(case.part), same_site=same_site, **links,
    )  # fmt: skip


def _placed(site: Site, kind: Kind, life: Life, code: str) -> PlacedOn:
    row, own = site.get_list(code), life.placements.get(code)
    state, phase = (placed_name(kind, own.state), own.phase) if own else ("", "")
    return PlacedOn(row.code, row.title, state, phase, life.lists[code].isoformat())


def _effect(kind: Kind, action: Action) -> str:
    return kind.step_by_code[action.step].effect


def _number(case: CaseRow) -> str:
    return f"{case.number}-{case.part}" if case.part else case.number


def _worst(lights: Sequence[str]) -> str:
    return next((light for light in ORDER if light in lights), "")


def _names(connection: Connection, events: Sequence[Event]) -> dict[str, str]:
    wanted = {event.actor for event in events}
    wanted.update(event.facts.get("asked_by", "") for event in events)
    query = select(t.users.c.name, t.users.c.display).where(t.users.c.name.in_(sorted(wanted)))
    return {row.name: row.display for row in connection.execute(query)}


def files_of_case(connection: Connection, case_id: int) -> list[File]:
    """Give the evidence of a case, oldest first."""
    e = t.evidence.c
    query = select(e.id, e.seq, e.name, e.stage, e.media_type, e.size).where(e.case_id == case_id)
    return timeline.files_of(connection.execute(query.order_by(e.seq, e.id)).all())


def next_actor(site: Site, opened: Opened) -> str:
    """Name who must act next: role and unit, "" when nobody must."""
    case, kind, life = opened.case, opened.kind, opened.life
    state = kind.state_by_code[case.state]
    if life.merged_into is not None:
        return f"随主件 {life.merged_into} 办理"
    if not state.waits_for:
        return ""
    if state.waits_for in ("officer", "head"):
        lead = next(code for code, party in life.parties if party == "lead")
        unit = site.tree.by_code[lead].name
    else:
        unit = site.lists[case.list_id].unit_code
        unit = site.tree.by_code[unit].name
    return f"{ROLES[state.waits_for][0]} · {unit}"


def _chain(site: Site, life: Life) -> list[Party]:
    found = []
    for code, part in life.parties:
        unit = site.tree.by_code[code]
        words = "被举报单位" if part == "accused" else PARTIES[part][0]
        found.append(Party(full_name(site.tree, unit), words, code))
    return found


def _path(site: Site, standing: Sequence[Event]) -> list[str]:
    """Give the way the case was handed on: each responsible unit in turn, with the day."""
    found: list[str] = []
    for event in standing:
        leads = [code for code, part in event.facts.get("parties", ()) if part == "lead"]
        if leads:
            name = site.tree.by_code[leads[0]].short
            if not found or not found[-1].startswith(f"{name}（"):
                found.append(f"{name}（{event.effective_on}）")
        elif "signed_for" in event.facts.get("marks", ()) and found:
            found[-1] = f"{found[-1][:-1]}，{event.effective_on} 签收）"
    return found


_ASKS = {
    "extension": "延期申请", "suspension": "中止申请", "correction": "更正申请",
    "instruction": "领导批示", "order": "督办", "move": "转入其他清单的申请",
}  # fmt: skip


def _asks(
    site: Site, kind: Kind, life: Life, names: Mapping[str, str], buttons: Sequence[Action]
) -> list[Ask]:
    found = []
    for seq, ask in life.pending.items():
        event: Event = ask["event"]
        answers = [b for b in buttons if actions.SETTLING.get(_effect(kind, b)) == ask["sort"]]
        found.append(
            Ask(seq, ask["sort"], _ASKS.get(ask["sort"], ask["sort"]),
                names.get(event.actor, event.actor), ask["asked_on"].isoformat(),
                fact_texts(kind, event.step, event.facts, site.tree), answers)
        )  # fmt: skip
    return found


def told(site: Site, actor: Actor, case_id: int, step_code: str) -> str:
    """Say in one sentence what a step has done and who acts next. NotFound outside the scope."""
    with site.store.reading() as connection:
        opened = open_case(connection, site, actor, case_id)
    kind, case = opened.kind, opened.case
    name = kind.step_by_code[step_code].zh
    state = kind.state_by_code[case.state].zh
    following = next_actor(site, opened)
    after = f"下一步：{following}。" if following else "没有待办的下一步。"
    return f"“{name}”已记入 {_number(case)}，现为“{state}”。{after}"


def since(site: Site, actor: Actor, case_id: int, seen: int) -> list[Entry]:
    """Give what others have done on a case after the version somebody saw."""
    return [entry for entry in case_file(site, actor, case_id).history if entry.seq > seen]


def file_content(site: Site, actor: Actor, case_id: int, file_id: int) -> tuple[File, bytes]:
    """Give a piece of evidence and its bytes; NotFound outside the scope or of another case."""
    e = t.evidence.c
    with site.store.reading() as connection:
        read_case(connection, site, actor, case_id)
        row = connection.execute(
            select(e.id, e.seq, e.name, e.stage, e.media_type, e.size, e.sha256).where(
                e.id == file_id, e.case_id == case_id
            )
        ).first()
    if row is None:
        raise NotFound("没有找到该附件，或不在您的管辖范围内。")
    return timeline.files_of([row])[0], site.blobs.get(row.sha256)


def accused_paths(site: Site, life: Life) -> list[str]:
    """Give the paths of the units complained of."""
    return [site.tree.by_code[code].path for code, party in life.parties if party == "accused"]


def may_see_complainant(site: Site, actor: Actor, life: Life) -> bool:
    """Whether the masked box is shown: workers, and never the unit complained of."""
    allowed = policy.may(actor, "complainant.read")
    return allowed and not policy.is_accused(actor, accused_paths(site, life))
