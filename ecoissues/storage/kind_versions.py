"""Versions of list kinds in use: digest and text of each document that has cases.

A running case keeps its version, so a document that has cases may never change under its version
number. What was in force with the first case stands here, whatever becomes of the file.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection, func, insert, inspect, select

from ecoissues.storage import tables as t
from ecoissues.storage.tables_kinds import kind_versions

#: Code and version of a kind.
Version = tuple[str, int]


class Pinned(Struct, frozen=True):
    """A version in use: digest and canonical text of the kind as it acts."""

    digest: str
    document: str


def read_pinned(connection: Connection) -> dict[Version, Pinned]:
    """Read every version in use; empty where the database has no such table yet."""
    if not inspect(connection).has_table(kind_versions.name):
        return {}
    c = kind_versions.c
    rows = connection.execute(select(c.code, c.version, c.digest, c.document))
    return {(row.code, row.version): Pinned(row.digest, row.document) for row in rows}


def find_digest(connection: Connection, code: str, version: int) -> str | None:
    """Give the digest under which a version came into use, None if no case has it yet."""
    c = kind_versions.c
    query = select(c.digest).where(c.code == code, c.version == version)
    found = connection.execute(query).scalar()
    return None if found is None else str(found)


def pin(connection: Connection, version: Version, pinned: Pinned, at: str) -> None:
    """Keep a version from now on; a key clash says that another writer was first."""
    code, number = version
    connection.execute(
        insert(kind_versions).values(
            code=code, version=number, digest=pinned.digest, document=pinned.document, pinned_at=at
        )
    )


def used_versions(connection: Connection) -> dict[Version, int]:
    """Give the number of cases of each version that has any."""
    c = t.cases.c
    rows = connection.execute(
        select(c.kind, c.kind_version, func.count()).group_by(c.kind, c.kind_version)
    )
    return {(kind, version): int(count) for kind, version, count in rows}


