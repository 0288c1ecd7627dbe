"""The administrator's pages: accounts act at once, units grow, kinds are checked, nobody else in."""

from __future__ import annotations

import pytest

from tests.web.conftest import PASSWORD, World

NEW = {"name": "new.officer", "display": "新经办", "role": "officer", "unit": "500119-STHJ",
       "password": "long-enough-1"}  # fmt: skip


def test_an_account_is_added_changed_and_deactivated_at_once(world: World) -> None:
    admin = world.client("administrator")
    assert world.post(admin, "/admin/users", "/admin/users", **NEW).status_code == 303
    person = world.app.test_client()
    signed = world.post(person, "/sign-in", "/sign-in", name="new.officer", password="long-enough-1")
    assert signed.status_code == 303
    assert person.get("/cases").status_code == 200
    values = {"display": "新经办", "role": "leader", "unit": "500119", "active": "1"}
    world.post(admin, "/admin/users/new.officer", "/admin/users/new.officer", **values)
    assert person.get("/board").status_code == 200
    assert "new.officer" in admin.get("/admin/users").text
    values.pop("active")
    world.post(admin, "/admin/users/new.officer", "/admin/users/new.officer", **values)
    assert person.get("/cases").status_code == 303


def test_a_new_password_ends_every_session(world: World) -> None:
    admin, officer = world.client("administrator"), world.client("officer")
    target = "/admin/users/officer"
    short = world.post(admin, target, f"{target}/password", password="short")
    assert short.status_code == 422
    assert officer.get("/").status_code == 200
    assert world.post(admin, target, f"{target}/password", password="other-pass-1").status_code == 303
    assert officer.get("/").status_code == 303
    client = world.app.test_client()
    assert world.post(client, "/sign-in", "/sign-in", name="officer", password=PASSWORD).status_code != 303


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "a b"}, "账号须为"),
        ({"name": "officer"}, "已存在"),
        ({"role": "king"}, "没有角色"),
        ({"unit": "nowhere"}, "没有单位代码"),
        ({"role": "supervisor"}, "督察员须属于督察办"),
        ({"password": "short"}, "密码"),
    ],
)
def test_what_an_account_may_not_be(world: World, change: dict[str, str], sentence: str) -> None:
    answer = world.post(world.client("administrator"), "/admin/users", "/admin/users", **{**NEW, **change})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "新经办" in answer.text  # what was filled in stays


def test_nobody_locks_himself_out(world: World) -> None:
    admin = world.client("administrator")
    target = "/admin/users/administrator"
    values = {"display": "管理员", "role": "administrator", "unit": "500000"}
    assert world.post(admin, target, target, **values).status_code == 422
    assert admin.get("/admin/users").status_code == 200


def test_a_unit_is_added_below_another(world: World) -> None:
    admin = world.client("administrator")
    values = {"code": "500119-DGZ", "name": "南川区大观镇", "short": "大观镇", "kind": "town",
              "parent": "500119"}  # fmt: skip
    assert world.post(admin, "/admin/units", "/admin/units", **values).status_code == 303
    unit = world.site.tree.by_code["500119-DGZ"]
    assert unit.path.startswith(world.site.tree.by_code["500119"].path)
    assert "daguanzhen" in unit.pinyin
    assert world.post(admin, "/admin/units", "/admin/units", **values).status_code == 422


def test_kinds_are_shown_and_checked(world: World) -> None:
    admin = world.client("administrator")
    page = admin.get("/admin/kinds").text
    assert "督察群众举报转办件" in page
    kind = admin.get("/admin/kinds/complaint/1").text
    assert "核查办结" in kind
    assert "佐证材料 1 份" in kind
    broken = world.post(admin, "/admin/kinds", "/admin/kinds", text='code = "x"\nversion = 1\nodd = 2')
    assert "处不合格" in broken.text
    assert "行：" in broken.text
    assert admin.get("/admin/kinds/complaint/99").status_code == 404


def test_settings_are_bounded_and_the_clock_is_shown(world: World) -> None:
    admin = world.client("administrator")
    values = {"stale_days": "20", "idle_minutes": "45"}
    assert world.post(admin, "/admin/settings", "/admin/settings", **values).status_code == 303
    assert 'value="45"' in admin.get("/admin/settings").text
    refused = world.post(admin, "/admin/settings", "/admin/settings", stale_days="0", idle_minutes="45")
    assert refused.status_code == 422
    assert "须为 1 至 365 的整数" in refused.text


def test_a_clock_that_jumped_is_accepted_by_an_administrator(world: World) -> None:
    world.register("NC-C", "D3CQ202611180091")
    world.clock.pass_time(days=60)
    admin = world.client("administrator")
    assert "与日志相差过大" in admin.get("/admin/settings").text
    with pytest.raises(Exception, match="clock_unsound"):
        world.register("NC-C", "D3CQ202611180092", received_on="2027-01-10")
    assert world.post(admin, "/admin/settings", "/admin/clock").status_code == 303
    assert world.register("NC-C", "D3CQ202611180092", received_on="2027-01-10")


def test_a_supervisor_adds_a_list_of_his_office(world: World) -> None:
    boss = world.client("supervisor")
    values = {"code": "NC-2027", "title": "南川区新清单", "kind": "issue_list", "note": ""}
    assert world.post(boss, "/lists/new", "/lists/new", **values).status_code == 303
    row = world.site.get_list("NC-2027")
    assert (row.level, row.unit_code) == ("district", "500119")
    assert world.post(boss, "/lists/new", "/lists/new", **values).status_code == 422
    assert world.client("officer").get("/lists/new").status_code == 403


def test_nobody_else_comes_in(world: World) -> None:
    for name in ("officer", "head", "supervisor", "leader", "auditor"):
        client = world.client(name)
        for page in ("users", "units", "settings"):
            assert client.get(f"/admin/{page}").status_code == 403
