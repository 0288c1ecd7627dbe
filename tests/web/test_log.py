"""The auditor reads the log on a page and has it verified; others may not."""

from __future__ import annotations

from sqlalchemy import text

from tests.web.conftest import World


def test_the_log_newest_first_narrowed_and_paged(world_on_both: World) -> None:
    world = world_on_both
    for number in range(53):
        world.register("NC-C", f"D3CQ2026111800{number:02}")
    world.register("CQ-C", "X3CQ202611180001", by="city")
    auditor = world.client("auditor")
    page = auditor.get("/log").text
    assert page.index("X3CQ202611180001") < page.index("D3CQ202611180052")
    assert "D3CQ202611180003" not in page
    older = auditor.get("/log?before=5").text
    assert "D3CQ202611180003" in older
    assert "D3CQ202611180004" not in older
    assert "更早的记录" in page
    assert "更早的记录" not in older
    by_city = auditor.get("/log?actor=city").text
    assert "X3CQ202611180001" in by_city
    assert "D3CQ" not in by_city
    one = auditor.get("/log?list=NC-C&number=D3CQ202611180007").text
    assert one.count("<tr><th") == 2
    assert "没有符合条件的记录" in auditor.get("/log?since=2026-11-21").text
    assert "没有符合条件的记录" in auditor.get("/log?late=yes").text
    assert auditor.get("/log?since=gestern").status_code == 422
    assert auditor.get("/log?list=nowhere").status_code == 404


def test_a_fault_is_named_on_the_page(world: World) -> None:
    world.register("NC-C", "D3CQ202611180001")
    auditor = world.client("auditor")
    whole = world.post(auditor, "/log/verify", "/log/verify").text
    assert "核验通过" in whole
    with world.site.store.writing() as connection:
        connection.execute(text("DROP TRIGGER eco_events_fixed"))
        connection.execute(text("UPDATE events SET actor = 'somebody'"))
    broken = world.post(auditor, "/log/verify", "/log/verify").text
    assert "eco_events_fixed" in broken
    assert "NC-C/D3CQ202611180001 第 1 条" in broken


def test_who_may_read_and_verify(world: World) -> None:
    for name, reads, verifies in (
        ("auditor", 200, 200), ("administrator", 403, 200), ("supervisor", 403, 403),
        ("leader", 403, 403), ("public", 403, 403),
    ):  # fmt: skip
        client = world.client(name)
        assert client.get("/log").status_code == reads, name
        assert client.get("/log/verify").status_code == verifies, name
