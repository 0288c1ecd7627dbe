"""Prepared statements run on the driver's cursor and behave as SQLAlchemy's do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from ecoissues.storage import tables as t
from ecoissues.storage.engine import Store, is_key_clash
from ecoissues.storage.prepared import Prepared, run_text

PUT = Prepared(insert(t.settings), ["name", "value"])
GET = Prepared(select(t.settings.c.value).where(t.settings.c.name == bindparam("name")))
FIXED = Prepared(select(t.settings.c.name).where(t.settings.c.value == "same"))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = Store(database_url)
    yield made
    made.close()


def test_rows_and_literals(store: Store) -> None:
    with store.writing() as connection:
        assert PUT.run(connection, {"name": "a", "value": "same"}) == []
        PUT.run_many(connection, [{"name": "b", "value": "same"}, {"name": "c", "value": "x"}])
        PUT.run_many(connection, [])
        assert GET.run(connection, {"name": "c"}) == [("x",)]
        assert GET.run(connection, {"name": "missing"}) == []
        assert sorted(FIXED.run(connection, {})) == [("a",), ("b",)]
    with store.reading() as connection:
        assert GET.run(connection, {"name": "a"}) == [("same",)]


def put_twice(store: Store) -> None:
    with store.writing() as connection:
        PUT.run(connection, {"name": "a", "value": "1"})
        PUT.run(connection, {"name": "a", "value": "2"})


def end_own_session(store: Store) -> None:
    with store.engine.connect() as connection, store.engine.connect() as other:
        ((pid,),) = run_text(connection, "SELECT pg_backend_pid()")
        run_text(other, "SELECT pg_terminate_backend(%s)", (pid,))
        run_text(connection, "SELECT 1")


def test_errors_are_sqlalchemys_and_nothing_is_left(store: Store) -> None:
    with pytest.raises(IntegrityError) as refused:
        put_twice(store)
    assert is_key_clash(refused.value)
    assert not refused.value.connection_invalidated
    with store.reading() as connection:
        assert GET.run(connection, {"name": "a"}) == []
    with pytest.raises(DBAPIError) as broken, store.reading() as connection:
        run_text(connection, "SELECT nothing FROM nowhere")
    assert isinstance(broken.value, ProgrammingError) or store.dialect == "sqlite"


def test_a_transaction_is_begun_where_there_is_none(store: Store) -> None:
    with store.engine.connect() as connection:
        assert GET.run(connection, {"name": "a"}) == []
        assert connection.in_transaction()


def test_a_lost_connection_is_told(postgresql_url: str) -> None:
    store = Store(postgresql_url)
    try:
        with pytest.raises(DBAPIError) as lost:
            end_own_session(store)
        assert lost.value.connection_invalidated
        with store.reading() as connection:
            assert run_text(connection, "SELECT 1") == [(1,)]
    finally:
        store.close()
