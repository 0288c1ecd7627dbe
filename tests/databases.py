"""Fresh databases for tests: ``database_url`` runs a test on SQLite and on PostgreSQL.

A database is migrated once per run (PostgreSQL) or worker (SQLite); each test gets a copy, which
takes a few milliseconds. ``empty_database_url`` gives one without tables, for migration tests;
``sqlite_url`` and ``postgresql_url`` are for what exists on one engine only.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests import postgres

ENGINES = [
    pytest.param("sqlite", marks=pytest.mark.sqlite),
    pytest.param("postgresql", marks=pytest.mark.postgresql),
]


def upgrade(url: str) -> None:
    """Migrate the database at ``url`` to the newest schema, as ``ecoissues db upgrade`` does."""
    from ecoissues.storage import schema

    schema.upgrade(url)


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    """``sqlite`` or ``postgresql``: a test that asks for it runs once on each."""
    return str(request.param)


@pytest.fixture
def database_url(engine_name: str, request: pytest.FixtureRequest) -> str:
    """Address of a fresh, migrated database; on both engines in turn."""
    return str(request.getfixturevalue(f"_{engine_name}_migrated"))


@pytest.fixture
def empty_database_url(
    engine_name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """Address of a database without any table; on both engines in turn."""
    if engine_name == "sqlite":
        yield sqlite_address(tmp_path / "empty.sqlite3")
        return
    with postgres.server().fresh() as url:
        yield url


@pytest.fixture(params=ENGINES[:1])
def sqlite_url(request: pytest.FixtureRequest) -> str:
    """Like ``database_url``, for what concerns SQLite alone."""
    return str(request.getfixturevalue("_sqlite_migrated"))


@pytest.fixture(params=ENGINES[1:])
def postgresql_url(request: pytest.FixtureRequest) -> str:
    """Like ``database_url``, for what concerns PostgreSQL alone."""
    return str(request.getfixturevalue("_postgresql_migrated"))


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "site.sqlite3"
    upgrade(sqlite_address(path))
    put_into_one_file(path)
    return path


def put_into_one_file(path: Path) -> None:
    """Make a closed database ready to be copied: its write-ahead log is no part of the copy."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@pytest.fixture
def _sqlite_migrated(_sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "site.sqlite3"
    shutil.copyfile(_sqlite_template, path)
    return sqlite_address(path)


@pytest.fixture
def _postgresql_migrated() -> Iterator[str]:
    running = postgres.server()
    with running.fresh(running.ensure_template(upgrade)) as url:
        yield url


def sqlite_address(path: Path) -> str:
    return f"sqlite:///{path}"
