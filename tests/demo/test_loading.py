"""The demonstration in a database, on both engines: exact figures, a sound log, one removal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

import ecoissues.demo.loading as module
from ecoissues.core.errors import Refused
from ecoissues.demo.loading import Loaded, load
from ecoissues.figures import reading
from ecoissues.figures.cuts import WHOLE, Cut
from ecoissues.figures.known import NOW, Known, known_at
from ecoissues.figures.registry import packaged_definitions
from ecoissues.services import demonstrating, gate, starting
from ecoissues.services.accounts import find_demo, sign_in
from ecoissues.services.bulk import BulkRecorder
from ecoissues.services.recording import Recorder
from ecoissues.services.site import Site
from ecoissues.services.verifying import verify
from tests import postgres
from tests.databases import ENGINES, sqlite_address
from tests.demo.small_document import small_document


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    found = starting.open_site(tmp_path / "data", database_url)
    starting.upgrade(found)
    yield found
    found.close()


@pytest.fixture(scope="module", params=ENGINES)
def shown(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Loaded]]:
    """One loaded demonstration for each engine, for the tests that only look at it."""
    folder = tmp_path_factory.mktemp("shown")
    with ExitStack() as ending:
        url = sqlite_address(folder / "site.sqlite3")
        if request.param == "postgresql":
            url = ending.enter_context(postgres.server().fresh())
        found = starting.open_site(folder, url)
        ending.callback(found.close)
        starting.upgrade(found)
        yield found, load(found, document=small_document())


def ask(
    site: Site, code: str, list_code: str, as_of: str, by: reading.By | None = None,
    known: str = "", district: str = "",
) -> reading.Figure:  # fmt: skip
    cut = Cut(unit_path=site.tree.by_code[district].path) if district else WHOLE
    with site.store.reading() as connection:
        moment: Known = known_at(connection, known) if known else NOW
        return reading.figure(
            connection, site.tree, packaged_definitions().get(code), site.get_list(list_code),
            date.fromisoformat(as_of), moment, cut, by,
        )  # fmt: skip


def by_key(figure: reading.Figure) -> dict[str, int]:
    return {group.key: group.part for group in figure.groups if group.part}


def test_every_total_of_the_document_comes_out(shown: tuple[Site, Loaded]) -> None:
    site, _ = shown
    issues = ask(site, "closure_rate", "nc-issues", "2024-12-31", "phase")
    assert (issues.part, issues.whole, by_key(issues)) == (33, 40, {"closed": 33, "open": 7})
    central = ask(site, "closure_rate", "cq-central-3", "2024-06-30", "phase")
    assert by_key(central) == {"closed": 14, "phase_closed": 22, "open": 24}
    home = ask(site, "closure_rate", "cq-central-3", "2024-12-31", "phase", district="500119")
    assert (home.whole, by_key(home)) == (9, {"closed": 6, "open": 3})
    reported = ask(site, "report_rate", "nc-municipal-2", "2024-12-31")
    assert (reported.part, reported.whole) == (10, 10)
    outcome = ask(site, "closure_rate", "nc-municipal-2", "2024-12-31", "outcome")
    assert (outcome.part, by_key(outcome)) == (8, {"ordered_to_correct": 4})
    film = ask(site, "completion_rate", "cq-film-2018-2022", "2023-12-31")
    assert (film.part, film.whole) == (5, 7)
    tasks = ask(site, "completion_rate", "cq-tasks", "2023-12-31")
    assert (tasks.part, tasks.whole) == (8, 8)


def test_late_entries_were_not_known_in_time(shown: tuple[Site, Loaded]) -> None:
    site, _ = shown
    then = ask(site, "closure_rate", "nc-issues", "2024-12-31", known="2025-01-02")
    now = ask(site, "closure_rate", "nc-issues", "2024-12-31")
    assert (then.part, now.part) == (30, 33)


def test_joint_cases_count_in_each_unit_of_the_published_batch(shown: tuple[Site, Loaded]) -> None:
    site, _ = shown
    before = ask(site, "closure_rate", "cq-central-3", "2024-05-09", "district")
    until = ask(site, "closure_rate", "cq-central-3", "2024-05-10", "district")
    published = {group.key: group.whole for group in until.groups}
    for group in before.groups:
        published[group.key] -= group.whole
    wanted = small_document().central.places
    assert until.whole - before.whole == 11
    assert sum(published.values()) == sum(wanted.values()) == 13
    assert {code: n for code, n in published.items() if n} == wanted


def test_the_log_and_everything_derived_from_it_are_sound(shown: tuple[Site, Loaded]) -> None:
    site, _ = shown
    report = verify(site)
    assert report.sound, report.faults[:5]


def test_what_was_loaded_is_marked_and_shown(shown: tuple[Site, Loaded]) -> None:
    site, loaded = shown
    with site.store.reading() as connection:
        count = "SELECT count(*), sum(CASE WHEN is_demo THEN 1 ELSE 0 END) FROM cases"
        assert connection.execute(sa.text(count)).one() == (loaded.cases, loaded.cases)
        head = "SELECT pos, ordinary FROM head"
        pos, ordinary = connection.execute(sa.text(head)).one()
        assert (pos >= loaded.events, bool(ordinary)) == (True, False)
        batch = "SELECT handed_over_on, results_due_on FROM batches WHERE name = '第2批'"
        assert connection.execute(sa.text(batch)).one() == ("2024-05-10", "2024-05-30")
        assert connection.execute(sa.text("SELECT max(merged_into_id) FROM cases")).scalar()
    assert all(entry.is_demo for entry in site.lists.values())
    accounts, password = find_demo(site)
    assert {"cq.supervisor", "nc.officer", "nc.leader"} <= {one.name for one in accounts}
    assert len(accounts) == 16
    assert sign_in(site, "nc.officer", password)
    with pytest.raises(Refused, match="bad_credentials"):
        sign_in(site, "500102.officer", "!")


def test_parts_and_placements_stand_in_the_lists(shown: tuple[Site, Loaded]) -> None:
    """Lists told by a document alone: parts hang on their cases, placed ones stand on both lists."""
    site, _ = shown
    told = small_document().told
    with site.store.reading() as connection:
        text = "SELECT count(*) FROM cases JOIN lists ON lists.id = list_id WHERE lists.code = :code"
        part = "SELECT count(*) FROM cases JOIN lists ON lists.id = list_id WHERE lists.code = :code AND parent_id IS NULL"
        for plan in told:
            found = connection.execute(sa.text(text), {"code": plan.code}).scalar_one()
            assert plan.parent or found == sum(plan.standings.values())
            if plan.parent:
                assert found > 4
                assert connection.execute(sa.text(part), {"code": plan.code}).scalar_one() == 0
    placed = [place.list for plan in told for place in plan.placements]
    shown_there = [ask(site, "closure_rate", code, "2026-11-10").whole for code in placed]
    assert sum(shown_there) >= 3


def test_every_desk_has_work_today(shown: tuple[Site, Loaded]) -> None:
    """States that wait for each worker of both levels, and something due today and overdue."""
    site, _ = shown
    with site.store.reading() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT waits_for, due_on, units.code FROM cases JOIN units ON units.id = unit_id"
                " WHERE phase NOT IN ('closed', 'reviewed', 'void')"
            )
        ).all()
        asked = connection.execute(sa.text("SELECT DISTINCT sort FROM pending")).scalars().all()
    today = site.today().isoformat()
    for unit in ("500119-STHJ", "500000-STHJ"):
        own = [row for row in rows if row.code == unit]
        assert {"officer", "head", "supervisor"} <= {row.waits_for for row in own}
        assert any(row.due_on == today for row in own)
        assert any(row.due_on and row.due_on < today for row in own)
    assert set(asked) >= {"extension", "correction", "instruction"}


def test_it_is_loaded_once_and_removed_as_a_whole(site: Site) -> None:
    assert demonstrating.state_of(site) == "empty"
    loaded = load(site, document=small_document())
    assert demonstrating.state_of(site) == "demo"
    with pytest.raises(Refused, match="demo_loaded"):
        load(site, document=small_document())
    with site.store.writing() as connection:
        starting.add_lists(connection, [_own_list(site)])
    with pytest.raises(Refused, match="demo_mixed"):
        demonstrating.remove(site)
    with site.store.writing() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM cases")).scalar() == loaded.cases
        connection.execute(sa.text("DELETE FROM lists WHERE code = 'own'"))
    demonstrating.remove(site)
    with site.store.reading() as connection:
        for table in ("cases", "events", "users", "lists", "postings", "evidence", "settings"):
            assert connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar() == 0
    assert len(site.tree.by_id) > 200
    assert not site.blobs.folder.exists()
    assert demonstrating.state_of(site) == "empty"


def test_ordinary_data_refuses_the_demonstration(site: Site) -> None:
    with site.store.writing() as connection:
        starting.add_lists(connection, [_own_list(site)])
    site.refresh()
    assert demonstrating.state_of(site) == "ordinary"
    with pytest.raises(Refused, match="demo_refused"):
        load(site, document=small_document())
    with pytest.raises(Refused, match="demo_missing"):
        demonstrating.remove(site)


def _own_list(site: Site) -> dict[str, object]:
    return {
        "code": "own", "title": "正式清单", "kind": site.kinds.codes()[0], "kind_version": 1,
        "level": "district", "unit": "500119",
    }  # fmt: skip


def test_a_load_that_breaks_off_is_cleared_away_by_the_next(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_step, taken = gate.make_step, []

    def break_off(*args: object) -> gate.Taken:
        taken.append(args)
        if len(taken) == 300:
            raise KeyboardInterrupt
        return make_step(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_CHUNK", 100)
    with monkeypatch.context() as patched:
        patched.setattr(gate, "make_step", break_off)
        with pytest.raises(KeyboardInterrupt):
            load(site, document=small_document())
    assert demonstrating.state_of(site) == "broken"
    assert site.today() == date.today()  # noqa: DTZ011 - the clock was given back
    assert load(site, document=small_document()).cases > 100
    assert demonstrating.state_of(site) == "demo"
    assert verify(site).sound


def test_bulk_and_single_recording_write_the_same_log(sqlite_url: str, tmp_path: Path) -> None:
    """Steps recorded in bulk leave the same rows as the same steps taken one by one."""
    site = starting.open_site(tmp_path / "data", sqlite_url)
    starting.upgrade(site)
    load(site, document=small_document())
    before = _log(site)
    demonstrating.remove(site)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "BulkRecorder", _Single)
        load(site, document=small_document())
    assert _log(site) == before
    site.close()


class _Single(BulkRecorder):
    """The plain recorder under the bulk one's name: every projection and posting at once."""

    def record(self, *args: object) -> object:  # type: ignore[override]
        self._take_head()
        return Recorder.record(self, *args)  # type: ignore[arg-type]


def _log(site: Site) -> list[object]:
    found: list[object] = []
    with site.store.reading() as connection:
        for text in (
            "SELECT case_id, seq, pos, step, to_state, phase, actor, effective_on FROM events"
            " WHERE recorded_at < '2026-11-01' ORDER BY pos",
            "SELECT id, number, state, phase, top_id, due_on, verdict, facts FROM cases"
            " WHERE registered_on < '2026-11-01' ORDER BY id",
            "SELECT pos, case_id, day, unit_id, type, cases, closed, overdue FROM postings"
            " WHERE pos < 400 ORDER BY pos, case_id, day, unit_id, type, cases",
            "SELECT case_id, seq, stage, name FROM evidence WHERE case_id < 60 ORDER BY case_id, seq, stage",
        ):
            found.append([tuple(row) for row in connection.execute(sa.text(text))])
    return found
