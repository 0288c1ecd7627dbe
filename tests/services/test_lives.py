"""Whole lives: one case of each kind through every state, and every step of every kind, verified.

The way is found in the kind's document; days pass between the steps and public notices run out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from ecoissues.core.errors import Refused
from ecoissues.core.kind_registry import load_kinds
from ecoissues.core.kinds import Kind, Step
from ecoissues.core.vocabulary import PHASES
from ecoissues.figures.reading import Board
from ecoissues.services.verifying import verify
from ecoissues.storage import log
from tests.services import machine
from tests.services.machine import CITY, Office

CODES = sorted(load_kinds().codes())


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    made = Office(database_url, tmp_path)
    yield made
    made.site.close()


class Lived:
    """A case on its way: what has been taken and seen."""

    def __init__(self, office: Office, kind: Kind) -> None:
        self.office, self.kind = office, kind
        with office.site.store.writing() as connection:
            self.case_id = office.register(connection, office.list_of(kind))
        self.state = machine.shortest_way(kind, kind.states[0].code)[0].to
        self.states = {self.state}
        self.steps = {step.code for step in kind.steps if step.effect == "register"}

    def take(self, code: str) -> None:
        """Take a step some days later."""
        self.office.later(3)
        with self.office.site.store.writing() as connection:
            self.state = self.office.take(connection, self.case_id, code).state
        self.states.add(self.state)
        self.steps.add(code)

    def notes(self) -> None:
        """Take every note this state allows and that needs nothing before it."""
        for step in self.kind.steps:
            plain = step.sort == "note" and not step.effect and not step.to
            every = self.state in step.sources or "*" in step.sources
            if plain and every and step.code not in self.steps:
                self.take(step.code)

    def go_everywhere(self) -> None:
        """Go to the nearest state not yet seen, leaving none behind that cannot be reached later."""
        unseen = {state.code for state in self.kind.states if state.phase != "void"} - self.states
        while unseen:
            ways = [way(self.kind, self.state, state) for state in sorted(unseen)]
            keeping = [
                one
                for one in ways
                if one and all(u == one[-1].to or way(self.kind, one[-1].to, u) for u in unseen)
            ]
            for step in min(keeping, key=len):
                self.notes()
                self.take(step.code)
            unseen -= self.states


def way(kind: Kind, source: str, target: str) -> list[Step]:
    """Give the shortest way, [] if there is none."""
    try:
        return machine.shortest_way(kind, target, source)
    except AssertionError:
        return []


@pytest.mark.parametrize("code", CODES)
def test_a_case_lives_through_every_state(office: Office, code: str) -> None:
    kind = office.kinds[code]
    lived = Lived(office, kind)
    lived.go_everywhere()
    with office.site.store.reading() as connection:
        events = log.events_of(connection, lived.case_id)
        assert_every_day_is_told(office, connection, lived)
    days = [event.effective_on for event in events]
    assert days == sorted(days)
    assert days[-1] - days[0] > timedelta(days=20)
    passed = {event.phase for event in events if event.moves}
    assert passed == {state.phase for state in kind.states} - {"void"}
    report = verify(office.site)
    assert report.sound, report.faults[:5]
    assert report.counts["events"] == len(events)


def assert_every_day_is_told(office: Office, connection: Connection, lived: Lived) -> None:
    """The board of each day has the case in the phase of that day's last step."""
    row = office.site.get_list(office.list_of(lived.kind))
    events = [e for e in log.events_of(connection, lived.case_id) if e.moves]
    day = events[0].effective_on - timedelta(days=1)
    while day <= office.site.today():
        total = Board(connection, office.site.tree, row, day).total
        phases = [event.phase for event in events if event.effective_on <= day]
        now = {phase: total[phase] for phase in PHASES if total[phase]}
        assert now == ({phases[-1]: 1} if phases else {}), day
        day += timedelta(days=1)


@pytest.mark.parametrize("code", CODES)
def test_every_step_and_every_end_can_be_taken(office: Office, code: str) -> None:
    """No step of a document is dead; what was written on the way stands and is sound."""
    kind, site = office.kinds[code], office.site
    taken = set[str]()
    for step in kind.steps:
        for state in kind.sources_of(step):
            if step.code not in taken and tried(office, kind, step, state):
                taken.add(step.code)
        office.later(0.1)
    # A clock is resumed or recounted only after what test_deadlines brings about.
    elsewhere = ("register", "resume", "recount")
    wanted = {step.code for step in kind.steps if step.effect not in elsewhere}
    assert taken - {step.code for step in kind.steps if step.effect in elsewhere} == wanted
    ends = {state.code for state in kind.states if state.phase == "void"}
    with site.store.reading() as connection:
        row = site.get_list(office.list_of(kind, CITY))
        assert Board(connection, site.tree, row, site.today()).total["void"] >= len(ends)
    report = verify(site)
    assert report.sound, report.faults[:5]


def tried(office: Office, kind: Kind, step: Step, state: str) -> bool:
    """Take a step in a state for good; False where its clock does not run there."""
    try:
        with office.site.store.writing() as connection:
            case_id = machine.walk(office, connection, kind, state)
            subject = office.go(connection, case_id, step.code)
            assert not step.to or office.case(connection, subject).state == step.to
    except Refused as refused:
        if refused.code not in ("clock_not_running", "no_request", "clock_not_suspended",
                                "proposal_gone"):
            raise
        return False
    return True
