"""An edition is frozen; 50 late changes later its numbers stand and the bridge explains them all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ecoissues.core.errors import Forbidden, NotFound, Refused
from ecoissues.figures.registry import packaged_definitions
from ecoissues.services import edition_bridges, editions, publishing, registering
from ecoissues.services.edition_bridges import Compared
from ecoissues.services.publishing import Asked
from ecoissues.services.site import Site
from tests.services.small_site import (
    COMPLAINT,
    Clock,
    actor,
    complaint,
    hand_over_twelve,
    make_site,
    step,
)

DAY = date(2024, 6, 20)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    """Twelve cases handed to two districts, three of them closed, one published board."""
    made = make_site(database_url, tmp_path, clock)
    hand_over_twelve(made)
    clock.set(DAY)
    yield made
    made.close()


def publish(site: Site, **more: Any) -> str:
    return publishing.publish(site, actor(site, "supervisor"), Asked("c3", DAY, **more))


def compare(site: Site, code: str, **more: Any) -> Compared:
    found = edition_bridges.compare(site, actor(site, "supervisor"), code, **more)
    assert found.sound
    assert found.rows_sound
    for one in found.figures:
        assert one.complete
        assert one.part == one.now[0] - one.then[0] == sum(row.part for row in one.rows)
        assert one.whole == one.now[1] - one.then[1] == sum(row.whole for row in one.rows)
        assert one.part == sum(each.part for each in one.reasons)
    return found


LATE: dict[str, Any] = {"effective_on": DAY, "late_reason": "材料晚到。"}


def late(site: Site, case: int, units: str) -> None:
    """A late entry of one case: handed to other units, or found to be entered by mistake."""
    code, values = ("forward", {"units": units})
    if units == "void":
        code, values = ("void_entry", {"reason": "误录"})
    step(site, actor(site, "supervisor"), case, code, values, **LATE)


def late_complaint(site: Site, number: str) -> None:
    values = {**COMPLAINT, "number": number}
    asked = registering.Registration(values, **LATE)
    registering.register(site, actor(site, "supervisor"), "c3", asked)


def test_nothing_changed_gives_an_empty_bridge(site: Site) -> None:
    found = compare(site, publish(site))
    assert [one.changed for one in found.figures] == [False] * len(found.figures)


def test_fifty_late_changes(site: Site, clock: Clock) -> None:
    code = publish(site)
    before = publishing.find(site, actor(site, "supervisor"), code)
    clock.set(date(2024, 7, 5))
    for number in range(38):
        late_complaint(site, f"X3CQ20240601{number:04d}")
    for case in range(1, 7):
        late(site, case, "500119-CGJ" if case % 2 else "500112")
    for case in range(7, 13):
        late(site, case, "void")
    after = publishing.find(site, actor(site, "supervisor"), code)
    assert after == before
    assert after.sound
    board = after.board
    assert board is not None
    assert board.total == 12
    (rate, *_) = compare(site, code, figure="closure_rate").figures
    assert rate.then[1] == 12
    assert rate.now[1] == 12 + 38 - 6
    assert {one.reason: one.rows for one in rate.reasons} == {"late": 38, "voided": 6}
    assert len(rate.rows) == 44
    (north,) = compare(site, code, figure="closure_rate", unit="500112").figures
    assert north.then[1] == 6
    assert "reassigned" in {one.reason for one in north.reasons}
    compare(site, code)


def test_a_changed_definition_is_in_the_bridge(site: Site) -> None:
    code = publish(site)
    one = packaged_definitions().get("closure_rate")
    changed = msgspec.structs.replace(one, version=2, part=("open", "closed"))
    (found,) = compare(site, code, figure="closure_rate", definitions=[changed]).figures
    assert {reason.reason: reason.rows for reason in found.reasons} == {"redefined": 12}
    assert found.now[:2] == (12, 12)


def test_two_editions_of_a_list(site: Site, clock: Clock) -> None:
    first = publish(site)
    clock.set(date(2024, 7, 5))
    late_complaint(site, "X3CQ202406010001")
    complaint(site, "X3CQ202407050001", received_on="2024-07-05")
    who = actor(site, "supervisor")
    second = publishing.publish(site, who, Asked("c3", date(2024, 7, 5)))
    (found,) = compare(site, first, other=second, figure="closure_rate").figures
    assert {one.reason: one.whole for one in found.reasons} == {"late": 1, "progress": 1}
    with pytest.raises(Refused, match="editions_apart"):
        compare(site, second, other=first)


def test_a_batch_notice_and_a_district(site: Site) -> None:
    notice = publishing.find(site, actor(site, "supervisor"), publish(site, batch="第一批"))
    assert notice.sort == "batch"
    assert notice.content["notice"][-1]["handed_over"] == 12
    compare(site, notice.code)
    part = publish(site, unit="500112")
    board = publishing.find(site, actor(site, "supervisor"), part).board
    assert board is not None
    assert board.total == 6
    compare(site, part)


def test_who_may_publish_and_read(site: Site) -> None:
    for role in ("officer", "head", "leader", "auditor"):
        with pytest.raises(Forbidden):
            publishing.publish(site, actor(site, role), Asked("c3", DAY))
    code = publish(site, unit="500112")
    assert publishing.find(site, actor(site, "leader", "500112"), code.lower().replace("-", " "))
    for stranger in ("500119", "500119-STHJ"):
        with pytest.raises(NotFound):
            publishing.find(site, actor(site, "leader", stranger), code)
    assert [one.code for one in editions.listed(site, actor(site, "leader", "500112"))] == [code]
    assert editions.listed(site, actor(site, "leader", "500119")) == []


def test_rows_outside_the_scope_are_counted_and_not_shown(site: Site, clock: Clock) -> None:
    code = publish(site)
    clock.set(date(2024, 7, 5))
    late(site, 1, "void")
    late(site, 2, "void")
    reader = actor(site, "leader", "500112")
    (found,) = edition_bridges.compare(site, reader, code, figure="closure_rate").figures
    assert [row.case for row in found.rows] == ["c3/D3CQ202406070000"]
    assert (found.whole, found.hidden, found.complete) == (-2, 1, True)


ATTACKS = (
    "UPDATE editions SET title = 'x'",
    "UPDATE editions SET content = '{}'",
    "DELETE FROM editions",
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_database_keeps_an_edition(site: Site, attack: str) -> None:
    code = publish(site)
    with pytest.raises(DBAPIError), site.store.writing() as connection:
        connection.execute(text(attack))
    assert publishing.find(site, actor(site, "supervisor"), code).sound
    with site.store.reading() as connection:
        assert editions.faults(site, connection) == []


def test_replace_is_refused_and_a_forged_edition_is_seen(site: Site) -> None:
    first, second = publish(site), publish(site, title="再发一次")
    assert first != second
    if site.store.dialect == "sqlite":
        with pytest.raises(DBAPIError), site.store.writing() as connection:
            connection.execute(text("REPLACE INTO editions SELECT * FROM editions"))
    forged = (
        "INSERT INTO editions (code, sort, title, list_id, scope_path, as_of, known_pos, known_at,"
        " published_by, published_unit, published_at, content, digest, previous) SELECT '2222-2222',"
        " sort, title, list_id, scope_path, as_of, known_pos, known_at, published_by,"
        f" published_unit, published_at, content, '{'a' * 64}', '{'b' * 64}' FROM editions"
        f" WHERE code = '{first}'"
    )
    with site.store.writing() as connection:
        connection.execute(text(forged))
    with site.store.reading() as connection:
        found = editions.faults(site, connection)
    assert len(found) == 2
    assert not publishing.find(site, actor(site, "supervisor"), "2222-2222").sound


@pytest.mark.parametrize("counting", ["whole", "plus", "own_row", "half"])
def test_jointly_handled_cases_in_every_way_of_counting(
    site: Site, clock: Clock, counting: str
) -> None:
    with site.store.writing() as connection:
        connection.execute(text(f"UPDATE lists SET joint_counting = '{counting}'"))
    site.refresh()
    late(site, 1, "500119-STHJ,500112-STHJ")
    code = publish(site)
    board = publishing.find(site, actor(site, "supervisor"), code).board
    assert board is not None
    shown = {group.key: group.shown_whole for group in board.figures[0].groups}
    expected = {"whole": "7", "plus": "7", "own_row": "6", "half": "6.5"}[counting]
    assert shown["500119"].startswith(expected) or counting == "plus"
    clock.set(date(2024, 7, 5))
    late(site, 1, "500112-STHJ")
    late(site, 3, "500119-STHJ,500112-STHJ")
    for unit in ("", "500119", "500112"):
        compare(site, code, unit=unit)
