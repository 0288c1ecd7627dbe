"""The law in the database: raw SQL cannot give a case a state without its event, on either engine.

Each attack goes past our code, straight at the database, the way a careless script would.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from ecoissues.services.site import Site
from ecoissues.storage import schema, triggers
from ecoissues.storage.engine import Store
from tests.services.small_site import actor, complaint, make_site, step


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = make_site(database_url, tmp_path)
    case = complaint(made, "D3CQ202406070001")
    step(made, actor(made, "supervisor"), case, "transfer", {"units": "500119-STHJ"})
    yield made
    made.close()


def standing(site: Site) -> list[tuple[object, ...]]:
    with site.store.reading() as connection:
        rows = connection.execute(text("SELECT id, version, state FROM cases ORDER BY id")).all()
        events = connection.execute(text("SELECT count(*), max(pos) FROM events")).all()
        head = connection.execute(text("SELECT pos FROM head")).all()
    return [*map(tuple, rows), *map(tuple, events), *map(tuple, head)]


EVENT = (
    "INSERT INTO events (case_id, seq, pos, prev_seq, step, from_state, to_state, phase, actor,"
    " role, unit, effective_on, recorded_at, channel, facts, digest, previous) VALUES"
)
TAIL = (
    "'x', 'supervisor', 'u', '2024-06-10', '2099-01-01T00:00:00.000000Z', 'web', '{}',"
    f" '{'0' * 64}', '{'0' * 64}')"
)

ATTACKS = {
    "a state without an event": "UPDATE cases SET state = 'closed'",
    "a version without an event": "UPDATE cases SET version = version + 1",
    "both at once": "UPDATE cases SET state = 'closed', version = version + 1",
    "back to an older event": "UPDATE cases SET state = 'registered', version = 1",
    "an event changed": "UPDATE events SET actor = 'somebody' WHERE seq = 1",
    "an event deleted": "DELETE FROM events WHERE seq = 2",
    "all events deleted": "DELETE FROM events",
    "a case deleted": "DELETE FROM cases",
    "a case renamed": "UPDATE cases SET number = 'OTHER'",
    "a case born closed": (
        "INSERT INTO cases (list_id, number, part, kind, kind_version, version, state,"
        " registered_on, unit_id, top_id, moved_on)"
        " SELECT list_id, 'NEW', 0, kind, kind_version, 3, 'closed', registered_on, unit_id,"
        " top_id, moved_on FROM cases"
    ),
    "an event out of order": f"{EVENT} (1, 5, 3, 4, 'close', 'transferred', 'closed', 'closed', {TAIL}",
    "an event from another state": (
        f"{EVENT} (1, 3, 3, 2, 'close', 'close_signed', 'closed', 'closed', {TAIL}"
    ),
    "an event at a wrong place": (
        f"{EVENT} (1, 3, 9, 2, 'accept', 'transferred', 'in_progress', 'open', {TAIL}"
    ),
    "an event twice": f"{EVENT} (1, 2, 3, 1, 'transfer', 'registered', 'transferred', 'open', {TAIL}",
    "an event of no case": f"{EVENT} (99, 1, 3, NULL, 'register', '', 'registered', 'open', {TAIL}",
    "the head put back": "UPDATE head SET pos = 0",
    "the head put forward": "UPDATE head SET pos = 77",
    "the head removed": "DELETE FROM head",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_raw_sql_is_refused(site: Site, attack: str) -> None:
    before = standing(site)
    with pytest.raises(DBAPIError), site.store.writing() as connection:
        connection.execute(text(attack))
    assert standing(site) == before


SQLITE_ATTACKS = {
    "REPLACE of an event": (
        EVENT.replace("INSERT", "REPLACE")
        + f" (1, 2, 2, 1, 'transfer', 'registered', 'closed', 'closed', {TAIL}"
    ),
    "REPLACE of a case": (
        "REPLACE INTO cases (id, list_id, number, part, kind, kind_version, version, state,"
        " registered_on, unit_id, top_id, moved_on)"
        " SELECT id, list_id, number, part, kind, kind_version, 0, '', registered_on, unit_id,"
        " top_id, moved_on FROM cases"
    ),
    "UPDATE OR REPLACE of a key": "UPDATE OR REPLACE cases SET id = id + 1",
    "UPDATE OR IGNORE of a state": "UPDATE OR IGNORE cases SET state = 'closed'",
    **ATTACKS,
}


@pytest.mark.parametrize("attack", SQLITE_ATTACKS.values(), ids=SQLITE_ATTACKS.keys())
def test_foreign_keys_off_changes_nothing(
    sqlite_url: str, tmp_path: Path, attack: str
) -> None:
    site = make_site(sqlite_url, tmp_path)
    case = complaint(site, "D3CQ202406070001")
    step(site, actor(site, "supervisor"), case, "transfer", {"units": "500119-STHJ"})
    before = standing(site)
    with site.store.engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        raw.execute("PRAGMA foreign_keys=OFF")
        try:
            connection.execute(text(attack))
            connection.commit()
        except DBAPIError:
            refused = True
        else:
            refused = False
        assert refused
    site.close()
    site = Site(sqlite_url, tmp_path)
    assert standing(site) == before
    site.close()


PG_ATTACKS = ("TRUNCATE events CASCADE", "TRUNCATE cases CASCADE", "TRUNCATE head")


@pytest.mark.parametrize("attack", PG_ATTACKS)
@pytest.mark.parametrize("role", ["origin", "replica"])
def test_postgresql_refuses_truncate_even_for_a_replica(
    postgresql_url: str, tmp_path: Path, attack: str, role: str
) -> None:
    site = make_site(postgresql_url, tmp_path)
    complaint(site, "D3CQ202406070001")
    before = standing(site)
    with pytest.raises(DBAPIError, match="eco_log"), site.store.writing() as connection:
        _as_role(connection, role, attack)
    assert standing(site) == before
    site.close()


def _as_role(connection: Connection, role: str, attack: str) -> None:
    connection.execute(text(f"SET LOCAL session_replication_role = {role}"))
    connection.execute(text(attack))


def faults(url: str) -> list[str]:
    store = Store(url)
    with store.reading() as connection:
        found = triggers.faults(connection)
    store.close()
    return found


def test_every_trigger_stands_after_up_down_up(empty_database_url: str) -> None:
    assert schema.upgrade(empty_database_url) == schema.newest()
    assert faults(empty_database_url) == []
    assert schema.downgrade(empty_database_url, "base") == "base"
    schema.upgrade(empty_database_url)
    schema.upgrade(empty_database_url)
    assert faults(empty_database_url) == []


def _drop_one(connection: Connection, name: str) -> None:
    on = "" if connection.dialect.name == "sqlite" else " ON events"
    connection.execute(text(f"DROP TRIGGER {name}{on}"))


def test_a_missing_trigger_is_named(database_url: str) -> None:
    store = Store(database_url)
    with store.writing() as connection:
        _drop_one(connection, "eco_events_fixed")
    store.close()
    assert faults(database_url) == ["eco_events_fixed"]


def test_an_upgrade_puts_a_weakened_law_right(database_url: str) -> None:
    store = Store(database_url)
    with store.writing() as connection:
        _drop_one(connection, "eco_events_kept")
        if connection.dialect.name == "postgresql":
            connection.execute(
                text(
                    "CREATE OR REPLACE FUNCTION eco_cases_update() RETURNS trigger"
                    " LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$"
                )
            )
    store.close()
    assert "eco_events_kept" in faults(database_url)
    schema.upgrade(database_url)
    assert faults(database_url) == []


def test_the_schema_equals_the_tables(database_url: str) -> None:
    """The newest migration gives what ``tables`` declares: nothing to migrate is left."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from ecoissues.storage import tables_notices
    from ecoissues.storage.tables import metadata

    assert tables_notices.scans.metadata is metadata

    store = Store(database_url)
    with store.reading() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, sort, _parent: not (
                    sort == "table" and str(name).startswith("case_search")
                ),
            },
        )
        differences = [
            one
            for one in compare_metadata(context, metadata)
            if not (isinstance(one, tuple) and "standing_events" in str(one))
        ]
    store.close()
    assert differences == []
