"""Statements of the gate, compiled to text once for each engine.

A step runs some eight statements; building and looking up each anew cost more than the database's
own work. The text still comes from the tables, so a renamed column is found at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable


class Prepared:
    """One statement with named values, run by its compiled text."""

    def __init__(self, statement: Executable, columns: Iterable[str] | None = None) -> None:
        self._statement = statement
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
                dialect=engine(paramstyle=style), column_keys=self._columns
            )
            found = (str(compiled), tuple(compiled.positiontup or ()), dict(compiled.params))
            self._compiled[dialect.name] = found
        return found

    def run(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Run it once with named values; literals of the statement are filled in."""
        text, names, given = self._text(connection)
        row = tuple(values[name] if name in values else given[name] for name in names)
        return connection.exec_driver_sql(text, row)

    def run_many(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run it for each row in one round."""
        text, names, given = self._text(connection)
        values = [
            tuple(row[name] if name in row else given[name] for name in names) for row in rows
        ]
        connection.exec_driver_sql(text, values)
