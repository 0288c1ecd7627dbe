"""The verbs of kinds and lists: check, install, diff, move, add; exit codes and what they print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecoissues.services import starting
from tests.cli.conftest import Call
from tests.services.small_kinds import MAP, example, newer

CODE = "summer_dust"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = starting.open_site(tmp_path / "instance")
    starting.upgrade(site)
    site.close()
    (tmp_path / "one.toml").write_text(example(), "utf-8")
    (tmp_path / "two.toml").write_text(newer(), "utf-8")
    (tmp_path / "map.toml").write_text(MAP, "utf-8")
    (tmp_path / "rows.csv").write_text(
        "问题编号,来源,列入日期,存在问题,责任单位,问题类型\n"
        "YC-1,自查发现,2026-06-01,裸土。,南川区住房城乡建委,扬尘\n",
        "utf-8",
    )
    return tmp_path


def test_a_list_is_moved_only_when_every_case_has_an_image(folder: Path, call: Call) -> None:
    assert call("kinds", "install", "one.toml").exit_code == 0
    assert call("lists", "add", "DU", "--title", "扬尘", "--kind", CODE, "--unit", "500119").exit_code == 0
    again = call("lists", "add", "DU", "--title", "扬尘", "--kind", CODE)
    assert (again.exit_code, "list_exists" in again.stderr) == (1, True)
    assert call("import", "DU", "rows.csv").exit_code == 0
    listed = {row["code"]: row for row in json.loads(call("lists", "--json").stdout)}
    assert (listed["DU"]["total"], listed["DU"]["kind_version"]) == (1, 1)
    (folder / "one.toml").write_text(example().replace("length = 15", "length = 9"), "utf-8")
    changed = call("kinds", "install", "one.toml", "--json")
    assert (changed.exit_code, json.loads(changed.stdout)[0]["reason"]) == (1, "version_changed")
    text = newer().replace('"in_progress"', '"working"')
    (folder / "two.toml").write_text(text, "utf-8")
    assert call("kinds", "install", "two.toml").exit_code == 0
    blocked = call("kinds", "move", "DU", "--to", "2", "--map", "map.toml", "--dry-run")
    assert blocked.exit_code == 1
    assert "DU/YC-1" in blocked.stdout
    assert "[no_image]" in blocked.stdout
    refused = call("kinds", "move", "DU", "--to", "2", "--json")
    assert refused.exit_code == 1
    plan = json.loads(refused.stdout)
    assert (plan["ready"], plan["moved"], len(plan["blocked"])) == (False, 0, 1)
    (folder / "map.toml").write_text('[states]\nin_progress = "working"\n', "utf-8")
    shown = call("kinds", "move", "DU", "--to", "2", "--map", "map.toml", "--dry-run", "--json")
    assert (shown.exit_code, json.loads(shown.stdout)["moved"]) == (0, 0)
    moved = call("kinds", "move", "DU", "--to", "2", "--map", "map.toml", "--json")
    assert (moved.exit_code, json.loads(moved.stdout)["moved"]) == (0, 1)
    assert call("verify").exit_code == 0
    assert call("kinds", "move", "DU", "--to", "7").exit_code == 1
    assert call("kinds", "move", "DU").exit_code == 2


def test_versions_are_listed_shown_and_compared(folder: Path, call: Call) -> None:
    for name in ("one.toml", "two.toml"):
        assert call("kinds", "install", name).exit_code == 0
    rows = json.loads(call("kinds", "list", "--json").stdout)
    assert {row["version"] for row in rows if row["code"] == CODE} == {1, 2}
    assert json.loads(call("kinds", "show", CODE, "--json").stdout)["version"] == 2
    assert json.loads(call("kinds", "show", CODE, "--version", "1", "--json").stdout)["version"] == 1
    assert call("kinds", "show", CODE, "--version", "9").exit_code == 1
    found = json.loads(call("kinds", "diff", CODE, "--json").stdout)
    assert {"added", "removed", "changed"} == {change["what"] for change in found}
    assert "新增状态" in call("kinds", "diff", CODE, "--from", "1", "--to", "2").stdout
    same = call("kinds", "diff", CODE, "--from", "1", "--file", "one.toml", "--json")
    assert json.loads(same.stdout) == []


def test_a_broken_document_stops_no_other_verb(folder: Path, call: Call) -> None:
    broken = example().replace('evidence = [{ stage = "after" }]\n', "")
    (folder / "one.toml").write_text(broken, "utf-8")
    refused = call("kinds", "install", "one.toml")
    assert (refused.exit_code, "close_without_evidence" in refused.stdout) == (1, True)
    (folder / "instance" / "kinds").mkdir()
    (folder / "instance" / "kinds" / "bad.toml").write_text(broken, "utf-8")
    listed = call("kinds", "list", "--json")
    assert listed.exit_code == 0
    assert CODE not in listed.stdout
    assert "bad.toml" in listed.stderr
    assert call("kinds", "check").exit_code == 1
    assert call("lists").exit_code == 0
