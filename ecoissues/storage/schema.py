"""Bringing a database to a version: Alembic under our law's triggers.

Every change of the schema drops the triggers, runs with foreign keys off (SQLite rebuilds tables),
creates the triggers anew and checks every key. Alembic is loaded only when it works: every start
and every command asks for the revision, few migrate.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from ecoissues.core.errors import Refused
from ecoissues.storage import triggers
from ecoissues.storage.engine import make_engine

if TYPE_CHECKING:
    from alembic.config import Config

_PACKAGE = Path(__file__).resolve().parents[1]
#: Beside the package in a checkout, inside it in a wheel.
FOLDER = next(
    (path for path in (_PACKAGE.parent / "migrations", _PACKAGE / "migrations") if path.is_dir()),
    _PACKAGE.parent / "migrations",
)


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def upgrade(url: str, revision: str = "head") -> str:
    """Bring the database at ``url`` to a revision (the newest); gives the revision it has now."""
    from alembic import command

    return _migrate(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> str:
    """Take the database back to a revision (``base``: empty); gives the revision it has now."""
    from alembic import command

    return _migrate(url, lambda config: command.downgrade(config, revision))


def _migrate(url: str, work: Callable[[Config], None]) -> str:
    engine = make_engine(url)
    sqlite = engine.dialect.name == "sqlite"
    try:
        with engine.execution_options(write=True).connect() as connection:
            if sqlite:  # outside a transaction only
                raw = connection.connection.dbapi_connection
                assert raw is not None
                raw.execute("PRAGMA foreign_keys=OFF")
            with connection.begin():
                if inspect(connection).has_table("events"):
                    triggers.drop(connection)
                work(_config(connection))
                if inspect(connection).has_table("events"):
                    triggers.create(connection)
                if sqlite:
                    _check_keys(connection)
                now = revision_of(connection)
            if sqlite:
                raw.execute("PRAGMA foreign_keys=ON")  # type: ignore[union-attr]
    finally:
        engine.dispose()
    return now


def _check_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise Refused(
            "keys_broken",
            f"升级后有 {len(broken)} 处外键不一致，已全部撤回，数据未改动。",
            rows=broken,
        )


def newest() -> str:
    """Give the newest revision that the code knows: versions are numbered in order."""
    numbers = [
        match.group(1)
        for path in (FOLDER / "versions").glob("*.py")
        if (match := re.match(r"(\d{4})_", path.name))
    ]
    return max(numbers, default="base")


def revision_of(connection: Connection) -> str:
    """Give the revision of a database (``base`` when it is empty)."""
    if not inspect(connection).has_table("alembic_version"):
        return "base"
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "base"
