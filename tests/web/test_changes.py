"""What is changed beside the cases leaves a record that auditors read; batches among it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from ecoissues.cli import main
from ecoissues.services import changes, contacting, figure_settings, proposals
from ecoissues.storage import tables as t
from ecoissues.storage.tables_changes import admin_changes
from tests.web.conftest import World

SECRET = "another-right-horse-1"
CALENDAR = 'year = 2027\nversion = 1\nstatus = "official"\nnotice = "试验"\nholidays = [2027-01-01]\nmakeup = []\n'


def noted(world: World, name: str = "auditor") -> list[tuple[str, str, str]]:
    page = changes.read_changes(world.site, world.actor(name), changes.Wanted())
    return [(one.sort, one.target, one.actor) for one in page.records]


def change_everything(world: World) -> None:
    admin = world.client("administrator")
    post = world.post
    post(admin, "/admin/users", "/admin/users", name="new.one", role="officer", unit="500119-STHJ",
         password=SECRET, display="新人")  # fmt: skip
    post(admin, "/admin/users/officer", "/admin/users/officer", role="head", unit="500119-STHJ",
         display="officer某", active="1")  # fmt: skip
    target = "/admin/users/officer/password"
    post(admin, "/admin/users/officer", target, password=SECRET)
    post(admin, "/admin/units", "/admin/units", code="500119-NEW", name="南川区新局", short="新局",
         kind="bureau", parent="500119")  # fmt: skip
    post(admin, "/admin/settings", "/admin/settings", stale_days="20", idle_minutes="30")
    post(admin, "/admin/settings", "/admin/clock")
    boss = world.client("supervisor")
    post(boss, "/lists/new", "/lists/new", code="NC-X", title="新清单", kind="complaint/1")
    contacting.set_mail(world.site, "head", "head@example.cn")
    figure_settings.set_joint_counting(world.site, "NC-C", "half")
    proposals.load_calendar(world.site, world.actor("administrator"), CALENDAR, "2027.toml")


def test_each_change_is_noted_once_and_without_a_secret(world_on_both: World) -> None:
    world = world_on_both
    change_everything(world)
    assert noted(world) == [
        ("calendar.loaded", "2027", "administrator"), ("list.changed", "NC-C", "console"),
        ("mail.set", "head", "console"), ("list.added", "NC-X", "supervisor"),
        ("clock.accepted", "clock", "administrator"),
        ("settings.changed", "settings", "administrator"),
        ("unit.added", "500119-NEW", "administrator"),
        ("password.reset", "officer", "administrator"),
        ("account.changed", "officer", "administrator"),
        ("account.added", "new.one", "administrator"),
    ]  # fmt: skip
    with world.site.store.reading() as connection:
        rows = connection.execute(select(admin_changes)).all()
    assert not any(secret in str(rows) for secret in (SECRET, "example.cn", "argon2"))
    page = changes.read_changes(world.site, world.actor("auditor"), changes.Wanted("account.changed"))
    assert page.records[0].values == [("role", "经办人", "单位负责人")]
    shown = world.client("auditor").get("/log/changes").text
    for words in ("改动账号", "角色：经办人 → 单位负责人", "久未更新的天数：15 → 20", "命令行"):
        assert words in shown


def test_the_record_is_for_good(world_on_both: World) -> None:
    world = world_on_both
    change_everything(world)
    for statement in (
        "UPDATE admin_changes SET actor = 'x'", "DELETE FROM admin_changes WHERE id = 1",
    ):  # fmt: skip
        with pytest.raises(DBAPIError), world.site.store.writing() as connection:
            connection.execute(text(statement))
    assert len(noted(world)) == 10


def test_only_auditors_read_it(world: World) -> None:
    for name, status in (("auditor", 200), ("administrator", 403), ("supervisor", 403)):
        assert world.client(name).get("/log/changes").status_code == status
    assert world.client("auditor").get("/log/changes?sort=nonsense").status_code == 422


def with_batch(world: World) -> None:
    with world.site.store.writing() as connection:
        connection.execute(
            insert(t.batches).values(
                list_id=world.site.get_list("NC-C").id, name="第22批", ordinal=22,
                handed_over_on="2026-05-30", results_due_on="2026-06-19",
            )
        )  # fmt: skip


def test_a_batch_is_changed_with_a_reason_by_its_office(world: World) -> None:
    with_batch(world)
    boss, page = world.client("supervisor"), "/lists/NC-C/batches"
    form = f"{page}?name=第22批"
    assert "2026-06-19" in boss.get(page).text
    given: dict[str, Any] = {"name": "第22批", "handed_over_on": "2026-05-30"}
    answer = world.post(boss, form, page, **given, results_due_on="2026-05-01", reason="")
    assert answer.status_code == 422
    assert "结果应报日期不能早于转办日期" in answer.text
    assert "请填写改动理由" in answer.text
    right = {**given, "results_due_on": "2026年6月9日", "reason": "按通知更正"}
    assert world.post(boss, form, page, **right).status_code == 303
    text_now = boss.get(page).text
    assert "2026-06-09" in text_now
    assert "2026-06-19" not in text_now
    officer = world.client("officer")
    assert "改动批次日期" not in officer.get(form).text
    assert "改动批次日期" in boss.get(form).text
    token = world.token(boss, form)
    assert officer.post(page, data={"csrf_token": token, **right}).status_code in (400, 403)
    (record,) = changes.read_changes(world.site, world.actor("auditor"), changes.Wanted()).records
    assert (record.target, record.reason, record.actor) == ("NC-C/第22批", "按通知更正", "supervisor")
    assert record.values == [("results_due_on", "2026-06-19", "2026-06-09")]
    assert world.client("city").get("/lists/NC-C/batches").status_code == 200
    assert world.client("stranger").get("/lists/NC-C/batches").status_code == 404


def test_the_verbs_say_the_same(world: World) -> None:
    with_batch(world)

    def call(*words: str) -> Any:
        place = ["--data", str(world.site.data), "--database", world.site.store.url, "--json"]
        return CliRunner().invoke(main, [*words, *place])

    done = call("lists", "batch", "NC-C", "第22批", "--due", "2026-06-09", "--reason", "更正", "--as",
                "supervisor")  # fmt: skip
    assert json.loads(done.stdout)["results_due_on"] == "2026-06-09", done.stderr
    assert json.loads(done.stdout)["handed_over_on"] == "2026-05-30"
    refused = call("lists", "batch", "NC-C", "第22批", "--due", "2026-06-08", "--reason", "更正",
                   "--as", "officer")  # fmt: skip
    assert refused.exit_code == 1
    rows = json.loads(call("lists", "batches", "NC-C").stdout)
    assert [one["results_due_on"] for one in rows] == ["2026-06-09"]
    (found,) = json.loads(call("changes", "--sort", "batch.changed").stdout)["changes"]
    assert found["after"] == {"results_due_on": "2026-06-09"}
