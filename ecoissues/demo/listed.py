"""Matters of the lists that are told by a document alone (see ``list_documents``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from ecoissues.core.instants import SHANGHAI
from ecoissues.core.kinds import END_PHASES, Kind, Step
from ecoissues.core.milestones import usual_plan
from ecoissues.core.vocabulary import DONE_PHASES
from ecoissues.demo.documents import SiteDocument, StepLine
from ecoissues.demo.list_documents import ListPlan, Place
from ecoissues.demo.matters import Ground, Matter
from ecoissues.demo.plan import DAY
from ecoissues.demo.walking import (
    Filler,
    least_days,
    most_days,
    quick_minutes,
    spread,
    taker,
    way_to,
)
from ecoissues.services.site import Site

#: How often a case has its progress logged, is chased when late.
_LOGGED: Final = 0.6
_CHASED: Final = 0.5
#: Within how many days it shows that a case does not count.
_DROPPED: Final = 12


class ListedPlan:
    """Draws the cases of lists from their documents, walked by the kinds' own."""

    def __init__(self, site: Site, ground: Ground, document: SiteDocument) -> None:
        self.site, self.ground, self.document = site, ground, document
        self.draw = ground.random
        self.made: dict[str, list[Matter]] = {}

    def matters(self, plans: Sequence[ListPlan]) -> Iterator[Matter]:
        """Give the matters of the lists; lists of parts after those they are parts of."""
        for plan in plans:
            kind = self.site.kinds.current(plan.kind)
            found = self._parts(plan, kind) if plan.parent else self._cases(plan, kind)
            self.made[plan.code] = list(found)
            yield from self.made[plan.code]

    def _cases(self, plan: ListPlan, kind: Kind) -> Iterator[Matter]:
        targets = self.ground.deal(plan.standings)
        span = (plan.ends - plan.begins).days
        days = []
        for place, target in enumerate(self._oldest_first(kind, targets)):
            day = self.ground.workday(plan.begins + DAY * (span * place // len(targets)), plan.begins)
            days.append((max(day, self._lately(plan, kind, target)), place, target))
        for place, (day, _, target) in enumerate(sorted(days)):
            yield _Walk(self, plan, kind, place, target).taken(day, self.document.until)

    def _lately(self, plan: ListPlan, kind: Kind, target: str) -> date:
        """Give the day before which a case should not have come, so that most open ones have time.

        Where people promise the day themselves (``_Walk.taken``), that one is later instead.
        """
        clock = kind.clock_by_code.get(kind.on_time_clock)
        promised = clock is None or not clock.length
        if promised or _is_over(kind, target) or self.draw.random() < plan.behind:
            return plan.begins
        least = min([plan.days[0], *(turn.days[0] for turn in plan.turns if turn.days)])
        latest = min(plan.ends, self.document.until)
        return self.ground.workday(latest - DAY * self.draw.randint(1, max(2, least // 2)), plan.begins)

    def _oldest_first(self, kind: Kind, targets: list[str]) -> list[str]:
        """Put what is closed mostly before what is open, as in any list that has run for a while."""
        order = {state.code: place for place, state in enumerate(kind.states)}
        last = len(order) / 2
        return sorted(targets, key=lambda code: -order[code] + self.draw.uniform(-last, last))

    def _parts(self, plan: ListPlan, kind: Kind) -> Iterator[Matter]:
        """Give the parts of each case: those of a done case are closed before it was done."""
        shares, place = plan.standings, 0
        for parent in self.made[plan.parent]:
            above = self.site.kinds.current(parent.entry.kind)
            done = next((a.on for a in parent.actions if _ends(above, a.line.step)), None)
            born = parent.actions[0].on
            if done is not None and done - born < DAY * 2:
                continue  # over before anything could be split off
            for _ in range(self.draw.randint(*plan.each)):
                target = self.draw.choices(list(shares), list(shares.values()))[0]
                until = self.document.until
                if done is not None:
                    target = next(s.code for s in kind.states if s.phase == "closed")
                    until = done - DAY
                walk = _Walk(self, plan, kind, place, target, parent)
                yield walk.taken(min(born + DAY * self.draw.randint(1, 6), until), until)
                place += 1


def _is_over(kind: Kind, state: str) -> bool:
    return kind.phase_of(state) in (*END_PHASES, *DONE_PHASES)


def _ends(kind: Kind, step: str) -> bool:
    to = kind.step_by_code[step].to
    return bool(to) and kind.phase_of(to) in (*DONE_PHASES, "void")


class _Walk:
    """One case on its way to the state it is to stand in."""

    def __init__(
        self, owner: ListedPlan, plan: ListPlan, kind: Kind, place: int, target: str,
        parent: Matter | None = None,
    ) -> None:  # fmt: skip
        self.owner, self.plan, self.kind, self.target = owner, plan, kind, target
        self.ground, self.draw, self.place, self.parent = owner.ground, owner.draw, place, parent
        own = plan.matters[place % len(plan.matters)]
        where = plan.places[place % len(plan.places)]
        own = {**own, **plan.ending.get(target, {})}
        self.fill = Filler(self.ground, own, plan.values, {"place": where})
        self.turn = next((t for t in plan.turns if own.get(t.field) in t.among), None)
        self.by = self.turn.by if self.turn else ()
        self.way = way_to(kind, target, self.by)
        self.quick = quick_minutes(kind, self.way)
        self.taken_by: dict[str, str] = {}
        self.placed: set[str] = set()
        lead = plan.units[self.draw.randrange(len(plan.units))]
        self.parties = [[lead, "lead"]]
        others = [code for code in plan.units if code != lead]
        if others and self.draw.random() < plan.joint:
            self.parties.append([self.draw.choice(others), "joint"])

    def taken(self, first: date, until: date) -> Matter:
        """Take every step to the target; gives the matter."""
        way, room = self.way, (self.turn and self.turn.days) or self.plan.days
        due = first + DAY * self.draw.randint(*room)
        ended = _is_over(self.kind, self.target)
        if not ended and due <= until + DAY * 10 and self.draw.random() >= self.plan.behind:
            due = until + DAY * self.draw.randint(12, max(45, room[0]))
        last = due + DAY * (self.draw.randint(2, 25) if self.draw.random() < self.plan.late
                            else -self.draw.randint(1, max(2, room[0] // 3)))  # fmt: skip
        works = [state.code for state in self.kind.states if state.work]
        if not ended and (self.target in works or not any(step.to in works for step in way)):
            last = min(last, first + DAY * (4 * len(way)))
        if self.kind.phase_of(self.target) == "void":
            last = min(last, first + DAY * _DROPPED)
        waits = [least_days(self.kind, step) for step in way[1:]]
        most = [0 if s.code in self.quick else most_days(self.kind, s) for s in way[1:]]
        days = spread(self.ground, first, max(first, min(last, until)), waits, most)
        self.fill.slots["year"] = str(first.year)
        matter = self._registered(way[0], first)
        for place, (step, day) in enumerate(zip(way[1:], days[1:], strict=True), 2):
            self._take(matter, step, day, due)
            self._beside(matter, step, day, due, days[place] if place < len(days) else None)
        if not ended and due < until - DAY * 3 and self.draw.random() < _CHASED:
            self._note(matter, "chase", self.ground.between(due + DAY, until), due)
        return matter

    def _registered(self, step: Step, day: date) -> Matter:
        number = self.plan.numbers.format(year=day.year, n=self.place + 1)
        given: dict[str, Any] = {"number": number, "received_on": day.isoformat()}
        if self.parent is not None:
            given["parent_case"] = self.parent.key
        for name in ("units", "deadline_on"):
            given[name] = None  # told when it is given away
        at = self._alarm(day) if self.quick else None
        values = self.fill.form(step, day, given)
        values = {code: value for code, value in values.items() if value is not None}
        matter = Matter(self.ground, self.plan.entry, number, values)
        matter.data["first"] = self.parties
        self._line(matter, step, {}, day, at)
        return matter

    def _alarm(self, day: date) -> datetime:
        """Draw the moment of what cannot wait; texts name it {time}."""
        at = datetime.combine(day, time(self.draw.randint(6, 19), self.draw.randint(0, 59)), SHANGHAI)
        self.fill.slots["time"] = f"{at:%H:%M}"
        return at + timedelta(seconds=self.draw.randint(20, 90))

    def _soon(self, matter: Matter, step: Step) -> datetime | None:
        """Give the moment of a step that is taken at once; a share comes after its minutes."""
        if step.code not in self.quick:
            return None
        allowed = self.quick[step.code]
        late = bool(allowed) and self.draw.random() < self.plan.late
        least, most = (allowed + 2, allowed * 3) if late else (1, max(allowed - 2, 2))
        return matter.actions[-1].at + timedelta(seconds=self.draw.randint(least * 60, most * 60))

    def _given(self, step: Step, day: date, due: date) -> dict[str, Any]:
        given: dict[str, Any] = {"units": self.parties}
        for source in step.promises.values():
            late = due <= day
            given[source] = (day + DAY * self.draw.randint(10, 40) if late else due).isoformat()
        return given

    def _take(self, matter: Matter, step: Step, day: date, due: date) -> None:
        values = self.fill.form(step, day, self._given(step, day, due))
        self._line(matter, step, values, day, self._soon(matter, step))

    def _line(
        self, matter: Matter, step: Step, values: dict[str, Any], day: date,
        at: datetime | None = None,
    ) -> None:  # fmt: skip
        who = taker(step, self.taken_by)
        self.taken_by[step.code] = who
        files = tuple(need.stage for need in step.evidence for _ in range(need.least))
        matter.take(StepLine(step.code, who, values, files), day, at)

    def _beside(
        self, matter: Matter, step: Step, day: date, due: date, after: date | None
    ) -> None:  # fmt: skip
        """Take notes, milestones and placements between a step and the next one."""
        state = step.to
        last = after or min(day + DAY * 20, self.owner.document.until)
        if step.effect == "assign":
            self._place(matter, day, last, due)
        if not state or not self.kind.state_by_code[state].work:
            return
        if self.kind.milestones and "plan" in self.kind.step_by_code:
            self._milestones(matter, day, after or self.owner.document.until, due)
        notes = [s for s in self.kind.steps if s.sort == "note" and not s.effect and not s.to
                 and state in s.sources and "officer" in s.roles]  # fmt: skip
        named = [note for note in notes if note.code in self.by]
        if self.quick:
            return  # there is no time to write anything down
        for note in named or notes[:2]:
            if (named or self.draw.random() < _LOGGED) and matter.last_on <= last:
                self._take(matter, note, self.ground.between(matter.last_on, last), due)

    def _milestones(self, matter: Matter, day: date, last: date, due: date) -> None:
        """Set the year's milestones and reach those whose time has come, some a little late."""
        items = usual_plan(self.kind.milestones, due.year)
        self._note(matter, "plan", day, due, milestones=items)
        for item in items:
            when = date.fromisoformat(item["due_on"]) - DAY * self.draw.randint(-6, 12)
            if matter.last_on < when <= last:
                self._note(matter, "reach", when, due, milestone=item["title"])

    def _place(self, matter: Matter, first: date, last: date, due: date) -> None:
        day = self.ground.between(first, last)
        for place in self.plan.placements:
            fits = not place.field or matter.given.get(place.field) in place.among
            if fits and self.draw.random() < place.share:
                reason = self.draw.choice(place.reasons)
                self._note(matter, "place", day, due, list_code=place.list, reason=reason)
                self._advance(matter, place, last, due)

    def _advance(self, matter: Matter, place: Place, last: date, due: date) -> None:
        """Take the case on along the states of that list, as far as its share says."""
        if not place.standings:
            return
        target = self.draw.choices(list(place.standings), list(place.standings.values()))[0]
        for state in _way_on(self.kind, target):
            day = self.ground.between(matter.last_on, max(last, matter.last_on))
            given = {"list_code": place.list, "standing": state, "reason": place.notes[state]}
            self._note(matter, "advance", day, due, **given)

    def _note(self, matter: Matter, effect: str, day: date, due: date, **given: Any) -> None:
        step = next((step for step in self.kind.steps if step.effect == effect), None)
        if step is None:
            return
        day = max(day, matter.last_on)
        values = self.fill.form(step, day, {**self._given(step, day, due), **given})
        self._line(matter, step, values, day)


def _way_on(kind: Kind, target: str) -> list[str]:
    """Give the longest way without return from the first state on a list to another, in order."""
    order = [state.code for state in kind.placed_states]
    way, here = list[str](), order[0]
    for code in order[1 : order.index(target) + 1]:
        if code in kind.placed_after(here) and (code == target or target in kind.placed_after(code)):
            way.append(code)
            here = code
    return way
