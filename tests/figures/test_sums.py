"""Generations of sums: what a lagging one leaves to be read, what an earlier known-at takes out."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, insert, select

from ecoissues.figures.comparing import compare_sums
from ecoissues.figures.generations import half_of, halves_between, next_half
from ecoissues.figures.known import NOW, known_at
from ecoissues.figures.postings import values_of
from ecoissues.figures.reading import figure
from ecoissues.figures.registry import packaged_definitions
from ecoissues.figures.series import month_ends, series
from ecoissues.figures.sums import advance, rebuild
from ecoissues.figures.totals import nearer_after
from ecoissues.storage import tables as t
from ecoissues.storage.engine import Store
from tests.figures.world import Book, clock

CLOSURE = packaged_definitions().get("closure_rate")
OVERDUE = packaged_definitions().get("overdue_finish")


@pytest.fixture
def book(store: Store) -> Book:
    return Book(store)


def register(book: Book, case_id: int, day: date, due: date | None = None) -> None:
    clocks = {"finish": clock("set", due, "finish", "closed")} if due else {}
    book.write(
        case_id, day, "transferred", "open", step="register", parties=[["N1", "lead"]],
        types=["water"], clocks=clocks,
    )  # fmt: skip


def halves_of(connection: Connection) -> list[str]:
    query = select(t.checkpoints.c.begins).distinct().order_by(t.checkpoints.c.begins)
    return [date.fromordinal(one).isoformat() for one in connection.execute(query).scalars()]


def test_known_earlier_in_the_month_of_the_board(store: Store, book: Book) -> None:
    register(book, 2, date(2023, 11, 20))
    moment = book.instant
    book.later(48)
    register(book, 4, date(2023, 11, 20))
    book.later(24 * 40)
    register(book, 6, date(2023, 11, 20))
    book.save()
    rebuild(store)
    with store.reading() as connection:
        known = known_at(connection, moment.isoformat())
        row = book.lists[1]
        assert known.pos == 1
        day = date(2023, 11, 20)
        assert figure(connection, book.tree, CLOSURE, row, day, known).whole == 1
        assert figure(connection, book.tree, CLOSURE, row, day).whole == 3
        ends = [date(2023, 10, 31), date(2023, 11, 30)]
        known = known_at(connection, "2023-11-30")
        points = series(connection, book.tree, CLOSURE, row, ends, known)
        assert [point.whole for point in points] == [0, 2]


def test_known_in_the_middle_of_the_last_day(store: Store, book: Book) -> None:
    book.later(24 * 10)
    assert book.today == date(2023, 11, 30)
    register(book, 2, book.today)
    moment = book.instant
    book.later(3)
    register(book, 4, book.today)
    book.save()
    rebuild(store)
    with store.reading() as connection:
        known = known_at(connection, moment.isoformat())
        ends = [date(2023, 10, 31), date(2023, 11, 30)]
        for given, count in ((known, 1), (NOW, 2)):
            points = series(connection, book.tree, CLOSURE, book.lists[1], ends, given)
            assert [point.whole for point in points] == [0, count]
            found = figure(connection, book.tree, CLOSURE, book.lists[1], ends[1], given)
            assert found.whole == count


def test_months_go_on_while_the_sums_stand_still(store: Store, book: Book) -> None:
    register(book, 2, date(2023, 11, 20), due=date(2024, 2, 10))
    book.save()
    rebuild(store)
    book.later(24 * 150)
    with store.reading() as connection:
        ends = month_ends(date(2024, 3, 31), 5)
        points = series(connection, book.tree, OVERDUE, book.lists[1], ends)
        assert [point.part for point in points] == [0, 0, 0, 1, 1]
        for day in (date(2024, 2, 10), date(2024, 2, 11)):
            assert list(compare_sums(connection, book.tree, book.lists[1], day)) == []


def test_advancing_writes_the_halves_between_and_before(store: Store, book: Book) -> None:
    register(book, 2, date(2023, 11, 20))
    book.save()
    rebuild(store)
    with store.reading() as connection:
        assert halves_of(connection) == ["2023-12-01"]
    book.later(24 * 75)
    register(book, 4, date(2023, 7, 5))
    book.save()
    assert advance(store, least=2) == 1
    assert advance(store) == 2
    assert advance(store) == 2
    row = book.lists[1]
    with store.reading() as connection:
        assert halves_of(connection) == [
            "2023-07-16", "2023-08-01", "2023-08-16", "2023-09-01", "2023-09-16", "2023-10-01",
            "2023-10-16", "2023-11-01", "2023-11-16", "2023-12-01", "2023-12-16", "2024-01-01",
            "2024-01-16", "2024-02-01", "2024-02-16",
        ]  # fmt: skip
        points = series(connection, book.tree, CLOSURE, row, month_ends(date(2024, 2, 29), 9))
        assert [point.whole for point in points] == [0, 1, 1, 1, 1, 2, 2, 2, 2]
        assert list(compare_sums(connection, book.tree, row, date(2023, 7, 31))) == []


def test_without_any_sums_the_postings_answer(store: Store, book: Book) -> None:
    register(book, 2, date(2023, 11, 20))
    book.save()
    with store.reading() as connection:
        assert halves_of(connection) == []
        assert list(compare_sums(connection, book.tree, book.lists[1], book.today)) == []
    assert advance(store) == 1
    with store.reading() as connection:
        assert halves_of(connection) == ["2023-12-01"]


def test_an_overtaken_rebuild_does_not_switch(store: Store, book: Book) -> None:
    register(book, 2, date(2023, 11, 20))
    book.save()

    def overtake(done: int, everything: int) -> None:
        if done == 1:
            rebuild(store)

    rebuild(store, progress=overtake)
    with store.reading() as connection:
        current = connection.execute(
            select(t.generations.c.id).where(t.generations.c.current)
        ).scalars()
        assert list(current) == [2]
        assert list(compare_sums(connection, book.tree, book.lists[1], book.today)) == []


@pytest.mark.parametrize(
    ("day", "late"), [(date(2024, 2, 29), 1), (date(2024, 3, 1), 0), (date(2024, 4, 9), 0)]
)
def test_late_means_recorded_in_a_later_month(day: date, late: int) -> None:
    key = (day.toordinal(), 1, 1, 1, 1, 1, "water", 202402)
    values = values_of(7, 9, date(2024, 3, 5), [(key, [0] * 25)])
    assert values[0][:11] == (9, 7, *key, late)


def test_half_months() -> None:
    days = [date(2024, 12, 1), date(2024, 12, 16), date(2025, 1, 1)]
    begins, ends = days[0].toordinal(), days[-1].toordinal()
    assert [half_of(one) for one in (*days, date(2024, 12, 15), date(2024, 12, 31))] == [
        days[0].toordinal(), days[1].toordinal(), ends, begins, days[1].toordinal()
    ]  # fmt: skip
    assert list(halves_between(begins, ends)) == [one.toordinal() for one in days[:2]]
    assert next_half(days[1].toordinal()) == ends


@pytest.mark.parametrize(
    ("day", "after"),
    [("2024-12-07", None), ("2024-12-08", "2024-12-16"), ("2024-12-15", "2024-12-16"),
     ("2024-12-16", None), ("2024-12-23", None), ("2024-12-24", "2025-01-01"),
     ("2024-02-22", None), ("2024-02-23", "2024-03-01"), ("9999-12-31", None),
     ("9999-12-14", "9999-12-16")],
)  # fmt: skip
def test_the_nearer_checkpoint_is_the_one_read_from(day: str, after: str | None) -> None:
    found = nearer_after(date.fromisoformat(day))
    assert found == (date.fromisoformat(after).toordinal() if after else 0)


def test_month_ends() -> None:
    assert NOW.pos is None
    assert month_ends(date(2024, 3, 31), 2) == [date(2024, 2, 29), date(2024, 3, 31)]
    assert date(2024, 3, 31) - timedelta(31) == date(2024, 2, 29)


def test_an_empty_log_is_summed_to_nothing(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(insert(t.head).values(id=1, pos=0, recorded_at=""))
    assert rebuild(store) == 0
    assert advance(store) == 0
