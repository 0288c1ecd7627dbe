"""Board, rows and dispatch table as pages: numbers, links, no script needed, no raw key."""

from __future__ import annotations

import re

from flask.testing import FlaskClient
from sqlalchemy import update

from ecoissues.storage import tables as t
from tests.web.conftest import World
from tests.web.test_case import take, transferred

ASK = {"Accept": "application/json"}
_RAW = re.compile(r"\b(open|phase_closed|in_progress|closure_rate|None|part|rest)\b")


def some_cases(world: World) -> None:
    for number in range(6):
        transferred(world, f"D3CQ2026111800{number:02d}")
    city = world.register("CQ-C", "X3CQ202611180001", by="city")
    both = {"units-unit": ["南川区", "涪陵区"], "units-party": ["lead", "joint"]}
    take(world, world.client("city"), city, "transfer", **both)


def shown(page: str) -> str:
    """The text a reader sees: tags, scripts and addresses taken out."""
    bare = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"<[^>]+>", " ", bare)


def follow(client: FlaskClient, page: str, pattern: str) -> int:
    href = re.search(pattern, page)
    assert href, pattern
    found = client.get(href.group(1).replace("&amp;", "&"), headers=ASK)
    assert found.status_code == 200
    return int(found.json["count"])  # type: ignore[index]


def test_the_board_without_script(world: World) -> None:
    some_cases(world)
    client = world.client("leader")
    answer = client.get("/board?list=NC-C")
    page = answer.text
    assert answer.status_code == 200
    assert "共6件" in page
    assert follow(client, page, r'class="tile-number"><a href="(/board/rows\?[^"]+account=cases)"') == 6
    assert follow(client, page, r'href="(/board/rows\?[^"]+figure=closure_rate[^"]+members=rest)"') == 6
    assert page.count("<caption") == 2
    assert 'type="application/json"' in page
    assert not re.search(r"<script(?![^>]*(src=|application/json))", page)
    assert "style=" not in page
    assert not _RAW.search(shown(page))
    assert len(answer.data) < 60_000


def test_the_city_board_explains_joint_handling(world: World) -> None:
    some_cases(world)
    page = world.client("city").get("/board?list=CQ-C").text
    assert "合计 2 大于总数 1" in page


def test_another_day_and_what_was_known_then(world: World) -> None:
    some_cases(world)
    world.clock.pass_time(days=10)
    client = world.client("leader")
    assert "2026年11月15日" in client.get("/board?list=NC-C&as_of=2026年11月15日").text
    assert "共6件" in client.get("/board?list=NC-C&as_of=2026-11-21").text
    known = client.get("/board?list=NC-C&as_of=2026-11-21&known_at=2026-11-22").text
    assert "按2026年11月22日时已登记的情况" in known
    for bad in ("as_of=2027-01-01", "as_of=昨天", "as_of=2026-11-25&known_at=2026-11-21"):
        assert client.get(f"/board?list=NC-C&{bad}").status_code == 422
    assert client.get("/board?list=nothing").status_code == 404


def test_rows_behind_a_number_have_unit_standing_and_a_way_back(world: World) -> None:
    some_cases(world)
    client = world.client("leader")
    page = client.get("/board/rows?list=NC-C&figure=closure_rate&members=rest").text
    assert page.count('scope="row"') == 6
    assert "南川区生态环境局" in page
    assert "口径：" in page
    assert "/cases?list=NC-C&amp;figure=closure_rate&amp;members=rest" in page
    assert client.get("/board/rows?list=NC-C&account=secret").status_code == 422
    assert client.get("/board/rows?list=NC-C&figure=nothing").status_code == 422
    empty = client.get("/board/rows?list=NC-C&figure=closure_rate&members=part").text
    assert "这一天没有这样的事项" in empty


def test_the_dispatch_table_opens_its_numbers(world: World) -> None:
    some_cases(world)
    client = world.client("city")
    page = client.get("/dispatch?list=CQ-C").text
    assert "合办重复计数" in page
    assert follow(client, page, r'href="(/board/rows\?[^"]+account=handed_over&amp;district=500102)"') == 1
    by_unit = client.get("/dispatch?list=NC-C&by=unit").text
    assert "南川区生态环境局" in by_unit
    assert "逾期未反馈" in by_unit
    issues = client.get("/dispatch?list=NC-I").text
    assert "逾期未反馈" not in issues


def test_every_number_of_board_and_dispatch_table_opens_as_many_rows(world: World) -> None:
    """Lines of a unit that has others below it: the city itself, a district and its bureau."""
    boss = world.client("city")
    for number, unit in enumerate(["涪陵区", "涪陵区", "涪陵区生态环境局", "南川区", ""]):
        for more in range(5):
            case_id = world.register("CQ-C", f"X3CQ2026111800{number}{more}", by="city")
            if unit:
                both = {"units-unit": [unit, "南川区"], "units-party": ["lead", "joint"]}
                take(world, boss, case_id, "transfer", **both)
    opened = 0
    for address in ("/dispatch?by=unit&", "/dispatch?by=district&", "/board?"):
        page = boss.get(f"{address}list=CQ-C").text
        for href, text in re.findall(r'<a href="(/board/rows[^"]+)">(\d+)</a>', page):
            found = boss.get(href.replace("&amp;", "&"), headers=ASK).json
            assert found["count"] == int(text), (address, href)  # type: ignore[index]
            opened += 1
        for href, whole in re.findall(
            r'<th scope="row"><a href="(/board/rows[^"]+)">[^<]+</a></th>(?:<td.*?</td>)*?'
            r'<td class="number">(\d+)</td></tr>', page,
        ):  # fmt: skip
            found = boss.get(href.replace("&amp;", "&"), headers=ASK).json
            assert found["count"] == int(whole), (address, href)  # type: ignore[index]
            opened += 1
    assert opened > 30


def test_every_line_of_a_grouping_opens_as_many_rows(world: World) -> None:
    some_cases(world)
    officer = world.client("officer")
    outcome = {"outcomes-sort": ["ordered_to_correct"], "outcomes-count": ["1"], "outcomes-amount": [""]}
    for number in ("D3CQ202611180091", "D3CQ202611180092"):
        case_id = transferred(world, number)
        take(world, officer, case_id, "accept")
        take(world, officer, case_id, "log_work", note="已责令改正", **outcome)
    client = world.client("leader")
    page = client.get("/board/groups?list=NC-C").text
    choices = re.findall(r'<option value="([^"]+)"', page.split('id="g-by"')[1].split("</select>")[0])
    assert {"phase", "outcome", "weight", "due", "month"} <= set(choices)
    opened = dict.fromkeys(choices, 0)
    for by in choices:
        answer = client.get(f"/board/groups?list=NC-C&by={by}")
        assert answer.status_code == 200, by
        assert not _RAW.search(shown(answer.text)), by
        for href, text in re.findall(r'<a href="(/board/rows[^"]+)">([^<]+)</a>', answer.text):
            found = client.get(href.replace("&amp;", "&"), headers=ASK)
            assert found.status_code == 200, (by, href)
            assert found.json["count"] == int(text), (by, href)  # type: ignore[index]
            opened[by] += 1
    assert all(opened[by] for by in ("phase", "outcome", "district", "type", "month", "due", "weight"))
    assert client.get("/board/groups?list=NC-C&by=nonsense").status_code == 422
    assert world.client("administrator").get("/board/groups?list=NC-C").status_code == 403


def test_who_may_look(world: World) -> None:
    for name, status in (("leader", 200), ("auditor", 200), ("officer", 200), ("administrator", 403)):
        assert world.client(name).get("/board").status_code == status
    assert world.client().get("/board").status_code == 303
    nothing = world.client("stranger").get("/board")
    assert "还没有清单" in nothing.text


def test_a_batch_says_when_its_results_are_due(world: World) -> None:
    world.register("NC-C", "D3CQ202611180001", batch="第一批")
    with world.site.store.writing() as connection:
        connection.execute(
            update(t.batches).values(handed_over_on="2026-11-19", results_due_on="2026-12-09")
        )
    page = world.client("leader").get("/board?list=NC-C&batch=第一批").text
    assert "第一批（2026-11-19 转办，结果应于 2026-12-09 前报结）" in page
