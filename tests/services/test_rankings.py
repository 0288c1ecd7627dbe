"""Rankings: places from the log, signed entries for good, movement, ranges, what-if, editions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ecoissues.core.errors import Forbidden, NotFound, Refused
from ecoissues.core.scoring import Band, Criterion, Scheme
from ecoissues.services import edition_bridges, publishing, rankings
from ecoissues.services.ranking_table import Line
from ecoissues.services.site import Site
from tests.services.small_site import Clock, actor, complaint, make_site, step

SCHEME = Scheme(
    "index", "管控指数",
    (Criterion("c3", "report_rate", "40"), Criterion("c3", "overdue", "60")),
    (Band("A档", "90"), Band("B档", "0")), 3,
)  # fmt: skip


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    """Six cases of a district, four of another, one of a department; some reported in July."""
    made = make_site(database_url, tmp_path, clock)
    who, officer = actor(made, "supervisor"), actor(made, "officer", "500119-STHJ")
    cases = []
    for number in range(10):
        units = "500119-STHJ" if number < 6 else "500112-STHJ"
        case = complaint(made, f"D3CQ20240607{number:04d}")
        step(made, who, case, "transfer", {"units": units})
        cases.append(case)
    clock.set(date(2024, 7, 5))
    for case in cases[:3]:
        step(made, officer, case, "accept")
        step(made, officer, case, "report_result", {"verdict": "不属实", "result": "未发现。"})
    clock.set(date(2024, 8, 2))
    yield made
    made.close()


def lines(site: Site, period: str = "2024-07", **weights: str) -> dict[str, Line]:
    changed = {int(name[1:]): weight for name, weight in weights.items()}
    _, found, _ = rankings.ranking(site, actor(site, "leader", "500000"), "index", period, changed)
    return {line.unit: line for line in (*found.lines, *found.apart)}


def test_places_scores_and_movement(site: Site) -> None:
    assert rankings.define(site, actor(site, "supervisor"), SCHEME) == 1
    july = lines(site)
    # 40 x 3/6 reported + 60 x 3/6 not overdue = 50; the other district none reported, all overdue.
    assert (july["500119"].place, july["500119"].score, july["500119"].band) == (1, "50.00", "B档")
    assert (july["500112"].place, july["500112"].score) == (2, "0.00")
    assert july["500119"].cells[0].whole == 6
    june = lines(site, "2024-06")
    assert june["500119"].place == june["500112"].place == 1
    assert june["500119"].tied
    assert july["500112"].moved == -1
    quarter = lines(site, "2024-Q3")
    assert quarter["500119"].score == "50.00"


def test_entries_are_signed_and_only_added(site: Site) -> None:
    who = actor(site, "supervisor")
    rankings.define(site, who, SCHEME)
    number = rankings.add_entry(site, who, "index", "2024-07", "500112", "+60", "入选示范榜")
    rankings.add_entry(site, who, "index", "2024-07", "500119", "-5", "虚假整改")
    july = lines(site)
    assert [july[unit].place for unit in ("500112", "500119")] == [1, 2]
    assert (july["500112"].bonus, july["500119"].deduction) == ("+60", "-5")
    assert lines(site, "2024-Q3")["500112"].bonus == ""
    rankings.cancel_entry(site, who, "index", number, "名单有误")
    assert lines(site)["500112"].place == 2
    with pytest.raises(Refused, match="cancelled"):
        rankings.cancel_entry(site, who, "index", number, "再撤一次")
    with pytest.raises(Refused, match="reason_missing"):
        rankings.add_entry(site, who, "index", "2024-07", "500112", "+1", " ")
    with pytest.raises(Forbidden):
        rankings.add_entry(site, actor(site, "leader"), "index", "2024-07", "500112", "+1", "理由")
    for attack in ("UPDATE score_entries SET hundredths = 1", "DELETE FROM score_entries"):
        with pytest.raises(DBAPIError), site.store.writing() as connection:
            connection.execute(text(attack))


def test_what_if_saves_nothing(site: Site) -> None:
    rankings.define(site, actor(site, "supervisor"), SCHEME)
    assert lines(site, w0="1", w1="0.0001")["500119"].score == "50.00"
    assert lines(site)["500119"].score == "50.00"
    kept = rankings.get(site, actor(site, "leader"), "index")
    assert (kept.version, kept.scheme) == (1, SCHEME)
    with pytest.raises(Refused, match="bad_scheme"):
        lines(site, w0="-3")


def test_too_few_are_set_apart_and_versions_stay(site: Site) -> None:
    who = actor(site, "supervisor")
    rankings.define(site, who, SCHEME)
    assert rankings.define(site, who, msgspec.structs.replace(SCHEME, minimum=5)) == 2
    july = lines(site)
    assert (july["500112"].place, july["500119"].place) == (0, 1)
    with pytest.raises(Refused, match="bad_scheme"):
        rankings.define(site, who, msgspec.structs.replace(
            SCHEME, criteria=(Criterion("tasks", "report_rate", "1"),)
        ))  # fmt: skip
    with pytest.raises(Forbidden):
        rankings.define(site, actor(site, "supervisor", "500119-DCB"), SCHEME)
    with pytest.raises(NotFound):
        rankings.get(site, who, "nothing")


def test_other_definitions_give_a_range(site: Site) -> None:
    one = Criterion("c3", "closure_rate", "1", ("report_rate",))
    rankings.define(site, actor(site, "supervisor"), Scheme("index", "指数", (one,), (), 3))
    july = lines(site)
    assert july["500119"].tied
    assert (july["500112"].best, july["500112"].worst) == (1, 2)
    assert july["500112"].range_words == "第 1 至 2 名"


def test_a_published_ranking_stays_and_its_figures_have_a_bridge(site: Site) -> None:
    who = actor(site, "supervisor")
    rankings.define(site, who, SCHEME)
    code = rankings.publish(site, who, "index", "2024-07")
    step(site, who, 1, "void_entry", {"reason": "误录"}, effective_on=date(2024, 7, 31))
    edition = publishing.find(site, who, code)
    assert edition.content["ranking"]["lines"][0]["score"] == "50.00"
    assert lines(site)["500119"].score != "50.00"
    found = edition_bridges.compare(site, who, code, figure="report_rate", unit="500119").figures[0]
    assert (found.part, found.whole, found.complete) == (-1, -1, True)
    with pytest.raises(Refused, match="future_day"):
        rankings.publish(site, who, "index", "2024-09")
