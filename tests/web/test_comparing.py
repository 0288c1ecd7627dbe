"""The page of two dates and the list of doubts."""

from __future__ import annotations

import re

from tests.web.conftest import World
from tests.web.test_board import ASK, some_cases


def test_two_dates_on_a_page(world: World) -> None:
    some_cases(world)
    client = world.client("leader")
    answer = client.get("/board/compare?list=NC-C&with=2026-10-31&figure=closure_rate")
    assert answer.status_code == 200
    assert "变动的事项" in answer.text
    assert re.search(r"变动的事项 <span[^>]*>6 件", answer.text)
    assert "style=" not in answer.text
    opened = re.findall(r'href="/cases/(\d+)"', answer.text)
    assert len(opened) == 6
    numbers = re.findall(r'<a href="(/board/rows[^"]+)">(\d+)</a>', answer.text)
    assert len(numbers) == 4
    for href, count in numbers:
        found = client.get(href.replace("&amp;", "&"), headers=ASK)
        assert found.json["count"] == int(count), href  # type: ignore[index]
    assert client.get("/board/compare?list=NC-C&with=month").status_code == 200
    assert client.get("/board/compare?list=NC-C&with=neverday").status_code in (400, 422)
    assert client.get("/board/compare?list=NC-C&with=2099-01-01").status_code in (400, 409, 422)


def test_doubts_on_a_page(world: World) -> None:
    some_cases(world)
    city = world.client("city")
    page = city.get("/doubts?list=CQ-C")
    assert page.status_code == 200
    assert "没有登记的疑点" in page.text
    answer = world.post(city, "/doubts?list=CQ-C", "/doubts/find", list="CQ-C")
    assert answer.status_code == 303
    page = city.get(answer.headers["Location"])
    assert "区县之和大于总数" in page.text
    target = re.search(r'action="(/doubts/\d+/explain)"', page.text)
    assert target
    refused = world.post(city, "/doubts?list=CQ-C", target[1], list="CQ-C", note=" ")
    assert refused.status_code == 422
    assert "请填写说明" in refused.text
    done = world.post(city, "/doubts?list=CQ-C", target[1], list="CQ-C", note="<b>合办</b>")
    assert done.status_code == 303
    page = city.get("/doubts?list=CQ-C")
    assert "已说明：&lt;b&gt;合办&lt;/b&gt;" in page.text
    leader = world.client("leader")
    assert "/doubts/find" not in leader.get("/doubts?list=CQ-C").text
