"""Fills a site with many cases in one go: lawful events in order of their days, with everything
that follows from them, through the same functions as the recorder, inserted in rounds.

The triggers check every event as usual. A filled folder is kept beside the system's other
temporary files and used again while the schema, the kinds and this code stay the same.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from bench.lives import Drawing, Taken, document
from ecoissues.core.digests import event_digest, facts_text
from ecoissues.core.events import Event
from ecoissues.core.instants import instant_text
from ecoissues.core.life import Life
from ecoissues.figures import sums
from ecoissues.figures.following import following_change
from ecoissues.figures.postings import insert_values, values_of
from ecoissues.services import starting
from ecoissues.services.projecting import PROJECT, projection, search_text
from ecoissues.services.site import Site
from ecoissues.storage import log, search
from ecoissues.storage import tables as t

ROUND = 4000
NUMBERS = "B{:08d}"


def list_code(index: int) -> str:
    """Name a list of the benchmark."""
    return f"bench-{index + 1}"


def filled(size: int, steps: int | None = None) -> Path:
    """Give the folder of a site with ``size`` cases; fills it where it does not stand yet.

    In: ``steps``: cases take no more than so many steps after their registration.
    """
    sort = f"ecoissues-bench-{size}-{'all' if steps is None else steps}"
    temporary = Path(tempfile.gettempdir())
    folder = temporary / f"{sort}-{_fingerprint()}"
    if not (folder / "filled").exists():
        for old in temporary.glob(f"{sort}-*"):
            shutil.rmtree(old, ignore_errors=True)
        fill(folder, size, steps)
        (folder / "filled").touch()
    return folder


def copied(folder: Path, target: Path) -> Path:
    """Copy a filled site, so that a part may write; gives the copy's folder."""
    shutil.copytree(folder, target)
    return target


def _fingerprint() -> str:
    package = Path(starting.__file__).parents[1]
    paths = [
        *sorted(Path(__file__).parent.glob("*lives.*")), Path(__file__),
        *sorted((package / "storage").glob("tables*.py")), package / "storage" / "triggers.py",
        package / "figures" / "generations.py",
        package / "core" / "accounts.py", package / "kinds" / f"{document().kind}.toml",
    ]  # fmt: skip
    whole = hashlib.sha256()
    for path in paths:
        whole.update(path.read_bytes())
    return whole.hexdigest()[:12]


def fill(folder: Path, size: int, steps: int | None = None, url: str | None = None) -> None:
    """Make a site in an empty folder (and database) and fill it."""
    site = starting.open_site(folder, url)
    starting.upgrade(site)
    drawn = document()
    kind = site.kinds.current(drawn.kind)
    with site.store.writing() as connection:
        starting.add_lists(
            connection,
            [
                {"code": list_code(index), "title": f"性能测试清单{index + 1}", "kind": kind.code,
                 "kind_version": kind.version, "level": "municipal",
                 "unit": site.tree.root.code, "is_demo": True}
                for index in range(drawn.lists)
            ],
        )  # fmt: skip
    site.refresh()
    drawing = Drawing(kind, site.tree, site.calendars)
    lives = [list(drawing.life(case_id, steps)) for case_id in range(1, size + 1)]
    with site.store.writing() as connection:
        _Filling(site, connection, drawing).write(lives)
    sums.rebuild(site.store, chunk=12)
    path = site.store.engine.url.database
    site.close()
    if url is None and path:
        with closing(sqlite3.connect(path)) as raw:
            raw.execute("ANALYZE")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class _Filling:
    """One transaction that writes all lives."""

    def __init__(self, site: Site, connection: Connection, drawing: Drawing) -> None:
        self.site, self.connection, self.drawing = site, connection, drawing
        self.kind = drawing.kind
        self.lists = drawing.document.lists
        self.logs: dict[int, list[Event]] = {}
        self.lives: dict[int, Life] = {}

    def write(self, lives: Sequence[Sequence[Taken]]) -> None:
        connection = self.connection
        connection.execute(insert(t.cases), [self._case(life[0]) for life in lives])
        log.mark_ordinary(connection)
        events: list[dict[str, Any]] = []
        postings: list[tuple[Any, ...]] = []
        for pos, (taken, instant) in enumerate(_timed(lives), 1):
            events.append(self._event(taken, pos, instant))
            postings += self._postings(taken, pos)
            if len(events) >= ROUND:
                log.insert_events(connection, events)
                insert_values(connection, postings)
                events, postings = [], []
        log.insert_events(connection, events)
        insert_values(connection, postings)
        self._project()

    def _home(self, case_id: int) -> str:
        return list_code(case_id % self.lists)

    def _case(self, first: Taken) -> dict[str, Any]:
        root = self.site.tree.root
        return {
            "id": first.case_id, "list_id": self.site.list_ids[self._home(first.case_id)],
            "number": NUMBERS.format(first.case_id), "kind": self.kind.code,
            "kind_version": self.kind.version, "registered_on": first.day.isoformat(),
            "moved_on": first.day.isoformat(), "unit_id": root.id, "top_id": root.top_id,
            "is_demo": True,
        }  # fmt: skip

    def _event(self, taken: Taken, pos: int, instant: str) -> dict[str, Any]:
        events = self.logs.setdefault(taken.case_id, [])
        last = events[-1] if events else None
        row: dict[str, Any] = {
            "seq": len(events) + 1, "step": taken.step, "from_state": last.target if last else "",
            "to_state": taken.target, "phase": self.kind.phase_of(taken.target),
            "actor": f"{taken.role}-{taken.unit}-{taken.step}"[:40], "role": taken.role,
            "unit": taken.unit, "effective_on": taken.day.isoformat(), "recorded_at": instant,
            "channel": "demo", "facts": facts_text(taken.facts),
            "previous": last.digest if last else "",
        }  # fmt: skip
        number = NUMBERS.format(taken.case_id)
        row["digest"] = event_digest(
            {**row, "list": self._home(taken.case_id), "number": number, "part": 0}
        )
        events.append(
            Event(
                seq=row["seq"], pos=pos, step=taken.step, source=row["from_state"],
                target=taken.target, phase=row["phase"], actor=row["actor"], role=taken.role,
                effective_on=taken.day, recorded_at=instant, facts=taken.facts, unit=taken.unit,
                channel="demo", digest=row["digest"], previous=row["previous"],
            )
        )  # fmt: skip
        row.update(case_id=taken.case_id, pos=pos, prev_seq=row["seq"] - 1 or None)
        return row

    def _postings(self, taken: Taken, pos: int) -> list[tuple[Any, ...]]:
        case_id, events = taken.case_id, self.logs[taken.case_id]
        life = self.lives.setdefault(case_id, Life())
        home = self._home(case_id)
        changes = following_change(
            life, events[:-1], events[-1], self.site.tree, self.site.list_ids, home
        )
        return values_of(case_id, pos, taken.day, changes)

    def _project(self) -> None:
        for _, chunk in groupby(enumerate(self.lives.items()), lambda pair: pair[0] // ROUND):
            columns, parties, texts = [], [], []
            for _, (case_id, life) in chunk:
                projected = projection(self.kind, life, self.site.tree, None)
                columns.append({**projected, "b_id": case_id})
                parties += [
                    {"case_id": case_id, "unit_id": self.site.tree.by_code[code].id, "party": party}
                    for code, party in life.parties
                ]
                texts.append((case_id, search_text(NUMBERS.format(case_id), life, self.kind)))
            PROJECT.run_many(self.connection, columns)
            self.connection.execute(insert(t.case_parties), parties)
            for case_id, text in texts:
                search.index_case(self.connection, case_id, text)


def _timed(lives: Sequence[Sequence[Taken]]) -> Iterator[tuple[Taken, str]]:
    """Give all steps in the order of their days, each with the instant it was recorded."""
    order = sorted(
        (taken.day, taken.case_id, place, taken)
        for life in lives
        for place, taken in enumerate(life)
    )
    for day, group in groupby(order, key=lambda entry: entry[0]):
        begins = _morning(day)
        for number, (_, _, _, taken) in enumerate(group):
            yield taken, instant_text(begins + timedelta(seconds=number))


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(1), UTC)
