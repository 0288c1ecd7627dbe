"""A rebuild by several processes; what it puts right; a kill -9 in its midst."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, func, insert, select, text, update

from ecoissues.core.errors import Refused
from ecoissues.figures import reposting, sums
from ecoissues.figures.known import NOW
from ecoissues.figures.reading import Board
from ecoissues.figures.soundness import STALE
from ecoissues.services import starting
from ecoissues.services.consulting import figure_of, operator
from ecoissues.services.site import Site
from ecoissues.services.verifying import verify
from ecoissues.storage import crew
from ecoissues.storage import tables as t
from tests.services.small_site import Clock, hand_over_twelve, make_site


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = make_site(database_url, tmp_path, Clock())
    hand_over_twelve(made)
    sums.rebuild(made.store)
    yield made
    made.close()


def shown(site: Site) -> tuple[dict[str, int], dict[str, int]]:
    """Every account of the list, from the sums and from the postings of one district."""
    with site.store.reading() as connection:
        row, today = site.get_list("c3"), site.today()
        return totals(site, connection), dict(
            Board(connection, site.tree, row, today, NOW).named(
                Board(connection, site.tree, row, today, NOW).vectors("type")["water"]
            )
        )


def totals(site: Site, connection: Connection) -> dict[str, int]:
    return Board(connection, site.tree, site.get_list("c3"), site.today()).total


def rows(site: Site, table: Any, *without: str) -> list[tuple[Any, ...]]:
    columns = [column for column in table.c if column.key not in without]
    with site.store.reading() as connection:
        return sorted(tuple(row) for row in connection.execute(select(*columns)))


def spoil(site: Site) -> None:
    """Break a posting, lose one, and leave one to a case that never was."""
    p = t.postings
    with site.store.writing() as connection:
        first = connection.execute(select(func.min(p.c.case_id))).scalar_one()
        connection.execute(update(p).where(p.c.case_id == first).values(a_closed=7))
        connection.execute(delete(p).where(p.c.case_id == first + 1))
        connection.execute(text("UPDATE postings SET case_id = 999999 WHERE case_id = 3"))


def test_processes_make_what_one_makes(site: Site) -> None:
    alone = [rows(site, table, "generation") for table in (t.day_sums, t.checkpoints)]
    before = shown(site)
    assert starting.rebuild_figures(site, processes=2) == 0
    assert [rows(site, table, "generation") for table in (t.day_sums, t.checkpoints)] == alone
    assert shown(site) == before


def test_what_is_wrong_is_put_right_at_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    right, postings = shown(site), rows(site, t.postings, "id")
    spoil(site)
    assert shown(site) != right or rows(site, t.postings, "id") != postings
    seen = []

    def killed(*_given: object, **_named: object) -> int:
        # Sums not built anew yet: what readers see now has to be right already.
        seen.append(shown(site))
        raise KeyboardInterrupt

    monkeypatch.setattr(sums, "rebuild", killed)
    with pytest.raises(KeyboardInterrupt):
        starting.rebuild_figures(site, processes=2)
    monkeypatch.undo()
    assert seen == [right]
    assert rows(site, t.postings, "id") == postings
    assert starting.rebuild_figures(site) == 0
    assert shown(site) == right
    assert verify(site).sound


@pytest.mark.parametrize("processes", [1, 2])
def test_very_much_is_put_right_in_parts_and_refused_meanwhile(
    site: Site, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, postings = shown(site), rows(site, t.postings, "id")
    with site.store.writing() as connection:
        connection.execute(delete(t.postings))
    monkeypatch.setattr(reposting, "AT_ONCE", 5)
    told: list[tuple[int, int]] = []

    def stop(done: int, whole: int) -> None:
        told.append((done, whole))
        if len(told) == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reposting.repost(site.store, site.tree, site.list_ids, stop, 3, processes)
    assert told == [(3, 12), (6, 12), (9, 12), (12, 12), (3, 12), (6, 12)]
    with pytest.raises(Refused) as refused:
        figure_of(site, operator(site), "closure_rate", "c3")
    assert refused.value.code == "figures_rebuilding"
    with pytest.raises(Refused):
        starting.require_current(site)
    starting.upgrade(site)
    assert rows(site, t.postings, "id") == postings
    assert shown(site) == right


def test_a_step_taken_meanwhile_is_posted_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.services.small_site import actor, step

    with site.store.writing() as connection:
        connection.execute(delete(t.postings))
        connection.execute(insert(t.settings).values(name=STALE, value="1"))
    made = crew.shared_out

    def slowly(store: Any, job: Any, *given: Any) -> Iterator[Any]:
        for number, found in enumerate(made(store, job, *given)):
            if job is reposting.values_of_part and not number:
                officer = actor(site, "officer", "500112-STHJ")
                step(site, officer, 1, "accept")
            yield found

    monkeypatch.setattr(reposting, "shared_out", slowly)
    starting.rebuild_figures(site)
    assert verify(site).sound


KILLED = """
import sys, time
from pathlib import Path
from ecoissues.services import starting

def halfway(done, whole):
    if done > whole // 2:
        print("halfway", flush=True)
        time.sleep(60)

if __name__ == "__main__":
    site = starting.open_site(Path(sys.argv[1]), sys.argv[2])
    starting.rebuild_figures(site, summing=halfway, processes=2)
"""


def test_killed_midway_it_leaves_the_old_generation(site: Site, tmp_path: Path) -> None:
    """kill -9 while the sums are written: the old ones are read on, nobody is left behind."""
    right, script = shown(site), tmp_path / "killed.py"
    script.write_text(KILLED, "utf-8")
    with site.store.reading() as connection:
        old = connection.execute(select(t.generations.c.id).where(t.generations.c.current)).scalar()
    with subprocess.Popen(
        [sys.executable, str(script), str(tmp_path), site.store.url],
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "halfway\n"
        children = _children(process.pid)
        assert shown(site) == right
        process.kill()
    with site.store.reading() as connection:
        found = connection.execute(select(t.generations.c.id, t.generations.c.current)).all()
    assert {row[0]: bool(row[1]) for row in found} == {old: True, (old or 0) + 1: False}
    assert shown(site) == right
    until = time.monotonic() + 10
    while any(Path(f"/proc/{child}").exists() for child in children):
        assert time.monotonic() < until, "a worker outlived its master"
        time.sleep(0.05)
    assert starting.rebuild_figures(site) == 0
    assert shown(site) == right
    with site.store.reading() as connection:
        assert len(connection.execute(select(t.generations)).all()) == 1


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(one) for one in listed.read_text("utf-8").split()] if listed.exists() else []
