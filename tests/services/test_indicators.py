"""The indicator sheet: values entered, imported, bound; rights; roll-up; editions and their changes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ecoissues.core.errors import Refused
from ecoissues.core.indicators import Indicator
from ecoissues.services import indicator_editions, indicators
from ecoissues.services.indicator_values import Given, enter, import_sheet
from ecoissues.services.indicators import Cell, SheetLine
from ecoissues.services.site import Site
from tests.services.small_site import Clock, actor, complaint, make_site, step

RIVER = Indicator("RIVER", "黑臭水体整治", "条", "30", monthly="sum", schedule="linear", rollup="sum")
AIR = Indicator("AIR", "优良天数", "天", "320", owner="500119-STHJ", targets={"500119": "330"})
RATE = Indicator("RATE", "结果反馈率", "%", "90", list="c3", figure="report_rate")


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    clock = Clock()
    made = make_site(database_url, tmp_path, clock)
    who = actor(made, "supervisor")
    for one in (RIVER, AIR, RATE):
        assert indicators.define(made, who, 2024, one) == 1
    for number in range(4):
        case = complaint(made, f"D3CQ20240607{number:04d}")
        step(made, who, case, "transfer", {"units": "500119-STHJ" if number else "500112-STHJ"})
    clock.set(date(2024, 7, 2))
    yield made
    made.close()


def give(site: Site, code: str, month: str, unit: str, value: str, **more: Any) -> None:
    who = more.get("who") or actor(site, "supervisor")
    enter(site, who, [Given(code, month, unit, value)])


def lines(site: Site, month: str = "2024-06", unit: str = "") -> dict[str, SheetLine]:
    sheet, _ = indicator_editions.read(site, actor(site, "leader", "500000"), month, unit)
    return {line.code: line for line in sheet.lines}


def cell(line: SheetLine, unit: str) -> Cell:
    return next(one for one in line.cells if one.unit == unit)


def test_entered_values_add_up_over_months_and_units(site: Site) -> None:
    give(site, "RIVER", "2024-01", "500119", "41")
    give(site, "RIVER", "2024-02", "500112", "20")
    river = lines(site)["RIVER"]
    assert (river.whole.shown, river.whole.standing) == ("61", "achieved")
    assert river.whole.distance == "高于目标 103.3%"
    assert lines(site, "2024-01")["RIVER"].whole.shown == "41"
    give(site, "RIVER", "2024-01", "500119", "1")
    assert lines(site)["RIVER"].whole.shown == "21"
    give(site, "RIVER", "2024-01", "南川", "")
    assert lines(site)["RIVER"].whole.shown == "20"
    assert lines(site, unit="500112")["RIVER"].whole.shown == "20"


def test_a_bound_value_is_the_figure(site: Site) -> None:
    who = actor(site, "officer", "500119-STHJ")
    step(site, who, 2, "accept")
    step(site, who, 2, "report_result", {"verdict": "不属实", "result": "未发现。"})
    rate = lines(site, "2024-07")["RATE"]
    assert rate.whole.shown == "25"
    assert cell(rate, "500119").shown == "33.33"
    assert cell(rate, "500112").standing == "behind"
    assert lines(site)["RATE"].whole.shown == "0"
    with pytest.raises(Refused, match="由统计指标得出"):
        give(site, "RATE", "2024-06", "500119", "1")


def test_targets_of_units(site: Site) -> None:
    give(site, "AIR", "2024-06", "500119", "325")
    give(site, "AIR", "2024-06", "500000", "321")
    air = lines(site)["AIR"]
    assert (air.whole.shown, air.whole.standing) == ("321", "achieved")
    assert (cell(air, "500119").target, cell(air, "500119").standing) == ("330", "behind")


def test_who_may_fill(site: Site) -> None:
    give(site, "AIR", "2024-05", "500112", "1", who=actor(site, "officer", "500119-STHJ"))  # owner
    give(site, "RIVER", "2024-05", "500112-STHJ", "1", who=actor(site, "officer", "500112-STHJ"))
    for who, unit in (
        (actor(site, "officer", "500112-STHJ"), "500119"),
        (actor(site, "supervisor", "500119-DCB"), "500112"),
        (actor(site, "leader", "500000"), "500119"),
    ):
        with pytest.raises(Refused):
            give(site, "RIVER", "2024-05", unit, "1", who=who)


@pytest.mark.parametrize(
    ("month", "unit", "value"),
    [("2024-13", "500119", "1"), ("2024-08", "500119", "1"), ("2024-05", "火星", "1"),
     ("2024-05", "500119", "许多"), ("2024-Q1", "500119", "1"), ("2023-05", "500119", "1")],
)  # fmt: skip
def test_wrong_values_are_refused_whole(site: Site, month: str, unit: str, value: str) -> None:
    good = Given("RIVER", "2024-05", "500119", "5")
    with pytest.raises(Refused, match="第 2 行") as refused:
        enter(site, actor(site, "supervisor"), [good, Given("RIVER", month, unit, value)])
    assert list(refused.value.facts["errors"]) == [2]
    assert lines(site)["RIVER"].whole.shown == "—"


def workbook(rows: list[list[object]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    for line, row in enumerate(rows):
        sheet.write_row(line, 0, row)
    book.close()
    return out.getvalue()


def test_import_of_rows_and_of_a_table_of_months(site: Site) -> None:
    who = actor(site, "supervisor")
    rows = workbook([
        ["报表"], ["指标", "单位", "月份", "数值", "备注"],
        ["RIVER", "南川", "2024-05", 7, "补"], ["黑臭水体整治", "500112", "2024-06", 3.5, ""],
    ])  # fmt: skip
    assert import_sheet(site, who, rows, "a.xlsx") == 2
    assert lines(site)["RIVER"].whole.shown == "10.5"
    table = "2024年,,\n指标,单位,1月,2月\nRIVER,南川,1,\n优良天数,渝北,28,29\n".encode()
    assert import_sheet(site, who, table, "b.csv") == 3
    assert lines(site)["RIVER"].whole.shown == "11.5"
    with pytest.raises(Refused, match="no_header"):
        import_sheet(site, who, "甲,乙\n1,2\n".encode(), "c.csv")
    with pytest.raises(Refused, match="bad_values"):
        import_sheet(site, who, "指标,单位,月份,数值\nRIVER,火星,2024-05,1\n".encode(), "d.csv")


def test_an_edition_and_what_changed_since(site: Site) -> None:
    who = actor(site, "supervisor")
    give(site, "RIVER", "2024-06", "500119", "10")
    code = indicator_editions.publish(site, who, "2024-06")
    assert indicator_editions.compare(site, who, code).changes == []
    give(site, "RIVER", "2024-06", "500119", "12")
    give(site, "RIVER", "2024-05", "500112", "4")
    step(site, who, 1, "void_entry", {"reason": "误录"}, effective_on=date(2024, 6, 30),
         late_reason="核对")  # fmt: skip
    found = indicator_editions.compare(site, who, code)
    changes = {(one.code, one.unit): one for one in found.changes}
    assert changes["RIVER", "500119"].reason == "corrected"
    assert changes["RIVER", "500112"].reason == "late"
    whole = changes["RIVER", ""]
    assert (whole.then, whole.now, whole.difference) == ("10", "16", "6")
    assert found.complete
    assert found.sound
    indicators.define(site, who, 2024, Indicator("RIVER", "黑臭水体整治", "条", "40", rollup="sum"))
    again = indicator_editions.compare(site, who, code)
    assert {one.reason for one in again.changes if one.code == "RIVER"} == {"redefined"}
    for table in ("indicators", "indicator_values"):
        with pytest.raises(DBAPIError), site.store.writing() as connection:
            connection.execute(text(f"DELETE FROM {table}"))


def test_the_issue_lists_stand_beside_the_sheet(site: Site) -> None:
    _, issues = indicator_editions.read(site, actor(site, "leader", "500000"), "2024-06")
    assert [(one.list, one.total) for one in issues] == [("c3", 4)]
    _, own = indicator_editions.read(site, actor(site, "leader", "500112"), "2024-06")
    assert [(one.list, one.total) for one in own] == [("c3", 1)]
