"""Every route names what it needs; headers, error pages, and what each role may open."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from werkzeug.routing import AnyConverter, IntegerConverter, Rule

from ecoissues.core.policy import Permission
from ecoissues.core.vocabulary import ROLES
from ecoissues.services import listing
from ecoissues.web import guards
from ecoissues.web.app import BLUEPRINTS
from tests.web.conftest import World, make_application

#: Endpoints that answer without an account. Nothing else may.
OPEN = {"session.sign_in", "session.begin", "session.health"}


def rules(app: Flask) -> list[Rule]:
    return sorted(
        app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ()))
    )


def address(rule: Rule) -> str:
    """An address that the rule fits, whatever it leads to."""
    path = rule.rule
    for name, converter in rule._converters.items():
        samples = {IntegerConverter: "1", AnyConverter: "xlsx"}
        value = next((text for sort, text in samples.items() if isinstance(converter, sort)), "x")
        path = re.sub(rf"<[^<>]*\b{name}>", value, path)
    return path


def test_every_route_names_its_permission(world: World) -> None:
    unmarked = []
    for rule in rules(world.app):
        mark = guards.mark_of(world.app.view_functions[rule.endpoint])
        if mark is None:
            unmarked.append(f"{rule.rule} {rule.endpoint}")
        elif mark == guards.OPEN:
            assert rule.endpoint in OPEN, f"{rule.rule} is open to everybody"
        elif mark != guards.SIGNED_IN:
            assert mark in set(Permission)
    assert not unmarked, f"refused to everybody, since unmarked: {unmarked}"


def test_every_module_of_pages_is_there() -> None:
    import importlib

    for name in BLUEPRINTS:
        assert importlib.import_module(f"ecoissues.web.{name}").pages.name


def test_an_unmarked_route_is_refused(world: World) -> None:
    world.app = make_application(world.site)
    world.app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    answer = world.client("supervisor").get("/forgotten")
    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_nobody_is_let_in_without_an_account(world: World) -> None:
    client = world.client()
    for rule in rules(world.app):
        mark = guards.mark_of(world.app.view_functions[rule.endpoint])
        if mark == guards.OPEN:
            continue
        path = address(rule)
        for method in (rule.methods or set()) & {"GET", "POST"}:
            answer = client.open(path, method=method)
            assert answer.status_code == 303, f"{method} {path}"
            assert answer.headers["Location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_what_its_permissions_say_and_nothing_else(world: World, role: str) -> None:
    """Each GET route without arguments × role: 403 exactly where the policy says no."""
    names = {"officer": "officer", "head": "head", "supervisor": "supervisor", "leader": "leader",
             "auditor": "auditor", "administrator": "administrator", "public": "public"}  # fmt: skip
    client = world.client(names[role])
    from ecoissues.core import policy

    for rule in rules(world.app):
        mark = guards.mark_of(world.app.view_functions[rule.endpoint])
        if rule.arguments or "GET" not in (rule.methods or ()) or mark in (None, guards.OPEN):
            continue
        answer = client.get(rule.rule)
        allowed = mark == guards.SIGNED_IN or policy.holds(role, str(mark))
        assert (answer.status_code != 403) == allowed, f"{role} {rule.rule}: {answer.status_code}"
        assert answer.status_code < 500, f"{role} {rule.rule}"


def test_headers_stand_on_every_answer(world: World) -> None:
    client = world.client("officer")
    for path in ("/", "/cases", "/nowhere", "/lists/NC-C/register", "/sign-in"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


def test_pages_hold_nothing_inline(world: World) -> None:
    client = world.client("supervisor")
    for path in ("/", "/cases", "/lists", "/lists/NC-C/register", "/guide"):
        text = client.get(path).text
        assert " style=" not in text
        assert "<style" not in text
        assert " onclick" not in text
        assert text.count("<h1") == 1
        assert '<html lang="zh-CN">' in text
        assert 'class="skip"' in text
        assert "<main" in text


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/cases/999", 404)])
def test_error_pages_say_what_happened_and_what_to_do(world: World, path: str, status: int) -> None:
    answer = world.client("officer").get(path)
    assert answer.status_code == status
    for word in ("您的数据", "怎么办", "错误编号"):
        assert word in answer.text
    assert len(answer.data) < 20_000


def test_a_wrong_method_names_the_right_ones(world: World) -> None:
    answer = world.client("officer").delete("/cases")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_a_database_that_is_away_gives_a_page_of_ours(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    def away(*_args: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    client = world.client("officer")
    monkeypatch.setattr(world.site.store, "reading", away)
    answer = client.get("/cases")
    assert answer.status_code == 503
    assert "数据库暂时不可用" in answer.text
    assert "gone" not in answer.text


def test_an_error_of_ours_shows_a_number_and_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> None:
        raise RuntimeError("inner secret")

    client = world.client("officer")
    monkeypatch.setattr(listing, "conditions", broken)
    answer = client.get("/cases")
    assert answer.status_code == 500
    assert "系统出错" in answer.text
    assert "inner secret" not in answer.text


def test_too_large_a_request_is_refused_in_chinese(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(world.app.config, "MAX_CONTENT_LENGTH", 2_000)
    client = world.client("officer")
    answer = client.post("/sign-out", data={"x": "y" * 5_000})
    assert answer.status_code == 413
    assert "文件过大" in answer.text
