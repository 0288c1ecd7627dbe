"""An office that works by itself: it finds a way to any state, fills any step's form, hands in the
files the step needs and sends somebody who may take it.

Everything is read from the documents of the kinds, so a new kind is proven by the same tests.
"""

from __future__ import annotations

import itertools
import random
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from ecoissues.core import workflow
from ecoissues.core.events import CORRECTIONS, Event, live
from ecoissues.core.instants import instant_text
from ecoissues.core.kind_fields import MILESTONES, Field
from ecoissues.core.kinds import Kind, Step
from ecoissues.core.life import Life, fold
from ecoissues.core.policy import Actor
from ecoissues.core.vocabulary import EVIDENCE_STAGES, WORDLISTS
from ecoissues.services import gate
from ecoissues.services.evidence import Prepared, prepare
from ecoissues.services.recording import CLOCK_ACCEPTED, Recorder
from ecoissues.services.registering import Registration, register_within
from ecoissues.services.site import Site
from ecoissues.storage import log, reference
from ecoissues.storage import tables as t
from tests.services.small_site import LISTS, PDF, Clock, actor, make_site

CITY, DISTRICT, FOREIGN = "500000", "500119", "500112"
HANDLER, OTHER, TOWN = "500119-STHJ", "500119-CGJ", "500119-STHJ-1"
DEPARTMENT, STRANGER = "500000-SLJ", "500112-STHJ"
#: Unit -> the supervision office that works for it.
OFFICES = {CITY: "500000-DCB", DISTRICT: "500119-DCB", FOREIGN: "500112-DCB"}
_MORE_UNITS = (
    ("500112-DCB", "渝北区督察办", "渝北督察办", "office", FOREIGN),
    (DEPARTMENT, "重庆市水利局", "市水利局", "department", CITY),
    (TOWN, "南川区生态环境局东城所", "东城所", "town", HANDLER),
)
#: What must have been done before an effect has anything to work on.
BEFORE = {
    "extend": "ask_extension",
    "refuse_extension": "ask_extension",
    "correct": "ask_correction",
    "refuse_correction": "ask_correction",
    "answer": "instruct",
    "suspend": "ask_suspension",
    "refuse_suspension": "ask_suspension",
    "withdraw_request": "ask_correction",
    "answer_order": "order",
    "escalate": "order",
    "unplace": "place",
    "advance": "place",
    "unmerge": "merge",
    "reach": "plan",
    "move_on": "ask_move",
    "refuse_move": "ask_move",
}
START = date(2024, 7, 1)


class Office:
    """A site with units, a municipal and a district list of every kind, and people for any step."""

    def __init__(
        self, url: str, folder: Path, start: date = START, *, furnish: bool = True
    ) -> None:
        """``furnish`` False: the database is a copy of another office's, with units and lists."""
        self.clock = Clock()
        self.clock.set(start)
        self.site: Site = (
            make_site(url, folder, self.clock) if furnish else Site(url, folder, self.clock)
        )
        self.kinds = {code: self.site.kinds.current(code) for code in self.site.kinds.codes()}
        #: The kind to take where any one will do.
        self.any_kind = self.kinds[LISTS["c3"][1]]
        if furnish:
            self._furnish()
        self.files = {s: prepare(self.site, f"{s}.pdf", s, PDF) for s in EVIDENCE_STAGES}
        self._serial = itertools.count(1)

    def _furnish(self) -> None:
        with self.site.store.writing() as connection:
            tree = self.site.tree
            for code, name, short, sort, parent in _MORE_UNITS:
                reference.add_unit(connection, code, name, short, sort, tree.by_code[parent])
            for kind in self.kinds.values():
                for unit, level in ((CITY, "municipal"), (DISTRICT, "district")):
                    row = {
                        "code": f"{unit}-{kind.code}", "title": f"{kind.wording.zh}{unit}",
                        "kind": kind.code, "kind_version": kind.version, "level": level,
                        "unit_id": tree.by_code[unit].id,
                    }  # fmt: skip
                    connection.execute(insert(t.lists).values(**row))
        self.site.refresh()

    def list_of(self, kind: Kind, unit: str = CITY) -> str:
        """Give the code of a unit's list of a kind."""
        return f"{unit}-{kind.code}"

    def person(self, role: str, unit: str, name: str = "") -> Actor:
        """Give somebody; without a name nobody who has been here before."""
        return actor(self.site, role, unit, name or f"{role}-{next(self._serial)}")

    def later(self, days: float) -> None:
        """Let time go on."""
        self.clock.now += timedelta(days=days)

    def trust_clock(self, connection: Connection) -> None:
        """Say that the clock is right: a site that rested for a month asks before it writes."""
        reference.put_setting(connection, CLOCK_ACCEPTED, instant_text(self.site.now()))

    # ---- reading -----------------------------------------------------------------------------

    def case(self, connection: Connection, case_id: int) -> Any:
        """Give the row of a case."""
        return connection.execute(select(t.cases).where(t.cases.c.id == case_id)).one()

    def life(self, connection: Connection, case_id: int) -> Life:
        """Give the standing of a case."""
        return fold(live(log.events_of(connection, case_id)))

    def key(self, row: Any) -> str:
        """Give the name of a case as a form takes it."""
        return f"{self.site.lists[row.list_id].code}/{row.number}"

    # ---- acting ------------------------------------------------------------------------------

    def register(
        self, connection: Connection, list_code: str, values: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> int:  # fmt: skip
        """Register a case with what its form must have; gives its id."""
        home = self.site.get_list(list_code)
        kind = self.site.kind_of(home.kind, home.kind_version)
        step = next(step for step in kind.steps if step.effect == "register")
        who = self.person("supervisor", OFFICES[home.unit_code])
        filled = {**self.form(step, Life()), "number": f"2024{next(self._serial):06d}"}
        recorder = Recorder(self.site, connection, who)
        asked = Registration({**filled, **(values or {})}, files=self.needed(step), **more)
        return register_within(self.site, recorder, who, home, asked)[0].case_id

    def form(
        self, step: Step, life: Life, rng: random.Random | None = None, **given: Any
    ) -> dict[str, Any]:
        """Fill a step's form: what is required and what its clocks need; with ``rng`` some more."""
        values: dict[str, Any] = {}
        promised = set(step.promises.values())
        for field in step.fields:
            chosen = rng is not None and rng.random() < 0.5
            if field.required or chosen or field.code in promised or field.code in given:
                value = given.get(field.code, self._value(step, field, life, rng))
                if value is not None:
                    values[field.code] = value
        return values

    def _value(self, step: Step, field: Field, life: Life, rng: random.Random | None) -> Any:
        pick = rng.choice if rng else (lambda options: options[0])
        today = self.site.today()
        match field.type:
            case "date" if field.code in step.promises.values():
                return (today + timedelta(days=rng.randint(3, 60) if rng else 60)).isoformat()
            case "date" if step.effect == "ask_extension":
                running = [face.current for face in life.running() if face.slot == "finish"]
                due = (running or [today])[0] or today
                return (due + timedelta(days=rng.randint(1, 40) if rng else 10)).isoformat()
            case "date" if step.effect == "order":
                return (today + timedelta(days=5)).isoformat()
            case "date":
                return (today - timedelta(days=3)).isoformat()
            case "month":
                return today.isoformat()[:7]
            case "choice" if field.options:
                return field.options[0].code
            case "choices" if field.options:
                return [option.code for option in field.options[:2]]
            case "place":
                return "106.5516,29.5630 某桥下"
            case "people":
                return 2
            case "choice" if field.words == "clocks":
                return "finish"
            case "choice" if field.words in WORDLISTS:
                return pick(list(WORDLISTS[field.words]))
            case "choices":
                keys = list(WORDLISTS[field.words])
                return rng.sample(keys, rng.randint(1, 3)) if rng else keys[:2]
            case "units":
                return self._units(rng)
            case "outcomes":
                return pick(["fined:1:500000", "talk", "ordered_to_correct"])
            case "list" | "case" | "event":
                return None
            case "flag":
                return pick(["否", "是"])
            case "number" | "amount":
                return 1
            case _:
                return f"{field.zh}:第 {next(self._serial)} 号"

    def _units(self, rng: random.Random | None) -> str:
        if rng is None:
            return f"{HANDLER},{DEPARTMENT}:supervising"
        units = rng.sample(
            [HANDLER, OTHER, TOWN, STRANGER, DISTRICT, DEPARTMENT], rng.randint(1, 3)
        )
        part = rng.choice(("supervising", "accused"))
        return ",".join([*units[:2], *(f"{unit}:{part}" for unit in units[2:])])

    def needed(self, step: Step) -> tuple[Prepared, ...]:
        """Give every file a step may need."""
        return tuple(self.files[need.stage] for need in step.evidence for _ in range(need.least))

    def who(
        self, step: Step, life: Life, list_code: str, rng: random.Random | None = None
    ) -> Actor:
        """Give somebody who stands in the relation the step asks for."""
        role = rng.choice(step.roles) if rng else step.roles[0]
        owner = self.site.get_list(list_code).unit_code
        if role == "supervisor":
            unit = OFFICES[owner]
        elif role in ("officer", "head"):
            unit = next(code for code, party in life.parties if party == "lead")
        else:
            unit = owner
        return self.person(role, unit, f"{role}{rng.randint(1, 3)}-{unit}" if rng else "")

    def take(
        self, connection: Connection, case_id: int, code: str, by: Actor | None = None,
        values: Mapping[str, Any] | None = None, **more: Any,
    ) -> gate.Taken:  # fmt: skip
        """Take a step as somebody who may, with a full form and every file; raises Refused."""
        row = self.case(connection, case_id)
        step = self.site.kind_of(row.kind, row.kind_version).step_by_code[code]
        life = self.life(connection, case_id)
        if step.after_clock and by is None:
            face = life.clocks[step.after_clock]
            while face.current and self.site.today() <= face.current:
                self.later(1)
            self.trust_clock(connection)
        who = by or self.who(step, life, self.site.lists[row.list_id].code)
        asked = values if values is not None else self.form(step, life)
        request = gate.Request(code, None, asked, self.needed(step), **more)
        return gate.step_within(self.site, connection, who, case_id, request)

    def special(
        self, connection: Connection, step: Step, case_id: int, other: int = 0
    ) -> dict[str, Any]:
        """Give what an effect needs beside its form: a request, another case, another list."""
        life, row = self.life(connection, case_id), self.case(connection, case_id)
        if step.effect == "merge":
            return {"target_case": self.key(self.case(connection, other))}
        if step.effect == "place":
            here = self.site.lists[row.list_id].code
            codes = [one.code for one in self.site.lists.values() if one.code not in
                     (here, *life.lists) and one.unit_code == CITY]  # fmt: skip
            return {"list_code": codes[0]}
        if step.effect == "ask_move":
            return {"list_code": f"{DISTRICT}-{row.kind}", "move_number": f"M{next(self._serial)}"}
        if step.effect == "unplace":
            return {"list_code": next(iter(life.lists), self.site.lists[row.list_id].code)}
        if step.effect == "advance":
            kind = self.site.kind_of(row.kind, row.kind_version)
            code = next(iter(life.lists), self.site.lists[row.list_id].code)
            own = life.placements.get(code)
            after = kind.placed_after(own.state if own else "") or (kind.placed_states[-1].code,)
            return {"list_code": code, "standing": after[0]}
        if step.effect == "ask_correction":
            last = correctable(live(log.events_of(connection, case_id)))[-1]
            return {"event": last.seq, "effective_on": last.effective_on.isoformat()}
        if step.effect == "reach":
            plan = life.fields.get(MILESTONES) or [{"title": "尚未设定"}]
            return {"milestone": plan[0]["title"]}
        if step.effect in BEFORE and step.effect not in ("unmerge", "escalate"):
            sort = BEFORE[step.effect].removeprefix("ask_").replace("instruct", "instruction")
            waiting = [seq for seq, ask in life.pending.items() if ask["sort"] == sort]
            return {"event": (waiting or [1])[-1]}
        return {}

    def prepare(self, connection: Connection, kind: Kind, step: Step, case_id: int) -> int:
        """Do what the step's effect presupposes; gives the case the step is then tried on."""
        effect = BEFORE.get(step.effect)
        before = next((one for one in kind.steps if one.effect == effect), None)
        if effect is None or before is None:
            return case_id
        row = self.case(connection, case_id)
        if step.effect == "unmerge":
            follower = self.register(connection, self.site.lists[row.list_id].code)
            values = {**self.form(before, Life()), "target_case": self.key(row)}
            self.take(connection, follower, before.code, values=values)
            return follower
        if row.state in kind.sources_of(before):
            life = self.life(connection, case_id)
            values = self.form(before, life, **self.special(connection, before, case_id))
            self.take(connection, case_id, before.code, values=values)
        return case_id

    def go(self, connection: Connection, case_id: int, code: str, name: str = "") -> int:
        """Take any step, whatever its effect presupposes; gives the case it was taken on."""
        row = self.case(connection, case_id)
        kind = self.site.kind_of(row.kind, row.kind_version)
        step = kind.step_by_code[code]
        subject = self.prepare(connection, kind, step, case_id)
        home = self.site.lists[row.list_id].code
        other = self.register(connection, home) if step.effect == "merge" else 0
        life = self.life(connection, subject)
        values = self.form(step, life, **self.special(connection, step, subject, other))
        who = self.who(step, life, home)
        by = self.person(who.role, who.unit_code, name) if name else None
        self.take(connection, subject, code, by, values)
        return subject


def correctable(standing: Iterable[Event]) -> list[Event]:
    """Give the live events that a correction may be asked for."""
    return [e for e in standing if e.step not in CORRECTIONS and "asks" not in e.facts]


def shortest_way(kind: Kind, target: str, source: str = "") -> list[Step]:
    """Give the fewest steps that lead from a state ("" before registration) to another.

    Walks (state, obligations met). Raises AssertionError when no way leads there.
    """
    seen = {(source, frozenset[str]())}
    queue: deque[tuple[str, frozenset[str], list[Step]]] = deque([(source, frozenset(), [])])
    while queue:
        state, met, way = queue.popleft()
        if state == target and way:
            return way
        for step in workflow.possible_steps(kind, state):
            moves = step.to or (step.meets and not step.effect)
            if not moves or not set(step.requires) <= met:
                continue
            after = step.to or state
            kept = frozenset() if step.to and kind.state_by_code[after].work else met
            kept = (kept | set(step.meets)) - set(step.drops)
            if (after, kept) not in seen:
                seen.add((after, kept))
                queue.append((after, kept, [*way, step]))
    raise AssertionError(f"no way from {source or 'nothing'} to {target} in {kind.code}")


def work_of(kind: Kind) -> str:
    """Give the first state in which work is done."""
    return next(state.code for state in kind.states if state.work)


def walk(office: Office, connection: Connection, kind: Kind, target: str, unit: str = CITY) -> int:
    """Bring a new case into a state by a shortest lawful way; gives its id."""
    first, *rest = shortest_way(kind, target)
    assert first.effect == "register", first.code
    case_id = office.register(connection, office.list_of(kind, unit))
    for step in rest:
        office.take(connection, case_id, step.code)
    return case_id
