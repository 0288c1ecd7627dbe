"""The administrator's pages of list kinds: installed, drawn, compared, lists made, no case seen."""

from __future__ import annotations

import re

import pytest

from tests.services.small_kinds import example, newer, put
from tests.web.conftest import World

PAGE = "/admin/kinds"


def install(world: World, text: str, name: str = "administrator") -> object:
    return world.post(world.client(name), PAGE, f"{PAGE}/install", text=text)


def test_a_document_is_checked_installed_and_shown(world: World) -> None:
    admin = world.client("administrator")
    checked = world.post(admin, PAGE, PAGE, text=example())
    assert "合格，可以安装" in checked.text
    assert "summer_dust/1" not in admin.get(PAGE).text
    broken = world.post(
        admin, PAGE, f"{PAGE}/install", text=example().replace('evidence = [{ stage = "after" }]\n', "")
    )
    assert broken.status_code == 422
    assert "没有安装" in broken.text
    assert "close_without_evidence" in broken.text
    assert re.search(r"第 \d+ 行", broken.text)
    assert "summer_dust" in broken.text  # what was pasted stays
    done = world.post(admin, PAGE, f"{PAGE}/install", text=example())
    assert (done.status_code, done.location) == (303, f"{PAGE}/summer_dust/1")
    page = admin.get(done.location).text
    assert "<svg" in page
    assert "style=" not in page
    assert "核查销号" in page


def test_versions_are_compared_in_chinese(world: World) -> None:
    put(world.site.data / "kinds", "one.toml", example())
    put(world.site.data / "kinds", "two.toml", newer().replace("length = 15", "length = 20"))
    admin = world.client("administrator")
    assert "与第 1 版比较" in admin.get(f"{PAGE}/summer_dust/2").text
    page = admin.get(f"{PAGE}/summer_dust/2/changes").text
    assert "长度：15 → 20" in page
    assert "减去已整改（rectified），增加已整改（reported）" in page
    assert admin.get(f"{PAGE}/summer_dust/2/changes?since=7").status_code == 404
    assert admin.get(f"{PAGE}/nothing/1").status_code == 404


def test_a_broken_document_of_the_folder_is_told(world: World) -> None:
    put(world.site.data / "kinds", "odd.toml", example().replace("version = 1", "version = 1\nodd = 2"))
    page = world.client("administrator").get(PAGE).text
    assert "odd.toml 第 3 行" in page
    assert "unknown_key" in page


def test_an_administrator_makes_a_list_and_sees_no_case(world: World) -> None:
    put(world.site.data / "kinds", "one.toml", example())
    admin = world.client("administrator")
    values = {"code": "DUST", "title": "扬尘专项", "kind": "summer_dust/1", "unit": "500119",
              "level": "", "counting": "half", "legal_basis": "方案", "note": ""}  # fmt: skip
    form = "/lists/new?kind=summer_dust/1"
    assert 'value="summer_dust/1" selected' in admin.get(form).text
    made = world.post(admin, form, "/lists/new", **values)
    assert (made.status_code, made.location) == (303, PAGE)
    row = world.site.get_list("DUST")
    assert (row.kind_version, row.unit_code, row.joint_counting, row.legal_basis) == (
        1, "500119", "half", "方案",
    )  # fmt: skip
    wrong = world.post(admin, form, "/lists/new", **{**values, "kind": "summer_dust/9", "code": "D2"})
    assert wrong.status_code == 422
    assert "扬尘专项" in wrong.text
    for path in ("/cases", "/lists", "/board", f"/lists/{row.code}/register"):
        assert admin.get(path).status_code == 403
    case = world.register("DUST", "YC-1")
    assert admin.get(f"/cases/{case}").status_code == 403
    assert "扬尘专项" in admin.get(PAGE).text


@pytest.mark.parametrize(
    "name", ["officer", "head", "supervisor", "leader", "auditor", "public", "stranger"]
)
def test_only_an_administrator_checks_and_installs(world: World, name: str) -> None:
    client = world.client(name)
    for path in (PAGE, f"{PAGE}/install"):
        token = world.token(world.client("administrator"), PAGE)
        answer = client.post(path, data={"csrf_token": token, "text": example()})
        assert answer.status_code in (400, 403)
    assert "summer_dust" not in world.site.kinds.codes()
    if name != "public":
        page = client.get(PAGE)
        assert page.status_code == 200  # whoever works here may read what the rules are
        assert "检查并安装" not in page.text
    assert client.get("/lists/new").status_code == (200 if name == "supervisor" else 403)
