"""Sheets from the pages: the same rows as the list on the screen, safe names, the right rights."""

from __future__ import annotations

import io
import re
from urllib.parse import unquote

import openpyxl

from tests.web.conftest import World
from tests.web.test_case import transferred


def numbers(content: bytes) -> list[str]:
    page = openpyxl.load_workbook(io.BytesIO(content)).active
    return [str(row[1].value) for row in page.iter_rows() if str(row[1].value).startswith("D3CQ")]


def test_the_list_leaves_as_it_is_filtered(world: World) -> None:
    for number in range(3):
        transferred(world, f"D3CQ20261118003{number}")
    world.register("NC-C", "D3CQ202611180040", types=["noise"])
    client = world.client("leader")
    every = client.get("/exports/cases.xlsx?list=NC-C")
    assert every.status_code == 200
    assert every.headers["X-Rows"] == "4"
    some = client.get("/exports/cases.xlsx?list=NC-C&type=noise")
    assert numbers(some.data) == ["D3CQ202611180040"]
    name = unquote(every.headers["Content-Disposition"])
    assert name.startswith("attachment; filename*=UTF-8''南川区群众举报_")
    assert name.endswith(".xlsx")
    members = client.get("/exports/cases.xlsx?list=NC-C&figure=closure_rate&members=rest")
    assert len(numbers(members.data)) == 4


def test_the_sheet_keeps_the_order_of_the_screen(world: World) -> None:
    for number, day in ((2, "2026-11-16"), (1, "2026-11-18"), (3, "2026-11-17")):
        world.register("NC-C", f"D3CQ20261118000{number}", received_on=day)
    client = world.client("supervisor")
    orders = set()
    for sort in ("", "number", "-number", "received", "-received"):
        page = client.get(f"/cases?list=NC-C&sort={sort}", follow_redirects=True).text
        shown = re.findall(r'<a href="/cases/\d+">(D3CQ\d+)</a>', page)
        address = re.search(r'href="(/exports/cases.xlsx[^"]+)"', page)
        assert address is not None
        sheet = client.get(address[1].replace("&amp;", "&"))
        assert numbers(sheet.data) == shown, sort
        orders.add(tuple(shown))
    assert len(orders) > 2


def cells(content: bytes) -> list[list[str]]:
    page = openpyxl.load_workbook(io.BytesIO(content)).active
    return [[str(cell.value or "") for cell in row] for row in page.iter_rows()]


def test_the_desk_s_lists_of_several_lists_leave_too(world: World) -> None:
    transferred(world, "D3CQ202611180060")
    world.register("NC-I", "第7号")
    world.register("NC-C", "D3CQ202611180061", weight="key")
    client = world.client("supervisor")
    page = client.get("/cases?sort=number").text
    address = re.search(r'href="(/exports/cases.xlsx[^"]+)"', page)
    assert address is not None
    answer = client.get(address[1].replace("&amp;", "&"))
    assert answer.status_code == 200
    assert answer.headers["X-Rows"] == "3"
    found = cells(answer.data)
    heads = next(row for row in found if row[0] == "序号")
    wanted = ["编号", "事项", "责任单位", "类型", "等待", "最近办理", "清单", "状态", "到期日", "时限灯"]
    assert heads[1:] == wanted
    lines = [row for row in found if row[0] in ("1", "2", "3")]
    assert [row[1] for row in lines] == ["D3CQ202611180060", "D3CQ202611180061*", "第7号"]
    assert [row[7] for row in lines] == ["南川区群众举报", "南川区群众举报", "南川区问题清单"]
    assert any("共 3 件" in row[0] for row in found)


def test_the_columns_shown_are_the_columns_of_the_sheet(world: World) -> None:
    transferred(world, "D3CQ202611180070")
    client = world.client("leader")
    sheet = client.get("/exports/cases.csv?list=NC-C&columns=number,received,due&form=screen").text
    heads, line = sheet.lstrip("\ufeff").splitlines()
    assert heads == "序号,编号,受理日期,到期日,时限灯"
    assert line.startswith("1,D3CQ202611180070,2026-11-")
    assert world.client("administrator").get("/exports/cases.xlsx?form=screen").status_code == 403


def test_csv_forms_and_dispatch(world: World) -> None:
    transferred(world, "D3CQ202611180050")
    client = world.client("leader")
    assert client.get("/exports/cases.csv?list=NC-C").text.lstrip("\ufeff").startswith("序号")
    for path in ("dispatch", "complaint_table", "batch_notice"):
        answer = client.get(f"/exports/{path}.xlsx?list=NC-C")
        if path == "batch_notice":
            assert answer.status_code == 404  # the list has no batch
        else:
            assert answer.status_code == 200, path
    past = client.get("/exports/complaint_table.xlsx?list=NC-C&as_of=2026-11-01")
    assert numbers(past.data) == []


def test_what_cannot_be_exported(world: World) -> None:
    client = world.client("leader")
    assert client.get("/exports/nothing.xlsx?list=NC-C").status_code == 404
    assert client.get("/exports/dispatch.xlsx").status_code == 422
    assert client.get("/exports/dispatch.pdf?list=NC-C").status_code == 404
    assert world.client("administrator").get("/exports/dispatch.xlsx?list=NC-C").status_code == 403
