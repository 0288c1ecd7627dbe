"""The step function of one case, worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from ecoissues.core.accounts import ACCOUNTS
from ecoissues.core.events import Event
from ecoissues.core.life import fold
from ecoissues.figures.standing import accounts_of, difference, standing_rows
from tests.figures.world import clock, event, small_tree

TREE = small_tree()
IDS = {"home": 1, "other": 2}
FINISH = ("completed", "closed", "reviewed")


def may(day: int) -> date:
    return date(2024, 5, day)


def complaint(**facts: Any) -> Event:
    given = {"parties": [["N1", "lead"]], "types": ["water"], **facts}
    return event(1, may(1), "", "transferred", "open", **given)


#: What stands beside the standing of the day; the tests at the end look at these.
BESIDE = {
    "overdue_ever", "due_report", "met_report", "due_this_year", "done_this_year", "originals",
    "key_originals", "merged", "merged_open", "calls", "letters", "ever_closed", "rebounded",
    "surveyed", "satisfied", "key_closed", "key_done",
}  # fmt: skip


def rows_of(events: list[Event]) -> dict[tuple[str, str, str], dict[str, int]]:
    """The rows, readable: (day, place, type) -> account -> change."""
    found = {}
    for key, vector in standing_rows(events, TREE, IDS, "home").items():
        day, list_id, unit_id, _, _, _, kind, cohort = key
        assert cohort == 202405
        sign = "-" if unit_id < 0 else ""
        place = f"{list_id}:{sign}{TREE.by_id[abs(unit_id)].code}"
        pairs = zip(ACCOUNTS, vector, strict=True)
        named = {name: value for name, value in pairs if value and name not in BESIDE}
        if not named:
            continue
        found[date.fromordinal(day).isoformat(), place, kind] = named
    return found


def test_registration_and_closing() -> None:
    events = [complaint(), event(2, may(9), "transferred", "closed", "closed")]
    assert rows_of(events) == {
        ("2024-05-01", "1:N1", "water"): {"cases": 1, "open": 1, "arrivals": 1},
        ("2024-05-09", "1:N1", "water"): {"open": -1, "closed": 1, "closings": 1},
    }


def test_overdue_begins_the_day_after_and_ends_when_met() -> None:
    events = [
        complaint(clocks={"finish": clock("set", may(5), "finish", *FINISH)}),
        event(2, may(9), "transferred", "closed", "closed"),
    ]
    rows = rows_of(events)
    on_the_day = {"due_original": 1, "due_current": 1}
    assert rows["2024-05-05", "1:N1", "water"] == on_the_day
    assert rows["2024-05-06", "1:N1", "water"] == {"overdue": 1, "overdue_finish": 1}
    closing = rows["2024-05-09", "1:N1", "water"]
    assert closing == {
        "open": -1, "closed": 1, "closings": 1, "overdue": -1, "overdue_finish": -1,
    }  # fmt: skip


def test_on_time_by_the_original_and_the_extended_date() -> None:
    events = [
        complaint(clocks={"finish": clock("set", may(5), "finish", *FINISH)}),
        event(2, may(4), "transferred", "transferred", "open",
              clocks={"finish": clock("extend", may(20), "finish", *FINISH)}),
        event(3, may(9), "transferred", "closed", "closed"),
    ]  # fmt: skip
    rows = rows_of(events)
    assert rows["2024-05-05", "1:N1", "water"] == {"due_original": 1}
    assert rows["2024-05-20", "1:N1", "water"] == {"due_current": 1, "met_current": 1}
    assert not any("overdue" in named for named in rows.values())


def test_a_reopened_case_is_overdue_at_once_and_counts_as_flow() -> None:
    events = [
        complaint(clocks={"finish": clock("set", may(5), "finish", *FINISH)}),
        event(2, may(3), "transferred", "closed", "closed", marks=["replied"]),
        event(3, may(12), "closed", "working", "open"),
    ]
    rows = rows_of(events)
    assert rows["2024-05-12", "1:N1", "water"] == {
        "open": 1, "closed": -1, "reopenings": 1, "overdue": 1, "overdue_finish": 1,
        "met_original": -1, "met_current": -1,
    }  # fmt: skip
    assert accounts_of(fold(events), may(12))[ACCOUNTS.index("replied")] == 1


def test_void_stands_outside_everything() -> None:
    events = [
        complaint(weight="key", verdict="partly", marks=["reported"]),
        event(2, may(3), "transferred", "rejected", "void"),
    ]
    vector = accounts_of(fold(events), may(3))
    assert [name for name, value in zip(ACCOUNTS, vector, strict=True) if value] == ["void"]
    left = rows_of(events)["2024-05-03", "1:N1", "water"]
    assert (left["cases"], left["key_cases"], left["void"]) == (-1, -1, 1)


def test_a_waiting_period_is_never_overdue() -> None:
    events = [complaint(clocks={"notice": clock("set", may(5), "wait")})]
    assert not any("overdue" in named for named in rows_of(events).values())


@pytest.mark.parametrize(
    ("parties", "expected"),
    [
        (["N1"], {"1:N1": 1}),
        (["N1", "N2"], {"1:N1": 1, "1:N2": 1, "1:-NORTH": -1}),
        (["N1T", "S1"], {"1:N1T": 1, "1:S1": 1, "1:-CITY": -1}),
        (["NORTH", "N1T"], {"1:NORTH": 1, "1:N1T": 1, "1:-NORTH": -1}),
        (["N1", "N2", "S1", "WATER"],
         {"1:N1": 1, "1:N2": 1, "1:S1": 1, "1:WATER": 1, "1:-NORTH": -1, "1:-CITY": -2}),
        ([], {"1:CITY": 1}),
    ],
)  # fmt: skip
def test_joint_cases_stand_once_in_every_subtree(
    parties: list[str], expected: dict[str, int]
) -> None:
    rows = rows_of([complaint(parties=[[code, "joint"] for code in parties])])
    assert {place: named["cases"] for (_, place, _), named in rows.items()} == expected
    for unit in TREE.by_id.values():
        below = sum(
            count for place, count in expected.items()
            if TREE.by_code[place.lstrip("1:").lstrip("-")].path.startswith(unit.path)
        )  # fmt: skip
        assert below in (0, 1)


def test_types_and_placements_multiply() -> None:
    events = [
        complaint(types=["water", "air", "water"]),
        event(2, may(2), "transferred", "transferred", "open", placed="other"),
        event(3, may(4), "transferred", "transferred", "open", unplaced="other"),
    ]
    rows = rows_of(events)
    for day, place, sign in (("01", "1", 1), ("02", "2", 1), ("04", "2", -1)):
        one = f"2024-05-{day}", f"{place}:N1"
        assert rows[*one, "water"]["cases"] == sign
        assert rows[*one, "air"]["cases"] == sign
        assert rows[*one, ""]["cases"] == -sign
    assert ("2024-05-02", "1:N1", "water") not in rows


def test_a_late_entry_posts_the_difference_of_the_whole_function() -> None:
    before = [complaint(), event(2, may(20), "transferred", "transferred", "open",
                                 parties=[["S1", "lead"]])]  # fmt: skip
    after = [*before, event(3, may(10), "transferred", "transferred", "open", marks=["reported"])]
    rows = [standing_rows(events, TREE, IDS, "home") for events in (before, after)]
    changes = {
        (date.fromordinal(key[0]), key[2]): [
            (name, value) for name, value in zip(ACCOUNTS, vector, strict=True) if value
        ]
        for key, vector in difference(*rows)
    }
    # Not only the day itself: what moved to another unit later moves with the mark.
    assert changes == {
        (may(10), 11): [("reported", 1)],
        (may(20), 11): [("reported", -1)],
        (may(20), 21): [("reported", 1)],
    }
    assert difference(rows[1], rows[1]) == []


def test_nothing_live_leaves_nothing() -> None:
    assert standing_rows([], TREE, IDS, "home") == {}
    struck = event(2, may(9), "transferred", "gone", "void", step="strike", struck=[1])
    assert standing_rows([struck], TREE, IDS, "home") == {}


def test_a_correction_changes_nothing_by_itself() -> None:
    events = [complaint(), event(3, may(20), "transferred", "closed", "closed")]
    correction = event(2, may(2), "transferred", "transferred", "open", step="amend")
    with_it = [events[0], correction, events[1]]
    assert rows_of(with_it) == rows_of(events)


def counted(events: list[Event], day: date) -> dict[str, int]:
    """What stands beside the standing at the end of a day, by the plain fold."""
    pairs = zip(ACCOUNTS, accounts_of(fold(events, day), day), strict=True)
    return {name: value for name, value in pairs if value and name in BESIDE}


def every_account(events: list[Event], day: date) -> dict[str, int]:
    return dict(zip(ACCOUNTS, accounts_of(fold(events, day), day), strict=True))



@pytest.mark.parametrize(("day", "late"), [(5, False), (6, True), (7, True)])
def test_what_is_closed_after_its_due_day_was_overdue(day: int, late: bool) -> None:
    """On the due day is in time; the day after is late, though no day ended with it overdue: the
    on-time verdict and "ever overdue" never both say that nothing was wrong."""
    due = complaint(clocks={"finish": clock("set", may(5), "finish", *FINISH)})
    events = [due, event(2, may(day), "transferred", "closed", "closed")]
    counts = every_account(events, may(9))
    assert (counts["overdue_ever"], counts["met_original"]) == (late, not late)
    overdue = [every_account(events, may(one))["overdue"] for one in range(1, 10)]
    assert overdue == [int(5 < one < day) for one in range(1, 10)]


@pytest.mark.parametrize(("hour", "late"), [(1, False), (3, True)])
def test_a_clock_in_hours_is_missed_on_its_own_day(hour: int, late: bool) -> None:
    fact = {**clock("set", may(5), "finish", *FINISH), "due_at": "2024-05-05T02:00:00.000000Z"}
    closed = msgspec.structs.replace(
        event(2, may(5), "transferred", "closed", "closed"),
        recorded_at=f"2024-05-05T0{hour}:00:00.000000Z",
    )
    counts = every_account([complaint(clocks={"finish": fact}), closed], may(9))
    assert (counts["overdue_ever"], counts["met_original"]) == (late, not late)


def test_overdue_once_stays_overdue_ever() -> None:
    due = clock("set", may(5), "finish", *FINISH)
    late = [complaint(clocks={"finish": due}), event(2, may(6), "transferred", "closed", "closed")]
    # Closed on the day after it was due: late, though it was overdue at the end of no day.
    assert "overdue_ever" not in counted(late, may(5))
    assert counted(late, may(6))["overdue_ever"] == 1
    extended = clock("extend", date(2024, 6, 30), "finish", *FINISH)
    moved = [late[0], event(2, may(8), "transferred", "transferred", "open",
                            clocks={"finish": extended})]  # fmt: skip
    assert counted(moved, date(2024, 6, 1))["overdue_ever"] == 1
    in_time = [late[0], event(2, may(5), "transferred", "transferred", "open",
                              clocks={"finish": extended})]  # fmt: skip
    assert "overdue_ever" not in counted(in_time, date(2024, 6, 30))
    assert counted(in_time, date(2024, 7, 1))["overdue_ever"] == 1


def test_a_stop_entered_late_takes_the_miss_back() -> None:
    report = clock("set", may(5), "report", "reported")
    again = clock("reset", may(20), "report", "reported")
    events = [
        complaint(clocks={"report": report}),
        event(2, may(8), "transferred", "transferred", "open", clocks={"report": again}),
        event(3, may(4), "transferred", "transferred", "open", marks=["reported"]),
    ]
    assert counted(events[:2], may(9))["overdue_ever"] == 1
    assert "overdue_ever" not in counted(events, may(9))


def test_due_this_year_is_of_the_year_of_the_day() -> None:
    due = clock("set", date(2025, 3, 1), "finish", *FINISH)
    events = [
        complaint(clocks={"finish": due}),
        event(2, date(2025, 2, 1), "transferred", "done", "completed"),
    ]
    expected = {
        date(2024, 12, 31): (0, 0), date(2025, 1, 1): (1, 0), date(2025, 2, 1): (1, 1),
        date(2025, 12, 31): (1, 1), date(2026, 1, 1): (0, 0),
    }  # fmt: skip
    rows = standing_rows(events, TREE, IDS, "home")
    for day, right in expected.items():
        found = counted(events, day)
        assert (found.get("due_this_year", 0), found.get("done_this_year", 0)) == right
        posted = [sum(vector[ACCOUNTS.index(name)] for key, vector in rows.items()
                      if key[0] <= day.toordinal())
                  for name in ("due_this_year", "done_this_year")]  # fmt: skip
        assert tuple(posted) == right, day


def test_parts_merges_channels_and_answers() -> None:
    first = complaint(weight="key", part=1, fields={"channel": "call"}, satisfaction="fairly")
    assert counted([first], may(1)) == {
        "originals": 1, "key_originals": 1, "calls": 1, "surveyed": 1, "satisfied": 1,
    }  # fmt: skip
    second = complaint(weight="key", part=2, satisfaction="dissatisfied")
    assert counted([second], may(1)) == {"surveyed": 1}
    merged = event(2, may(2), "transferred", "transferred", "open", merged_into="L/1")
    assert counted([complaint(), merged], may(2)) == {"originals": 1, "merged": 1, "merged_open": 1}
    closed = event(3, may(3), "transferred", "closed", "closed")
    assert counted([complaint(), merged, closed], may(3)) == {
        "originals": 1, "merged": 1, "ever_closed": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "phase", "rebounded"),
    [({}, "open", True), ({}, "void", False), ({"merged_into": None}, "open", False)],
)
def test_only_what_is_taken_up_again_has_rebounded(
    facts: dict[str, Any], phase: str, rebounded: bool
) -> None:
    events = [
        complaint(),
        event(2, may(2), "transferred", "closed", "closed"),
        event(3, may(3), "closed", "other", phase, **facts),
        event(4, may(4), "other", "closed", "closed"),
    ]
    assert ("rebounded" in counted(events, may(4))) is rebounded


def test_shares_tell_who_leads_and_how_many_handle() -> None:
    parties = [["N1", "lead"], ["N2", "joint"], ["S1", "joint"], ["WATER", "supervising"]]
    shares = {
        (key[2], key[3]): key[4:6]
        for key in standing_rows([complaint(parties=parties)], TREE, IDS, "home")
    }
    assert shares == {
        (11, 2): (3, 2), (12, 2): (-3, 2), (21, 3): (-3, -2),  # the units themselves
        (-2, 2): (0, 2), (-1, -1): (0, 0),  # where branches meet
    }  # fmt: skip
