"""The verifier finds nothing on a sound site and names the first break of a damaged one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ecoissues.services import evidence
from ecoissues.services.site import Site
from ecoissues.services.verifying import verify
from ecoissues.storage import triggers
from tests.services.small_site import PDF, actor, complaint, make_site, step


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    made = make_site(sqlite_url, tmp_path)
    supervisor = actor(made, "supervisor")
    for number in ("D3CQ202406070001", "D3CQ202406070002"):
        case = complaint(made, number)
        step(made, supervisor, case, "transfer", {"units": "500119-STHJ,500112-STHJ"})
        step(made, actor(made, "officer", "500119-STHJ"), case, "accept")
        file = evidence.prepare(made, "核查.pdf", "document", PDF)
        step(made, supervisor, case, "add_evidence", {"note": "材料"}, file)
    yield made
    made.close()


def damage(site: Site, *statements: str) -> None:
    """What somebody with the file could do: triggers dropped, rows changed, triggers put back."""
    path = site.store.engine.url.database
    assert path
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA foreign_keys=OFF")
        for name in triggers.SQLITE:
            raw.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            raw.execute(statement)
        for text in triggers.SQLITE.values():
            raw.execute(text)
        raw.commit()


def test_a_sound_site_has_no_fault(site: Site) -> None:
    told: list[tuple[int, int]] = []
    report = verify(site, lambda done, total: told.append((done, total)))
    assert report.faults == []
    assert report.counts == {"events": 8, "cases": 2, "files": 1, "faults": 0}
    assert report.head[0] == 8
    assert told[-1] == (2, 2)


def test_sound_on_postgresql(postgresql_url: str, tmp_path: Path) -> None:
    made = make_site(postgresql_url, tmp_path)
    step(made, actor(made, "supervisor"), complaint(made, "1001"), "transfer", {"units": "500119"})
    assert verify(made).faults == []
    made.close()


@pytest.mark.parametrize(
    ("statement", "code", "first"),
    [
        ("UPDATE events SET facts = replace(facts, '材料', '另') WHERE pos = 4", "digest", 4),
        ("UPDATE events SET actor = 'x', digest = printf('%064d', 7) WHERE pos = 6", "digest", 6),
        ("UPDATE events SET previous = printf('%064d', 7) WHERE pos = 7", "previous", 7),
        ("DELETE FROM events WHERE pos = 6", "position", 7),
        ("UPDATE cases SET state = 'closed', phase = 'closed' WHERE id = 2", "state", 8),
        ("UPDATE cases SET verdict = 'partly' WHERE id = 1", "projection", 4),
        ("DELETE FROM case_parties WHERE case_id = 1", "parties", 4),
        ("DELETE FROM postings WHERE id = 1", "postings", 4),
        ("UPDATE events SET recorded_at = '2020-01-01T00:00:00.000000Z' WHERE pos = 3", "order", 3),
        ("DELETE FROM events WHERE case_id = 2", "no_event", 5),
        ("UPDATE head SET pos = 9", "head", 9),
    ],
)
def test_the_first_break_is_named(site: Site, statement: str, code: str, first: int) -> None:
    damage(site, statement)
    report = verify(site)
    assert code in {fault.code for fault in report.faults}
    assert report.first is not None
    assert report.first.pos == first


def test_an_event_without_its_case(site: Site) -> None:
    damage(site, "DELETE FROM cases WHERE id = 1")
    assert [fault.code for fault in verify(site).faults][:4] == ["orphan_event"] * 4


@pytest.mark.parametrize(
    "spoil", [lambda path: path.unlink(), lambda path: path.write_bytes(b"other")]
)
def test_a_file_lost_or_changed(site: Site, spoil: Callable[[Path], None]) -> None:
    stored = [path for path in site.blobs.folder.rglob("*") if path.is_file()]
    spoil(stored[0])
    report = verify(site)
    assert [fault.code for fault in report.faults] == ["file_missing"]
    assert report.faults[0].case == "c3/D3CQ202406070001"


def test_a_missing_trigger(site: Site) -> None:
    path = site.store.engine.url.database
    assert path
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("DROP TRIGGER eco_cases_kept")
    assert "law" in {fault.code for fault in verify(site).faults}
