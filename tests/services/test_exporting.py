"""Sheets: the rows of the screen and of the day, words not codes, a foot that can be defended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import update

from ecoissues.core.errors import Forbidden, NotFound, Refused
from ecoissues.core.policy import Actor
from ecoissues.services import exporting
from ecoissues.services.exporting import Asked
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from tests.services.small_site import Clock, actor, complaint, make_site, step


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    made = make_site(database_url, tmp_path, clock)
    supervisor = actor(made, "supervisor")
    first = complaint(made, "D3CQ202406070010*", batch="第一批", content="=1+1 某养殖场废水直排。")
    complaint(made, "D3CQ202406070002", batch="第一批", types="大气", channel="来信")
    clock.set(date(2024, 6, 20))
    third = complaint(made, "D3CQ202406200001", batch="第二批", received_on="2024-06-20")
    step(made, supervisor, first, "transfer", {"units": "500119-STHJ,500112-STHJ"})
    step(made, supervisor, third, "transfer", {"units": "500119-CGJ"})
    officer = actor(made, "officer", "500119-STHJ")
    step(made, officer, first, "accept")
    outcomes = {"note": "已立案", "outcomes": "责令改正,罚款:1:7930000", "verdict": "部分属实"}
    step(made, officer, first, "log_work", {**outcomes, "investigation": "现场核实。"})
    yield made
    made.close()


def read(site: Site, who: Actor, asked: Asked, folder: Path) -> list[list[Any]]:
    path = folder / "sheet.xlsx"
    exporting.export(site, who, asked, path)
    page = openpyxl.load_workbook(path).active
    return [[cell.value for cell in row] for row in page.iter_rows()]


def table(rows: list[list[Any]], first: str) -> list[list[Any]]:
    """The rows below the header, up to the foot."""
    start = next(place for place, row in enumerate(rows) if row[0] == first)
    body = rows[start + 1 :]
    end = next(place for place, row in enumerate(body) if str(row[0] or "").startswith("截至"))
    return [row for row in body[:end] if any(row)]


def test_the_public_table_holds_every_case_in_order(site: Site, tmp_path: Path) -> None:
    rows = read(site, actor(site, "leader", "500000"), Asked("complaint_table", "c3"), tmp_path)
    body = table(rows, "序号")
    assert [row[1] for row in body] == [
        "D3CQ202406070002", "D3CQ202406070010*", "D3CQ202406200001",
    ]  # fmt: skip
    first = dict(zip(rows[[row[0] for row in rows].index("序号")], body[1], strict=True))
    assert first["交办问题基本情况"] == "=1+1 某养殖场废水直排。"
    assert first["问题类型"] == "水、畜禽养殖"
    assert first["行政区域"] == "南川区、渝北区"
    assert first["是否属实"] == "部分属实"
    assert first["责任人被处理情况"] == "责令改正1件、罚款1件7.93万元"
    assert first["是否办结"] == "未办结"


def test_the_foot_can_be_defended(site: Site, tmp_path: Path) -> None:
    rows = read(site, actor(site, "leader", "500000"), Asked("complaint_table", "c3"), tmp_path)
    foot = [str(row[0]) for row in rows if str(row[0] or "").startswith(("截至", "范围", "数据"))]
    assert "办结率为0%（0/3；口径：(办结 + 已回头看) ÷ 转办总数，第1版）" in foot[0]
    assert foot[2] == "范围：本清单计入总数的全部事项；共 3 件。"
    assert foot[3].startswith("数据基础：日志第 7 位，摘要 ")


def test_a_past_day_has_its_own_rows_and_standing(site: Site, tmp_path: Path) -> None:
    leader = actor(site, "leader", "500000")
    asked = Asked("complaint_table", "c3", as_of=date(2024, 6, 15))
    body = table(read(site, leader, asked, tmp_path), "序号")
    assert [row[1] for row in body] == ["D3CQ202406070002", "D3CQ202406070010*"]
    assert all(row[6] in (None, "", "—") for row in body)


def test_rows_of_a_filter_keep_their_order_and_scope_is_told(site: Site, tmp_path: Path) -> None:
    leader = actor(site, "leader", "500000")
    asked = Asked("complaint_table", "c3", case_ids=(3, 1), scope="类型：水")
    rows = read(site, leader, asked, tmp_path)
    assert [row[1] for row in table(rows, "序号")] == ["D3CQ202406200001", "D3CQ202406070010*"]
    assert any("范围：类型：水；共 2 件。上列指标为全清单口径。" in str(row[0]) for row in rows)


def test_a_district_takes_only_its_own(site: Site, tmp_path: Path) -> None:
    leader = actor(site, "leader", "500112")
    body = table(read(site, leader, Asked("complaint_table", "c3"), tmp_path), "序号")
    assert [row[1] for row in body] == ["D3CQ202406070010*"]


def test_the_notice_counts_one_batch_and_all_before(site: Site, tmp_path: Path) -> None:
    leader = actor(site, "leader", "500000")
    asked = Asked("batch_notice", "c3", batch="第一批")
    rows = read(site, leader, asked, tmp_path)
    body = {row[0]: row for row in rows if row[0] in ("南川区", "渝北区", "重庆市", "合计")}
    assert body["合计"][1:6] == [2, 1, 1, 1, 0]
    assert body["南川区"][1] == body["渝北区"][1] == 1
    latest = read(site, leader, Asked("batch_notice", "c3"), tmp_path)
    assert latest[0][0] == "第三轮督察群众举报群众来电来信举报污染类型统计表（第二批）"
    sums = next(row for row in latest if row[0] == "合计")
    assert (sums[1], sums[-2], sums[-1]) == (1, 3, 1)


def test_the_notice_of_a_past_day_is_that_of_the_batch_then(site: Site, tmp_path: Path) -> None:
    day = site.today()
    with site.store.writing() as connection:
        b = t.batches
        tomorrow = (day + timedelta(1)).isoformat()
        connection.execute(update(b).where(b.c.name == "第二批").values(handed_over_on=tomorrow))
    found = read(site, actor(site, "leader", "500000"), Asked("batch_notice", "c3", day), tmp_path)
    assert "（第一批）" in found[0][0]


def test_the_dispatch_table_ends_in_overlap_and_total(site: Site, tmp_path: Path) -> None:
    rows = read(site, actor(site, "leader", "500000"), Asked("dispatch_table", "c3"), tmp_path)
    lines = {row[0]: row for row in rows if row[0]}
    assert lines["南川"][1] == 2
    assert lines["渝北"][1] == 1
    assert lines["合办重复计数"][1] == -1
    assert lines["合计"][1] == 2


def test_a_title_does_not_say_a_word_twice(site: Site, tmp_path: Path) -> None:
    leader = actor(site, "leader", "500000")
    rows = read(site, leader, Asked("rectification_ledger", "tasks"), tmp_path)
    assert rows[0][0] == "督察整改任务台账（重庆市）"


def test_csv_and_refusals(site: Site, tmp_path: Path) -> None:
    leader = actor(site, "leader", "500000")
    path = tmp_path / "sheet.csv"
    assert exporting.export(site, leader, Asked("complaint_table", "c3"), path).rows == 3
    text = path.read_text("utf-8-sig")
    assert text.startswith("序号,受理编号")
    assert ",'=1+1 " in text
    with pytest.raises(NotFound):
        exporting.export(site, leader, Asked("no_such_form", "c3"), path)
    with pytest.raises(NotFound):
        exporting.export(site, leader, Asked("complaint_table", "no-list"), path)
    with pytest.raises(Forbidden):
        exporting.export(
            site, actor(site, "administrator", "500000"), Asked("complaint_table", "c3"), path
        )


@pytest.mark.parametrize(
    ("place", "code"),
    [("sheet.pdf", "ending_unknown"), ("sheet", "ending_unknown"),
     ("none/sheet.xlsx", "not_writable"), ("folder.csv", "not_writable")],
)  # fmt: skip
def test_a_place_that_cannot_be_written_is_refused_and_left_as_it_was(
    site: Site, tmp_path: Path, place: str, code: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    before = sorted(tmp_path.rglob("*"))
    leader = actor(site, "leader", "500000")
    with pytest.raises(Refused) as refused:
        exporting.export(site, leader, Asked("complaint_table", "c3"), tmp_path / place)
    assert refused.value.code == code
    assert "没有写出文件" in refused.value.sentence
    assert sorted(tmp_path.rglob("*")) == before
