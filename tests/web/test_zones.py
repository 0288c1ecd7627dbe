"""The same dates and lights whatever zone the server is set to, and a clock that goes astray."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from ecoissues.core.errors import Refused
from ecoissues.services import administration, reminding
from ecoissues.storage import tables as t
from ecoissues.storage import tables_notices as n
from tests.services.clocked_site import at
from tests.web import looked_at
from tests.web.conftest import World
from tests.web.test_case import UNIT, take

ZONES = ("UTC", "Asia/Shanghai", "America/New_York")
#: A minute before midnight, after it, past noon of the last day, and after it.
INSTANTS = ("2026-11-20 23:59", "2026-11-21 00:01", "2026-11-30 12:30", "2026-11-30 23:59",
            "2026-12-01 00:00")  # fmt: skip


def filled(world: World) -> None:
    """A complaint and an alarm, both handed over at a minute to midnight in Shanghai."""
    world.clock.now = at("2026-11-20 23:59")
    owner = world.site.tree.by_code["500119-DCB"].id
    with world.site.store.writing() as connection:
        row = {"code": "NC-F", "title": "露天焚烧", "kind": "open_burning", "kind_version": 1}
        connection.execute(insert(t.lists).values(**row, level="district", unit_id=owner))
    world.site.refresh()
    boss = world.client("supervisor")
    for code, step in (("NC-C", "transfer"), ("NC-F", "dispatch")):
        case = world.register(code, f"{code}1")
        units = {"units-unit": [UNIT], "units-party": ["lead"]}
        assert take(world, boss, case, step, **units).status_code == 303


@pytest.mark.slow
def test_three_zones_see_the_same(world: World, tmp_path: Path) -> None:
    filled(world)
    texts = [at(one).isoformat() for one in INSTANTS]
    command = [sys.executable, looked_at.__file__, str(tmp_path / "data"), world.site.store.url]
    # One after the other: who signs in at a later instant ends the sessions that are old by then.
    found: list[Any] = [
        json.loads(
            subprocess.run(
                [*command, *texts], stdout=subprocess.PIPE, env={**os.environ, "TZ": zone},
                timeout=120, check=True,
            ).stdout
        )
        for zone in ZONES
    ]  # fmt: skip
    assert [one["zone"] for one in found] == ["+0000", "+0800", "-0500"]
    assert found[0]["answers"] == found[1]["answers"] == found[2]["answers"]
    seen = [found[0]["answers"][text] for text in texts]
    assert {one["add"] for one in seen} == {"2026-02-26"}
    clocks = [{c["clock"]: c for c in one["NC-C deadline"]["clocks"]} for one in seen]
    assert {one["report"]["due"] for one in clocks} == {"2026-11-30"}
    assert [one["report"]["light"] for one in clocks] == [
        "green", "green", "orange", "orange", "red",
    ]  # fmt: skip
    assert [one["NC-C overdue"]["part"] for one in seen] == [0, 0, 0, 0, 1]
    assert [one["NC-F overdue"]["part"] for one in seen] == [0, 0, 1, 1, 1]


def overdue(world: World) -> tuple[int, int]:
    client = world.client("supervisor")
    ask = {"Accept": "application/json"}
    listed: Any = client.get("/cases?list=NC-C&due=overdue", headers=ask).json
    rows: Any = client.get("/board/rows?list=NC-C&figure=overdue", headers=ask).json
    return len(listed["cases"]), rows["count"]


def test_ten_years_ahead_and_back_leave_nothing_behind(world: World) -> None:
    filled(world)
    world.clock.pass_time(minutes=1)
    before, now = overdue(world), world.clock.now
    world.clock.now = now + timedelta(days=3652)
    assert overdue(world) == (1, 1)  # what it looks like from there
    with pytest.raises(Refused, match="clock_unsound"):
        reminding.scan(world.site)
    case = world.client("supervisor")
    answer = take(world, case, 1, "forward", **{"units-unit": [UNIT], "units-party": ["lead"]})
    assert answer.status_code in (409, 422, 503), answer.status_code
    assert "时" in answer.text
    world.clock.now = now
    assert overdue(world) == before == (0, 0)
    with world.site.store.reading() as connection:
        for table in (n.reminders, n.outbox, n.scans):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


def test_an_hour_back_keeps_the_order_of_the_log(world: World) -> None:
    filled(world)
    world.clock.pass_time(hours=-1)
    boss = world.client("supervisor")
    given = {"note": "催一下。"}
    assert take(world, boss, 1, "chase", **given).status_code != 303
    administration.accept_clock(world.site, world.actor("administrator"))
    assert take(world, boss, 1, "chase", **given).status_code == 303
    with world.site.store.reading() as connection:
        query = select(t.events.c.recorded_at, t.events.c.case_id).order_by(t.events.c.pos)
        rows = connection.execute(query).all()
    assert [row.recorded_at for row in rows] == sorted(row.recorded_at for row in rows)
    assert rows[-1].case_id == 1
