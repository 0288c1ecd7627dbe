"""The pages of deadlines: proposals accepted one by one and all, provisional days, calendars, reminders."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from ecoissues.services import reminding
from tests.services.clocked_site import at
from tests.web.conftest import World
from tests.web.test_case import UNIT, take

#: 4 January becomes a day off, so what was due on the 5th workday moves.
CALENDAR = """
year = 2027
version = 1
status = "official"
notice = "试验用放假安排"
holidays = [2027-01-01, 2027-01-02, 2027-01-03, 2027-01-04]
makeup = []
"""


def letter(world: World, number: str) -> int:
    """A petition handed over at the end of the year: its period to object is counted in workdays."""
    case = world.register("NC-P", number, demand="redress")
    boss = world.client("supervisor")
    units = {"units-unit": [UNIT], "units-party": ["lead"]}
    answer = take(world, boss, case, "transfer", **units)
    assert answer.status_code == 303, answer.text
    return case


@pytest.fixture
def letters(world_on_both: World) -> World:
    world = world_on_both
    world.clock.now = at("2026-12-30 10:00")
    boss = world.client("supervisor")
    world.post(boss, "/lists/new", "/lists/new", code="NC-P", title="南川区信访", kind="petition_matter/1")
    for number in ("X-1", "X-2", "X-3"):
        letter(world, number)
    return world


def load(world: World, text: str = CALENDAR, **more: Any) -> Any:
    client = world.client("administrator")
    return world.post(client, "/calendars", "/calendars", text=text, **more)


def boxes(client: FlaskClient) -> list[str]:
    return re.findall(r'name="chosen" value="([^"]+)"', client.get("/deadlines").text)


def test_a_year_is_loaded_and_its_proposals_are_accepted(letters: World) -> None:
    world, boss = letters, letters.client("supervisor")
    page = boss.get("/deadlines").text
    assert "暂定时限（3 项）" in page
    assert "没有待接受的建议" in page
    assert "2027-01-06" in page
    assert load(world).status_code == 303
    page = boss.get("/deadlines").text
    assert "改定建议（3 项）" in page
    assert "2027-01-08" in page  # proposed, and nothing has moved
    assert "暂定时限（3 项）" in page
    chosen = boxes(boss)
    assert len(chosen) == 3
    answer = world.post(boss, "/deadlines", "/deadlines/accept", chosen=chosen[:1])
    assert answer.status_code == 303
    page = boss.get("/deadlines").text
    assert "已改定 1 项" in page
    assert "改定建议（2 项）" in page
    assert "暂定时限（2 项）" in page
    case = chosen[0].partition(":")[0]
    shown = boss.get(f"/cases/{case}").text
    assert "改定：2027-01-08，因放假安排公布或变更" in shown
    assert world.post(boss, "/deadlines", "/deadlines/accept", all="1").status_code == 303
    assert "没有待接受的建议" in boss.get("/deadlines").text
    assert "没有暂定的时限" in boss.get("/deadlines").text


def test_nothing_chosen_changes_nothing_and_others_only_look(letters: World) -> None:
    world, boss, officer = letters, letters.client("supervisor"), letters.client("officer")
    load(world)
    assert world.post(boss, "/deadlines", "/deadlines/accept").status_code == 303
    assert "没有选中任何一项" in boss.get("/deadlines").text
    shown = officer.get("/deadlines").text
    assert "改定建议（3 项）" in shown
    assert "接受选中的" not in shown
    token = world.token(boss, "/deadlines")
    answer = officer.post("/deadlines/accept", data={"csrf_token": token, "all": "1"})
    assert answer.status_code in (400, 403)
    assert len(boxes(boss)) == 3
    stranger = letters.client("stranger").get("/deadlines").text
    assert "改定建议（0 项）" in stranger


def test_a_broken_calendar_is_told_and_the_words_come_back(letters: World) -> None:
    answer = load(letters, CALENDAR.replace("holidays", "holydays"))
    assert answer.status_code == 422
    assert "没有载入" in answer.text
    assert "holydays" in answer.text
    assert "2027</th>" not in letters.client("officer").get("/calendars").text
    again = load(letters, "", file=(io.BytesIO(CALENDAR.encode()), "2027.toml"))
    assert again.status_code == 303
    page = letters.client("officer").get("/calendars").text
    assert "试验用放假安排" in page
    assert "载入放假安排" not in page  # an officer reads, the administrator loads
    assert "已经载入过" in _after(letters)


def _after(world: World) -> str:
    client = world.client("administrator")
    world.post(client, "/calendars", "/calendars", text=CALENDAR)
    return client.get("/calendars").text


def test_calendars_name_their_notices(letters: World) -> None:
    page = letters.client("leader").get("/calendars").text
    for year in range(2018, 2027):
        assert f'<th scope="row">{year}</th>' in page
    assert page.count("国办发明电") >= 9


def test_reminders_are_a_person_s_own(letters: World, tmp_path: Path) -> None:
    world = letters
    assert "最近没有提醒" in world.client("officer").get("/reminders").text
    world.clock.now = at("2027-01-06 07:30")
    reminding.scan(world.site)
    page = world.client("officer").get("/reminders").text
    assert "督察事项提醒 2027-01-06" in page
    assert "NC-P/X-1，异议期限 2027-01-06" in page
    assert "污水" not in page
    assert "督察事项提醒 2027-01-06" in world.client("officer").get("/").text
    assert "最近没有提醒" in world.client("stranger").get("/reminders").text
