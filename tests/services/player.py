"""A random office: registrations, late entries, corrections, merging, reopening … through the gate.

Every draw comes from one seed, so a history that fails can be played again.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from ecoissues.core import workflow
from ecoissues.core.errors import Refused
from ecoissues.core.events import Event, live
from ecoissues.core.kinds import Step
from ecoissues.core.life import Life, fold
from ecoissues.services import gate, registering
from ecoissues.storage import log
from ecoissues.storage import tables as t
from tests.services.machine import BEFORE, CITY, OFFICES, Office, correctable
from tests.services.small_site import LISTS

#: Sort of action -> how often it is tried.
WEIGHTS = {
    "register": 7, "forward": 32, "back": 9, "end": 3, "note": 16, "chase": 3, "instruct": 5,
    "answer": 5, "assign": 7, "classify": 7, "place": 6, "unplace": 6, "merge": 9, "unmerge": 5,
    "ask_extension": 14, "extend": 8, "refuse_extension": 6, "amend": 9, "strike": 8,
    "correct": 18, "refuse_correction": 5, "advance": 8,
}  # fmt: skip
#: Facts of an event that a correction may put right.
_AMENDABLE = ("verdict", "types", "weight", "progress", "outcomes")


class Player:
    """Plays one history; counts what was accepted by sort and what was refused by code."""

    def __init__(self, office: Office, seed: int) -> None:
        self.office, self.rng = office, random.Random(seed)
        self.accepted: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        # Few kinds in one history, so that cases of a kind meet (merging); the first histories
        # keep to the same three, whatever kinds are added, since we know what they hold.
        self.kinds = {kind for _, kind, _, _ in LISTS.values()}
        if seed >= 2:
            self.kinds = set(self.rng.sample(sorted(office.kinds), 3))

    def play(self, actions: int) -> None:
        """Try so many actions, time going on between them."""
        for _ in range(actions):
            sort = self.rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            try:
                done = self.register() if sort == "register" else self.act(sort)
            except Refused as refused:
                self.refused[refused.code] += 1
            else:
                if done:
                    self.accepted[sort] += 1
            self.office.later(self.rng.choice((0, 0, 0.02, 0.3, 1, 2)))

    def day(self, least: date | None) -> tuple[date | None, str]:
        """Give an effective day: mostly today, often some days ago, at times long ago."""
        today, draw = self.office.site.today(), self.rng.random()
        if draw < 0.5:
            return None, ""
        back = self.rng.randint(0, 3) if draw < 0.75 else self.rng.randint(4, 45)
        day = max(today - timedelta(days=back), least or date.min)
        return day, "补记:网络故障" if (today - day).days > 3 else ""

    def register(self) -> bool:
        """Register a case on some list, a third of them days after it was received."""
        site, office = self.office.site, self.office
        home = self.rng.choice([
            row for row in site.lists.values() if "-" in row.code and row.kind in self.kinds
        ])  # fmt: skip
        kind = site.kind_of(home.kind, home.kind_version)
        step = next(step for step in kind.steps if step.effect == "register")
        who = office.who(step, Life(), home.code, self.rng)
        form = office.form(step, Life(), self.rng)
        day, reason = self.day(None)
        form["number"] = f"N{self.rng.randint(10**9, 10**10)}{self.rng.choice(('', '', '*'))}"
        asked = registering.Registration(form, effective_on=day, late_reason=reason)
        registering.register(site, who, home.code, asked)
        if reason:
            self.accepted["late"] += 1
        return True

    def act(self, sort: str) -> bool:
        """Take a step of a sort on some case; False when there is none to take it on."""
        found = self.candidates(sort)
        if not found:
            return False
        case_id, step, list_code = self.rng.choice(found)
        with self.office.site.store.reading() as connection:
            events = log.events_of(connection, case_id)
            standing = live(events)
            life = fold(standing)
            special = self.office.special(connection, step, case_id, case_id)
        given = self.given(sort, step, case_id, standing, special)
        values = self.office.form(step, life, self.rng, **given)
        states = [event.effective_on for event in standing if event.moves]
        day, reason = self.day(states[-1] if step.to else life.registered_on)
        who = self.office.who(step, life, list_code, self.rng)
        if reason and "supervisor" in step.roles:
            who = self.office.person("supervisor", OFFICES[CITY], f"boss{self.rng.randint(1, 3)}")
        files = self.office.needed(step) if self.rng.random() < 0.95 else ()
        request = gate.Request(step.code, None, values, files, day, reason)
        with self.office.site.store.reading() as connection:
            row = self.office.case(connection, case_id)
        taken = gate.take_step(self.office.site, who, case_id, request)
        self.taken(sort, step, row, who.role, request, taken)
        return True

    def taken(
        self, _sort: str, step: Step, _row: Any, _role: str, request: gate.Request,
        taken: gate.Taken,
    ) -> None:  # fmt: skip
        """Count what came along with a step that was accepted (``play`` counts its sort)."""
        if request.late_reason and step.effect != "extend":
            self.accepted["late"] += 1
        if taken.companions:
            self.accepted["followed"] += taken.companions

    def candidates(self, sort: str) -> list[tuple[int, Step, str]]:
        """Give (case, step, home list) where a step of the sort is possible by the state alone."""
        with self.office.site.store.reading() as connection:
            rows = connection.execute(select(t.cases).order_by(t.cases.c.id)).all()
            waiting = {
                (row.case_id, row.sort) for row in connection.execute(select(t.pending)).all()
            }
            placed = set(connection.execute(select(t.case_placements.c.case_id)).scalars())
        fits, needs = _FITS[sort], _NEEDS.get(sort)
        found = []
        for row in rows:
            if needs and (row.id, needs) not in waiting:
                continue
            if sort == "unmerge" and row.merged_into_id is None:
                continue
            if sort in ("unplace", "advance") and row.id not in placed:
                continue
            if sort == "ask_extension" and not row.due_finish and self.rng.random() < 0.9:
                continue
            kind = self.office.site.kind_of(row.kind, row.kind_version)
            steps = [step for step in workflow.possible_steps(kind, row.state) if fits(step)]
            home = self.office.site.lists[row.list_id].code
            found += [(row.id, step, home) for step in steps]
        return found

    def given(
        self, sort: str, step: Step, case_id: int, standing: list[Event], special: dict[str, Any]
    ) -> dict[str, Any]:
        """Give what the sort fixes in the form."""
        if sort in ("amend", "strike"):
            events = correctable(standing)
            tail = sort == "strike" and self.rng.random() < 0.6
            event = events[-1] if tail else self.rng.choice(events)
            return self.correction(sort, event, standing[0].effective_on)
        if sort == "merge":
            return {"target_case": self.main_case(case_id)}
        if step.effect == "advance":
            options = [option.code for f in step.fields for option in f.options]
            return {**special, "standing": self.rng.choice(options)}
        if step.effect == "place":
            lists = [row.code for row in self.office.site.lists.values() if "-" in row.code]
            return {"list_code": self.rng.choice(lists)}
        return special

    def main_case(self, case_id: int) -> str:
        """Name some case of the same kind, mostly one that can be a main case."""
        with self.office.site.store.reading() as connection:
            own = self.office.case(connection, case_id)
            same = select(t.cases).where(t.cases.c.kind == own.kind).order_by(t.cases.c.id)
            if self.rng.random() < 0.8:
                fit = (t.cases.c.id != case_id, t.cases.c.merged_into_id.is_(None))
                same = same.where(*fit, t.cases.c.phase.in_(("open", "phase_closed")))
            if not connection.execute(same).first():
                same = select(t.cases).order_by(t.cases.c.id)
            return self.office.key(self.rng.choice(connection.execute(same).all()))

    def correction(self, sort: str, event: Event, first: date) -> dict[str, Any]:
        """Ask for another day, other facts, or to strike the event."""
        asked: dict[str, Any] = {"correction": sort, "event": event.seq, "facts": None,
                                 "effective_on": None}  # fmt: skip
        if sort == "strike":
            return asked
        facts = {name: self.other(name) for name in _AMENDABLE if name in event.facts}
        if facts and self.rng.random() < 0.6:
            asked["facts"] = facts
        if not asked["facts"] or self.rng.random() < 0.3:
            day = event.effective_on + timedelta(days=self.rng.randint(-9, 4))
            if event.seq > 1:
                day = max(day, first)
            asked["effective_on"] = min(day, self.office.site.today()).isoformat()
        return asked

    def other(self, name: str) -> Any:
        """Give another value of a fact."""
        options: dict[str, list[Any]] = {
            "verdict": ["属实", "部分属实", "不属实"], "types": [["水"], ["噪声", "大气"], ["固废"]],
            "weight": ["重点", "一般"], "progress": ["超过序时进度", "未达到序时进度"],
            "outcomes": [["talk"], ["fined:1:1000", "case_filed"]],
        }  # fmt: skip
        return self.rng.choice(options[name])


def _effect(effect: str) -> Callable[[Step], bool]:
    return lambda step: step.effect == effect


_FITS: dict[str, Callable[[Step], bool]] = {
    "forward": lambda step: bool(step.to) and step.sort == "forward",
    "back": lambda step: step.sort == "back",
    "end": lambda step: step.sort == "end",
    "note": lambda step: step.sort == "note" and not step.effect,
    "assign": lambda step: step.effect == "assign" and not step.to,
    "amend": _effect("ask_correction"),
    "strike": _effect("ask_correction"),
    **{
        effect: _effect(effect)
        for effect in WEIGHTS
        if effect not in ("register", "forward", "back", "end", "note", "assign", "amend", "strike")
    },
}
_NEEDS = {
    effect: before.removeprefix("ask_").replace("instruct", "instruction")
    for effect, before in BEFORE.items()
    if effect not in ("unmerge", "unplace", "advance", "escalate")
}


def few(counted: Counter[str], wanted: Iterable[str], least: int) -> list[str]:
    """Name the sorts that were accepted less often than they should have been."""
    return [f"{sort}: {counted[sort]}" for sort in wanted if counted[sort] < least]
