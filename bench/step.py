"""A step in the service beside the raw SQL of the same statements, and beside itself without
figures: four copies of one site, the same steps in turn on each, at the same frozen instants.

One copy only listens: what the service sends there, the raw variant sends again through the bare
driver, triggers and full synchronisation included. At the end the three logs must be the same.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import psycopg
from sqlalchemy import event, select

from bench import throwaway
from bench.filling import copied, fill, filled
from bench.lives import Measured, document
from bench.measuring import Line, Options, fdatasync_ms, in_turn
from ecoissues.core.policy import Actor
from ecoissues.services import gate
from ecoissues.services.loading import lock_case
from ecoissues.services.recording import Recorder
from ecoissues.services.starting import open_site
from ecoissues.storage import log
from ecoissues.storage import tables as t

#: Registered, transferred and signed for: what the measured steps go on from.
LIVED = 2
LIMIT_RAW, LIMIT_FIGURES = 6.0, 2.5

Statement = tuple[str, Any, bool]


class Walk:
    """The measured steps on one copy of the site, at instants that only depend on the round."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.measured = document().measured
        self.site = open_site(folder, url)
        self.begins = datetime.combine(document().last, datetime.min.time(), UTC) + timedelta(1)
        self.site.clock = lambda: self.now
        self.now = self.begins
        with self.site.store.reading() as connection:
            query = (
                select(t.cases.c.id, t.units.c.code)
                .join(t.units, t.units.c.id == t.cases.c.unit_id)
                .where(t.cases.c.version == LIVED + 1)
                .order_by(t.cases.c.id)
            )
            self.cases = [(case_id, code) for case_id, code in connection.execute(query)]

    def _request(self, number: int) -> tuple[Actor, int, gate.Request]:
        self.now = self.begins + timedelta(seconds=number)
        case_id, code = self.cases[number // len(self.measured)]
        asked: Measured = self.measured[number % len(self.measured)]
        unit = self.site.tree.by_code[code]
        actor = Actor(
            1, f"{asked.role}-{code}", asked.role, asked.role, code, unit.path, unit.scope_path
        )
        version = LIVED + 1 + number % len(self.measured)
        return actor, case_id, gate.Request(asked.step, version, asked.values)

    def take(self, number: int) -> str:
        """Take the step of a round through the gate; gives its digest."""
        return gate.take_step(self.site, *self._request(number)).digest

    def take_without_figures(self, number: int) -> str:
        """The same, but nothing is posted."""
        actor, case_id, request = self._request(number)
        with self.site.store.writing() as connection:
            case = lock_case(connection, self.site, actor, case_id)
            events = log.events_of(connection, case_id)
            recorder = Recorder(self.site, connection, actor, figures=False)
            return gate.make_step(self.site, recorder, actor, case, events, request).digest

    def digests(self) -> list[str]:
        """Give the digest of every event in the order of the log."""
        with self.site.store.reading() as connection:
            query = select(t.events.c.digest).order_by(t.events.c.pos)
            return list(connection.execute(query).scalars())


def heard(walk: Walk, rounds: int) -> list[list[Statement]]:
    """Take the steps of all rounds and give what the driver was handed for each."""
    told: list[Statement] = []
    dialect = walk.site.store.dialect

    @event.listens_for(walk.site.store.engine, "do_connect")
    def listen(_dialect: Any, _record: Any, _args: Any, options: dict[str, Any]) -> None:
        if dialect == "sqlite":
            options["factory"] = _listening_connection(told)
        else:
            options["cursor_factory"] = _listening_cursor(told)

    walk.site.store.engine.dispose()
    walk.take(0)  # the first one also opens the connection
    steps = [list(told)]
    for number in range(1, rounds):
        told.clear()
        walk.take(number)
        steps.append(list(told))
    return [[one for one in step if not one[0].startswith(("PRAGMA", "BEGIN"))] for step in steps]


def _listening_connection(told: list[Statement]) -> type[sqlite3.Connection]:
    class Cursor(sqlite3.Cursor):
        def execute(self, text: str, values: Any = ()) -> Self:
            told.append((text, values, False))
            return super().execute(text, values)

        def executemany(self, text: str, values: Any) -> Self:
            rows = list(values)
            told.append((text, rows, True))
            return super().executemany(text, rows)

    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

    return Connection


def _listening_cursor(told: list[Statement]) -> type[psycopg.Cursor[Any]]:
    class Cursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            told.append((query, params, False))
            return super().execute(query, params, **options)

        def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
            rows = list(params_seq)
            told.append((query, rows, True))
            super().executemany(query, rows, **options)

    return Cursor


@contextmanager
def raw_sqlite(path: Path) -> Iterator[Callable[[list[Statement]], None]]:
    """Give a function that sends one step's statements through bare sqlite3."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON",
                       "recursive_triggers=ON", "temp_store=MEMORY", "cache_size=-32000",
                       "mmap_size=268435456"):  # fmt: skip
            raw.execute(f"PRAGMA {pragma}")
        cursor = raw.cursor()

        def send(statements: list[Statement]) -> None:
            cursor.execute("BEGIN IMMEDIATE")
            for text, values, many in statements:
                if many:
                    cursor.executemany(text, values)
                else:
                    cursor.execute(text, values).fetchall()
            cursor.execute("COMMIT")

        yield send


@contextmanager
def raw_postgresql(url: str) -> Iterator[Callable[[list[Statement]], None]]:
    """Give a function that sends one step's statements through bare psycopg."""
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain) as raw:
        cursor = raw.cursor()

        def send(statements: list[Statement]) -> None:
            for text, values, many in statements:
                if many:
                    cursor.executemany(text, values)
                else:
                    cursor.execute(text, values)
                    if cursor.description:
                        cursor.fetchall()
            raw.commit()

        yield send


class Copies:
    """The four copies of one filled site: to listen on, ours, without figures, raw."""

    def __init__(self, walks: Mapping[str, Walk], raw: Callable[[list[Statement]], None],
                 raw_copy: Walk) -> None:  # fmt: skip
        self.walks, self.raw, self.raw_copy = walks, raw, raw_copy


@contextmanager
def sqlite_copies(options: Options, size: int) -> Iterator[Copies]:
    """Copy the files of a filled site four times."""
    base = filled(size, LIVED)
    names = ("heard", "ours", "plain", "raw")
    folders = {name: copied(base, options.folder / f"step-{name}") for name in names}
    with ExitStack() as stack:
        walks = {name: Walk(folder) for name, folder in folders.items()}
        for walk in walks.values():
            stack.callback(walk.site.close)
        send = stack.enter_context(raw_sqlite(folders["raw"] / "ecoissues.db"))
        yield Copies(walks, send, walks["raw"])
    for folder in folders.values():
        shutil.rmtree(folder)


@contextmanager
def postgresql_copies(options: Options, size: int) -> Iterator[Copies]:
    """Fill a database of a throw-away server and copy it four times."""
    with throwaway.server() as server, ExitStack() as stack:
        base = server.url("bench_base")
        server.create("bench_base")
        folder = options.folder / "step-postgresql"
        fill(folder, size, LIVED, base)
        names = ("heard", "ours", "plain", "raw")
        urls = {name: server.url(f"bench_{name}") for name in names}
        for name in names:
            server.create(f"bench_{name}", "bench_base")
        walks = {name: Walk(folder, url) for name, url in urls.items()}
        for walk in walks.values():
            stack.callback(walk.site.close)
        send = stack.enter_context(raw_postgresql(urls["raw"]))
        yield Copies(walks, send, walks["raw"])


def weigh(copies: Copies, rounds: int) -> dict[str, float]:
    """Measure the rounds on all copies in turn; the logs must be the same at the end."""
    steps = heard(copies.walks["heard"], rounds)
    writes = [[one for one in step if not one[0].startswith("SELECT")] for step in steps]
    medians = in_turn(
        {
            "ours": copies.walks["ours"].take,
            "plain": copies.walks["plain"].take_without_figures,
            "raw": lambda number: copies.raw(steps[number]),
        },
        rounds,
    )
    logs = [walk.digests() for walk in copies.walks.values()]
    if any(one != logs[0] for one in logs):
        raise AssertionError("the variants did not write the same log")
    medians["statements"] = sum(map(len, steps)) / rounds
    medians["writes"] = sum(map(len, writes)) / rounds
    return medians


def measure(options: Options) -> Iterator[Line]:
    """Part b: one step, on SQLite and on PostgreSQL."""
    size, rounds = options.size(6300, 1500), options.size(1600, 400)
    disk = fdatasync_ms(options.folder)
    engines: Mapping[str, Callable[[Options, int], AbstractContextManager[Copies]]] = {
        "SQLite": sqlite_copies, "PostgreSQL": postgresql_copies,
    }  # fmt: skip
    for engine, make in engines.items():
        if engine == "PostgreSQL" and (missing := throwaway.missing()):
            yield Line(f"step, {engine}", note=f"not measured: {missing}")
            continue
        with make(options, size) as copies:
            medians = weigh(copies, rounds)
        told = f"{medians['statements']:.0f} statements, {medians['writes']:.1f} of them writes"
        if engine == "SQLite":
            told = f"synchronous=FULL, 4 KiB fdatasync {disk:.3f} ms; {told}"
        yield Line(f"step, {engine}: raw SQL of the same statements", medians["ours"],
                   medians["raw"], limit=LIMIT_RAW, note=told)  # fmt: skip
        yield Line(f"step, {engine}: without figures", medians["ours"], medians["plain"],
                   limit=LIMIT_FIGURES)  # fmt: skip
