"""Engines and transactions: the only place that begins, commits and rolls back.

SQLite runs in WAL with full synchronisation; writers queue on a process lock and a file lock and
begin IMMEDIATE, so none ever meets "database is locked". PostgreSQL locks the rows it needs.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, FromClause, create_engine, event, make_url
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.exc import DBAPIError

from ecoissues.core.errors import Refused
from ecoissues.storage.prepared import send

BUSY_MS = 15_000
#: How often work is done anew when another writer crossed it.
TRIES = 4

Result = TypeVar("Result")


def normal_url(url: str) -> str:
    """Give the URL with the driver we ship: ``postgres://`` and ``postgresql://`` mean psycopg 3."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    return url


def make_engine(url: str, pool_size: int = 8) -> Engine:
    """Make an engine for SQLite or PostgreSQL with our settings; any other engine is refused."""
    parsed = make_url(normal_url(url))
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed.render_as_string(hide_password=False), pool_size)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql_engine(parsed, pool_size)
    raise Refused(
        "engine_unknown",
        f"不支持的数据库类型“{parsed.get_backend_name()}”；请用 SQLite 或 PostgreSQL。",
    )


def _postgresql_engine(url: URL, pool_size: int) -> Engine:
    engine = create_engine(url, pool_size=pool_size, max_overflow=8, pool_pre_ping=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # Figures read a few hundred rows by an index; compiling the statement or starting worker
        # processes for it costs ten times what they save. Outside a transaction, or it is lost.
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET jit = off")
            cursor.execute("SET max_parallel_workers_per_gather = 0")
        connection.autocommit = False

    return engine


class _HintingCompiler(SQLiteCompiler):
    """Writes ``with_hint`` (INDEXED BY …) behind its table; SQLAlchemy's own drops it silently."""

    def get_from_hint_text(self, table: FromClause, text: str | None) -> str | None:
        return text


def _sqlite_engine(url: str, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        connect_args={"isolation_level": None, "check_same_thread": False},
        pool_size=pool_size,
        max_overflow=8,
    )
    engine.dialect.statement_compiler = _HintingCompiler

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "recursive_triggers=ON",
            "temp_store=MEMORY",
            "cache_size=-32000",
            "mmap_size=268435456",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("write", False)
        send(connection, "BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


class Store:
    """A site's database: ``reading()`` and ``writing()`` give connections inside a transaction."""

    def __init__(self, url: str, pool_size: int = 8) -> None:
        self.url = normal_url(url)
        self.engine = make_engine(url, pool_size)
        self.dialect = self.engine.dialect.name
        self._lock = threading.Lock()
        self._writers = self.engine.execution_options(write=True)
        self._lock_path = self._find_lock_path()

    def _find_lock_path(self) -> Path | None:
        name = self.engine.url.database
        if self.dialect != "sqlite" or not name or name == ":memory:":
            return None
        return Path(f"{name}.lock")

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection in one consistent snapshot; it never writes."""
        if self.dialect == "sqlite":
            with self.engine.connect() as connection, connection.begin():
                yield connection
        else:
            options: dict[str, Any] = {"isolation_level": "REPEATABLE READ"}
            with (
                self.engine.connect().execution_options(
                    **options, postgresql_readonly=True
                ) as connection,
                connection.begin(),
            ):
                yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose transaction commits once at the end, or leaves nothing behind.

        Any exception, also one at commit (a deferred key refuses there), rolls everything back.
        """
        with self._queue(), self._writers.connect() as connection:
            transaction = connection.begin()
            try:
                yield connection
                transaction.commit()
            except BaseException:
                with contextlib.suppress(DBAPIError):
                    transaction.rollback()
                if self.dialect == "sqlite":
                    _end_sqlite(connection)
                raise

    def write(self, work: Callable[[Connection], Result]) -> Result:
        """Do work in one transaction; anew when another writer crossed it, so ``work`` is run on
        what stands by then and has no effect but what it writes.

        Raises what ``work`` raises, and the database's error when it was crossed every time.
        """
        for _ in range(TRIES - 1):
            try:
                with self.writing() as connection:
                    return work(connection)
            except DBAPIError as error:
                if not is_crossed(error):
                    raise
        with self.writing() as connection:
            return work(connection)

    @contextlib.contextmanager
    def _queue(self) -> Iterator[None]:
        if self.dialect != "sqlite":
            yield
            return
        with self._lock, _file_lock(self._lock_path):
            yield

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _end_sqlite(connection: Connection) -> None:
    # After a COMMIT refused by a deferred key the transaction stays open in the driver.
    raw = connection.connection.dbapi_connection
    if isinstance(raw, sqlite3.Connection) and raw.in_transaction:
        raw.execute("ROLLBACK")


@contextlib.contextmanager
def _file_lock(path: Path | None) -> Iterator[None]:
    if path is None or sys.platform == "win32":  # there, one process serves (waitress)
        yield
        return
    import fcntl

    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def is_key_clash(error: DBAPIError) -> bool:
    """Whether the database refused a write because the key stands already or the chain broke."""
    text = str(error.orig)
    return any(
        sign in text
        for sign in ("UNIQUE constraint", "duplicate key", "eco_chain", "eco_stale", "FOREIGN KEY")
    )


def is_crossed(error: DBAPIError) -> bool:
    """Whether another writer was first or in the way: a key taken, a deadlock, a serialization."""
    return is_key_clash(error) or getattr(error.orig, "sqlstate", "") in ("40P01", "40001")
