"""Random histories: sums = postings = the plain definition, for any day, known-at and cut."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from ecoissues.core.accounts import STOCKS
from ecoissues.figures.comparing import compare_postings, compare_sums
from ecoissues.figures.cuts import Cut
from ecoissues.figures.known import NOW, Known, known_at
from ecoissues.figures.oracle import figure_by_oracle
from ecoissues.figures.reading import Board, figure, members
from ecoissues.figures.registry import packaged_definitions
from ecoissues.figures.series import month_ends, series
from ecoissues.figures.sums import advance, rebuild
from ecoissues.storage.engine import Store
from tests.figures.histories import play, steps
from tests.figures.recount import count_case
from tests.figures.world import LISTS, Book

DEFINITIONS = list(packaged_definitions().by_code.values())
CUTS = [
    Cut(),
    Cut(scope_path="/1/2/"),
    Cut(unit_path="/1/3/"),
    Cut(scope_path="/1/2/", unit_path="/1/2/11/"),
    Cut(type="water"),
    Cut(unit_path="/1/2/", type="air"),
    Cut(cohort=202401),
]
looks = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 40), st.integers(0, len(CUTS) - 1)),
    min_size=3,
    max_size=3,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=steps, second=steps, third=steps, looked=looks, early=st.booleans())
def test_books_agree(
    store: Store,
    first: list[tuple[int, int, int, int, int]],
    second: list[tuple[int, int, int, int, int]],
    third: list[tuple[int, int, int, int, int]],
    looked: list[tuple[int, int, int]],
    early: bool,
) -> None:
    book = Book(store)
    play(book, first)
    if early:
        rebuild(store)
    play(book, second)
    advance(store)
    play(book, third)
    with store.reading() as connection:
        assert list(compare_postings(connection, book.tree, book.lists)) == []
        for back, later, cut in looked:
            known = _known(connection, book, back, later)
            as_of = (known.on or book.today) - timedelta(days=back % 90 if back % 2 else back % 7)
            _agree(connection, book, as_of, known, CUTS[cut])


def _known(connection: Connection, book: Book, back: int, later: int) -> Known:
    everything = [one for log in book.logs.values() for one in log]
    if back % 4 == 0 or not everything:
        return NOW
    everything.sort(key=lambda one: one.pos)
    moment = everything[back % len(everything)].recorded_at
    if later > 30:
        return known_at(connection, moment)
    return Known(known_at(connection, moment).pos, moment, book.today)


def _agree(connection: Connection, book: Book, as_of: date, known: Known, cut: Cut) -> None:
    tree = book.tree
    if known.on is not None and known.pos is not None:
        # A position stands for the moment up to the next event, not for all days after it.
        later = [one for log in book.logs.values() for one in log if one.pos > known.pos]
        if later and as_of > _day(min(later, key=lambda one: one.pos).recorded_at):
            known = NOW
    for row in book.lists.values():
        assert list(compare_sums(connection, tree, row, as_of, known)) == []
        _recounts(Board(connection, tree, row, as_of, known), book)
        for definition in DEFINITIONS:
            right = figure_by_oracle(connection, tree, definition, row, as_of, known, cut)
            read = figure(connection, tree, definition, row, as_of, known, cut)
            assert (read.part, read.whole) == right
        definition = DEFINITIONS[as_of.day % len(DEFINITIONS)]
        read = figure(connection, tree, definition, row, as_of, known, cut)
        part = members(connection, tree, definition, row, as_of, known, cut, "part")
        rest = members(connection, tree, definition, row, as_of, known, cut, "rest")
        everyone = members(connection, tree, definition, row, as_of, known, cut, "all")
        assert (len(part), len(part) + len(rest)) == (read.part, read.whole)
        assert sorted([*part, *rest]) == everyone
        _groups_add_up(Board(connection, tree, row, as_of, known, cut))
        points = series(connection, tree, definition, row, month_ends(as_of, 5), known, cut)
        for point in points:
            alone = figure(connection, tree, definition, row, point.as_of, known, cut)
            assert (point.part, point.whole) == (alone.part, alone.whole)


def _recounts(board: Board, book: Book) -> None:
    """The totals, and each district's, against a recount that shares no code with the program."""
    paths = {"": "/", "NORTH": "/1/2/", "SOUTH": "/1/3/", "WATER": "/1/4/"}
    totals = {code: Counter[str]() for code in paths}
    for case_id, log in book.logs.items():
        counted, facts = count_case(log, board.as_of, board.known.limit, board.row.code)
        if board.row.code not in {LISTS[case_id % 2], *facts["lists"]}:
            continue
        codes = [code for code, party in facts["parties"] if party in ("lead", "joint")]
        handled = [book.tree.by_code[code].path for code in codes or ["CITY"]]
        for code, path in paths.items():
            if any(one.startswith(path) for one in handled):
                totals[code].update(counted)
    tops = {board.tree.by_code[code].id: code for code in paths if code}
    districts = {tops[int(key)]: vector for key, vector in board.vectors("district").items()
                 if key in tops}  # fmt: skip
    for code in tops.values():
        found = board.named(districts[code]) if code in districts else {}
        assert {name: found.get(name, 0) for name in STOCKS} == _all(totals[code]), code
    assert {name: board.total[name] for name in STOCKS} == _all(totals[""])


def _all(counted: Counter[str]) -> dict[str, int]:
    return {name: counted[name] for name in STOCKS}


def _day(instant: str) -> date:
    return date.fromisoformat(instant[:10])


def _groups_add_up(board: Board) -> None:
    for definition in DEFINITIONS:
        for by in ("district", "unit", "type", "month"):
            grouped = board.figure(definition, by)
            over = grouped.overlap
            whole = sum(group.whole for group in grouped.groups) - (over.whole if over else 0)
            part = sum(group.part for group in grouped.groups) - (over.part if over else 0)
            if board.cut.type is None or by != "type":
                assert (part, whole) == (grouped.part, grouped.whole)
        phases = board.figure(definition, "phase").groups
        assert sum(group.part for group in phases if group.key != "void") == board.total["cases"]


@pytest.mark.parametrize("chunk", [1, 7])
def test_a_rebuild_killed_midway_leaves_the_old_sums(
    store: Store, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Book(store)
    play(book, [(1, 0, 0, 30, 5), (2, 0, 5, 20, 100), (1, 0, 3, 10, 700), (2, 0, 4, 2, 900)])
    rebuild(store)

    def stop(done: int, everything: int) -> None:
        if done > everything // 2:
            raise KeyboardInterrupt

    play(book, [(3, 0, 1, 3, 40), (1, 0, 0, 40, 400)])
    with pytest.raises(KeyboardInterrupt):
        rebuild(store, progress=stop, chunk=chunk)
    with store.reading() as connection:
        for row in book.lists.values():
            assert list(compare_sums(connection, book.tree, row, book.today)) == []
    assert rebuild(store) == book.pos
    with store.reading() as connection:
        generations = connection.exec_driver_sql("SELECT count(*) FROM generations").scalar()
        kept = connection.exec_driver_sql(
            "SELECT count(DISTINCT generation) FROM day_sums"
        ).scalar()
        assert (generations, kept) == (1, 1)
        for row in book.lists.values():
            assert list(compare_sums(connection, book.tree, row, book.today)) == []
