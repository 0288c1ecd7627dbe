"""Counting against another library, by the minute, at night, and with a region's own days."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoissues.core.calendar_documents import decode_calendar, gather_calendars, overridden
from ecoissues.core.clock_rules import Rule
from ecoissues.core.deadlines import due_date, extend, recount, resume
from ecoissues.core.instants import SHANGHAI
from ecoissues.core.proofs import check_proof
from tests.core.test_deadlines import bases, rules

CALENDARS = gather_calendars()
DAY = timedelta(1)


@pytest.mark.slow
def test_tens_of_thousands_of_random_days_against_an_independent_count() -> None:
    """Another library's days, counted one by one: no difference."""
    chance, checked = Random(20260212), 0
    for _ in range(30_000):
        base = date(2018, 1, 1) + DAY * chance.randrange(3200)
        length = chance.randrange(1, 12)
        day, left = base, length
        while left and day < date(2026, 12, 31):
            day += DAY
            left -= chinese_calendar.is_workday(day)
        if not left:
            checked += 1
            assert due_date(Rule(length, "workdays"), base, CALENDARS).due == day, base
    assert checked > 29_000


hours = st.builds(
    Rule,
    length=st.integers(1, 3000),
    unit=st.sampled_from(["minutes", "hours"]),
    receipt=st.sampled_from(["", "08:30-17:30"]),
)


@given(hours, bases, st.integers(0, 1439), st.integers(0, 5000))
def test_minutes_are_counted_from_the_opening_and_around_pauses(
    rule: Rule, day: date, minute: int, paused: int
) -> None:
    at = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) + timedelta(minutes=minute)
    found = due_date(rule, at.date(), CALENDARS, at=at)
    assert check_proof(found.proof) == []
    assert recount(found.proof, CALENDARS) is None
    start = datetime.fromisoformat(found.proof["base_at"]).astimezone(SHANGHAI)
    assert start >= at
    if rule.receipt:
        assert CALENDARS.is_workday(start.date())
        assert (8, 30) <= (start.hour, start.minute) < (17, 30)
    else:
        assert start == at
    assert datetime.fromisoformat(found.due_at) - start == rule.span
    if start.date() <= found.due:
        pause = (start, start + timedelta(minutes=paused))
        later = resume(
            found, start.date(), max(start.date(), pause[1].date()), CALENDARS, instants=pause
        )
        assert check_proof(later.proof) == []
        gap = datetime.fromisoformat(later.due_at) - datetime.fromisoformat(found.due_at)
        assert gap == timedelta(minutes=paused)


@pytest.mark.parametrize(
    ("received", "base"),
    [
        ("2026-02-12T17:29", "2026-02-12"),
        ("2026-02-12T17:30", "2026-02-13"),
        ("2026-02-12T07:00", "2026-02-12"),
        ("2026-02-13T18:00", "2026-02-14"),  # a worked Saturday
        ("2026-02-14T18:00", "2026-02-24"),
        ("2026-02-15T10:00", "2026-02-24"),
    ],
)
def test_what_comes_at_night_or_on_days_off_counts_from_the_next_workday(
    received: str, base: str
) -> None:
    rule = Rule(5, "workdays", receipt="08:30-17:30")
    at = datetime.fromisoformat(received + ":00+08:00")
    found = due_date(rule, at.date(), CALENDARS, at=at)
    assert found.proof["base"] == base
    assert check_proof(found.proof) == []
    assert found.due == due_date(Rule(5, "workdays"), date.fromisoformat(base), CALENDARS).due
    if base != received[:10]:
        assert check_proof({**found.proof, "received": base}) != []


def test_a_region_s_own_days_are_laid_over_the_country_s() -> None:
    text = (
        'year = 2026\nversion = 1\nstatus = "official"\nnotice = "某市通知"\nregion = "某市"\n'
        "holidays = [2026-03-03]\nmakeup = [2026-03-07]\n"
    )
    own = overridden(CALENDARS, [decode_calendar(text, "2026-某市.toml")])
    found = due_date(Rule(5, "workdays"), date(2026, 3, 2), own)
    assert found.proof["days"] == "hcccmwc"
    assert found.proof["calendars"] == {"2026": 1, "2026+某市": 1}
    assert check_proof(found.proof) == []
    assert due_date(Rule(5, "workdays"), date(2026, 3, 2), CALENDARS).due == date(2026, 3, 9)


@given(rules, bases, st.integers(1, 40))
def test_an_extension_never_falls_before_the_original(rule: Rule, base: date, days: int) -> None:
    deadline = due_date(rule, base, CALENDARS)
    later = extend(deadline, deadline.due + DAY * days, CALENDARS, roll=rule.roll)
    assert later.due > deadline.due
    assert not rule.roll or CALENDARS.is_workday(later.due)
    assert check_proof(later.proof) == []
