"""Papers to print: what stands on them, what never does, and the size of their letters."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import insert

from ecoissues.storage import tables as t
from tests.web.conftest import World
from tests.web.test_case import take, transferred


def test_the_transfer_order_has_number_units_deadline_and_proof(world: World) -> None:
    case_id = transferred(world, "D3CQ202611180081")
    with world.site.store.writing() as connection:
        sealed = world.site.sealer.seal({"name": "张某某", "phone": "13800000000"})
        connection.execute(insert(t.complainants).values(case_id=case_id, sealed=sealed))
    page = world.client("supervisor").get(f"/cases/{case_id}/papers/transfer").text
    for text in ("转办单", "D3CQ202611180081", "南川区生态环境局", "反馈时限", "个自然日", "签收单位"):
        assert text in page
    assert "张某某" not in page
    assert "13800000000" not in page
    assert "不含举报人信息" in page


def test_the_report_tells_what_was_found(world: World) -> None:
    case_id = transferred(world, "D3CQ202611180082")
    officer = world.client("officer")
    take(world, officer, case_id, "accept")
    take(world, officer, case_id, "report_result", verdict="partly", result="查实排口一处。")
    page = officer.get(f"/cases/{case_id}/papers/report").text
    for text in ("办理情况报告", "部分属实", "查实排口一处。", "已反馈结果", "单位负责人"):
        assert text in page


def test_papers_outside_the_scope_do_not_exist(world: World) -> None:
    case_id = transferred(world, "D3CQ202611180083")
    assert world.client("stranger").get(f"/cases/{case_id}/papers/report").status_code == 404
    assert world.client("officer").get(f"/cases/{case_id}/papers/letter").status_code == 404
    assert world.client("administrator").get(f"/cases/{case_id}/papers/report").status_code == 403


def test_printed_letters_are_black_and_not_small() -> None:
    style = Path("frontend/src/board.css").read_text("utf-8")
    printed = style[style.index("/* Papers") :]
    assert "font-size: 10.5pt" in printed
    assert "font-size: 9pt" in printed
