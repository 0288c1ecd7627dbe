"""The desk and the lists: every count is the number of rows behind its link, for each role."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from ecoissues.core.errors import Refused
from ecoissues.services.listing import Filter
from tests.web.conftest import World
from tests.web.test_case import UNIT, take, transferred

ASK = {"Accept": "application/json"}


@pytest.fixture
def world(world_on_both: World) -> World:
    """Lists and counts are SQL of ours: every test of this file runs on both engines."""
    return world_on_both


def fill(world: World) -> None:
    """Cases in many standings: new, unsigned, in work, overdue, back, with requests."""
    boss, officer, head, leader = (
        world.client(name) for name in ("supervisor", "officer", "head", "leader")
    )
    world.register("NC-C", "D3CQ202611180010")
    world.register("NC-I", "NC-2026-001", deadline_on="2026-11-21")
    units = {"units-unit": [UNIT], "units-party": ["lead"]}
    waiting, worked, back, applied = (transferred(world, f"D3CQ20261118002{n}") for n in range(4))
    for case_id in (worked, back, applied):
        take(world, officer, case_id, "accept")
    take(world, officer, applied, "apply_close", verdict="unsubstantiated", statement="不属实")
    take(world, officer, back, "apply_close", verdict="unsubstantiated", statement="不属实")
    take(world, head, back, "return_for_rework", reason="说明不清")
    take(world, leader, worked, "instruct", instruction="抓紧")
    task = world.register("NC-R", "第三项", deadline_on="2026-11-20")
    take(world, boss, task, "assign", deadline_on="2026-11-20", **units)
    city = world.register("CQ-C", "X3CQ202611180001", by="city")
    both = {"units-unit": ["南川区", "涪陵区"], "units-party": ["lead", "joint"]}
    take(world, world.client("city"), city, "transfer", **both)
    assert waiting
    world.clock.pass_time(days=20)


def total(client: FlaskClient, href: str) -> int:
    found = client.get(href, headers=ASK).get_json()
    return int(found["total"])


def test_each_count_of_the_desk_is_its_list(world: World) -> None:
    fill(world)  # once for all roles: it is most of the work
    for name in ("officer", "head", "supervisor", "city", "leader", "stranger"):
        check_desk(world.client(name), name)


def check_desk(client: FlaskClient, name: str) -> None:
    queues = client.get("/", headers=ASK).get_json()
    assert len(queues) >= 5
    for key, queue in queues.items():
        assert total(client, queue["href"]) == queue["total"], f"{name} {key}"
        page = client.get(queue["href"]).text
        shown = re.search(r"共 <b>(\d+)</b> 件", page)
        assert shown
        assert int(shown.group(1)) == queue["total"] == page.count('<th scope="row"')


def test_the_desk_of_each_role_holds_its_work(world: World) -> None:
    fill(world)

    def counts(name: str) -> dict[str, int]:
        queues = world.client(name).get("/", headers=ASK).get_json()
        return {key: queue["total"] for key, queue in queues.items()}

    officer = counts("officer")
    # One complaint and one task wait to be signed for; one came back; five clocks have run out.
    assert (officer["unsigned"], officer["back"], officer["instruction"]) == (2, 1, 1)
    assert officer["overdue"] == 5
    assert officer["stale"] == 5
    assert counts("head")["sign"] == 1
    supervisor = counts("supervisor")
    assert supervisor["turn"] == 2  # to be transferred, to be assigned
    assert counts("stranger")["overdue"] == 0
    assert counts("city")["overdue"] == supervisor["overdue"] == 7


def test_roles_without_a_desk_begin_elsewhere(world: World) -> None:
    for name, place in (("auditor", "/cases"), ("administrator", "/admin"), ("public", "/guide")):
        assert world.client(name).get("/").headers["Location"] == place


def test_the_lists_page_counts_what_its_links_show(world: World) -> None:
    fill(world)
    client = world.client("supervisor")
    text = client.get("/lists").text
    cells = re.findall(r'<a href="(/cases\?list=[^"]+)">(\d+)</a>', text)
    assert len(cells) == 24
    for href, number in cells:
        assert total(client, href.replace("&amp;", "&")) == int(number)


def pages_of(client: FlaskClient, query: str) -> Any:
    return client.get(f"/cases?{query}", headers=ASK).get_json()


FILTERS = [
    ("", 8), ("list=NC-C", 5), ("phase=open", 8), ("phase=closed", 0),
    ("state=transferred", 2), ("district=500119", 8), ("unit=500119-STHJ", 5),
    ("district=500102", 1), ("type=water", 8), ("type=air", 0), ("due=overdue", 7),
    ("due=none", 1), ("due=overdue&clock=report", 5), ("waits=head", 1), ("signed=no", 3),
    ("back=yes", 1), ("q=直排", 8), ("q=0021号", 1), ("q=没有这样的", 0),
    ("verdict=unsubstantiated", 2), ("list=NC-C&phase=open&due=overdue&unit=500119-STHJ", 4),
    ("pending=instruction", 1), ("weight=key", 0), ("list=NC-R&due=overdue", 1),
]  # fmt: skip


def test_filters_narrow_as_they_say(world: World) -> None:
    fill(world)
    client = world.client("supervisor")
    for query, count in FILTERS:
        assert pages_of(client, query)["total"] == count, query


def test_a_filter_that_cannot_be_meant_is_refused_with_a_sentence(world: World) -> None:
    client = world.client("officer")
    for query in ("due=yesterday", "phase=closed,nonsense", "as_of=soon", "members=some"):
        answer = client.get(f"/cases?{query}")
        assert answer.status_code == 422
        assert "筛选条件" in answer.text or "日期" in answer.text
    assert client.get("/cases?list=NOWHERE").status_code == 404


def test_chips_take_one_filter_away_and_the_address_holds_them_all(world: World) -> None:
    fill(world)
    page = world.client("supervisor").get("/cases?list=NC-C&due=overdue&sort=-number").text
    assert 'href="/cases?due=overdue&amp;sort=-number"' in page
    assert 'href="/cases?list=NC-C&amp;sort=-number"' in page
    assert "时限：已逾期" in page
    assert "清单：南川区群众举报" in page


def test_no_chip_leads_to_a_refusal(world: World) -> None:
    """Without its list a figure or a day cannot be asked for: they go with it."""
    fill(world)
    client = world.client("supervisor")
    asked = "list=NC-C&figure=closure_rate&members=rest&as_of=2026-11-19&known_at=2026-11-20&type=water"
    page = client.get(f"/cases?{asked}").text
    chips = re.findall(r'<li><a (?:class="clear" )?href="([^"]+)"', page)
    assert len(chips) > 5
    for href in chips:
        assert client.get(href.replace("&amp;", "&")).status_code == 200, href


def test_empty_values_of_a_form_leave_the_address(world: World) -> None:
    client = world.client("supervisor")
    answer = client.get("/cases?list=NC-C&phase=&q=&columns=number&columns=title")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/cases?list=NC-C&columns=number%2Ctitle"


def test_sorting_and_columns(world: World) -> None:
    fill(world)
    client = world.client("supervisor")
    rising = [c["number"] for c in pages_of(client, "sort=number")["cases"]]
    falling = [c["number"] for c in pages_of(client, "sort=-number")["cases"]]
    assert rising == sorted(rising)
    assert falling == rising[::-1]
    page = client.get("/cases?columns=number,verdict,batch&sort=number").text
    assert page.count('<th scope="col"') == 4
    assert "是否属实" in page
    assert 'aria-sort="ascending"' in page


def test_htmx_gets_the_rows_only_and_the_address_to_show(world: World) -> None:
    fill(world)
    client = world.client("supervisor")
    answer = client.get("/cases?list=NC-C&phase=", headers={"HX-Request": "true"})
    assert answer.text.lstrip().startswith('<p id="count"')
    assert "<html" not in answer.text
    assert answer.headers["HX-Push-Url"] == "/cases?list=NC-C"


def test_the_members_of_a_figure_are_its_rows_on_its_day(world: World) -> None:
    fill(world)
    client = world.client("supervisor")
    base = "list=NC-C&figure=closure_rate&as_of=2026-11-20"
    part, rest, whole = (
        pages_of(client, f"{base}&members={which}")["total"] for which in ("part", "rest", "all")
    )
    assert (part, rest, whole) == (0, 5, 5)
    page = client.get(f"/cases?{base}&members=rest").text
    assert "办结率" in page
    assert "截至 2026-11-20" in page
    assert "口径" in page
    assert pages_of(client, "list=NC-C&as_of=2026-11-19")["total"] == 0
    assert client.get("/cases?figure=closure_rate").status_code == 422


def test_units_are_found_by_chinese_pinyin_and_first_letters(world: World) -> None:
    client = world.client("officer")
    for typed in ("生态环境", "ncqsthjj", "shengtai", "500119-STHJ"):
        found = client.get("/units.json", query_string={"q": typed}, headers=ASK).get_json()
        assert UNIT in [unit["name"] for unit in found["units"]], typed


def test_an_address_made_from_a_filter_reads_back_the_same() -> None:
    asked = Filter.read({"list": "NC-C", "phase": "open,closed", "q": "死鱼 50%&", "bad": "x"})
    assert set(asked.values) == {"list", "phase", "q"}
    assert asked.address("/cases", sort="due").startswith("/cases?list=NC-C&")
    with pytest.raises(Refused):
        Filter.read({"weight": "heavy"})
