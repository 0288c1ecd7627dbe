"""The step function of one case, worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

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


def rows_of(events: list[Event]) -> dict[tuple[str, str, str], dict[str, int]]:
    """The rows, readable: (day, place, type) -> account -> change."""
    found = {}
    for key, vector in standing_rows(events, TREE, IDS, "home").items():
        day, list_id, unit_id, _, kind, cohort = key
        assert cohort == 202405
        sign = "-" if unit_id < 0 else ""
        place = f"{list_id}:{sign}{TREE.by_id[abs(unit_id)].code}"
        named = {name: value for name, value in zip(ACCOUNTS, vector, strict=True) if value}
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
