"""Random histories through the gate: every figure, list and projection agrees with a plain recount.

``HISTORIES=1000`` plays so many histories; ``ACTIONS`` of them each. A failure names its seed.
"""

from __future__ import annotations

import operator
import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, select

from ecoissues.core.instants import day_of, instant_text
from ecoissues.core.rates import shown_count
from ecoissues.core.vocabulary import PHASES, TYPES, VERDICTS
from ecoissues.figures import sums
from ecoissues.figures.cuts import Cut
from ecoissues.figures.known import NOW, Known, known_at
from ecoissues.figures.oracle import figure_by_oracle
from ecoissues.figures.reading import Board, By, figure, members
from ecoissues.figures.registry import packaged_definitions
from ecoissues.services import listing
from ecoissues.services.log_lines import event_lines
from ecoissues.services.verifying import verify
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow
from tests.services import recount
from tests.services.machine import CITY, DISTRICT, FOREIGN, HANDLER, OFFICES, TOWN, Office
from tests.services.player import WEIGHTS, Player, few
from tests.services.recount_list import Recount, equal_shares

HISTORIES = int(os.environ.get("HISTORIES", "2"))
ACTIONS = int(os.environ.get("ACTIONS", "480"))
DEFINITIONS = packaged_definitions().by_code
#: What was accepted in all histories of this run, and how many were played.
TOTAL: Counter[str] = Counter()
#: What makes a history worth replaying.
OFTEN = ("back", "assign", "classify", "merge", "followed", "ask_extension", "amend", "strike")
#: What may be refused; anything else is a fault of the test or of the program.
REFUSALS = {
    "accused_unit", "accused", "after_expiry", "before_last_effective", "before_registration",
    "clock_not_running", "evidence_missing", "extension_too_long", "extension_used_up", "follows",
    "has_followers", "home_list", "invalid", "late_needs_supervisor", "late_reason_missing",
    "merge_chain", "merge_itself", "merge_other_kind", "merge_void", "no_request", "no_such_event",
    "not_found", "not_handler", "not_office", "not_later", "not_placed", "notice_running", "nothing_to_amend",
    "placed_already", "promise_past", "registration_kept", "request_waiting", "same_person",
    "too_often", "unmerge_kept", "unit_out_of_scope", "unlawful_correction", "wrong_state",
}  # fmt: skip
CUTS: list[dict[str, str]] = [
    {}, {"scope": DISTRICT}, {"scope": HANDLER}, {"unit": FOREIGN}, {"unit": HANDLER},
    {"scope": DISTRICT, "unit": TOWN}, {"type": "water"}, {"scope": DISTRICT, "type": "noise"},
    {"month": "2024-08"}, {"unit": DISTRICT, "month": "2024-07"},
]  # fmt: skip


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    made = Office(database_url, tmp_path)
    yield made
    made.site.close()


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_books_of_a_random_office_agree(
    office: Office, seed: int, engine_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    player, store = Player(office, seed), office.site.store
    player.play(ACTIONS // 2)
    sums.rebuild(store)
    player.play(ACTIONS // 4)
    sums.advance(store)
    player.play(ACTIONS - ACTIONS // 2 - ACTIONS // 4)
    TOTAL.update(player.accepted)
    TOTAL["histories"] += 1
    hold_enough(TOTAL)
    with capsys.disabled():
        print(f"\n{engine_name}, seed {seed}: accepted {dict(player.accepted)}")  # noqa: T201
        print(f"  refused {dict(player.refused)}")  # noqa: T201
    assert not player.refused.keys() - REFUSALS
    report = verify(office.site)
    assert report.sound, report.faults[:10]
    compared = Comparing(office, seed)
    with store.reading() as connection:
        compared.figures(connection)
        compared.lists(connection)
    with capsys.disabled():
        print(f"  compared {dict(compared.seen)}")  # noqa: T201
    if seed < 2 and ACTIONS >= 480:  # of the histories of every run we know what they hold
        assert len(few(player.accepted, WEIGHTS, 1)) <= 2
        assert not few(player.accepted, OFTEN, 2)
        assert not few(player.accepted, ("late", "register", "forward", "correct"), 10)


class Comparing:
    """Compares the program's figures with the recount, at random days, moments and cuts."""

    def __init__(self, office: Office, seed: int) -> None:
        self.office, self.rng = office, random.Random(seed)
        self.seen: Counter[str] = Counter()
        self.tree = office.site.tree

    def books(self, connection: Connection) -> list[recount.Book]:
        """Read the log as an outsider gets it, some standings kept only: it must be the log."""
        query = select(t.cases.c.id, t.lists.c.code, t.cases.c.number, t.cases.c.part).join(
            t.lists, t.lists.c.id == t.cases.c.list_id
        )
        ids = {f"{code}/{number}/{part}": one for one, code, number, part in
               connection.execute(query)}  # fmt: skip
        lines = event_lines(self.office.site, page=self.rng.choice((7, 500)), kept=5)
        books = recount.read_lines(lines, ids)
        key = operator.attrgetter("case_id")
        assert sorted(books, key=key) == sorted(recount.read_books(connection), key=key)
        return books

    def figures(self, connection: Connection) -> None:
        """Look at several moments; each list, each definition, some cuts and a grouping."""
        books = self.books(connection)
        lists = [row for row in self.office.site.lists.values() if "-" in row.code]
        moments = [(NOW, self.office.site.today())]
        for _ in range(5):
            moments.append(self.moment(connection, books))
        for known, latest in moments:
            day = latest - timedelta(days=self.rng.choice((0, 0, 1, 7, 31, 60)))
            for row in lists:
                until = known.instant_on(day)
                counted = Recount.of(books, row.code, row.unit_code, day, known.limit, until)
                self.one_list(connection, row, day, known, counted)

    def moment(self, connection: Connection, books: list[recount.Book]) -> tuple[Known, date]:
        """Give what was known when a random event had just been recorded, and that day."""
        entries = sorted((e for book in books for e in book.entries), key=lambda e: e.pos)
        chosen = self.rng.choice(entries)
        known = known_at(connection, chosen.recorded_at)
        last = max(e.pos for e in entries if e.recorded_at <= chosen.recorded_at)
        assert known.pos == last
        return known, day_of(chosen.recorded_at)

    def cut(self, asked: dict[str, str]) -> Cut:
        units = self.tree.by_code
        month = asked.get("month", "").replace("-", "")
        return Cut(
            scope_path=units[asked["scope"]].path if "scope" in asked else None,
            unit_path=units[asked["unit"]].path if "unit" in asked else None,
            type=asked.get("type"), cohort=int(month) if month else None,
        )  # fmt: skip

    def one_list(
        self, connection: Connection, row: ListRow, day: date, known: Known, counted: Recount
    ) -> None:
        for asked in [{}, *self.rng.sample(CUTS, 2)]:
            cut = self.cut(asked)
            board = Board(connection, self.tree, row, day, known, cut)
            for code, definition in DEFINITIONS.items():
                part, rest = counted.members(code, **spelled(asked))
                right = (len(part), len(part) + len(rest))
                where = f"{code} of {row.code} on {day}, known {known.pos}, {asked}"
                found = board.figure(definition)
                assert (found.part, found.whole) == right, where
                self.seen["figures"] += 1
        definition = self.rng.choice(list(DEFINITIONS.values()))
        self.groups(connection, row, day, known, counted, definition)
        asked = self.rng.choice(CUTS)
        self.opened(connection, row, day, known, counted, definition, asked)

    def groups(
        self, connection: Connection, row: ListRow, day: date, known: Known, counted: Recount,
        definition: Any,
    ) -> None:  # fmt: skip
        for by in ("district", "unit", "type", "month", self.rng.choice(("weight", "due"))):
            found = figure(connection, self.tree, definition, row, day, known, by=by)
            groups = {group.key: (group.part, group.whole) for group in found.groups}
            assert groups == counted.groups(definition.code, by), (by, definition.code, day)
            over = found.overlap
            whole = sum(group.whole for group in found.groups) - (over.whole if over else 0)
            assert whole == found.whole
            self.seen[f"by {by}"] += 1
        ways: tuple[By, ...] = ("district", "unit")
        for by in ways:
            shared = msgspec.structs.replace(row, joint_counting="half")
            found = figure(connection, self.tree, definition, shared, day, known, by=by)
            right = equal_shares(counted, definition.code, by)
            lines = {g.key: (g.shown_part, g.shown_whole) for g in found.groups}
            assert lines == {
                key: (shown_count(part), shown_count(whole)) for key, (part, whole) in right.items()
            }
            self.seen["shared"] += 1

    def opened(
        self, connection: Connection, row: ListRow, day: date, known: Known, counted: Recount,
        definition: Any, asked: dict[str, str],
    ) -> None:  # fmt: skip
        """A figure opens into exactly its rows; the plain definition says the same."""
        cut = self.cut(asked)
        part, rest = counted.members(definition.code, **spelled(asked))
        place = (connection, self.tree, definition, row, day, known, cut)
        assert members(*place, "part") == part
        assert members(*place, "rest") == rest
        assert figure_by_oracle(*place) == (len(part), len(part) + len(rest))
        self.seen["opened"] += 1

    def lists(self, connection: Connection) -> None:
        """What a list's filter finds today equals the figure of today and the recount."""
        books, today = recount.read_books(connection), self.office.site.today()
        at = instant_text(self.office.site.now())
        for unit in (CITY, DISTRICT, FOREIGN):
            who = self.office.person("supervisor", OFFICES[unit])
            for row in self.office.site.lists.values():
                if "-" not in row.code:
                    continue
                now = Recount.of(books, row.code, row.unit_code, today, 2**62, at)
                filters = self.filters(row, now, unit)
                asked = [listing.Filter.read({"list": row.code, **one}) for one, _ in filters]
                found = listing.counts(connection, self.office.site, who, asked)
                single = [listing.count(connection, self.office.site, who, one) for one in asked]
                right = [number for _, number in filters]
                assert found == single == right, (unit, row.code, filters)
                self.seen["filters"] += len(filters)

    def filters(self, row: ListRow, now: Recount, scope: str) -> list[tuple[dict[str, str], int]]:
        """Give filters and how many cases each must find for somebody with a scope."""
        inside_own = scope in recount.chain(row.unit_code)
        here = {} if inside_own else {"district": scope}  # seen is more than counted
        live = ",".join(phase for phase in PHASES if phase != "void")
        cases = list(now.chosen(scope=scope))
        found = [
            ({"phase": phase}, sum(one.phase == phase for one in cases))
            for phase in PHASES
            if phase != "void"
        ]
        found += [
            ({"phase": live, "type": type_}, sum(type_ in one.types for one in cases))
            for type_ in TYPES
        ]
        found += [
            ({"phase": live, "verdict": verdict}, sum(one.verdict == verdict for one in cases))
            for verdict in VERDICTS
        ]
        for district in () if here else (DISTRICT, FOREIGN):
            inside = sum(
                any(district in recount.chain(code) for code in one.units) for one in cases
            )
            found.append(({"phase": live, "district": district}, inside))
        for clock in ("report", "finish"):
            part, _ = now.members(f"overdue_{clock}", scope=scope)
            found.append(({"due": "overdue", "clock": clock}, len(part)))
        found.append(({"due": "overdue"}, len(now.members("overdue", scope=scope)[0])))
        found.append(({"phase": live, "weight": "key"}, sum(one.weight == "key" for one in cases)))
        return [({**here, **one}, number) for one, number in found]


def hold_enough(total: Counter[str]) -> None:
    """Of every sort at least half as many as histories, on average 25 events in each.

    Looked at after each history, of those this process has played: with several processes no test
    at the end knows them all.
    """
    played = total["histories"]
    assert sum(total[sort] for sort in WEIGHTS) >= 25 * played
    if played >= 20:
        assert not few(total, WEIGHTS, played // 2)


def spelled(asked: dict[str, str]) -> dict[str, str]:
    return {("type_" if name == "type" else name): value for name, value in asked.items()}


def test_every_definition_has_its_recount() -> None:
    assert recount.DEFINITIONS.keys() == DEFINITIONS.keys()
