"""The import pages: upload or paste, preview, change the mapping, commit, marked copy, template."""

from __future__ import annotations

import io
import re
from typing import Any

import openpyxl
from flask.testing import FlaskClient

from tests.web.conftest import World

SHEET = """受理编号,受理日期,交办问题基本情况,行政区域,污染类型
D3CQ202611180071,2026-11-18,某养殖场废水直排。,南川区,水
,2026-11-18,没有编号。,南川区,水
"""


def upload(world: World, client: FlaskClient, content: bytes, name: str = "清单.csv") -> Any:
    values = {
        "csrf_token": world.token(client, "/imports"), "list": "NC-C",
        "file": (io.BytesIO(content), name),
    }  # fmt: skip
    return client.post("/imports", data=values, content_type="multipart/form-data")


def test_a_sheet_from_upload_to_result(world: World) -> None:
    client = world.client("supervisor")
    answer = upload(world, client, SHEET.encode())
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "<strong>1</strong>新登记" in page
    assert "<strong>1</strong>不能导入" in page
    assert "缺少“受理编号”" in page
    result = world.post(client, answer.location, f"{answer.location}/commit")
    assert result.status_code == 200
    href = re.search(r'<a href="(/cases/\d+)">D3CQ202611180071</a>', result.text)
    assert href
    assert client.get(href.group(1)).status_code == 200
    assert "已转办" in client.get(href.group(1)).text
    again = upload(world, client, SHEET.encode())
    assert "<strong>1</strong>无变化" in client.get(again.location).text


def test_pasted_rows_and_a_changed_mapping(world: World) -> None:
    client = world.client("supervisor")
    pasted = "号\t受理日期\t情形\t行政区域\t污染类型\nD3CQ202611180072\t2026-11-18\t某处异味。\t南川区\t大气"
    answer = world.post(client, "/imports", "/imports", list="NC-C", pasted=pasted)
    assert answer.status_code == 303
    assert "<strong>0</strong>新登记" in client.get(answer.location).text
    chosen = {"map-0": "number", "map-1": "received_on", "map-2": "content", "map-3": "region",
              "map-4": "types", "transfer": "1"}  # fmt: skip
    looked = world.post(client, answer.location, answer.location, **chosen)
    assert "<strong>1</strong>新登记" in looked.text
    left = world.post(client, answer.location, f"{answer.location}/commit", leave="2", **chosen)
    assert "<strong>1</strong>未选" in left.text
    done = world.post(client, answer.location, f"{answer.location}/commit", **chosen)
    assert "已转办" in done.text


def test_the_marked_copy_and_the_template(world: World) -> None:
    client = world.client("supervisor")
    answer = upload(world, client, SHEET.encode())
    marked = client.get(f"{answer.location}/marked.xlsx")
    page = openpyxl.load_workbook(io.BytesIO(marked.data)).active
    assert page["A3"].fill.fgColor.rgb == "FFFFC7CE"
    assert page["F1"].value == "错误说明"
    template = client.get("/imports/template.xlsx?list=NC-C")
    assert openpyxl.load_workbook(io.BytesIO(template.data)).active["B3"].value == "*受理编号"


def test_what_is_refused_says_so_on_the_form(world: World) -> None:
    client = world.client("supervisor")
    for content, name in ((b"", "a.csv"), (b"no table here", "a.csv"), (b"PK\x03\x04broken", "a.xlsx")):
        answer = upload(world, client, content, name)
        page = client.get(answer.location).text if answer.status_code == 303 else answer.text
        assert "error-summary" in page
        assert "错误：" in page
    assert client.get("/imports/0123456789abcdef").status_code == 404


def test_another_sheet_of_the_workbook_is_one_link_away(world: World) -> None:
    client, out, made = world.client("supervisor"), io.BytesIO(), openpyxl.Workbook()
    made.worksheets[0].title = "说明"
    made.worksheets[0].append(["请逐项填写"])
    for name, number in (("甲批", "D3CQ202411180081"), ("乙批", "D3CQ202411180082")):
        page = made.create_sheet(name)
        page.append(["受理编号", "受理日期", "举报内容", "行政区域"])
        page.append([number, "2026-11-18", "某厂异味。", "南川区"])
    made.save(out)
    answer = upload(world, client, out.getvalue(), "两批.xlsx")
    page_shown = client.get(answer.location).text
    assert "D3CQ202411180081" in page_shown
    assert "D3CQ202411180082" not in page_shown
    href = re.search(r'<a href="([^"]+)">乙批</a>', page_shown)
    assert href
    other = client.get(href.group(1))
    assert "D3CQ202411180082" in other.text
    assert '<input type="hidden" name="sheet" value="乙批">' in other.text
    result = world.post(client, answer.location, f"{answer.location}/commit", sheet="乙批")
    assert ">D3CQ202411180082</a>" in result.text


def test_who_may_import(world: World) -> None:
    for name in ("officer", "leader", "administrator", "auditor"):
        assert world.client(name).get("/imports").status_code == 403
    other = upload(world, world.client("supervisor"), SHEET.encode())
    assert world.client("supervisor2").get(other.location).status_code == 404
    assert "南川区群众举报" in world.client("city").get("/imports").text
