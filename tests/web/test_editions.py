"""Pages of what is published: they say what the numbers are, refuse in place, and need no script."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from tests.web.conftest import World
from tests.web.test_board import ASK
from tests.web.test_case import transferred

CODE = re.compile(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}")


def published(world: World, form: str, target: str, **values: object) -> str:
    """Post as a page would; gives the code of the edition it leads to."""
    answer = world.post(world.client("supervisor"), form, target, **values)
    assert answer.status_code == 303, answer.text
    found = CODE.search(answer.headers["Location"])
    assert found
    return found.group()


def some_cases(world: World) -> None:
    for number in range(6):
        transferred(world, f"D3CQ2026111800{number:02d}")


def test_publish_show_and_compare(world: World) -> None:
    some_cases(world)
    code = published(world, "/editions/new", "/editions", list="NC-C")
    client = world.client("leader")
    page = client.get(f"/editions/{code}").text
    assert code in page
    assert "0 / 6" in page
    assert "没有变化" in client.get(f"/editions/{code}/compare").text
    transferred(world, "D3CQ202611180099")
    page = client.get(f"/editions/{code}/compare").text
    assert "补记 1 处" in page
    assert "D3CQ202611180099" in page
    assert "0 / 6" in page
    assert "0 / 7" in page
    assert "style=" not in page
    assert client.get(f"/editions?code={code.lower().replace('-', ' ')}").headers["Location"] == (
        f"/editions/{code}"
    )
    assert code in client.get("/editions").text
    assert code not in client.get("/editions?sort=ranking").text
    for missing in ("/editions/2222-2222", "/editions/2222-2222/compare", "/editions/x.docx"):
        assert client.get(missing).status_code == 404


def test_a_refusal_keeps_what_was_filled_in(world: World) -> None:
    some_cases(world)
    client = world.client("supervisor")
    for values in ({"as_of": "昨天"}, {"as_of": "2030-01-01"}, {"batch": "没有的批次"}):
        answer = world.post(client, "/editions/new", "/editions", list="NC-C", title="我的标题", **values)
        assert answer.status_code == 422
        assert "我的标题" in answer.text
    assert "还没有发布过" in client.get("/editions").text


def test_a_bulletin_is_edited_and_published(world: World) -> None:
    some_cases(world)
    client = world.client("supervisor")
    made = world.post(client, "/bulletins", "/bulletins", template="weekly", list="NC-C")
    path = made.headers["Location"]
    page = client.get(path).text
    assert "{总数}" in page
    assert "累计6件" in page
    texts = {"head": "通报", "title": "关于{清单}的通报", "heading": "一、情况", "table": "", "chart": ""}
    wrong = world.post(client, path, path, version="1", **texts, text="共{没有}件")
    assert wrong.status_code == 422
    assert "共{没有}件" in wrong.text
    saved = world.post(client, path, path, version="1", **texts, text="共{总数}件，另有 9 件。")
    assert saved.status_code == 303
    stale = world.post(client, path, path, version="1", **texts, text="别人的话")
    assert stale.status_code == 409
    assert "另有 9 件" in stale.text
    assert "别人的话" in stale.text
    assert world.post(client, path, f"{path}/publish", version="2").status_code == 422
    # What stands on the page is what is published, saved before or not.
    latest = {**texts, "text": "共{总数}件，另有 9 件。以上。"}
    refused = world.post(client, path, f"{path}/publish", version="2", **latest)
    assert refused.status_code == 422
    assert "以上。" in refused.text
    assert 'name="confirmed"' in refused.text
    code = published(world, path, f"{path}/publish", version="3", confirmed="1", **latest)
    word = world.client("leader").get(f"/editions/{code}.docx")
    assert word.status_code == 200
    assert word.data.startswith(b"PK")
    assert "共6件，另有 9 件。以上。" in world.client("leader").get(f"/editions/{code}").text
    assert "下载 Word" in client.get(path).text
    assert client.get(f"{path}.docx").data == word.data


def test_a_scheme_is_entered_tried_and_published(world: World) -> None:
    some_cases(world)
    client = world.client("supervisor")
    good = {"code": "index", "title": "管控指数", "minimum": "5", "figure": "NC-C|report_rate",
            "weight": "40", "band": "A档", "least": "90"}  # fmt: skip
    bad = world.post(client, "/rankings/new", "/rankings", **{**good, "weight": "-1"})
    assert bad.status_code == 422
    assert "管控指数" in bad.text
    assert world.post(client, "/rankings/new", "/rankings", **good).status_code == 303
    page = client.get("/rankings/index?period=2026-11&w0=70").text
    assert "试算" in page
    assert "南川环境局" in page or "南川区生态环境局" in page
    entry = {"period": "2026-11", "unit": "500119-STHJ", "points": "+2", "reason": "入选示范榜"}
    target = "/rankings/index/entries"
    assert world.post(client, "/rankings/index?period=2026-11", target, **entry).status_code == 303
    wrong = world.post(client, "/rankings/index?period=2026-11", target, **{**entry, "points": "0"})
    assert wrong.status_code == 422
    code = published(world, "/rankings/index?period=2026-11", "/rankings/index/publish", period="2026-11")
    leader = world.client("leader")
    assert "入选示范榜" in leader.get(f"/editions/{code}").text
    assert leader.get(f"/editions/{code}/compare").status_code == 200
    assert "记入" not in leader.get("/rankings/index?period=2026-11").text
    for wrong_page in ("/rankings/index?period=x", "/rankings/index?period=2027-01"):
        assert leader.get(wrong_page).status_code == 422
    assert leader.get("/rankings/none").status_code == 404


def opened(client: FlaskClient, page: str) -> int:
    """Open each linked number; gives how many there are, each with as many rows."""
    links = re.findall(r'<a href="(/board/rows[^"]+)">(\d+)</a>', page)
    for href, count in links:
        found = client.get(href.replace("&amp;", "&"), headers=ASK)
        assert found.status_code == 200, href
        assert found.json["count"] == int(count), href  # type: ignore[index]
    return len(links)


def test_the_indicator_sheet_is_filled_and_published(world: World) -> None:
    some_cases(world)
    client = world.client("supervisor")
    form = {"year": "2026", "code": "RIVER", "name": "黑臭水体整治", "measure": "条", "target": "30",
            "direction": "high", "monthly": "level", "schedule": "flat", "rollup": "none",
            "take": "rate", "targets": "南川区 30"}  # fmt: skip
    # ``target`` is also what World.post calls the address.
    for text, status in (("许多", 422), ("30", 303)):
        token = world.token(client, "/indicators/new")
        given = {**form, "target": text, "csrf_token": token}
        assert client.post("/indicators", data=given).status_code == status
    one = {"indicator": "RIVER", "of": "500119", "month": "2026-11", "value": "61"}
    page = "/indicators?month=2026-11"
    assert world.post(client, page, "/indicators/values", **one).status_code == 303
    assert "高于目标 103.3%" in client.get(page).text
    wrong = world.post(client, page, "/indicators/values", **{**one, "value": "x"})
    assert wrong.status_code == 422
    assert "问题清单" in client.get(page).text
    assert opened(client, client.get(f"{page}&unit=500119").text) >= 2
    code = published(world, page, "/indicators/publish", month="2026-11")
    assert "/board/rows" not in client.get(f"/editions/{code}").text
    assert world.post(client, page, "/indicators/values", **{**one, "value": "62"}).status_code == 303
    changed = world.client("leader").get(f"/editions/{code}/values").text
    assert "更正或撤销" in changed
    assert "103.3%" in world.client("leader").get(f"/editions/{code}").text


def test_tabs_show_what_a_role_may_open(world: World) -> None:
    some_cases(world)
    assert "/bulletins" in world.client("supervisor").get("/editions").text
    leader = world.client("leader")
    assert 'href="/bulletins"' not in leader.get("/editions").text
    assert leader.get("/bulletins").status_code == 403
    assert world.client("administrator").get("/editions").status_code == 403


def test_the_board_offers_to_publish_only_to_who_may(world: World) -> None:
    some_cases(world)
    address = "/board?list=NC-C&as_of=2026-11-19"
    offered = 'href="/editions/new?list=NC-C&amp;as_of=2026-11-19"'
    for name, seen in (("supervisor", True), ("leader", False), ("supervisor", True)):
        assert (offered in world.client(name).get(address).text) is seen
    page = world.client("supervisor").get("/editions/new?list=NC-C&as_of=2026-11-19").text
    assert 'value="2026-11-19"' in page
    assert '<option value="NC-C" selected>' in page


def test_a_program_gets_json(world: World) -> None:
    some_cases(world)
    code = published(world, "/editions/new", "/editions", list="NC-C")
    client = world.client("leader")
    ask = {"Accept": "application/json"}
    edition = client.get(f"/editions/{code}", headers=ask).json
    assert edition is not None
    assert edition["content"]["board"]["total"] == 6
    found = client.get(f"/editions/{code}/compare", headers=ask).json
    assert found is not None
    assert all(figure["complete"] for figure in found["figures"])
