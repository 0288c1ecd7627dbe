"""Moving a list on the page: tried first, each case without an image named, confirmed by its office."""

from __future__ import annotations

from ecoissues.services import administration
from tests.services.small_kinds import MAP, example, newer, put
from tests.web.conftest import World

PAGE = "/admin/kinds/summer_dust/2/move"


def prepared(world: World) -> int:
    put(world.site.data / "kinds", "one.toml", example())
    world.site.library.look(at_once=True)
    administration.add_list(
        world.site, world.actor("supervisor"), "dust", "扬尘", "summer_dust"
    )
    case_id = world.register("dust", "A-1")
    put(world.site.data / "kinds", "two.toml", newer())
    world.site.library.look(at_once=True)
    return case_id


def test_a_move_is_tried_and_confirmed(world: World) -> None:
    case_id = prepared(world)
    boss = world.client("supervisor")
    assert "把清单迁到这一版" in boss.get("/admin/kinds/summer_dust/2").text
    tried = world.post(boss, PAGE, PAGE, list="dust", map="")
    assert tried.status_code == 200
    assert "试算结果：1 件" in tried.text
    assert "确认迁移 1 件" in tried.text
    assert world.site.get_list("dust").kind_version == 1
    done = world.post(boss, PAGE, PAGE, list="dust", map=MAP, confirm="1")
    assert (done.status_code, done.location) == (303, "/cases?list=dust")
    world.site.refresh()
    assert world.site.get_list("dust").kind_version == 2
    assert "类型版本迁移" in boss.get(f"/cases/{case_id}").text


def test_what_cannot_move_is_named_and_nothing_moves(world: World) -> None:
    prepared(world)
    boss = world.client("supervisor")
    put(
        world.site.data / "kinds", "two.toml",
        newer().replace('"registered"', '"entered"'),
    )  # fmt: skip
    world.site.library.look(at_once=True)
    tried = world.post(boss, PAGE, PAGE, list="dust", map="")
    assert "dust/A-1" in tried.text
    assert "no_image" in tried.text
    assert "确认迁移" not in tried.text
    refused = world.post(boss, PAGE, PAGE, list="dust", map="", confirm="1")
    assert refused.status_code in (409, 422)
    bad = world.post(boss, PAGE, PAGE, list="dust", map="[states]\nnowhere = \"x\"")
    assert "第 2 行" in bad.text
    assert world.site.get_list("dust").kind_version == 1


def test_nobody_else_moves_a_list(world: World) -> None:
    prepared(world)
    for name in ("administrator", "officer"):
        assert world.client(name).get(PAGE).status_code == 403
        assert "把清单迁到这一版" not in world.client(name).get("/admin/kinds/summer_dust/2").text
