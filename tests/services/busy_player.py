"""A random office in which every sort of action comes up: short histories with a few cases each.

Every draw comes from one seed. What was begun is mostly gone on with: a request is answered, what
was placed is taken off again, what was merged stands alone again.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import func, select

from ecoissues.core import workflow
from ecoissues.core.errors import Refused
from ecoissues.core.events import Event
from ecoissues.core.kinds import Step
from ecoissues.core.life import Life
from ecoissues.services import gate, kind_moving, registering
from ecoissues.services.kind_moving import Asked
from ecoissues.storage import tables as t
from tests.services import player
from tests.services.machine import CITY, DISTRICT, OFFICES, Office, correctable
from tests.services.player import Player
from tests.services.sorts import sorts_of

#: What is tried, and how often: sorts of steps and things that are several steps.
WEIGHTS: Final = {
    "register": 2, "split": 9, "walk": 50, "back": 20, "end": 8, "note": 16, "chase": 12,
    "tell": 20, "return": 10, "phase": 8, "instruct": 12, "assign": 10, "classify": 8, "place": 11, "merge": 19,
    "ask_extension": 60, "ask_suspension": 44, "resume": 12, "order": 17, "plan": 60, "reach": 30,
    "ask_move": 34, "amend": 30, "strike": 16, "reopen": 10, "review": 10, "move_kind": 9,
}  # fmt: skip
#: Kinds that know every sort of action between them; one of these is in each history.
RICH: Final = ("complaint", "complaint", "complaint", "complaint", "rectification", "issue_list")
#: What mostly comes after something that was accepted, one of these.
AFTER: Final[dict[str, tuple[str, ...]]] = {
    "ask_extension": ("extend", "extend", "refuse_extension", "refuse_extension",
                      "withdraw_request"),
    "ask_suspension": ("suspend", "suspend", "suspend", "refuse_suspension", "refuse_suspension",
                       "withdraw_request"),
    "suspend": ("resume",),
    "instruct": ("answer",),
    "order": ("answer_order", "escalate"),
    "place": ("unplace",),
    "merge": ("unmerge", "unmerge", "unmerge", "walk_main"),
    "plan": ("reach",),
    "phase": ("phase",),
    "ask_move": ("move_on", "refuse_move"),
    "amend": ("correct", "correct", "correct", "refuse_correction"),
    "strike": ("correct", "correct", "correct", "refuse_correction"),
}
_MORE: Final = ("ask_suspension", "suspend", "refuse_suspension", "resume", "withdraw_request",
                "order", "answer_order", "escalate", "plan", "reach", "ask_move", "move_on",
                "refuse_move")  # fmt: skip
FITS: Final[dict[str, Callable[[Step], bool]]] = {
    **player._FITS,
    **{effect: player._effect(effect) for effect in _MORE},
    "tell": lambda step: bool(step.marks) and not (step.to or step.effect),
    "phase": lambda step: "phase_close" in step.code,
    "return": lambda step: step.code in ("ask_return", "consent_return", "refuse_return"),
    "reopen": lambda step: bool(step.to) and step.sort != "end",
    "review": lambda step: bool(step.to),
}
NEEDS: Final = {
    **{name: sort for name, sort in player._NEEDS.items() if name not in ("reach", "withdraw_request")},
    "escalate": "order",
}
_WITHDRAWN: Final = ("extension", "suspension")
_SWEEP: Final = ("closed", "reviewed")


class BusyPlayer(Player):
    """Plays one short history; ``accepted`` counts by ``sorts.SORTS``, ``roles`` who acted."""

    def __init__(self, office: Office, seed: int | str, kinds: int = 2) -> None:
        super().__init__(office, 0)
        self.rng = random.Random(seed)
        self.main_kind = self.rng.choice(RICH)
        others = sorted(set(office.kinds) - {self.main_kind})
        planned = [code for code in others if office.kinds[code].has_plan]
        # Few kinds state milestones; the second one often does.
        more = self.rng.choice(planned if self.rng.random() < 0.6 else others)
        self.kinds = {self.main_kind, more, *self.rng.sample(others, kinds - 2)}
        self.roles: Counter[str] = Counter()
        self.wanted: list[str] = []
        self.only = 0  # the case being walked with

    def play(self, actions: int) -> None:
        """Try so many actions, time going on between them."""
        for number in range(actions):
            if number < 3:
                sort = "register"
            elif self.wanted and self.rng.random() < 0.75:
                sort = self.wanted.pop(0)
            else:
                sort = self.rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            try:
                self.one(sort)
            except Refused as refused:
                self.refused[refused.code] += 1
            self.office.later(self.rng.choice((0, 0, 0.02, 0.3, 1, 2)))

    def one(self, sort: str) -> None:
        """Do one thing; what it is mostly followed by is kept for later."""
        if sort in ("register", "split"):
            done = self.enter(sort)
        elif sort == "move_kind":
            done = self.move_kind()
        elif sort in ("walk", "walk_main"):
            done = self.walk(sort)
        elif sort == "return":
            done = self.hand_back()
        else:
            done = self.act(sort)
        if done and sort in AFTER and self.rng.random() < 0.95:
            self.wanted.append(self.rng.choice(AFTER[sort]))

    def walk(self, sort: str) -> bool:
        """Go forward with one case, some steps on end. ``walk_main``: one that others follow."""
        found = self.candidates("forward")
        if sort == "walk_main":
            c = t.cases.c
            followed = select(c.merged_into_id).where(c.merged_into_id.is_not(None))
            with self.office.site.store.reading() as connection:
                mains = set(connection.execute(followed).scalars())
            found = [one for one in found if one[0] in mains]
        if not found:
            return False
        self.only = self.rng.choice(found)[0]
        try:
            return sum(self.act("forward") for _ in range(self.rng.randint(2, 6))) > 0
        finally:
            self.only = 0

    def hand_back(self) -> bool:
        """Hand a new case over; who gets it objects, and is answered."""
        self.enter("register")
        with self.office.site.store.reading() as connection:
            self.only = connection.execute(select(func.max(t.cases.c.id))).scalar_one()
        try:
            done = self.act("forward") and self.act("return")
            return done and self.act("return")
        finally:
            self.only = 0

    # ---- registering -------------------------------------------------------------------------

    def enter(self, sort: str) -> bool:
        """Register a case, or a further part of the number of one."""
        site, office = self.office.site, self.office
        homes = [row for row in site.lists.values() if "-" in row.code and row.kind in self.kinds]
        with site.store.reading() as connection:
            rows = connection.execute(select(t.cases).order_by(t.cases.c.id)).all()
        # The first three share a list, so that cases of a kind meet.
        main = [row for row in homes if row.kind == self.main_kind]
        home = site.lists[rows[0].list_id] if 0 < len(rows) < 3 else self.rng.choice(homes)
        home = home if rows else self.rng.choice(main)
        part, number = 0, f"N{self.rng.randint(10**9, 10**10)}{self.rng.choice(('', '', '*'))}"
        if sort == "split":
            if not rows:
                return False
            first = self.rng.choice(rows)
            home, number = site.lists[first.list_id], first.number
            part = 1 + max(row.part for row in rows if row.number == number)
        kind = site.kind_of(home.kind, home.kind_version)
        step = next(step for step in kind.steps if step.effect == "register")
        who = office.who(step, Life(), home.code, self.rng)
        form = office.form(step, Life(), self.rng)
        form["number"] = number
        day, reason = self.day(None)
        asked = registering.Registration(form, part, effective_on=day, late_reason=reason)
        registering.register(site, who, home.code, asked)
        self.count({"register", *(["split"] if part else []), *(["late"] if reason else [])}, who.role)
        return True

    def day(self, least: date | None) -> tuple[date | None, str]:
        """Give an effective day: mostly today, at times some days ago, seldom long ago."""
        return super().day(least) if self.rng.random() < 0.3 else (None, "")

    def count(self, sorts: set[str], role: str) -> None:
        self.accepted.update(sorts)
        self.roles[role] += 1

    # ---- steps -------------------------------------------------------------------------------

    def taken(
        self, sort: str, step: Step, row: Any, role: str, request: gate.Request, taken: gate.Taken
    ) -> None:
        """Count a step that was accepted, by what it did."""
        kind = self.office.site.kind_of(row.kind, row.kind_version)
        found = sorts_of(kind, step, row.state, taken.state, files=bool(request.files))
        found |= {"late"} if request.late_reason else set()
        if step.effect == "correct":
            found.add(self.corrected(row.id))
        self.count(found, role)
        if "close" in found:
            self.wanted.append(self.rng.choice(("review", "reopen", "reopen")))
        if taken.companions:
            self.accepted["followed"] += taken.companions

    def corrected(self, case_id: int) -> str:
        """Tell whether the last correction of a case amended or struck."""
        e = t.events.c
        query = select(e.step).where(e.case_id == case_id, e.step.in_(("amend", "strike")))
        with self.office.site.store.reading() as connection:
            return str(connection.execute(query.order_by(e.seq.desc())).scalars().first())

    def candidates(self, sort: str) -> list[tuple[int, Step, str]]:
        """Give (case, step, home list) where a step of the sort is possible by the state alone."""
        with self.office.site.store.reading() as connection:
            rows = connection.execute(select(t.cases).order_by(t.cases.c.id)).all()
            waiting = {(row.case_id, row.sort) for row in connection.execute(select(t.pending))}
            placed = set(connection.execute(select(t.case_placements.c.case_id)).scalars())
        found = []
        for row in rows:
            if self.only in (0, row.id) and self.fits(sort, row, waiting, placed):
                kind = self.office.site.kind_of(row.kind, row.kind_version)
                steps = [s for s in workflow.possible_steps(kind, row.state) if FITS[sort](s)]
                if sort == "review":
                    steps = [s for s in steps if kind.phase_of(s.to) == "reviewed"]
                if sort == "withdraw_request":  # its asker was an officer
                    steps = [msgspec.structs.replace(s, roles=("officer",)) for s in steps]
                home = self.office.site.lists[row.list_id].code
                found += [(row.id, step, home) for step in steps]
        return found

    def fits(self, sort: str, row: Any, waiting: set[tuple[int, str]], placed: set[int]) -> bool:
        """Tell whether a case is one for a sort, beyond its state."""
        merged = row.merged_into_id is not None
        if merged and sort not in ("unmerge", "amend", "strike", "correct", "instruct"):
            return False
        if sort in NEEDS and (row.id, NEEDS[sort]) not in waiting:
            return False
        match sort:
            case "withdraw_request":
                return any((row.id, one) in waiting for one in _WITHDRAWN)
            case "ask_move":  # a district does not register on the list of the city
                return str(self.office.site.lists[row.list_id].unit_code) == CITY
            case "strike":
                return int(row.version) > 1
            case "unmerge":
                return merged
            case "unplace":
                return int(row.id) in placed
            case "ask_extension" | "ask_suspension":
                return bool(row.due_finish)
            case "resume":
                return '"due":null' in str(row.running)
            case "reach":
                return "milestones" in str(row.facts)
            case "reopen" | "review":
                return str(row.phase) in _SWEEP
            case _:
                return True

    def given(
        self, sort: str, step: Step, case_id: int, standing: list[Event], special: dict[str, Any]
    ) -> dict[str, Any]:
        """Give what the sort fixes in the form."""
        if sort == "ask_move":
            with self.office.site.store.reading() as connection:
                row = self.office.case(connection, case_id)
            number = f"M{next(self.office._serial)}"
            return {
                "list_code": f"{DISTRICT}-{row.kind}", "move_number": number, "move_values": None
            }  # fmt: skip
        if sort == "withdraw_request":
            with self.office.site.store.reading() as connection:
                life = self.office.life(connection, case_id)
            asks = [seq for seq, ask in life.pending.items() if ask["sort"] in _WITHDRAWN]
            return {"event": asks[-1]}
        if sort == "strike" and correctable(standing[1:]):
            standing = standing[1:]  # a registration is kept while anything follows
        return super().given(sort, step, case_id, standing, special)

    # ---- versions ----------------------------------------------------------------------------

    def move_kind(self) -> bool:
        """Move the cases of a list to the second version of their kind, if there is one."""
        site = self.office.site
        with site.store.reading() as connection:
            used = set(connection.execute(select(t.cases.c.list_id)).scalars())
        homes = [
            row for row in site.lists.values()
            if row.id in used and row.kind_version == 1 and (row.kind, 2) in site.kinds
        ]  # fmt: skip
        if not homes:
            return False
        home = self.rng.choice(homes)
        who = self.office.person("supervisor", OFFICES[home.unit_code])
        plan = kind_moving.move_list(site, who, Asked(home.code, 2))
        self.accepted["move_kind"] += plan.moved
        self.roles["supervisor"] += plan.moved
        return True
