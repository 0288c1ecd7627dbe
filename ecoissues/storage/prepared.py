"""Statements of the gate, compiled to text once for each engine and run on the driver's cursor.

A step runs some eight statements; building each anew and wrapping its result cost several times
the database's own work. The text still comes from the tables, so a renamed column is found at
once, and the driver's errors come out as SQLAlchemy's, as everywhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.exc import DBAPIError

Row = tuple[Any, ...]


def run_text(
    connection: Connection, text: str, values: Sequence[Any] = (), *, many: bool = False
) -> list[Row]:
    """Run a text in the driver's own style; gives its rows (none for a write).

    In: a connection inside a transaction; the values of one row, or with ``many`` of each row.
    Errors of the driver are raised as SQLAlchemy's DBAPIError; a lost connection is invalidated.
    """
    if not connection.in_transaction():
        connection.begin()  # the hook of the engine decides how
    return send(connection, text, values, many=many)


def send(
    connection: Connection, text: str, values: Sequence[Any] = (), *, many: bool = False
) -> list[Row]:
    """Do as ``run_text`` without asking for a transaction: for the hook that begins one."""
    cursor = connection.connection.cursor()
    try:
        if many:
            cursor.executemany(text, values)
            return []
        cursor.execute(text, values)
        return list(cursor.fetchall()) if cursor.description else []
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(connection, text, values, error, cursor) from error
    finally:
        cursor.close()


def _told(
    connection: Connection, text: str, values: Any, error: Exception, cursor: Any
) -> BaseException:
    """Make SQLAlchemy's error of the driver's, and give up a connection that is lost."""
    dialect = connection.dialect
    base: Any = dialect.loaded_dbapi.Error
    lost = dialect.is_disconnect(error, connection.connection, cursor)  # type: ignore[arg-type]
    if lost:
        connection.invalidate(error)
    return DBAPIError.instance(
        text, values, error, base, connection_invalidated=lost, dialect=dialect
    )


class Prepared:
    """One statement with named values, run by its compiled text."""

    def __init__(
        self, statement: Executable, columns: Iterable[str] | None = None, *, lists: bool = False
    ) -> None:
        """``lists``: it holds IN over a list of values; every named value then needs a default."""
        self._statement = statement
        self._lists = lists
        self._columns = list(columns) if columns is not None else None
        self._compiled: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = {}

    def _text(self, connection: Connection) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        dialect = connection.dialect
        found = self._compiled.get(dialect.name)
        if found is None:
            style = "qmark" if dialect.name == "sqlite" else "format"
            engine: Any = type(dialect)
            statement: Any = self._statement
            compiled = statement.compile(
                dialect=engine(paramstyle=style), column_keys=self._columns,
                compile_kwargs={"render_postcompile": self._lists},
            )  # fmt: skip
            found = (str(compiled), tuple(compiled.positiontup or ()), dict(compiled.params))
            self._compiled[dialect.name] = found
        return found

    def run(self, connection: Connection, values: Mapping[str, Any]) -> list[Row]:
        """Run it once with named values (literals of the statement are filled in); gives rows."""
        text, names, given = self._text(connection)
        row = tuple(values[name] if name in values else given[name] for name in names)
        return run_text(connection, text, row)

    def run_many(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run it for each row in one round."""
        text, names, given = self._text(connection)
        values = [
            tuple(row[name] if name in row else given[name] for name in names) for row in rows
        ]
        if values:
            run_text(connection, text, values, many=True)
