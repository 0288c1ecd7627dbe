"""Versions of list kinds that are in use: digest and text of each, as it acts.

A running case keeps its version, so a document that has cases may never change under its version
number: what stands here then stands for good. Without cases it follows the document, so that a
process which has never seen the sound one can go on with it when the file is broken.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection, func, insert, inspect, select, update

from ecoissues.storage import tables as t
from ecoissues.storage.tables_kinds import kind_versions

#: Code and version of a kind.
Version = tuple[str, int]


class Kept(Struct, frozen=True):
    """A version kept: digest and canonical text of the kind as it acts, its file ("": shipped)."""

    digest: str
    document: str
    file: str = ""


def read_kept(connection: Connection) -> dict[Version, Kept]:
    """Read every version kept; empty where the database has no such table yet."""
    if not inspect(connection).has_table(kind_versions.name):
        return {}
    c = kind_versions.c
    rows = connection.execute(select(c.code, c.version, c.digest, c.document, c.file))
    return {(row.code, row.version): Kept(row.digest, row.document, row.file) for row in rows}


def find_digest(connection: Connection, version: Version) -> str | None:
    """Give the digest under which a version is kept, None if it is not yet."""
    c = kind_versions.c
    query = select(c.digest).where(c.code == version[0], c.version == version[1])
    found = connection.execute(query).scalar()
    return None if found is None else str(found)


def keep(connection: Connection, version: Version, kept: Kept, at: str) -> None:
    """Keep a version, or what it has become; a key clash says that another writer was first."""
    c = kind_versions.c
    row = {"digest": kept.digest, "document": kept.document, "file": kept.file, "pinned_at": at}
    same = (c.code == version[0]) & (c.version == version[1])
    if not connection.execute(update(kind_versions).where(same).values(**row)).rowcount:
        connection.execute(
            insert(kind_versions).values(code=version[0], version=version[1], **row)
        )


def has_cases(connection: Connection, version: Version) -> bool:
    """Tell whether any case is pinned to a version."""
    c = t.cases.c
    query = select(c.id).where(c.kind == version[0], c.kind_version == version[1]).limit(1)
    return connection.execute(query).first() is not None


def versions_of_lists(connection: Connection) -> set[Version]:
    """Give the versions that new cases of some list take."""
    rows = connection.execute(select(t.lists.c.kind, t.lists.c.kind_version).distinct())
    return {(kind, version) for kind, version in rows}


def used_versions(connection: Connection) -> dict[Version, int]:
    """Give the number of cases of each version that has any."""
    c = t.cases.c
    rows = connection.execute(
        select(c.kind, c.kind_version, func.count()).group_by(c.kind, c.kind_version)
    )
    return {(kind, version): int(count) for kind, version, count in rows}
