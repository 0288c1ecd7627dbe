"""Deadlines: known days, properties against a plain recount, proofs that reveal any change."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoissues.core.calendar_documents import decode_calendar, gather_calendars
from ecoissues.core.calendars import Calendars
from ecoissues.core.clock_rules import Rule
from ecoissues.core.deadlines import Deadline, due_date, extend, recount, resume, stated_date
from ecoissues.core.errors import Refused
from ecoissues.core.lights import light, workdays_between, yellow_until
from ecoissues.core.proofs import (
    COUNTED,
    DAY_MARKS,
    MARKS_OF_LETTERS,
    Day,
    check_proof,
    explain,
)

CALENDARS = gather_calendars()
DAY = timedelta(1)

bases = st.dates(date(2017, 6, 1), date(2027, 12, 31))
rules = st.builds(
    Rule,
    length=st.integers(1, 90),
    unit=st.sampled_from(["days", "workdays"]),
    roll=st.booleans(),
    counts_first=st.booleans(),
)


def by_hand(rule: Rule, base: date, paused: tuple[date, date] | None = None) -> date:
    """Count day by day, as a clerk with a wall calendar would."""
    day = base if rule.counts_first else base + DAY
    left = rule.length
    while True:
        stopped = paused is not None and paused[0] <= day < paused[1]
        if not stopped and (rule.unit == "days" or CALENDARS.is_workday(day)):
            left -= 1
        if left == 0:
            break
        day += DAY
    while rule.roll and (
        not CALENDARS.is_workday(day) or (paused is not None and paused[0] <= day < paused[1])
    ):
        day += DAY
    return day


@pytest.mark.parametrize(
    ("base", "length", "due"),
    [
        ("2026-02-12", 5, "2026-02-26"),
        ("2026-02-13", 1, "2026-02-14"),
        ("2026-04-30", 5, "2026-05-11"),
        ("2026-09-18", 3, "2026-09-22"),
        ("2026-09-30", 5, "2026-10-13"),
        ("2026-09-28", 5, "2026-10-10"),
    ],
)
def test_workdays_around_the_make_up_days_of_2026(base: str, length: int, due: str) -> None:
    deadline = due_date(Rule(length, "workdays"), date.fromisoformat(base), CALENDARS)
    assert deadline.due.isoformat() == due
    assert not deadline.provisional


def test_the_proof_is_the_compact_record() -> None:
    deadline = due_date(Rule(5, "workdays"), date(2026, 2, 12), CALENDARS)
    assert deadline.proof == {
        "rule": {"length": 5, "unit": "workdays"},
        "base": "2026-02-12",
        "due": "2026-02-26",
        "calendars": {"2026": 1},
        "provisional": False,
        "days": "cmhhhhhhhhhccc",
    }


def test_natural_days_ask_no_calendar_and_the_base_may_count() -> None:
    after = due_date(Rule(10, "days"), date(2024, 5, 30), CALENDARS)
    assert (after.due, after.proof["days"]) == (date(2024, 6, 9), "n" * 10)
    assert after.proof["calendars"] == {}
    from_first = due_date(Rule(10, "days", counts_first=True), date(2024, 5, 30), CALENDARS)
    assert from_first.due == date(2024, 6, 8)


def test_a_last_day_off_rolls_only_where_the_rule_says_so() -> None:
    base = date(2026, 2, 5)
    assert due_date(Rule(10, "days"), base, CALENDARS).due == date(2026, 2, 15)
    rolled = due_date(Rule(10, "days", roll=True), base, CALENDARS)
    assert rolled.due == date(2026, 2, 24)
    assert rolled.proof["days"] == "n" * 10 + "r" * 9
    on_makeup = due_date(Rule(9, "days", roll=True), base, CALENDARS)
    assert on_makeup.due == date(2026, 2, 14)


def test_a_workday_count_from_a_day_off_skips_it() -> None:
    rule = Rule(1, "workdays", counts_first=True)
    assert due_date(rule, date(2026, 2, 15), CALENDARS).due == date(2026, 2, 24)
    assert due_date(rule, date(2026, 2, 14), CALENDARS).due == date(2026, 2, 14)


@pytest.mark.parametrize(
    ("rule", "base", "provisional"),
    [
        (Rule(9, "workdays"), date(2026, 12, 18), False),
        (Rule(10, "workdays"), date(2026, 12, 18), True),
        (Rule(60, "days"), date(2026, 12, 20), False),
        (Rule(60, "days", roll=True), date(2026, 12, 20), True),
        (Rule(11, "days", roll=True), date(2026, 12, 20), False),
        (Rule(5, "workdays"), date(2017, 3, 1), True),
    ],
)
def test_provisional_only_when_an_unannounced_year_is_looked_at(
    rule: Rule, base: date, provisional: bool
) -> None:
    deadline = due_date(rule, base, CALENDARS)
    assert deadline.provisional is provisional is deadline.proof["provisional"]


def test_an_announced_year_yields_a_proposal_and_settles_the_deadline() -> None:
    before = due_date(Rule(10, "workdays"), date(2026, 12, 25), CALENDARS)
    assert (before.provisional, before.due) == (True, date(2027, 1, 8))
    assert recount(before.proof, CALENDARS) is None
    text = (
        'year = 2027\nversion = 1\nstatus = "official"\nnotice = "测试用"\n'
        "holidays = [2027-01-01]\nmakeup = []\n"
    )
    announced = Calendars([*CALENDARS.values(), decode_calendar(text, "2027.toml")])
    proposal = recount(before.proof, announced)
    assert proposal is not None
    assert (proposal.provisional, proposal.due) == (False, date(2027, 1, 11))
    assert recount(proposal.proof, announced) is None


@given(rules, bases)
def test_due_equals_a_count_by_hand_and_the_proof_holds(rule: Rule, base: date) -> None:
    deadline = due_date(rule, base, CALENDARS)
    assert deadline.due == by_hand(rule, base)
    assert check_proof(deadline.proof) == []
    assert json.loads(json.dumps(deadline.proof)) == deadline.proof
    assert recount(deadline.proof, CALENDARS) is None


@given(rules, bases)
def test_a_longer_rule_or_a_later_base_is_never_due_earlier(rule: Rule, base: date) -> None:
    due = due_date(rule, base, CALENDARS).due
    longer = msgspec.structs.replace(rule, length=rule.length + 1)
    assert due_date(longer, base, CALENDARS).due >= due
    assert due_date(rule, base + DAY, CALENDARS).due >= due
    if not rule.roll:
        assert due_date(longer, base, CALENDARS).due > due


@given(rules, bases)
def test_explained_days_are_consecutive_and_as_many_count_as_asked(rule: Rule, base: date) -> None:
    deadline = due_date(rule, base, CALENDARS)
    days = explain(deadline.proof)
    assert days[-1].date == deadline.due
    assert [day.date - days[0].date for day in days] == [DAY * at for at in range(len(days))]
    numbers = [day.number for day in days if day.number is not None]
    assert numbers == list(range(1, rule.length + 1))
    for day in days:
        assert day.mark in DAY_MARKS
        if rule.unit == "workdays":
            assert (day.number is not None) == CALENDARS.is_workday(day.date)


def test_explained_days_name_their_reason() -> None:
    days = explain(due_date(Rule(3, "workdays"), date(2026, 9, 18), CALENDARS).proof)
    assert days == [
        Day(date(2026, 9, 19), "weekend"),
        Day(date(2026, 9, 20), "makeup", 1),
        Day(date(2026, 9, 21), "counted", 2),
        Day(date(2026, 9, 22), "counted", 3),
    ]


def test_every_mark_has_words() -> None:
    assert {*MARKS_OF_LETTERS.values(), "stated", "timed"} == set(DAY_MARKS)


@given(rules, bases, st.data())
def test_any_change_of_one_letter_is_found(rule: Rule, base: date, data: st.DataObject) -> None:
    proof = due_date(rule, base, CALENDARS).proof
    at = data.draw(st.integers(0, len(proof["days"]) - 1))
    new = data.draw(st.sampled_from("cwhmnprx"))
    old = proof["days"][at]
    changed = proof["days"][:at] + new + proof["days"][at + 1 :]
    # Between letters that skip alike nothing about the due day changes: a holiday may stand where
    # a weekend stood, and a pause where any skipped or rolled day stood.
    if (old in COUNTED) == (new in COUNTED) or new == old:
        return
    assert check_proof({**proof, "days": changed}) != []


@pytest.mark.parametrize(
    "change",
    [
        {"due": "2026-02-27"},
        {"base": "2026-02-11"},
        {"rule": {"length": 4, "unit": "workdays"}},
        {"rule": {"length": 5, "unit": "days"}},
        {"rule": {"length": 0, "unit": "workdays"}},
        {"rule": {"length": 5, "unit": "workdays", "extra": 1}},
        {"rule": {"length": 5, "unit": "workdays", "counts_first": True}},
        {"calendars": {}},
        {"calendars": {"2026": 1, "2027": 0}},
        {"calendars": {"2026": 0}},
        {"days": ""},
        {"days": "cmhhhhhhhhhcccw"},
        {"days": "cmhhhhhhhhhccr"},
        {"days": "wmhhhhhhhhhccc"},
        {"days": "cchhhhhhhhhccc"},
        {"days": 3},
        {"base": "9999-12-31"},
        {"base": "soon"},
        {"note": "x"},
    ],
)
def test_a_forged_proof_is_found(change: dict[str, Any]) -> None:
    proof = due_date(Rule(5, "workdays"), date(2026, 2, 12), CALENDARS).proof
    assert check_proof(proof) == []
    assert check_proof({**proof, **change}) != []


def test_a_roll_of_a_workday_is_found() -> None:
    proof = due_date(Rule(5, "workdays", roll=True), date(2026, 2, 12), CALENDARS).proof
    assert check_proof(proof) == []
    later = {**proof, "days": proof["days"] + "r", "due": "2026-02-27"}
    assert check_proof(later) != []


def test_a_roll_without_leave_is_found() -> None:
    proof = due_date(Rule(10, "days", roll=True), date(2026, 2, 5), CALENDARS).proof
    assert check_proof({**proof, "rule": {"length": 10, "unit": "days"}, "calendars": {}}) != []


@pytest.mark.parametrize("proof", [{}, {"days": "c"}, {"stated": False}, {"rule": None}])
def test_an_unreadable_proof_is_a_fault_and_a_refusal(proof: dict[str, Any]) -> None:
    assert check_proof(proof) != []
    with pytest.raises(Refused) as refusal:
        explain(proof)
    assert refusal.value.code == "bad_proof"


@pytest.mark.parametrize("length", [0, -1, 3661])
def test_a_rule_of_impossible_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="期限长度"):
        Rule(length, "days")
    with pytest.raises(msgspec.ValidationError, match="期限长度"):
        msgspec.convert({"length": length, "unit": "days"}, Rule)


def test_the_longest_rule_is_counted() -> None:
    deadline = due_date(Rule(3660, "workdays"), date(2018, 1, 1), CALENDARS)
    assert workdays_between(date(2018, 1, 1), deadline.due, CALENDARS) == 3660
    assert check_proof(deadline.proof) == []


@pytest.mark.parametrize("base", [date(1, 1, 1), date(202, 6, 1), date(9999, 12, 31)])
def test_a_slip_in_the_year_is_refused(base: date) -> None:
    with pytest.raises(Refused) as counted_refusal:
        due_date(Rule(1, "days"), base, CALENDARS)
    with pytest.raises(Refused) as stated_refusal:
        stated_date(base, base, CALENDARS)
    assert counted_refusal.value.code == stated_refusal.value.code == "bad_date"


def test_a_promised_date_is_taken_as_it_is_and_says_so() -> None:
    deadline = stated_date(date(2026, 2, 16), date(2026, 1, 5), CALENDARS)
    assert deadline.due == date(2026, 2, 16)
    assert deadline.proof["stated"] is True
    assert deadline.proof["falls_on"] == "holiday"
    assert check_proof(deadline.proof) == []
    assert explain(deadline.proof) == [Day(date(2026, 2, 16), "stated")]
    assert recount(deadline.proof, CALENDARS) is None
    with pytest.raises(Refused, match="早于起算日"):
        stated_date(date(2026, 1, 4), date(2026, 1, 5), CALENDARS)


def counted(length: int = 5) -> Deadline:
    return due_date(Rule(length, "workdays"), date(2026, 2, 12), CALENDARS)


def test_an_extension_keeps_what_it_extends() -> None:
    later = extend(counted(), date(2026, 3, 10), CALENDARS, asked_on=date(2026, 2, 26))
    assert (later.base, later.due) == (date(2026, 2, 12), date(2026, 3, 10))
    assert later.proof["extends"] == "2026-02-26"
    assert check_proof(later.proof) == []
    assert check_proof({**later.proof, "extends": "2026-03-10"}) != []


@pytest.mark.parametrize(
    ("new_due", "asked_on", "code"),
    [
        (date(2026, 3, 10), date(2026, 2, 27), "after_expiry"),
        (date(2026, 2, 26), date(2026, 2, 20), "not_later"),
        (date(2026, 3, 13), date(2026, 2, 20), "beyond_limit"),
    ],
)
def test_an_extension_is_refused_late_backwards_or_too_long(
    new_due: date, asked_on: date, code: str
) -> None:
    limit = Rule(10, "workdays")
    latest = due_date(limit, date(2026, 2, 26), CALENDARS).due
    assert latest == date(2026, 3, 11)
    extend(counted(), latest, CALENDARS, asked_on=date(2026, 2, 26), limit=limit)
    with pytest.raises(Refused) as refusal:
        extend(counted(), new_due, CALENDARS, asked_on=asked_on, limit=limit)
    assert refusal.value.code == code


def test_a_pause_is_shown_and_its_days_do_not_count() -> None:
    resumed = resume(counted(), date(2026, 2, 25), date(2026, 3, 2), CALENDARS)
    assert resumed.proof["days"] == "cmhhhhhhhhhcpppppcc"
    assert resumed.due == date(2026, 3, 3)
    assert check_proof(resumed.proof) == []
    again = resume(resumed, date(2026, 3, 3), date(2026, 3, 5), CALENDARS)
    assert again.proof["days"] == "cmhhhhhhhhhcpppppcppc"
    assert check_proof(again.proof) == []
    assert recount(again.proof, CALENDARS) is None


@given(rules, bases, st.integers(0, 40), st.integers(0, 40))
def test_a_resumed_deadline_equals_a_count_by_hand(
    rule: Rule, base: date, into: int, length: int
) -> None:
    deadline = due_date(rule, base, CALENDARS)
    suspended_on = min(base + DAY * into, deadline.due)
    resumed_on = suspended_on + DAY * length
    resumed = resume(deadline, suspended_on, resumed_on, CALENDARS)
    assert resumed.due == by_hand(rule, base, (suspended_on, resumed_on))
    assert check_proof(resumed.proof) == []
    assert explain(resumed.proof)[-1].date == resumed.due
    if length == 0:
        assert resumed == deadline


def test_a_promised_date_moves_by_the_days_it_was_paused() -> None:
    promise = stated_date(date(2026, 6, 30), date(2026, 1, 5), CALENDARS)
    resumed = resume(promise, date(2026, 3, 1), date(2026, 3, 11), CALENDARS)
    assert resumed.due == date(2026, 7, 10)
    assert check_proof(resumed.proof) == []
    assert check_proof({**resumed.proof, "due": "2026-07-11"}) != []


@pytest.mark.parametrize(
    ("suspended_on", "resumed_on", "code"),
    [
        (date(2026, 2, 27), date(2026, 3, 1), "after_expiry"),
        (date(2026, 2, 11), date(2026, 3, 1), "bad_pause"),
        (date(2026, 2, 20), date(2026, 2, 19), "bad_pause"),
        (date(2026, 2, 20), date(9999, 2, 19), "bad_date"),
    ],
)
def test_a_pause_out_of_order_is_refused(suspended_on: date, resumed_on: date, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        resume(counted(), suspended_on, resumed_on, CALENDARS)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("today", "shown"),
    [
        (date(2026, 2, 10), "green"),
        (date(2026, 2, 11), "green"),
        (date(2026, 2, 12), "green"),
        (date(2026, 2, 13), "green"),  # 14 (worked), 24, 25, 26 remain
        (date(2026, 2, 14), "yellow"),  # 24, 25, 26 remain
        (date(2026, 2, 20), "yellow"),
        (date(2026, 2, 26), "yellow"),  # the due day itself is not late
        (date(2026, 2, 27), "red"),
        (date(2027, 1, 1), "red"),
    ],
)
def test_lights_at_each_boundary(today: date, shown: str) -> None:
    due = date(2026, 2, 26)
    assert light(due, today, 3, CALENDARS, False, False) == shown
    assert light(due, today, 3, CALENDARS, True, False) == "green"
    assert light(due, today, 3, CALENDARS, False, True) == "green"
    assert light(None, today, 3, CALENDARS, False, False) == "green"


@given(bases, st.integers(-60, 90), st.integers(-1, 15))
def test_a_query_for_yellow_gives_the_same_cases_as_the_light(
    today: date, distance: int, warn: int
) -> None:
    due = today + DAY * distance
    horizon = yellow_until(today, warn, CALENDARS)
    assert (light(due, today, warn, CALENDARS) == "yellow") == (today <= due <= horizon)
    assert (light(due, today, warn, CALENDARS) == "red") == (due < today)
