"""Signing in and out: lock, revocation, idle time, where one lands."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from ecoissues.storage import tables as t
from ecoissues.web.session import local_path
from tests.web.conftest import PASSWORD, World


def test_the_right_password_opens_the_desk(world: World) -> None:
    client = world.client("officer")
    assert "工作台" in client.get("/").text


def test_a_wrong_password_and_an_unknown_name_say_the_same(world: World) -> None:
    client = world.client()
    wrong = world.post(client, "/sign-in", "/sign-in", name="officer", password="x")
    unknown = world.post(client, "/sign-in", "/sign-in", name="nobody", password="x")
    assert wrong.status_code == unknown.status_code == 401
    assert "用户名或密码不正确" in wrong.text
    assert wrong.text.replace("officer", "nobody").count("错误") == unknown.text.count("错误")


def test_five_failures_lock_the_account_for_a_quarter_of_an_hour(world: World) -> None:
    client = world.client()
    for _ in range(5):
        world.post(client, "/sign-in", "/sign-in", name="officer", password="x")
    right = {"name": "officer", "password": PASSWORD}
    assert world.post(client, "/sign-in", "/sign-in", **right).status_code == 401
    world.clock.pass_time(minutes=16)
    assert world.post(client, "/sign-in", "/sign-in", **right).status_code == 303


def test_signing_out_ends_the_session_for_a_copy_of_its_cookie_too(world: World) -> None:
    client = world.client("officer")
    cookie = client.get_cookie("ecoissues")
    assert cookie is not None
    world.post(client, "/", "/sign-out")
    thief = world.client()
    thief.set_cookie("ecoissues", cookie.value)
    assert thief.get("/").status_code == 303


def test_the_secret_of_a_session_is_new_at_sign_in(world: World) -> None:
    client = world.client()
    client.get("/sign-in")
    before = client.get_cookie("ecoissues")
    world.post(client, "/sign-in", "/sign-in", name="officer", password=PASSWORD)
    after = client.get_cookie("ecoissues")
    assert before
    assert after
    assert before.value != after.value


def test_half_an_hour_of_idleness_ends_the_session(world: World) -> None:
    client = world.client("officer")
    world.clock.pass_time(minutes=29)
    assert client.get("/").status_code == 200
    world.clock.pass_time(minutes=29)
    assert client.get("/").status_code == 200
    world.clock.pass_time(minutes=31)
    answer = client.get("/cases?phase=open")
    assert answer.status_code == 303
    assert "next=/cases?phase%3Dopen" in answer.headers["Location"] or (
        "next=%2Fcases%3Fphase%3Dopen" in answer.headers["Location"]
    )


def test_a_changed_role_and_a_deactivation_act_at_once(world: World) -> None:
    client = world.client("supervisor")
    assert client.get("/lists/NC-C/register").status_code == 200
    with world.site.store.writing() as connection:
        connection.execute(
            update(t.users).where(t.users.c.name == "supervisor").values(role="auditor")
        )
    assert client.get("/lists/NC-C/register").status_code == 403
    with world.site.store.writing() as connection:
        connection.execute(
            update(t.users).where(t.users.c.name == "supervisor").values(active=False)
        )
    assert client.get("/cases").status_code == 303


def test_the_table_of_sessions_holds_no_secret(world: World) -> None:
    client = world.client("officer")
    with client.session_transaction() as cookie:
        secret = cookie["_user_id"]
    with world.site.store.reading() as connection:
        assert secret not in connection.execute(select(t.login_sessions.c.token)).scalars().all()


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "",
     "/ok\n//evil", "evil", "/\t/evil.example"],
)  # fmt: skip
def test_another_place_is_no_next_page(target: str) -> None:
    assert local_path(target) is None


def test_a_path_of_this_site_is_a_next_page(world: World) -> None:
    client = world.client()
    answer = world.post(
        client, "/sign-in", "/sign-in", name="officer", password=PASSWORD, next="/cases?due=today"
    )
    assert answer.headers["Location"] == "/cases?due=today"


def test_posting_without_the_token_is_refused(world: World) -> None:
    answer = world.client().post("/sign-in", data={"name": "officer", "password": PASSWORD})
    assert answer.status_code == 400
    assert "没有写入任何数据" in answer.text
