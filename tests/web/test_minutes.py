"""A clock of fifteen minutes walked through the pages: in time, late, and never met."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert

from ecoissues.services import edition_bridges, publishing
from ecoissues.services.verifying import verify
from ecoissues.storage import tables as t
from tests.web.conftest import World
from tests.web.test_board import ASK, follow
from tests.web.test_case import UNIT, picture, take

#: 14:00 in Shanghai.
START = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


@pytest.fixture
def burning(world_on_both: World) -> World:
    world = world_on_both
    world.clock.now = START
    owner = world.site.tree.by_code["500119-DCB"].id
    with world.site.store.writing() as connection:
        connection.execute(
            insert(t.lists).values(
                code="NC-F", title="南川区露天焚烧", kind="open_burning", kind_version=1,
                level="district", unit_id=owner,
            )
        )  # fmt: skip
    world.site.refresh()
    return world


def alarm(world: World, number: str) -> int:
    """Register and dispatch an alarm by the forms; gives its id."""
    boss = world.client("supervisor")
    page = "/lists/NC-F/register"
    answer = world.post(
        boss, page, page, number=number, received_on="2026-11-20", content="某村焚烧秸秆",
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    case_id = int(answer.headers["Location"].rsplit("/", 1)[1])
    units = {"units-unit": [UNIT], "units-party": ["lead"]}
    assert take(world, boss, case_id, "dispatch", **units).status_code == 303
    return case_id


def dispose(world: World, case_id: int) -> None:
    given = {"situation": "火点已扑灭", "files-after": (picture(), "处置后.jpg")}
    answer = take(world, world.client("officer"), case_id, "dispose", **given)
    assert answer.status_code == 303, answer.text


def numbers(client: FlaskClient, query: str) -> list[str]:
    found: Any = client.get(f"/cases?list=NC-F&{query}", headers=ASK).json
    return [row["number"] for row in found["cases"]]


def late(client: FlaskClient) -> tuple[int, int]:
    """The overdue figure of the board and the number of rows it opens."""
    page = client.get("/board?list=NC-F").text
    rows = follow(client, page, r'href="(/board/rows\?[^"]*figure=overdue[^"]*members=part[^"]*)"')
    shown = re.search(r'figure=overdue&amp;members=part[^"]*">(\d+)</a>', page)
    assert shown
    return int(shown.group(1)), rows


def test_the_page_the_list_and_the_figure_turn_with_the_minute(burning: World) -> None:
    world, boss = burning, burning.client("supervisor")
    first = alarm(world, "HB-1")
    world.clock.pass_time(minutes=5)
    second = alarm(world, "HB-2")
    page = boss.get(f"/cases/{first}").text
    assert "2026-11-20 14:15" in page
    assert "还有 10 分钟" in page
    assert numbers(boss, "") == ["HB-1", "HB-2"] == numbers(boss, "sort=due")
    assert numbers(boss, "sort=-due") == ["HB-2", "HB-1"]
    assert "2026-11-20 14:20" in boss.get("/cases?list=NC-F").text
    assert (numbers(boss, "due=overdue"), numbers(boss, "light=yellow")) == ([], ["HB-1", "HB-2"])
    assert late(boss) == (0, 0)
    world.clock.pass_time(minutes=10, seconds=1)  # 14:15:01, and nobody scanned
    assert numbers(boss, "due=overdue") == ["HB-1"] == numbers(boss, "light=red")
    assert numbers(boss, "due=today") == ["HB-2"] == numbers(boss, "light=yellow")
    assert numbers(boss, "due=overdue&clock=finish") == ["HB-1"]
    assert numbers(boss, "figure=overdue&members=part") == ["HB-1"]
    assert "已超时" in boss.get(f"/cases/{first}").text
    assert late(boss) == (1, 1)
    dispose(world, first)
    dispose(world, second)  # in time, by four minutes
    assert "逾期完成" in boss.get(f"/cases/{first}").text
    assert "按原时限完成" in boss.get(f"/cases/{second}").text
    assert late(boss) == (0, 0)
    assert verify(world.site).faults == []


def test_the_day_ends_with_what_was_never_met(burning: World) -> None:
    world, boss = burning, burning.client("supervisor")
    alarm(world, "HB-3")
    world.clock.pass_time(minutes=3)
    known = world.clock.now.isoformat()
    world.clock.pass_time(days=1)
    boss = world.client("supervisor")
    for query, count in (
        ("as_of=2026-11-20", 1),  # as the day ended
        (f"as_of=2026-11-20&known_at={known.replace('+', '%2B')}", 0),  # as it stood at 14:03
        ("", 1),
    ):
        page = boss.get(f"/board/rows?list=NC-F&figure=overdue&{query}", headers=ASK)
        assert page.json["count"] == count, query  # type: ignore[index]
    assert verify(world.site).faults == []


def test_an_edition_freezes_what_had_run_out_since_the_last_event(burning: World) -> None:
    world = burning
    alarm(world, "HB-4")
    world.clock.pass_time(minutes=16)
    site, boss = world.site, world.actor("supervisor")
    code = publishing.publish(site, boss, publishing.Asked("NC-F"))
    edition = publishing.find(site, boss, code)
    assert edition.board is not None
    overdue = next(one for one in edition.board.figures if one.code == "overdue")
    assert overdue.part == 1
    world.clock.pass_time(minutes=5)
    compared = edition_bridges.compare(site, boss, code)
    assert (compared.sound, compared.rows_sound) == (True, True)
