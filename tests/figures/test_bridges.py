"""A bridge always adds up: over random histories, for every definition, group and pair of moments."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ecoissues.core.events import Event
from ecoissues.core.vocabulary import REVISIONS
from ecoissues.figures import bridges
from ecoissues.figures.cuts import WHOLE
from ecoissues.figures.editions import freeze, recount, rows_digest
from ecoissues.figures.known import Known
from ecoissues.figures.registry import packaged_definitions
from ecoissues.storage.engine import Store
from tests.examples import examples
from tests.figures.histories import play, steps
from tests.figures.world import Book, create_tables, event

DEFINITIONS = tuple(
    one for one in packaged_definitions().by_code.values() if not getattr(one, "period", "")
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = Store(f"sqlite:///{tmp_path_factory.mktemp('bridges') / 'b.sqlite3'}")
    create_tables(made.engine)
    return made


def published_at(book: Book, place: int) -> tuple[int, date]:
    """A position of the log and the day on which it was written."""
    events = sorted((e for log in book.logs.values() for e in log), key=lambda one: one.pos)
    chosen = events[place * (len(events) - 1) // 100]
    return chosen.pos, date.fromisoformat(chosen.recorded_at[:10])


@examples(60)
@given(drawn=steps, place=st.integers(0, 100), back=st.integers(0, 40))
def test_the_rows_of_a_bridge_are_the_difference(
    store: Store, drawn: list[tuple[int, int, int, int, int]], place: int, back: int
) -> None:
    book = Book(store)
    play(book, drawn)
    pos, day = published_at(book, place) if book.logs else (0, book.today)
    as_of = date.fromordinal(day.toordinal() - back)
    then, now = Known(pos), Known(book.pos)
    with store.reading() as connection:
        for row in book.lists.values():
            frozen = freeze(connection, book.tree, row, as_of, then, WHOLE, DEFINITIONS, "district")
            today = freeze(connection, book.tree, row, as_of, now, WHOLE, DEFINITIONS, "district")
            again = rows_digest(connection, book.tree, row, as_of, then, WHOLE, frozen.accounts)
            assert again == (frozen.rows, frozen.rows_digest)
            for old, new in zip(frozen.figures, today.figures, strict=True):
                places = [None, *old.groups]
                for group in places:
                    basis = bridges.Basis(row, as_of, WHOLE, "district", group)
                    moves = bridges.revisions(connection, book.tree, basis, old, pos, now)
                    was = (group or old).part, (group or old).whole
                    same = next((g for g in new.groups if group and g.key == group.key), None)
                    found = (same.part, same.whole) if same else (0, 0)
                    is_ = found if group else (new.part, new.whole)
                    assert is_[0] - was[0] == sum(move.part for move in moves)
                    assert is_[1] - was[1] == sum(move.whole for move in moves)
                    assert {move.reason for move in moves} <= set(REVISIONS) - {"other"}
                counted = recount(connection, book.tree, row, as_of, now, WHOLE, old)
                assert counted == (new.part, new.whole)


@examples(30)
@given(drawn=steps, apart=st.integers(0, 60))
def test_progress_between_two_days_adds_up(
    store: Store, drawn: list[tuple[int, int, int, int, int]], apart: int
) -> None:
    book = Book(store)
    play(book, drawn)
    known = Known(book.pos)
    first = date.fromordinal(book.today.toordinal() - apart)
    with store.reading() as connection:
        for row in book.lists.values():
            old = freeze(connection, book.tree, row, first, known, WHOLE, DEFINITIONS, "unit")
            new = freeze(connection, book.tree, row, book.today, known, WHOLE, DEFINITIONS, "unit")
            for one, other in zip(old.figures, new.figures, strict=True):
                basis = bridges.Basis(row, book.today, WHOLE, "unit")
                moves = bridges.progress(connection, book.tree, basis, one, first, known)
                assert other.part - one.part == sum(move.part for move in moves)
                assert other.whole - one.whole == sum(move.whole for move in moves)


START = date(2024, 1, 1)


def one(seq: int, phase: str, source: str = "a", target: str = "b", **facts: object) -> Event:
    step = str(facts.pop("step", "step"))
    return replace(event(seq, START, source, target, phase, step, **facts), recorded_at=f"t{seq}")


REGISTERED = one(1, "open", "", "a", parties=[["N1", "lead"]])
CLOSED = one(2, "closed")
REASONS = {
    "late": ([REGISTERED], [one(2, "closed")]),
    "late registration": ([], [REGISTERED]),
    "first hand-over": ([one(1, "open", "", "a")], [one(2, "open", parties=[["N1", "lead"]])]),
    "first deadline": ([REGISTERED], [one(2, "open", "a", "a", clocks={"x": {"op": "set"}})]),
    "corrected": ([REGISTERED, CLOSED], [one(3, "closed", "b", "b", step="amend")]),
    "struck and restated": (
        [REGISTERED, CLOSED], [one(3, "closed", "b", "b", step="strike"), one(4, "open")]
    ),
    "reopened": ([REGISTERED, CLOSED], [one(3, "open", "b", "a")]),
    "reviewed": ([REGISTERED, CLOSED], [one(3, "reviewed", "b", "c")]),
    "voided": ([REGISTERED, CLOSED], [one(3, "void", "b", "v")]),
    "reassigned": ([REGISTERED], [one(2, "open", "a", "a", parties=[["S1", "lead"]])]),
    "merged": ([REGISTERED], [one(2, "closed", merged_into="x/1")]),
    "placed": ([REGISTERED], [one(2, "open", "a", "a", placed="y")]),
    "redated": ([REGISTERED], [one(2, "open", "a", "a", clocks={"x": {"op": "extend"}})]),
}  # fmt: skip
NAMED = {"late registration": "late", "first hand-over": "late", "first deadline": "late",
         "struck and restated": "corrected", "reviewed": "late"}  # fmt: skip


@pytest.mark.parametrize("name", REASONS)
def test_the_reason_of_a_change(name: str) -> None:
    before, together = REASONS[name]
    assert bridges.reason_of(before, together) == NAMED.get(name, name)
