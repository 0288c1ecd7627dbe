"""Whole lives of a clock over invented calendars, and tens of thousands of days counted elsewhere."""

from __future__ import annotations

import random
import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecoissues.core.calendar_documents import gather_calendars
from ecoissues.core.calendars import Calendar, Calendars
from ecoissues.core.clock_rules import Rule
from ecoissues.core.deadlines import Deadline, due_date, extend, recount, resume
from ecoissues.core.events import Event
from ecoissues.core.faces import ClockFace
from ecoissues.core.life import Life
from ecoissues.core.proofs import check_proof, explain

DAY = timedelta(1)
FOLDER = Path(__file__).parents[2] / "ecoissues" / "calendars"
BASES = st.dates(date(2030, 1, 1), date(2033, 6, 30))


@st.composite
def calendars(draw: st.DrawFn) -> Calendars:
    """Years of invented holidays and worked weekends; some years may not be announced."""
    found = []
    for year in range(2030, 2036):
        if draw(st.integers(0, 4)) == 0:
            continue
        days = [date(year, 1, 1) + DAY * at for at in draw(st.sets(st.integers(0, 364), max_size=60))]
        weekend = [day for day in days if day.weekday() > 4]
        makeup = frozenset(weekend[::2])
        off = frozenset(days) - makeup
        found.append(Calendar(year, 1, "official", "试验", off, makeup))
    return Calendars(found)


RULES = st.builds(
    Rule, length=st.integers(1, 60), unit=st.sampled_from(["days", "workdays"]),
    roll=st.booleans(),
)  # fmt: skip


def holds(deadline: Deadline, rule: Rule) -> None:
    """The proof stands alone, and as many days count as the rule says."""
    assert check_proof(deadline.proof) == []
    if "rule" in deadline.proof:
        counted = [day for day in explain(deadline.proof) if day.number]
        assert len(counted) == rule.length == counted[-1].number


@settings(max_examples=60)
@given(calendars(), RULES, BASES, st.data())
def test_a_life_of_pauses_and_extensions(
    known: Calendars, rule: Rule, base: date, data: st.DataObject
) -> None:
    first = now = due_date(rule, base, known)
    last = base
    holds(now, rule)
    for _ in range(data.draw(st.integers(0, 4))):
        if data.draw(st.booleans()):
            later = now.due + DAY * data.draw(st.integers(1, 30))
            now = extend(now, later, known, asked_on=now.due, limit=Rule(30, "days"), roll=rule.roll)
            assert now.due >= later
        elif last <= now.due:
            start = data.draw(st.dates(last, now.due))
            last = start + DAY * data.draw(st.integers(0, 25))
            was = now.due
            now = resume(now, start, last, known)
            assert was <= now.due
        holds(now, rule)
        assert first.due <= now.due
        assert recount(now.proof, known) is None


@settings(max_examples=60)
@given(calendars(), RULES, BASES, st.integers(1, 30))
def test_more_days_are_never_due_earlier(
    known: Calendars, rule: Rule, base: date, more: int
) -> None:
    longer = Rule(rule.length + more, rule.unit, roll=rule.roll)
    assert due_date(longer, base, known).due >= due_date(rule, base, known).due
    assert due_date(rule, base + DAY * more, known).due >= due_date(rule, base, known).due


def event(seq: int, day: date, clocks: dict[str, Any]) -> Event:
    return Event(
        seq=seq, pos=seq, step="step", source="open" if seq > 1 else "", target="open",
        phase="open", actor="a", role="supervisor", effective_on=day, recorded_at="",
        facts={"clocks": clocks}, unit="", channel="", digest="", previous="",
    )  # fmt: skip


@settings(max_examples=60)
@given(calendars(), BASES, st.lists(st.integers(0, 9), min_size=1, max_size=8))
def test_bouncing_a_case_buys_no_time_on_the_outer_clock(
    known: Calendars, base: date, waits: list[int]
) -> None:
    """Each transfer sets the inner clock anew; the outer one stays as the first set it."""
    outer, life, day = Rule(60, "days"), Life(), base
    due = due_date(outer, base, known).due
    for seq, wait in enumerate(waits, 1):
        day += DAY * wait
        inner = due_date(Rule(5, "workdays"), day, known)
        facts: dict[str, Any] = {"objection": {"op": "reset" if seq > 1 else "set", "slot": "inner",
                               "due": str(inner.due), "proof": inner.proof, "met_by": []}}  # fmt: skip
        if seq == 1:
            facts["finish"] = {"op": "set", "slot": "finish", "due": str(due), "met_by": []}
        life.apply(event(seq, day, facts))
        finish: ClockFace = life.clocks["finish"]
        assert (finish.original, finish.current) == (due, due)
        assert life.clocks["objection"].current == inner.due


def marked() -> tuple[set[date], set[date], set[int]]:
    """The days off and the worked weekends as the documents list them, read without our code."""
    off, worked, years = set(), set(), set()
    for path in FOLDER.glob("*.toml"):
        found = tomllib.loads(path.read_text("utf-8"))
        years.add(found["year"])
        off.update(found["holidays"])
        worked.update(found["makeup"])
    return off, worked, years


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ten_thousand_random_dates_agree_with_another_count(seed: int) -> None:
    off, worked, years = marked()
    known, draw = gather_calendars(), random.Random(seed)
    first = date(2018, 1, 1).toordinal()
    for _ in range(10_000):
        base = date.fromordinal(first + draw.randrange(3280))
        length = draw.randint(1, 20)
        day, left = base, length
        while left:
            day += DAY
            left -= day in worked or (day.weekday() < 5 and day not in off)
        found = due_date(Rule(length, "workdays"), base, known)
        assert found.due == day
        looked = set(range((base + DAY).year, day.year + 1))
        assert found.provisional == (not looked <= years)
