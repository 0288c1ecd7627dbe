"""Sixteen clients over two processes that all want the same case at the same version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from bench import throwaway
from bench.measuring import Line, Options
from ecoissues.storage import schema
from tests.services import contender, machine

LIMIT = 200.0
CASES = 3


@contextmanager
def _sqlite(folder: Path) -> Iterator[str]:
    url = f"sqlite:///{folder / 'contention.db'}"
    schema.upgrade(url)
    yield url


@contextmanager
def _postgresql(_folder: Path) -> Iterator[str]:
    with throwaway.server() as server:
        server.create("contention")
        url = server.url("contention")
        schema.upgrade(url)
        yield url


def _play(url: str, folder: Path, rounds: int) -> contender.Tally:
    """Play the rounds; every one must have one winner and fifteen who were told so."""
    folder.mkdir(exist_ok=True)
    office = machine.Office(url, folder)
    try:
        with office.site.store.writing() as connection:
            kinds = list(office.kinds.values())
            cases = [
                machine.walk(office, connection, kind, machine.work_of(kind))
                for kind in (kinds[place % len(kinds)] for place in range(CASES))
            ]
        with contender.clients() as running:
            return contender.run_rounds(office, running, cases, rounds)
    finally:
        office.site.close()


def measure(options: Options) -> Iterator[Line]:
    """Part f."""
    rounds = options.size(200, 20)
    engines: Mapping[str, tuple[str, AbstractContextManager[str]]] = {
        "SQLite": ("", _sqlite(options.folder)),
        "PostgreSQL": (throwaway.missing(), _postgresql(options.folder)),
    }
    for engine, (missing, opened) in engines.items():
        what = f"{engine}, {rounds} rounds × {contender.CLIENTS} clients, p95"
        if missing:
            yield Line(what, note=f"not measured: {missing}")
            continue
        with opened as url:
            tally = _play(url, options.folder / engine.lower(), rounds)
        if tally.wrong:
            raise AssertionError("\n".join(tally.wrong[:10]))
        yield Line(what, tally.p95, limit=LIMIT, absolute=True,
                   note=f"slowest {max(tally.latencies):.0f} ms; one winner in every round")  # fmt: skip
