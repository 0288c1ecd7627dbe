"""Figures as boards show them: groups, overlap, members, late entries, refused questions."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ecoissues.core.errors import NotFound, Refused
from ecoissues.core.instants import day_of
from ecoissues.figures.comparing import Difference, compare
from ecoissues.figures.cuts import Cut
from ecoissues.figures.dispatch import dispatch_table
from ecoissues.figures.known import NOW, known_at, known_position
from ecoissues.figures.oracle import outcome_members
from ecoissues.figures.reading import Board, Group, figure, members, phase_members
from ecoissues.figures.registry import packaged_definitions
from ecoissues.figures.series import month_ends, series
from ecoissues.figures.sums import advance, rebuild
from ecoissues.figures.wording import sentence
from ecoissues.storage.engine import Store
from tests.figures.world import Book, clock

CLOSURE = packaged_definitions().get("closure_rate")
HANDLED = packaged_definitions().get("handled_rate")
OVERDUE = packaged_definitions().get("overdue")
END = date(2023, 12, 31)
FINISH = ("completed", "closed", "reviewed")


@pytest.fixture
def book(store: Store) -> Book:
    """Cases 2, 4, 6, 8 on the city's list: closed; joint and phase-closed; open; void."""
    found = Book(store)
    first = date(2023, 11, 20)
    parties = {2: ["N1"], 4: ["N1", "N2", "S1"], 6: ["S1"], 8: ["WATER"]}
    types = {2: ["water"], 4: ["water", "air"], 6: ["air"], 8: []}
    for case_id, codes in parties.items():
        found.write(
            case_id, first, "transferred", "open", step="register", marks=["handed_over"],
            parties=[[code, "lead"] for code in codes], types=types[case_id],
            clocks={"finish": clock("set", date(2023, 12, 1), "finish", *FINISH)},
        )  # fmt: skip
    found.later(24 * 10)
    outcomes = [{"sort": "ordered_to_correct", "count": 1}] * 2
    found.write(2, found.today, "closed", "closed", outcomes=outcomes, verdict="mostly")
    found.write(4, found.today, "phased", "phase_closed", outcomes=[{"sort": "talk", "count": 1}])
    found.write(8, found.today, "rejected", "void")
    found.later(24 * 40)
    found.save()
    return found


def groups_of(groups: tuple[Group, ...]) -> dict[str, tuple[int, int, str | None]]:
    return {group.key: (group.part, group.whole, group.percent) for group in groups}


def test_a_choice_with_a_track_of_its_own_is_read_from_it(store: Store, book: Book) -> None:
    with store.reading() as connection:
        board = Board(connection, book.tree, book.lists[1], END)
        by_field = groups_of(board.figure(CLOSURE, "field:types").groups)
        assert by_field == groups_of(board.figure(CLOSURE, "type").groups)
        assert "none" not in groups_of(board.figure(CLOSURE, "field:weight").groups)


@pytest.mark.parametrize("by", ["phase", "verdict", "channel", "outcome"])
def test_lines_that_tell_how_cases_are_spread_say_that_they_are_no_rates(
    store: Store, book: Book, by: str
) -> None:
    with store.reading() as connection:
        board = Board(connection, book.tree, book.lists[1], END)
        assert "不是各行的“办结率”" in board.figure(CLOSURE, by).note
        assert not board.figure(CLOSURE, "district").note


@pytest.mark.parametrize("summed", [False, True])
def test_a_figure_and_its_groups(store: Store, book: Book, summed: bool) -> None:
    if summed:
        rebuild(store)
    row = book.lists[1]
    with store.reading() as connection:
        board = Board(connection, book.tree, row, END)
        found = board.figure(CLOSURE, "district")
        assert (found.part, found.whole, found.percent) == (1, 3, "33.3%")
        assert groups_of(found.groups) == {"NORTH": (1, 2, "50.0%"), "SOUTH": (0, 2, "0%")}
        assert found.overlap is not None
        assert (found.overlap.part, found.overlap.whole) == (0, 1)
        assert "多 1 件" in found.overlap.note
        by_unit = board.figure(HANDLED, "unit")
        assert groups_of(by_unit.groups) == {
            "N1": (2, 2, "100%"), "N2": (1, 1, "100%"), "S1": (1, 2, "50.0%"),
        }  # fmt: skip
        assert by_unit.overlap is not None
        assert (by_unit.overlap.part, by_unit.overlap.whole) == (2, 2)
        by_type = board.figure(CLOSURE, "type")
        assert groups_of(by_type.groups) == {"water": (1, 2, "50.0%"), "air": (0, 2, "0%")}
        phases = groups_of(board.figure(CLOSURE, "phase").groups)
        assert {key: counts[0] for key, counts in phases.items()} == {
            "open": 1, "phase_closed": 1, "completed": 0, "closed": 1, "reviewed": 0, "void": 1,
        }  # fmt: skip
        assert groups_of(board.figure(CLOSURE, "outcome").groups) == {
            "ordered_to_correct": (1, 3, "33.3%"), "talk": (1, 3, "33.3%"),
        }  # fmt: skip
        assert groups_of(board.figure(CLOSURE, "month").groups) == {"2023-11": (1, 3, "33.3%")}
        assert groups_of(board.figure(OVERDUE, "clock").groups) == {
            "report": (0, 3, "0%"), "finish": (2, 3, "66.7%"),
        }  # fmt: skip
        with pytest.raises(Refused, match="cut_unknown"):
            board.figure(CLOSURE, "clock")


def test_a_number_opens_into_its_rows(store: Store, book: Book) -> None:
    row, tree = book.lists[1], book.tree
    with store.reading() as connection:
        asked = (connection, tree, CLOSURE, row, END)
        assert members(*asked, which="part") == [2]
        assert members(*asked, which="rest") == [4, 6]
        assert members(*asked, which="all") == [2, 4, 6]
        assert members(*asked, cut=Cut(unit_path="/1/2/"), which="rest") == [4]
        assert members(*asked, cut=Cut(type="air"), which="rest") == [4, 6]
        assert phase_members(connection, tree, "void", row, END) == [8]
        assert phase_members(connection, tree, "open", row, END) == [6]
        outcomes = outcome_members(connection, tree, row, END)
        assert outcomes == {"ordered_to_correct": [2], "talk": [4]}


def test_scope(store: Store, book: Book) -> None:
    row, tree = book.lists[1], book.tree
    with store.reading() as connection:

        def whole(cut: Cut) -> int:
            return figure(connection, tree, CLOSURE, row, END, cut=cut).whole

        assert whole(Cut(scope_path="/1/")) == 3
        assert whole(Cut(scope_path="/1/2/")) == 2
        assert whole(Cut(scope_path="/1/2/", unit_path="/1/2/12/")) == 1
        assert whole(Cut(scope_path="/1/2/12/", unit_path="/1/2/")) == 1
        with pytest.raises(NotFound):
            whole(Cut(scope_path="/1/2/", unit_path="/1/3/"))
        # The other list belongs to the district itself: its people see it whole.
        other = book.lists[2]
        assert other.unit_path == "/1/2/"
        assert Board(connection, tree, other, END, cut=Cut(scope_path="/1/2/")).path is None


def test_a_late_entry_is_a_revision(store: Store, book: Book) -> None:
    row, tree = book.lists[1], book.tree
    rebuild(store)
    before = book.instant.isoformat()
    book.later(1)
    book.write(6, date(2023, 12, 20), "closed", "closed")
    book.save()
    with store.reading() as connection:
        then = known_at(connection, before)
        assert known_position(connection, before) == then.pos == book.pos - 1
        told = figure(connection, tree, CLOSURE, row, END, then)
        assert (told.part, told.whole, told.known_at) == (1, 3, then.at)
        assert figure(connection, tree, CLOSURE, row, END).part == 2
    advance(store)
    with store.reading() as connection:
        assert figure(connection, tree, CLOSURE, row, END, then).part == 1
        assert figure(connection, tree, CLOSURE, row, END).part == 2
        assert figure(connection, tree, CLOSURE, row, date(2023, 12, 19)).part == 1
        with pytest.raises(Refused, match="as_of_after_known_at"):
            figure(connection, tree, CLOSURE, row, book.today + timedelta(1), then)


def test_trend(store: Store, book: Book) -> None:
    row, tree = book.lists[1], book.tree
    days = month_ends(date(2024, 1, 9), 4)
    assert days == [date(2023, 10, 31), date(2023, 11, 30), END, date(2024, 1, 9)]
    for _ in range(2):
        with store.reading() as connection:
            points = series(connection, tree, HANDLED, row, days)
        assert [(point.part, point.whole) for point in points] == [(0, 0), (2, 3), (2, 3), (2, 3)]
        assert points[0].percent is None
        rebuild(store)


def test_dispatch_table(store: Store, book: Book) -> None:
    with store.reading() as connection:
        rows = dispatch_table(Board(connection, book.tree, book.lists[1], END))
    assert [(row.sort, row.key) for row in rows] == [
        ("unit", "NORTH"), ("unit", "SOUTH"), ("overlap", ""), ("total", ""),
    ]  # fmt: skip
    for column in rows[0].counts:
        counts = [row.counts[column] for row in rows]
        assert sum(one for one in counts[:-1] if isinstance(one, int)) == counts[-1]
    total = rows[-1]
    assert (total.counts["cases"], total.counts["closed"], total.counts["phase_closed"]) == (
        3,
        1,
        1,
    )
    assert (total.rates["closure_rate"], total.rates["handled_rate"]) == ("33.3%", "66.7%")
    assert rows[2].rates == {}


def test_the_books_are_compared(store: Store, book: Book) -> None:
    rebuild(store)
    with store.reading() as connection:
        assert list(compare(connection, book.tree, book.lists, [END])) == []
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE postings SET closed = closed + 1 WHERE case_id = 6")
    with store.reading() as connection:
        found = list(compare(connection, book.tree, book.lists, [END]))
    assert found
    assert {one.account for one in found} == {"closed"}
    assert all(isinstance(one, Difference) and one.where == "case 6" for one in found)


def test_the_sentence_to_copy(store: Store, book: Book) -> None:
    with store.reading() as connection:
        found = figure(connection, book.tree, CLOSURE, book.lists[1], END)
    text = sentence(found, CLOSURE, "某清单")
    assert text == (
        "截至2023年12月31日，某清单办结率为33.3%（1/3；口径：(办结 + 已回头看) ÷ 转办总数，第1版）。"
    )


def test_instants() -> None:
    assert day_of("2024-12-31T15:59:59.000000Z") == date(2024, 12, 31)
    assert day_of("2024-12-31T16:00:00.000000Z") == date(2025, 1, 1)
    assert NOW.limit > 10**18
    with pytest.raises(Refused, match="bad_instant"):
        known_position(None, "yesterday")  # type: ignore[arg-type]
