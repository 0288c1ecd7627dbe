"""Doubts and figures over time: found, owned, explained, gone; two dates, periods, counting units."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from ecoissues.core.errors import Forbidden, NotFound, Refused
from ecoissues.figures.moves import grown, previous_day
from ecoissues.services import board_pages, doubts, evidence, exporting, figure_settings, periods
from ecoissues.services.consulting import figure_of, operator
from ecoissues.services.periods import Asked
from ecoissues.services.site import Site
from ecoissues.services.verifying import verify
from ecoissues.storage import tables as t
from tests.services.small_site import PDF, Clock, actor, complaint, make_site, step


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    """Three complaints of June, one joint; one of them closed in July, with nothing new then."""
    made = make_site(database_url, tmp_path, clock)
    supervisor = actor(made, "supervisor")
    clock.set(date(2024, 6, 10))
    ids = [complaint(made, f"D3CQ2024061{number:05d}") for number in range(3)]
    for case, units in zip(ids, ["500119-STHJ", "500119-STHJ,500112-STHJ", "500112-STHJ"],
                           strict=True):  # fmt: skip
        step(made, supervisor, case, "transfer", {"units": units})
    officer, head = (actor(made, role, "500119-STHJ") for role in ("officer", "head"))
    clock.set(date(2024, 7, 5))
    step(made, officer, ids[0], "accept")
    step(made, officer, ids[0], "report_result", {"verdict": "不属实", "result": "未发现。"})
    step(made, officer, ids[0], "apply_close", {"verdict": "不属实", "statement": "未发现。"})
    step(made, head, ids[0], "sign_close")
    file = evidence.prepare(made, "核查.pdf", "document", PDF)
    other = actor(made, "supervisor", name="second")
    step(made, other, ids[0], "close", {"verification": "核实。"}, file)
    clock.set(date(2024, 7, 20))
    complaint(made, "D3CQ202407190009", received_on="2024-07-22")
    yield made
    made.close()


def found(site: Site) -> dict[tuple[str, str], doubts.DoubtRow]:
    rows = doubts.read_doubts(site, actor(site, "supervisor"), "c3", tuple(doubts.STATES))
    return {(row.sort, row.subject): row for row in rows}


def test_doubts_are_found_owned_explained_and_gone(site: Site) -> None:
    office = actor(site, "supervisor")
    first = doubts.scan(site, office, "c3")
    assert (first.standing, first.gone) == (0, 0)
    rows = found(site)
    assert len(rows) == first.new
    late = rows["received_after_registered", "D3CQ202407190009"]
    assert (late.owner, late.state) == ("500000", "open")
    assert "2024-07-22" in late.sentence
    districts = rows["districts_exceed", "district"]
    assert "多计 1 件次" in districts.sentence
    doubts.explain(site, office, districts.id, "合办件")
    figure_settings.set_joint_counting(site, "c3", "half")
    second = doubts.scan(site, office, "c3")
    assert (second.new, second.gone) == (0, 1)
    assert found(site)["districts_exceed", "district"].state == "gone"
    figure_settings.set_joint_counting(site, "c3", "whole")
    assert doubts.scan(site, office, "c3").new == 1
    again = found(site)["districts_exceed", "district"]
    assert (again.state, again.note, again.settled_by) == ("explained", "合办件", office.name)


def test_who_may_find_and_explain(site: Site) -> None:
    doubts.scan(site, actor(site, "supervisor"), "c3")
    one = next(iter(found(site).values()))
    with pytest.raises(Forbidden):
        doubts.scan(site, actor(site, "leader", "500000"), "c3")
    with pytest.raises(NotFound):
        doubts.scan(site, actor(site, "supervisor", "500119-DCB"), "c3")
    with pytest.raises(NotFound):
        doubts.explain(site, actor(site, "supervisor", "500119-DCB"), one.id, "不是我的")
    with pytest.raises(Refused, match="note_missing"):
        doubts.explain(site, actor(site, "supervisor"), one.id, "  ")
    with pytest.raises(NotFound):
        doubts.explain(site, actor(site, "supervisor"), 10**9, "没有")
    nobody = actor(site, "supervisor", "500112-STHJ")
    assert doubts.read_doubts(site, nobody, "c3") == []


def test_statements_are_kept_and_never_refused_for_being_wrong(site: Site) -> None:
    office = actor(site, "supervisor")
    wrong = doubts.declare(site, office, "c3", ["21/23=91.3%", "2913-2864=33", "24/23=104.3%"])
    assert [one.subject for one in wrong] == ["2913-2864=33", "24/23=104.3%"]
    doubts.declare(site, office, "c3", ["2913-2864=33"])
    doubts.scan(site, office, "c3")  # nothing of the log speaks for or against them
    kept = [row for row in found(site).values() if row.sort == "statement"]
    assert [(row.subject, row.state) for row in kept] == [
        ("2913-2864=33", "open"), ("24/23=104.3%", "open"),
    ]  # fmt: skip
    with pytest.raises(Refused, match="bad_statement"):
        doubts.declare(site, office, "c3", ["差不多"])


def test_a_period_beside_the_fate_of_its_own_arrivals(site: Site) -> None:
    asked = Asked("c3", date(2024, 7, 31) if site.today() > date(2024, 7, 31) else None)
    july = periods.period_of(
        site, operator(site), "closure_rate", asked, date(2024, 7, 1), date(2024, 7, 20)
    )
    assert (july.arrivals, july.closings, july.reopenings) == (1, 1, 0)
    assert (july.cohort_part, july.cohort_whole, july.cohort_percent) == (0, 1, "0%")
    june = periods.period_of(
        site, operator(site), "closure_rate", asked, date(2024, 6, 1), date(2024, 6, 30)
    )
    assert (june.arrivals, june.closings) == (3, 0)
    assert (june.cohort_part, june.cohort_whole, june.cohort_percent) == (1, 3, "33.3%")
    with pytest.raises(Refused, match="bad_period"):
        periods.period_of(
            site, operator(site), "closure_rate", asked, date(2024, 7, 9), date(2024, 7, 1)
        )


def test_two_dates_and_what_moved(site: Site) -> None:
    asked = Asked("c3", date(2024, 7, 20))
    comparison, moved = periods.compare_of(site, operator(site), "closure_rate", asked, "month")
    assert comparison.before.as_of == date(2024, 6, 20)
    assert (comparison.before.part, comparison.before.whole) == (0, 3)
    assert (comparison.after.part, comparison.after.whole) == (1, 4)
    assert (comparison.points, comparison.growth) == ("+25.0", None)
    assert [(one.key, one.before, one.after) for one in moved] == [
        ("c3/D3CQ202406100000", "只计入分母", "计入分子"),
        ("c3/D3CQ202407190009", "不计入", "只计入分母"),
    ]
    came = sum(one.after == "part" for one in comparison.moves)
    went = sum(one.before == "part" for one in comparison.moves)
    assert comparison.part_change == came - went
    backward, _ = periods.compare_of(
        site, operator(site), "closure_rate", Asked("c3", date(2024, 6, 20)), "2024-07-20"
    )
    assert backward.before.as_of == date(2024, 6, 20)
    with pytest.raises(Refused, match="future_day"):
        periods.compare_of(site, operator(site), "closure_rate", asked, "2024-12-31")
    with pytest.raises(Refused, match="bad_day"):
        periods.compare_of(site, operator(site), "closure_rate", asked, "昨天")


@pytest.mark.parametrize(
    ("day", "period", "before"),
    [
        ("2024-03-31", "month", "2024-02-29"), ("2024-02-29", "month", "2024-01-31"),
        ("2024-03-30", "month", "2024-02-29"), ("2024-05-15", "month", "2024-04-15"),
        ("2024-02-29", "year", "2023-02-28"), ("2023-02-28", "year", "2022-02-28"),
        ("2024-01-10", "quarter", "2023-10-10"), ("2025-02-28", "year", "2024-02-29"),
    ],
)  # fmt: skip
def test_the_same_place_in_the_period_before(day: str, period: str, before: str) -> None:
    found = previous_day(date.fromisoformat(day), period)  # type: ignore[arg-type]
    assert found.isoformat() == before


def test_growth_is_on_what_was_before() -> None:
    assert [grown(471, 876), grown(8, 7), grown(0, 5), grown(5, 5)] == [
        "+86.0%", "-12.5%", None, "+0%",
    ]  # fmt: skip


def test_series_by_day_and_month(site: Site) -> None:
    asked = Asked("c3", date(2024, 7, 20))
    days = periods.series_of(site, operator(site), "closure_rate", asked, days=17)
    assert [(point.part, point.whole) for point in days[:3]] == [(0, 3), (1, 3), (1, 3)]
    assert days[-1].whole == 4
    months = periods.series_of(site, operator(site), "closure_rate", asked, months=3)
    assert [str(point.as_of) for point in months] == ["2024-05-31", "2024-06-30", "2024-07-20"]
    with pytest.raises(Refused, match="bad_series"):
        periods.series_of(site, operator(site), "closure_rate", asked, days=400)


def test_counting_units_are_kept_apart(site: Site) -> None:
    units = periods.units_of(site, operator(site), Asked("c3"))
    assert (units.received, units.accepted, units.void, units.merged) == (4, 4, 0, 0)
    assert (units.calls, units.letters, units.handed_over) == (4, 0, 3)
    assert (units.originals, units.parts) == (4, 0)
    assert (units.problems, units.handlings_by_district, units.handlings_by_unit) == (8, 5, 5)


def test_an_answer_of_the_citizen_moves_the_satisfaction_rate(site: Site) -> None:
    with site.store.reading() as connection:
        case = connection.execute(select(t.cases.c.id).where(t.cases.c.phase == "closed")).scalar()
    assert case
    who = actor(site, "officer", "500119-STHJ")
    for answer, right in (("不满意", (0, 1)), ("基本满意", (1, 1))):
        step(site, who, case, "call_back", {"satisfaction": answer})
        found, _ = figure_of(site, operator(site), "satisfaction_rate", "c3")
        assert (found.part, found.whole) == right
    assert verify(site).sound


@pytest.mark.parametrize(
    ("way", "lines"),
    [("whole", [2, 2, -1, 3]), ("plus", [2, "1(+1)", 3]), ("half", [1.5, 1.5, 3]),
     ("own_row", [1, 1, 1, 3])],
)  # fmt: skip
def test_the_dispatch_table_follows_the_setting(
    site: Site, way: str, lines: list[int | float | str]
) -> None:
    figure_settings.set_joint_counting(site, "c3", way)
    who = actor(site, "supervisor")
    asked = board_pages.Asked("c3", date(2024, 6, 30))
    read = board_pages.read_dispatch(site, who, asked)
    assert read is not None
    assert [cells["cases"] for _, cells in read[1].lines] == lines
    out = io.BytesIO()
    exporting.export(site, who, exporting.Asked("dispatch_table", "c3", asked.as_of), out)
    assert out.getvalue().startswith(b"PK")


@pytest.mark.parametrize(
    ("way", "shown"),
    [("whole", ["2", "2"]), ("plus", ["2", "1(+1)"]), ("half", ["1.5", "1.5"]),
     ("own_row", ["1", "1", "1"])],
)  # fmt: skip
def test_the_setting_of_the_list_decides(site: Site, way: str, shown: list[str]) -> None:
    figure_settings.set_joint_counting(site, "c3", way)
    figure, _ = figure_of(site, operator(site), "closure_rate", "c3", by="district",
                          as_of=date(2024, 6, 30))  # fmt: skip
    assert [group.shown_whole for group in figure.groups] == shown
    assert figure.whole == 3
    with pytest.raises(Refused, match="unknown_way"):
        figure_settings.set_joint_counting(site, "c3", "third")
