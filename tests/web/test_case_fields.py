"""Pages of a kind with fields of its own, milestones and parts: forms, case, list, import."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import insert

from ecoissues.services import gate, registering
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from tests.services.outlet_kind import outlet
from tests.web.conftest import Clock, World, fill, open_world
from tests.web.test_case import take

VALUES = {
    "number": "A1", "received_on": "2026-11-18", "content": "某排口汛期溢流。", "river": "苦竹溪",
    "sort": "storm", "area": "1250.5", "cost": "32500", "people": "120", "reserve": "1",
    "spot": "106.551556,29.563009 某桥下游二十米",
}  # fmt: skip


@pytest.fixture
def outlets(
    sqlite_url: str, application: Flask, tmp_path: Path, clock: Clock
) -> Iterator[World]:
    kinds = tmp_path / "data" / "kinds"
    kinds.mkdir(parents=True)
    (kinds / "outlets.toml").write_text(outlet(children="works"), encoding="utf-8")
    (kinds / "works.toml").write_text(outlet("works"), encoding="utf-8")
    site = Site(sqlite_url, tmp_path / "data", clock)
    fill(site)
    for world in open_world(site, application, clock):
        unit = world.site.tree.by_code["500119-DCB"].id
        with world.site.store.writing() as connection:
            for code, title in (("outlets", "南川区入河排口整治"), ("works", "南川区排口工程")):
                row = {
                    "code": code, "title": title, "kind": code, "kind_version": 1,
                    "level": "district", "unit_id": unit,
                }  # fmt: skip
                connection.execute(insert(t.lists).values(**row))
        world.site.refresh()
        yield world


def register(world: World, number: str = "A1", home: str = "outlets", **more: str) -> int:
    asked = registering.Registration(values={**VALUES, "number": number, **more})
    return registering.register(world.site, world.actor("supervisor"), home, asked).case_id


def test_the_form_asks_and_comes_back_as_it_was(outlets: World) -> None:
    client = outlets.client("supervisor")
    form = "/lists/outlets/register"
    page = client.get(form).text
    assert "面积（平方米）" in page
    assert "排口类型" in page
    wrong = {**VALUES, "area": "宽", "spot": "29.5,106.5"}
    answer = outlets.post(client, form, form, **wrong)
    assert answer.status_code == 422
    assert "写反了" in answer.text
    assert 'value="宽"' in answer.text
    answer = outlets.post(client, form, form, **VALUES)
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"]).text
    for shown in ("苦竹溪", "雨水口", "1250.5 平方米", "32,500 元", "120 人", "某桥下游二十米"):
        assert shown in page


def test_money_and_places_stand_in_the_form_as_they_are_written(outlets: World) -> None:
    case_id = register(outlets)
    officer = outlets.client("officer")
    request = gate.Request("hand", None, {"units": "500119-STHJ"})
    gate.take_step(outlets.site, outlets.actor("supervisor"), case_id, request)
    plan = f"/cases/{case_id}/steps/plan"
    page = officer.get(plan).text
    assert "一季度 2026-03-31\n二季度 2026-06-30" in page  # what the document proposes
    lines = "一季度：清淤 2026-03-31\r\n二季度 2026-12-30"
    assert take(outlets, officer, case_id, "plan", milestones=lines).status_code == 303
    reach = f"/cases/{case_id}/steps/reach"
    assert '<option value="q1">一季度</option>' in officer.get(reach).text
    answer = take(outlets, officer, case_id, "reach", milestone="q1", done_on="2026-11-19")
    assert answer.status_code == 303
    page = officer.get(f"/cases/{case_id}").text
    assert "已完成 1/2，下一节点：二季度（2026-12-30）" in page
    assert "2026-11-19 完成（逾期）" in page
    assert "本年" in page
    assert "节点“一季度”完成" in page
    assert '<option value="q1">' not in officer.get(reach).text


def test_the_list_offers_shows_sorts_and_filters(outlets: World) -> None:
    register(outlets)
    register(outlets, "A2", area="99", river="长江")
    client = outlets.client("supervisor")
    page = client.get("/cases?list=outlets&columns=number,field.river,field.area").text
    assert "1250.5 平方米" in page
    assert 'name="field.river"' in page
    assert "sort=field.area" in page
    page = client.get("/cases?list=outlets&field.river=长江").text
    assert "河流：长江" in page
    assert "<b>1</b> 件" in page
    page = client.get("/cases?list=outlets&field.sort=storm").text
    assert "排口类型：雨水口" in page
    assert client.get("/cases?list=outlets&field.none=x").status_code == 422
    assert "field.river" not in client.get("/cases?list=NC-C").text


def test_parts_stand_on_their_parents_page(outlets: World) -> None:
    case_id = register(outlets)
    client = outlets.client("supervisor")
    page = client.get(f"/cases/{case_id}").text
    link = "/lists/works/register?parent_case=outlets/A1"
    assert link in page
    assert 'value="outlets/A1"' in client.get(link).text
    values = {**VALUES, "number": "B1", "parent_case": "outlets/A1"}
    answer = outlets.post(client, link, "/lists/works/register", **values)
    assert answer.status_code == 303
    page = client.get(f"/cases/{case_id}").text
    assert "共 1 件，已办结 0 件" in page
    assert answer.headers["Location"] in page
    assert "上级事项" in client.get(answer.headers["Location"]).text


def test_a_sheet_names_them_and_shows_what_differs(outlets: World) -> None:
    register(outlets)
    client = outlets.client("supervisor")
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["编号", "受理日期", "问题描述", "受纳水体", "面积", "整治投入"])
    book.active.append(["A1", "2026-11-18", VALUES["content"], "苦竹溪", "2000", "1.5万"])
    book.save(out)
    out.seek(0)
    token = outlets.token(client, "/imports")
    answer = client.post(
        "/imports", data={"csrf_token": token, "list": "outlets", "file": (out, "排口.xlsx")}
    )
    assert answer.status_code == 303, answer.text
    page = client.get(answer.headers["Location"]).text
    assert "<del>1250.5 平方米</del> → <ins>2000 平方米</ins>" in page
    assert "<del>32,500 元</del> → <ins>15,000 元</ins>" in page
    assert '<option value="river" selected>河流</option>' in page
    assert client.get("/imports/template.xlsx?list=outlets").status_code == 200
