"""A small site behind Flask's client: a city, two districts, one list of each kind, some people."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, make_url

from ecoissues.core.policy import Actor
from ecoissues.services import accounts, registering
from ecoissues.services.site import Site
from ecoissues.storage import reference
from ecoissues.storage import tables as t
from ecoissues.web import here
from ecoissues.web.app import create_app
from tests.databases import put_into_one_file, sqlite_address

PASSWORD = "right-horse-battery"
UNITS = [
    ("500000", "重庆市", "municipality", "", "chongqingshi cqs"),
    ("500000-DCB", "重庆市督察办", "office", "500000", "duchaban dcb"),
    ("500000-CGJ", "市城市管理局", "department", "500000", "chengshiguanliju csglj"),
    ("500119", "南川区", "district", "500000", "nanchuanqu ncq"),
    ("500119-DCB", "南川区督察办", "office", "500119", "nanchuanduchaban ncdcb"),
    ("500119-STHJ", "南川区生态环境局", "bureau", "500119", "shengtaihuanjingju ncqsthjj"),
    ("500102", "涪陵区", "district", "500000", "fulingqu flq"),
    ("500102-STHJ", "涪陵区生态环境局", "bureau", "500102", "fulingshengtai flqsthjj"),
]
PEOPLE = [
    ("officer", "officer", "500119-STHJ"),
    ("head", "head", "500119-STHJ"),
    ("supervisor", "supervisor", "500119-DCB"),
    ("supervisor2", "supervisor", "500119-DCB"),
    ("city", "supervisor", "500000-DCB"),
    ("city2", "supervisor", "500000-DCB"),
    ("leader", "leader", "500119"),
    ("auditor", "auditor", "500000-DCB"),
    ("administrator", "administrator", "500000"),
    ("public", "public", "500000"),
    ("stranger", "officer", "500102-STHJ"),
]
LISTS = [
    ("NC-C", "南川区群众举报", "complaint", "district", "500119-DCB"),
    ("NC-R", "南川区整改任务", "rectification", "district", "500119-DCB"),
    ("NC-I", "南川区问题清单", "issue_list", "district", "500119-DCB"),
    ("CQ-C", "重庆市群众举报", "complaint", "municipal", "500000-DCB"),
]
CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Clock:
    """A clock that tests set."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 20, 2, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class World:
    """The site, its application, its clock, and ways in."""

    site: Site
    app: Flask
    clock: Clock

    def actor(self, name: str) -> Actor:
        with self.site.store.reading() as connection:
            user = reference.find_user(connection, name)
        assert user is not None
        return Actor(
            user_id=user["id"], name=name, display=user["display"], role=user["role"],
            unit_code=user["unit_code"], unit_path=user["unit_path"],
            scope_path=user["scope_path"],
        )  # fmt: skip

    def client(self, name: str | None = None) -> FlaskClient:
        client = self.app.test_client()
        if name:
            answer = self.post(client, "/sign-in", "/sign-in", name=name, password=PASSWORD)
            assert answer.status_code == 303, answer.text
        return client

    def token(self, client: FlaskClient, page: str) -> str:
        found = CSRF.search(client.get(page).text)
        assert found, f"no form on {page}"
        return found.group(1)

    def post(self, client: FlaskClient, form: str, target: str, **values: Any) -> Any:
        """Post as a page would: the token is taken from the page that holds the form."""
        headers = values.pop("headers", None)
        values = {"csrf_token": self.token(client, form), **values}
        return client.post(target, data=values, headers=headers)

    def register(self, list_code: str, number: str, by: str = "supervisor", **values: Any) -> int:
        given = {"number": number, "received_on": "2026-11-18", "content": f"{number}号事项污水直排",
                 "types": ["water"], **values}  # fmt: skip
        if list_code == "NC-I":
            given.setdefault("channel", "self_found")
        asked = registering.Registration(values=given)
        return registering.register(self.site, self.actor(by), list_code, asked).case_id


def fill(site: Site) -> None:
    """Units, lists and people of the small site."""
    with site.store.writing() as connection:
        by_code: dict[str, Any] = {}
        for place, (code, name, kind, parent, pinyin) in enumerate(UNITS):
            by_code[code] = reference.add_unit(
                connection, code, name, name, kind, by_code.get(parent), pinyin, place
            )
        for code, title, kind, level, unit in LISTS:
            connection.execute(
                insert(t.lists).values(
                    code=code,
                    title=title,
                    kind=kind,
                    kind_version=1,
                    level=level,
                    unit_id=by_code[unit].id,
                )
            )
        hashed = accounts.hash_password(PASSWORD, "test")
        for name, role, unit in PEOPLE:
            connection.execute(
                insert(t.users).values(
                    name=name,
                    display=f"{name}某",
                    role=role,
                    unit_id=by_code[unit].id,
                    password=hashed,
                )
            )
    site.refresh()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def make_application(site: Site) -> Flask:
    """Make an application with cheap passwords whose errors are answered, not raised."""
    app = create_app(site, PASSWORD_PROFILE="test", TESTING=True)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.fixture(scope="session")
def application(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """One application for all tests of a worker: addresses and templates are compiled once.

    A test that changes more than its site makes its own (``make_application``).
    """
    folder = tmp_path_factory.mktemp("application")
    return make_application(Site(sqlite_address(folder / "never.sqlite3"), folder))


@pytest.fixture(scope="session")
def _filled(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small site in a file, to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    path = folder / "site.sqlite3"
    shutil.copyfile(_sqlite_template, path)
    site = Site(sqlite_address(path), folder)
    fill(site)
    site.close()
    put_into_one_file(path)
    return path


def open_world(site: Site, app: Flask, clock: Clock) -> Iterator[World]:
    """Put the application over a site for the length of a test."""
    app.extensions["site"] = site
    here.install(app)  # nothing of another test's pages is kept
    yield World(site, app, clock)
    site.close()


@pytest.fixture
def world(
    sqlite_url: str, _filled: Path, application: Flask, tmp_path: Path, clock: Clock
) -> Iterator[World]:
    shutil.copyfile(_filled, make_url(sqlite_url).database or "")
    yield from open_world(Site(sqlite_url, tmp_path / "data", clock), application, clock)


@pytest.fixture
def world_on_both(
    database_url: str, application: Flask, tmp_path: Path, clock: Clock
) -> Iterator[World]:
    """The same on SQLite and PostgreSQL, for pages whose SQL is their own."""
    site = Site(database_url, tmp_path / "data", clock)
    fill(site)
    yield from open_world(site, application, clock)


Client = Callable[[str], FlaskClient]
