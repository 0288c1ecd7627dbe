"""A changed rule proposes and moves nothing; a unit that gets a case bounced back has its own period."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ecoissues.core.errors import Refused
from ecoissues.core.events import live
from ecoissues.core.life import fold
from ecoissues.services import kind_moving, kind_shelf, proposals
from ecoissues.services.kind_moving import Asked
from ecoissues.services.site import Site
from ecoissues.services.verifying import verify
from ecoissues.storage import log
from tests.services.clocked_site import KIND, Walk, at, clocked_site
from tests.services.small_site import Clock, actor, complaint, make_site, step

LONGER = KIND.replace("version = 1", "version = 2").replace(
    'slot = "report"\nlength = 5', 'slot = "report"\nlength = 15'
)


@pytest.fixture
def clock() -> Clock:
    return Clock(at("2026-03-02 09:00"))


@pytest.fixture
def site(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    made = clocked_site(database_url, tmp_path, clock)
    yield made
    assert verify(made).faults == []
    made.close()


def test_a_longer_rule_is_proposed_and_moves_nothing_unasked(site: Site, clock: Clock) -> None:
    running, closed, answered = (Walk(site, clock, name) for name in ("一号", "二号", "三号"))
    for one in (running, closed, answered):
        one.hand()
    closed.close()
    answered.take(answered.officer, "start")
    answered.take(answered.officer, "report_back")
    assert running.due("report") == "2026-03-09"
    keeper = actor(site, "administrator", "500000")
    installed = kind_shelf.install(site, keeper, "clocked-2.toml", LONGER)
    assert (installed.findings, installed.version) == ([], 2)
    assert proposals.list_proposals(site, running.city) == []  # nobody has the version yet
    before = [closed.life().seq, answered.life().seq]
    plan = kind_moving.move_list(site, running.city, Asked("clocked", 2))
    assert plan.proposals == 1
    (found,) = proposals.list_proposals(site, running.city)
    assert (found.case_id, found.clock, found.due, found.new_due, found.because) == (
        running.case, "report", "2026-03-09", "2026-03-23", "rule",
    )  # fmt: skip
    assert running.due("report") == "2026-03-09"
    clock.now = at("2026-03-12 09:00")
    assert running.life().clocks["report"].is_overdue(site.today())
    (done,) = proposals.accept(site, running.city, [(running.case, "report")])
    assert done.refused == ""
    face = running.life().clocks["report"]
    assert (str(face.original), str(face.current)) == ("2026-03-23", "2026-03-23")
    assert face.current_proof["rule"]["length"] == 15
    assert face.current_proof["by"]["version"] == 2
    # The move is one event of each case; closed and answered ones got nothing else.
    assert [closed.life().seq - before[0], answered.life().seq - before[1]] == [1, 1]
    assert proposals.list_proposals(site, running.city) == []


@pytest.fixture
def complaints(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = make_site(database_url, tmp_path)
    yield made
    made.close()


def clocks(site: Site, case: int) -> dict[str, Any]:
    with site.store.reading() as connection:
        return fold(live(log.events_of(connection, case))).clocks


def test_a_complaint_has_its_two_clocks_until_it_is_bounced(complaints: Site) -> None:
    site, case = complaints, complaint(complaints, "D3CQ202406070001")
    boss = actor(site, "supervisor")
    step(site, boss, case, "transfer", {"units": [["500119-STHJ", "lead"]]})
    assert list(clocks(site, case)) == ["report"]
    report = clocks(site, case)["report"].current
    step(site, actor(site, "officer", "500119-STHJ"), case, "ask_return", {"reason": "不属本单位。"})
    step(site, boss, case, "consent_return", {"reason": "同意。"})
    step(site, boss, case, "transfer", {"units": [["500119-CGJ", "lead"]]})
    found = clocks(site, case)
    assert sorted(found) == ["objection", "report"]
    assert found["report"].current == report  # bouncing buys no time
    assert str(found["objection"].current) == "2024-06-17"
    site.clock.set(found["objection"].current.replace(day=18))  # type: ignore[attr-defined]
    with pytest.raises(Refused, match="after_expiry"):
        step(site, actor(site, "officer", "500119-CGJ"), case, "ask_return", {"reason": "也不属。"})
    assert verify(site).faults == []
