"""One address that fails too often is not looked at for a while; others go on."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from ecoissues.core.errors import Refused
from ecoissues.services import accounts, throttling
from ecoissues.storage import tables as t
from ecoissues.web.app import create_app
from tests.web.conftest import PASSWORD, World, make_application

HERE, ELSEWHERE = "203.0.113.7", "203.0.113.8"


def attempt(
    world: World, name: str, password: str = "x", address: str = HERE, **headers: str  # noqa: S107
) -> Any:
    """Send the form of the sign-in page from an address."""
    client = world.app.test_client()
    token = world.token(client, "/sign-in")
    form = {"csrf_token": token, "name": name, "password": password}
    return client.post(
        "/sign-in", data=form, environ_base={"REMOTE_ADDR": address}, headers=headers
    )


def spray(world: World, times: int = throttling.MOST_FAILURES, address: str = HERE) -> None:
    """Try one password on as many names, so that no account is locked."""
    for number in range(times):
        assert attempt(world, f"somebody{number}", address=address).status_code == 401


def counted(world: World) -> dict[str, int]:
    with world.site.store.reading() as connection:
        rows = connection.execute(select(t.sign_in_addresses)).all()
    return {row.network: row.failures for row in rows}


def test_an_address_that_failed_too_often_waits_even_with_the_right_password(world: World) -> None:
    spray(world)
    answer = attempt(world, "officer", PASSWORD)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60 + 1
    assert "登录失败次数过多" in answer.text
    assert "账号本身没有因此被锁定" in answer.text
    assert attempt(world, "officer", PASSWORD, ELSEWHERE).status_code == 303
    world.clock.pass_time(minutes=15)
    assert attempt(world, "officer", PASSWORD).status_code == 303


def test_a_program_gets_the_same_as_json(world: World) -> None:
    spray(world)
    answer = attempt(world, "officer", PASSWORD, Accept="application/json")
    assert answer.status_code == 429
    assert answer.get_json()["code"] == "too_many_sign_ins"


def test_what_is_refused_is_not_counted_and_passed_windows_are_forgotten(world: World) -> None:
    spray(world)
    for _ in range(3):
        assert attempt(world, "officer", PASSWORD).status_code == 429
    assert counted(world) == {HERE: throttling.MOST_FAILURES}
    world.clock.pass_time(minutes=16)
    attempt(world, "officer", address=ELSEWHERE)
    assert counted(world) == {ELSEWHERE: 1}


def test_a_right_password_counts_for_nothing(world: World) -> None:
    for _ in range(3):
        assert attempt(world, "officer", PASSWORD).status_code == 303
    assert counted(world) == {HERE: 0}


def test_an_office_behind_one_address_may_allow_more(world: World) -> None:
    administrator = world.client("administrator")
    page = "/admin/settings"
    world.post(
        administrator, page, page,
        stale_days="15", idle_minutes="30", address_failures="40",
    )  # fmt: skip
    spray(world, throttling.MOST_FAILURES + 5)
    assert attempt(world, "officer", PASSWORD).status_code == 303


def test_a_header_of_the_client_is_no_address(world: World) -> None:
    for number in range(throttling.MOST_FAILURES):
        attempt(world, f"somebody{number}", **{"X-Forwarded-For": f"198.51.100.{number}"})
    forged = {"X-Forwarded-For": "198.51.100.200"}
    assert attempt(world, "officer", PASSWORD, **forged).status_code == 429


def test_behind_a_proxy_of_ours_each_client_has_an_address(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECOISSUES_PROXIES", "1")
    world.app = make_application(world.site)
    # The last address is the proxy's own word; what stands before it the client wrote.
    attempt(world, "nobody", address="127.0.0.1", **{"X-Forwarded-For": f"198.51.100.1, {HERE}"})
    assert counted(world) == {HERE: 1}


@pytest.mark.parametrize("number", ["all", "-1", "10", "1 "])
def test_a_number_of_proxies_that_is_none_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    monkeypatch.setenv("ECOISSUES_PROXIES", number)
    with pytest.raises(Refused, match="bad_environment"):
        create_app(world.site, TESTING=True)


def test_the_count_is_kept_on_both_engines(world_on_both: World) -> None:
    site = world_on_both.site
    for number in range(throttling.MOST_FAILURES):
        with pytest.raises(Refused, match="bad_credentials"):
            accounts.sign_in(site, f"somebody{number}", "x", "test", HERE)
    with pytest.raises(Refused, match="too_many_sign_ins") as caught:
        accounts.sign_in(site, "officer", PASSWORD, "test", HERE)
    assert caught.value.facts["seconds"] <= 15 * 60 + 1
    assert accounts.sign_in(site, "officer", PASSWORD, "test", ELSEWHERE)
    assert accounts.sign_in(site, "officer", PASSWORD, "test")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        (None, ""),
        ("unix:", ""),
    ],
)
def test_what_counts_as_one_address(address: str | None, network: str) -> None:
    assert throttling.network_of(address) == network


def test_names_of_networks_fit_their_column() -> None:
    longest = throttling.network_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
    assert len(longest) <= t.sign_in_addresses.c.network.type.length  # type: ignore[attr-defined]
