"""Many short random histories: board = list = export = ``ecoissues figure`` = a recount from the
lines of ``ecoissues events --jsonl`` alone, today and at random earlier moments.

``make histories`` plays a thousand for each engine and prints what was accepted; a run of the whole
suite plays a few. Hypothesis draws them; a failure names block and seed.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, make_url, select, update

from ecoissues.core import kind_registry
from ecoissues.core.instants import day_of, instant_text
from ecoissues.core.kind_registry import Reading
from ecoissues.core.kinds import Kind
from ecoissues.figures import sums
from ecoissues.figures.cuts import Cut
from ecoissues.figures.known import NOW, Known, known_at
from ecoissues.figures.oracle import figure_by_oracle
from ecoissues.figures.reading import Board, members
from ecoissues.figures.registry import packaged_definitions
from ecoissues.services import kind_library
from ecoissues.services.log_lines import event_lines
from ecoissues.services.verifying import verify
from ecoissues.storage import log
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow
from tests import postgres
from tests.databases import sqlite_address
from tests.services import recount
from tests.services.busy_player import BusyPlayer
from tests.services.doors import Doors
from tests.services.machine import DISTRICT, FOREIGN, HANDLER, Office
from tests.services.recount_list import Recount

#: How many histories in all, and in how many blocks (each a test of its own).
HISTORIES = int(os.environ.get("MANY_HISTORIES", "16"))
BLOCKS = max(1, HISTORIES // 25)
ACTIONS = (75, 120)
#: Kinds whose lists can be moved to another version in these histories.
VERSIONED = ("complaint", "rectification", "issue_list", "hotline_matter", "warning_film")
#: Histories (seed, actions) in which a door and the recount once disagreed: a clock in minutes that
#: had run out by the end of the day.
ONCE_DIFFERENT = [("37/92", 92)]
DEFINITIONS = packaged_definitions().by_code
CUTS: list[tuple[dict[str, str], dict[str, str]]] = [
    ({"scope_path": DISTRICT}, {"scope": DISTRICT}), ({"unit_path": HANDLER}, {"unit": HANDLER}),
    ({"scope_path": DISTRICT, "unit_path": HANDLER}, {"scope": DISTRICT, "unit": HANDLER}),
    ({"unit_path": FOREIGN}, {"unit": FOREIGN}), ({"type": "water"}, {"type_": "water"}),
]  # fmt: skip


@pytest.fixture
def quick_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read and prove the documents once for all sites of the run: they are the same."""
    readings: dict[Path, Reading] = {}
    moving: dict[int, Kind] = {}
    read, complete = kind_registry.read_documents, kind_registry.with_moving_steps

    def read_once(folder: Path, existing: Any) -> Reading:
        if folder not in readings:
            readings[folder] = read(folder, existing)
        return readings[folder]

    def complete_once(kind: Kind) -> Kind:
        if id(kind) not in moving:
            moving[id(kind)] = complete(kind)
        return moving[id(kind)]

    monkeypatch.setattr(kind_library, "read_documents", read_once)
    monkeypatch.setattr(kind_library, "with_moving_steps", complete_once)


Furnished = Callable[[], Any]


@pytest.fixture
def furnished(
    engine_name: str, database_url: str, tmp_path: Path, quick_kinds: None
) -> Furnished:
    """Give a maker of offices, each with a fresh database: units and lists stand, no case."""
    data = tmp_path / "data"
    (data / "kinds").mkdir(parents=True)
    for code in VERSIONED:
        text = (resources.files("ecoissues") / "kinds" / f"{code}.toml").read_text("utf-8")
        later = text.replace("\nversion = 1\n", "\nversion = 2\n", 1)
        (data / "kinds" / f"{code}-2.toml").write_text(later, "utf-8")
    first = Office(database_url, data)
    with first.site.store.writing() as connection:
        # What is registered has the first version; the second comes with a move.
        connection.execute(update(t.lists).values(kind_version=1))
    first.site.close()
    serial = itertools.count()

    @contextmanager
    def sqlite() -> Iterator[Office]:
        path = tmp_path / f"history-{next(serial)}.sqlite3"
        shutil.copyfile(database_url.removeprefix("sqlite:///"), path)
        office = Office(sqlite_address(path), data, furnish=False)
        try:
            yield office
        finally:
            office.site.close()
            for left in path.parent.glob(f"{path.name}*"):
                left.unlink()

    @contextmanager
    def postgresql() -> Iterator[Office]:
        template = make_url(database_url).database
        assert template is not None
        with postgres.server().fresh(template) as url:
            office = Office(url, data, furnish=False)
            try:
                yield office
            finally:
                office.site.close()

    if engine_name == "sqlite":
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return sqlite
    return postgresql


# A block of 25 takes a minute or two by itself, and much longer on a machine that does other things.
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("block", range(BLOCKS))
def test_every_door_shows_what_the_log_says(
    block: int, furnished: Furnished, tmp_path: Path, record_property: Callable[[str, Any], None]
) -> None:
    counted: Counter[str] = Counter()

    @settings(
        max_examples=-(-HISTORIES // BLOCKS), deadline=None, database=None, print_blob=True,
        phases=(Phase.generate,), report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(seed=st.integers(0, 2**32), actions=st.integers(*ACTIONS))
    def play(seed: int, actions: int) -> None:
        with furnished() as office:
            one = History(office, f"{block}/{seed}", tmp_path)
            one.play(actions)
            one.check()
            counted.update(one.counted())

    play()
    record_property("histories", json.dumps(counted))


@pytest.mark.parametrize(("seed", "actions"), ONCE_DIFFERENT)
def test_histories_that_once_differed(
    seed: str, actions: int, furnished: Furnished, tmp_path: Path
) -> None:
    with furnished() as office:
        one = History(office, seed, tmp_path)
        one.play(actions)
        one.check()


class History:
    """One history: played, verified, compared."""

    def __init__(self, office: Office, seed: str, folder: Path) -> None:
        self.office, self.site, self.folder = office, office.site, folder
        self.player = BusyPlayer(office, seed)
        self.rng = random.Random(f"compare {seed}")
        self.seen: Counter[str] = Counter()
        self.events = 0

    def play(self, actions: int) -> None:
        """Play, the sums rebuilt or caught up somewhere on the way."""
        turn = self.rng.randint(1, actions)
        self.player.play(turn)
        self.rng.choice((sums.rebuild, sums.advance))(self.site.store)
        self.player.play(actions - turn)

    def counted(self) -> Counter[str]:
        found = Counter(self.player.accepted)
        found.update({f"role {name}": count for name, count in self.player.roles.items()})
        found.update({f"compared {name}": count for name, count in self.seen.items()})
        found["histories"], found["events"] = 1, self.events
        found["refused"] = self.player.refused.total()
        return found

    def check(self) -> None:
        """Compare everything, now and as known at random moments."""
        if not self.rng.randint(0, 7):
            report = verify(self.site)
            assert report.sound, report.faults[:5]
        with self.site.store.reading() as connection:
            names, homes = self.names(connection)
            self.events = log.head_pos(connection)
        self.site.refresh()
        doors = Doors(self.site, self.folder, self.rng, names)
        outside = self.rng.random() < 0.04
        lines = doors.lines() if outside else event_lines(self.site, kept=3)
        books = recount.read_lines(lines, {name: one for one, name in names.items()})
        for known, latest in self.moments(books):
            day = latest - timedelta(days=self.rng.choice((0, 0, 1, 7, 31)))
            for row in homes:
                until = known.instant_on(day)
                right = Recount.of(books, row.code, row.unit_code, day, known.limit, until)
                with self.site.store.reading() as connection:
                    self.numbers(connection, row, day, known, right)
                if not self.rng.randint(0, 2):
                    doors.check(row, day, known, right)
                if outside and day <= date.today():  # noqa: DTZ011 - the program's own clock
                    doors.command_line(row, day, known, right)
        if outside:
            today, now = self.site.today(), instant_text(self.site.now())
            right = Recount.of(books, homes[0].code, homes[0].unit_code, today, 2**62, now)
            doors.web(homes[0], today, NOW, right)
        self.seen.update(doors.seen)

    def names(self, connection: Connection) -> tuple[dict[int, str], list[ListRow]]:
        """Give the cases by id as LIST/NUMBER/PART, and the lists that hold one."""
        c, lists = t.cases.c, self.site.lists
        rows = connection.execute(select(c.id, c.list_id, c.number, c.part)).all()
        placed = connection.execute(select(t.case_placements.c.list_id)).scalars()
        names = {one: f"{lists[home].code}/{number}/{part}" for one, home, number, part in rows}
        return names, [lists[one] for one in sorted({row[1] for row in rows} | set(placed))]

    def moments(self, books: list[recount.Book]) -> Iterator[tuple[Known, date]]:
        """Give now, and what was known when random events had just been recorded."""
        yield Known(now=instant_text(self.site.now())), self.site.today()
        entries = sorted((e for book in books for e in book.entries), key=lambda e: e.pos)
        for chosen in self.rng.choices(entries, k=2):
            with self.site.store.reading() as connection:
                known = known_at(connection, chosen.recorded_at)
            assert known.pos == max(e.pos for e in entries if e.recorded_at <= chosen.recorded_at)
            yield known, day_of(chosen.recorded_at)

    def numbers(
        self, connection: Connection, row: ListRow, day: date, known: Known, right: Recount
    ) -> None:
        """Every definition over the whole list and a cut; one opened into its rows."""
        tree = self.site.tree
        paths, asked = self.rng.choice(CUTS)
        chosen: dict[str, Any] = {
            name: tree.by_code[code].path if name.endswith("path") else code
            for name, code in paths.items()
        }
        cut = Cut(**chosen)
        for one, spelled in ((Cut(), {}), (cut, asked)):
            board = Board(connection, tree, row, day, known, one)
            for code, definition in DEFINITIONS.items():
                part, rest = right.members(code, **spelled)
                found = board.figure(definition)
                where = (code, row.code, day, known, spelled)
                assert (found.part, found.whole) == (len(part), len(part) + len(rest)), where
                self.seen["figures"] += 1
        code = self.rng.choice(list(DEFINITIONS))
        part, rest = right.members(code, **asked)
        place = (connection, tree, DEFINITIONS[code], row, day, known, cut)
        assert (members(*place, "part"), members(*place, "rest")) == (part, rest)
        assert figure_by_oracle(*place) == (len(part), len(part) + len(rest))
        self.seen["opened"] += 1
