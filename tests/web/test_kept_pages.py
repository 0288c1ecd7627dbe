"""What is kept of a page holds as long as nothing changes, and not one request longer."""

from __future__ import annotations

from datetime import date

from markupsafe import Markup
from sqlalchemy import insert, text, update

from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.web.kept_pages import SECONDS, KeptPages
from tests.web.conftest import World

STAMP = (7, 1, date(2026, 11, 20), "")


def counted(made: list[str], text: str) -> Markup:
    made.append(text)
    return Markup(text)  # noqa: S704  # a letter


def test_a_part_is_made_once_for_a_stamp() -> None:
    made: list[str] = []
    kept = KeptPages()
    for _ in range(3):
        assert kept.get("a", STAMP, lambda: counted(made, "x")) == "x"
    assert made == ["x"]
    for stamp in ((8, *STAMP[1:]), (8, 2, *STAMP[2:]), (8, 2, date(2026, 11, 21), ""), (8, 2, date(2026, 11, 21), "x")):
        kept.get("a", stamp, lambda: counted(made, "y"))
    assert made == ["x", *"yyyy"]


def test_a_part_does_not_outlive_its_minute() -> None:
    made: list[str] = []
    now = [0.0]
    kept = KeptPages(clock=lambda: now[0])
    for now[0] in (0.0, SECONDS - 1, SECONDS + 1):
        kept.get("a", STAMP, lambda: counted(made, "x"))
    assert made == ["x", "x"]


def test_the_store_is_bounded_and_the_part_unused_for_longest_goes_first() -> None:
    made: list[str] = []
    kept = KeptPages(most=10)
    for key in ("a", "b", "a", "c", "a", "b"):
        kept.get(key, STAMP, lambda: counted(made, "xxxx"))
    assert len(made) == 4  # a, b, c (b went), b
    kept.get("long", STAMP, lambda: counted(made, "x" * 11))
    kept.get("long", STAMP, lambda: counted(made, "x" * 11))
    assert len(made) == 6  # too long to be kept at all


def test_a_step_taken_elsewhere_shows_at_once(world_on_both: World) -> None:
    world = world_on_both
    boss = world.client("supervisor")
    world.register("NC-C", "D3CQ202611180001")
    for page in ("/cases?list=NC-C", "/board?list=NC-C"):
        assert boss.get(page).text == boss.get(page).text
    other = Site(world.site.store.url, world.site.data, world.clock)  # as another process has it
    elsewhere = World(other, world.app, world.clock)
    elsewhere.register("NC-C", "D3CQ202611180002")
    other.close()
    assert "D3CQ202611180002" in boss.get("/cases?list=NC-C").text
    assert "共 <b>2</b> 件" in boss.get("/cases?list=NC-C").text
    assert '>2</a><span class="tile-unit">件' in boss.get("/board?list=NC-C").text


def test_nobody_sees_what_was_kept_for_another(world: World) -> None:
    world.register("NC-C", "D3CQ202611180001", units=[["500119-STHJ", "lead"]])
    address = "/cases?list=NC-C"
    assert "D3CQ202611180001" in world.client("supervisor").get(address).text
    assert "D3CQ202611180001" not in world.client("stranger").get(address).text
    officer = world.client("officer").get(address).text
    assert "D3CQ202611180001" in officer
    assert "steps/chase" not in officer
    assert 'id="listed"' not in officer
    board = "/board?list=CQ-C"
    world.register("CQ-C", "D3CQ202611180009", by="city", units=[["500102-STHJ", "lead"]])
    assert '>1</a><span class="tile-unit">件' in world.client("city").get(board).text
    assert '>1</a><span class="tile-unit">件' not in world.client("supervisor").get(board).text


def test_lists_and_units_changed_by_another_process_are_noticed(world_on_both: World) -> None:
    world = world_on_both
    city = world.client("city")
    assert "新设清单" not in city.get("/board").text
    home = world.site.lists[world.site.list_ids["CQ-C"]]
    with world.site.store.writing() as connection:  # past every cache of ours
        connection.execute(
            insert(t.lists).values(
                code="CQ-N", title="新设清单", kind="complaint", kind_version=1,
                level="municipal", unit_id=home.unit_id,
            )
        )  # fmt: skip
        connection.execute(
            update(t.units).where(t.units.c.code == "500102").values(name="涪陵新区")
        )
    page = city.get("/board").text
    assert "新设清单" in page
    assert "涪陵新区" in page


def test_the_database_itself_counts_changes_of_reference_data(database_url: str) -> None:
    from ecoissues.storage.engine import Store
    from ecoissues.storage.reference import put_setting, standing

    store = Store(database_url)
    with store.reading() as connection:
        before = standing(connection)
    with store.writing() as connection:
        put_setting(connection, "note", "1")
    with store.writing() as connection:
        connection.execute(text("DELETE FROM settings"))
    with store.reading() as connection:
        after = standing(connection)
    store.close()
    assert (after[0], after[1] > before[1]) == (before[0], True)
