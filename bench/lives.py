"""Random lives of cases, drawn independently: which steps they took, when, where and with what."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import msgspec

from ecoissues.core import workflow
from ecoissues.core.calendars import Calendars
from ecoissues.core.clock_rules import Rule
from ecoissues.core.deadlines import due_date, stated_date
from ecoissues.core.kinds import Clock, Kind, Step
from ecoissues.core.units import Unit, UnitTree
from ecoissues.core.vocabulary import WORDLISTS

SEED = 20260727


class Life(msgspec.Struct, frozen=True):
    """One way of living: how often, and its steps as (code, least days, most days, role)."""

    weight: int
    steps: tuple[tuple[str, int, int, str], ...]


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step to be weighed: by which role, with what in its form."""

    step: str
    role: str
    values: dict[str, str]


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file ``lives.toml``."""

    kind: str
    lists: int
    first: date
    last: date
    lives: tuple[Life, ...]
    values: dict[str, dict[str, str]]
    measured: tuple[Measured, ...]


class Taken(msgspec.Struct, frozen=True, gc=False):
    """A step that was taken: of which case, when, by which role and unit, and its facts."""

    day: date
    case_id: int
    role: str
    unit: str
    step: str
    target: str
    facts: dict[str, Any]


def document() -> Document:
    """Read the document of the lives."""
    text = Path(__file__).with_name("lives.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Document)


class Drawing:
    """Draws lives; the same seed gives the same lives."""

    def __init__(self, kind: Kind, tree: UnitTree, calendars: Calendars) -> None:
        self.document = document()
        self.kind, self.tree, self.calendars = kind, tree, calendars
        self.chance = random.Random(SEED)
        tops = [unit for unit in tree.tops() if unit.kind == "district"]
        self.bureaus: dict[str, list[Unit]] = {
            top.code: [unit for unit in tree.below(top.path) if unit.kind in ("bureau", "town")]
            for top in tops
        }
        self.districts = list(self.bureaus)
        self.types = list(WORDLISTS["types"])
        self.days = (self.document.last - self.document.first).days
        self.register = next(step for step in kind.steps if step.effect == "register")
        self._due = lru_cache(maxsize=None)(self._due_of)
        self._target = lru_cache(maxsize=None)(partial(workflow.destination, kind))

    def life(self, case_id: int, steps: int | None = None) -> Iterator[Taken]:
        """Draw the life of one case; ``steps``: no more than so many after its registration."""
        chance, office = self.chance, self.tree.root.code
        day = self.document.first + timedelta(days=chance.randrange(self.days))
        unit = chance.choice(self.bureaus[chance.choice(self.districts)])
        joint = chance.choice(self.bureaus[chance.choice(self.districts)])
        parties = [[unit.code, "lead"]]
        if chance.random() < 0.07 and joint.code != unit.code:
            parties.append([joint.code, "joint"])
        lived = chance.choices(self.document.lives, [life.weight for life in self.document.lives])
        facts = {
            "parties": [[office, "lead"]],
            "types": chance.sample(self.types, 1 + (chance.random() < 0.15)),
            "weight": "key" if chance.random() < 0.1 else "normal",
        }
        state = self.register.to
        yield self._taken(self.register, case_id, "", day, "supervisor", office, facts)
        clocks: set[str] = set()
        for code, least, most, role in lived[0].steps[:steps]:
            day += timedelta(days=chance.randint(least, most))
            if day > self.document.last:
                return
            step = self.kind.step_by_code[code]
            own = {"parties": parties} if step.effect == "assign" else {}
            acting = office if role == "supervisor" else unit.code
            taken = self._taken(step, case_id, state, day, role, acting, own)
            if started := [name for name in step.starts if name not in clocks]:
                taken.facts["clocks"] = {name: self._due(name, day) for name in started}
                clocks.update(started)
            for name, field in step.promises.items():
                promised = date.fromisoformat(taken.facts["fields"][field])
                taken.facts["clocks"] = {name: self._promised(name, promised, day)}
            state = taken.target
            yield taken

    def _taken(
        self, step: Step, case_id: int, state: str, day: date, role: str, unit: str,
        facts: dict[str, Any],
    ) -> Taken:  # fmt: skip
        target = self._target(state, step.code)
        later = (day + timedelta(days=120)).isoformat()
        fields = {
            name: text.replace("{n}", str(case_id)).replace("{day}", later)
            for name, text in self.document.values.get(step.code, {}).items()
        }
        if "verdict" in fields:
            facts["verdict"] = fields.pop("verdict")
        if step.effect == "register":
            fields["received_on"] = day.isoformat()
        if fields:
            facts["fields"] = fields
        if step.marks:
            facts["marks"] = list(step.marks)
        if target != state and self.kind.state_by_code[target].work:
            facts["round"] = True
        return Taken(day, case_id, role, unit, step.code, target, facts)

    def _due_of(self, name: str, day: date) -> dict[str, Any]:
        clock = self.kind.clock_by_code[name]
        rule = Rule(clock.length, clock.unit, roll=clock.roll, counts_first=clock.counts_first)
        deadline = due_date(rule, day, self.calendars)
        return {**_fact(clock, deadline.due), "proof": deadline.proof,
                "provisional": deadline.provisional}  # fmt: skip

    def _promised(self, name: str, due: date, day: date) -> dict[str, Any]:
        proof = stated_date(due, day, self.calendars).proof
        return {**_fact(self.kind.clock_by_code[name], due), "proof": proof, "provisional": False}


def _fact(clock: Clock, due: date) -> dict[str, Any]:
    return {"op": "set", "due": due.isoformat(), "slot": clock.slot, "met_by": list(clock.met_by)}
