"""One case as its page shows it: standing, facts, parties, clocks, history, requests, buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, or_, select

from ecoissues.core import milestones, policy
from ecoissues.core.errors import NotFound
from ecoissues.core.events import Event, live
from ecoissues.core.kinds import Kind
from ecoissues.core.life import Life, fold
from ecoissues.core.lights import ORDER
from ecoissues.core.milestones import Mile
from ecoissues.core.policy import Actor
from ecoissues.core.vocabulary import PARTIES, ROLES, word
from ecoissues.services import actions, timeline
from ecoissues.services.actions import Action
from ecoissues.services.clock_faces import Face, faces_of
from ecoissues.services.field_words import (
    Shown,
    fact_texts,
    field_by_code,
    outcome_text,
    value_text,
)
from ecoissues.services.loading import read_case
from ecoissues.services.recording import CaseRow
from ecoissues.services.site import Site
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


class Child(msgspec.Struct, frozen=True):
    """A part of the case that is a case of its own, and where it stands."""

    id: int
    number: str
    title: str
    state: str
    phase: str
    due: str


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
    lists: list[str]
    title: str = ""
    batch: str = ""

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
        links = _links(connection, site, actor, opened.case)
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
        chain=_chain(site, life), path=_path(site, opened.standing), basics=_basics(site, kind, life), work=_work(site, kind, life),
        clocks=clocks, clockless=state.clockless if not running else "", files=files,
        history=timeline.tell(site, kind, opened.events, names, files),
        asks=_asks(site, kind, life, names, buttons),
        buttons=[b for b in buttons if _effect(kind, b) not in actions.SETTLING
                 and _effect(kind, b) != "ask_correction"],
        may_correct=any(_effect(kind, b) == "ask_correction" for b in buttons),
        lists=[site.get_list(code).title for code in life.lists],
        title=_title(kind, life), miles=miles, plan=milestones.summary(miles),
        child_lists=_child_lists(site, actor, kind), today=today,
        is_part=bool(case.part), **links,
    )  # fmt: skip


def _effect(kind: Kind, action: Action) -> str:
    return kind.step_by_code[action.step].effect


def _number(case: CaseRow) -> str:
    return f"{case.number}-{case.part}" if case.part else case.number


def _worst(lights: Sequence[str]) -> str:
    return next((light for light in ORDER if light in lights), "")


def _title(kind: Kind, life: Life) -> str:
    for code in ("title", "content", "problem"):
        if life.fields.get(code):
            return " ".join(str(life.fields[code]).split())[:60]
    return kind.wording.zh


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


def _links(connection: Connection, site: Site, actor: Actor, case: CaseRow) -> dict[str, Any]:
    """Give main case, followers, origin and what was derived from it, with the batch."""
    c = t.cases.c
    own = connection.execute(
        select(c.parent_id, c.merged_into_id, t.batches.c.name.label("batch"))
        .select_from(t.cases.outerjoin(t.batches, t.batches.c.id == c.batch_id))
        .where(c.id == case.id)
    ).one()
    near = [own.parent_id or 0, own.merged_into_id or 0]
    rows = connection.execute(
        select(
            c.id, c.list_id, c.number, c.part, c.title, c.parent_id, c.merged_into_id, c.kind,
            c.kind_version, c.state, c.phase, c.due_on,
        )
        .where(or_(c.id.in_(near), c.merged_into_id == case.id, c.parent_id == case.id))
        .order_by(c.id)
    ).all()
    shown = {row.id: f"{row.number}-{row.part}" if row.part else row.number for row in rows}
    main = own.merged_into_id
    child = site.kind_of(case.kind, case.kind_version).children
    below = [row for row in rows if row.parent_id == case.id]
    return {
        "batch": own.batch or "",
        "main_case": (main, shown[main]) if main in shown else None,
        "parent": (own.parent_id, shown[own.parent_id]) if own.parent_id in shown else None,
        "followers": [(r.id, shown[r.id], r.title) for r in rows if r.merged_into_id == case.id],
        "is_child": any(r.id == own.parent_id and _has_part(site, r, case) for r in rows),
        "derived": [(r.id, shown[r.id]) for r in below if r.kind != child],
        "children": [
            Child(
                r.id, shown[r.id], r.title,
                site.kind_of(r.kind, r.kind_version).state_by_code[r.state].zh, r.phase,
                r.due_on or "",
            )
            for r in below
            if r.kind == child
        ],
    }  # fmt: skip


def _has_part(site: Site, parent: Any, case: CaseRow) -> bool:
    return site.kind_of(parent.kind, parent.kind_version).children == case.kind


def _child_lists(site: Site, actor: Actor, kind: Kind) -> list[tuple[str, str]]:
    """Give (code, title) of the lists on which the actor may register a part of the case."""
    if not kind.children or not policy.may(actor, "case.register"):
        return []
    return [
        (row.code, row.title)
        for row in site.lists.values()
        if row.kind == kind.children and policy.is_office(actor, row.unit_path)
    ]


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
            if not found or not found[-1].startswith(f"{name}("):
                found.append(f"{name}（{event.effective_on}）")
        elif "signed_for" in event.facts.get("marks", ()) and found:
            found[-1] = f"{found[-1][:-1]}，{event.effective_on} 签收）"
    return found


def _basics(site: Site, kind: Kind, life: Life) -> list[Shown]:
    """Give the fields of registration as they stand, in the document's order."""
    step = next(step for step in kind.steps if step.effect == "register")
    found = []
    tracks: Mapping[str, str] = {
        "types": "、".join(word("types", each) for each in life.types),
        "weight": word("weights", life.weight),
    }
    for field in step.fields:
        if field.code in ("number", "units"):
            continue
        text = tracks.get(field.code) or value_text(
            kind, field, life.fields.get(field.code), site.tree
        )
        if text != "—":
            found.append(Shown(field.zh, text, field.type == "long_text", field.code))
    return found


def _work(site: Site, kind: Kind, life: Life) -> list[Shown]:
    """Give what was found and done: every other field that holds something, and the tracks."""
    register = next(step for step in kind.steps if step.effect == "register")
    known = {field.code for field in register.fields}
    found = []
    if life.verdict:
        found.append(Shown("是否属实", word("verdicts", life.verdict), code="verdict"))
    if life.progress:
        found.append(Shown("进度", word("progress", life.progress), code="progress"))
    if life.satisfaction:
        text = word("satisfactions", life.satisfaction)
        found.append(Shown("满意程度", text, code="satisfaction"))
    if life.outcomes:
        found.append(Shown("处理结果", "；".join(outcome_text(each) for each in life.outcomes)))
    for code, field in field_by_code(kind).items():
        if code in known or code not in life.fields:
            continue
        if code in _NOT_STANDING and code not in kind.field_by_code:
            continue
        text = value_text(kind, field, life.fields[code], site.tree)
        if text != "—":
            found.append(Shown(field.zh, text, field.type == "long_text", code))
    return found


#: Fields that speak of one step only and stand in the history, not among the facts of the case.
_NOT_STANDING = frozenset(
    {"note", "reason", "opinion", "instruction", "answer", "event", "clock", "new_due",
     "correction", "effective_on", "facts", "month", "list_code", "target_case", "milestones",
     "move_number", "move_values", "requirement", "answer_by", "advice", "talk_on", "talk_with"}
)  # fmt: skip

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
