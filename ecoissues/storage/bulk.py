"""Many rows at once into one table, by the quickest way each engine has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, insert
from sqlalchemy.engine import Dialect

from ecoissues.storage.prepared import run_text

#: From so many rows on PostgreSQL is sent a COPY: below, its start costs more than it saves.
_COPIED: Final = 50
_TEXTS: dict[tuple[str, str, tuple[str, ...]], str] = {}


def insert_rows(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert rows whose values stand in the order of ``columns`` (keys of the table), in the
    caller's transaction. The text is compiled once for each engine."""
    if not rows:
        return
    if connection.dialect.name == "postgresql" and len(rows) >= _COPIED:
        _copy(connection, table, columns, rows)
    else:
        run_text(connection, _text(connection.dialect, table, columns), rows, many=True)


def _copy(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    if not connection.in_transaction():
        connection.begin()
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(table.c[column].name) for column in columns)
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(f"COPY {quote(table.name)} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _text(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> str:
    key = (dialect.name, table.name, columns)
    text = _TEXTS.get(key)
    if text is None:
        text = _TEXTS[key] = _compile(dialect, table, columns)
    return text


def _compile(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> str:
    # Values go in as tuples, so the text must have its marks in our order and without names.
    style = "qmark" if dialect.name == "sqlite" else "format"
    engine: Any = type(dialect)
    compiled: Any = insert(table).compile(
        dialect=engine(paramstyle=style), column_keys=list(columns)
    )
    if tuple(compiled.positiontup or ()) != columns:
        raise AssertionError(f"the columns of {table.name} are not in the order asked for")
    return str(compiled)
