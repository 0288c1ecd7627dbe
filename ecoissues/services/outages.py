"""Telling a fault of ours from a database that cannot be reached."""

from __future__ import annotations

from sqlalchemy import literal, select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ecoissues.services.site import Site


def check(site: Site) -> None:
    """Ask the database for one row; raises what it raises when it is away."""
    with site.store.reading() as connection:
        connection.execute(select(literal(1))).one()


def is_outage(error: BaseException) -> bool:
    """Whether an exception means that the database is away, full or overloaded, not that we erred.

    In: any exception. A broken constraint or a wrong statement is no outage.
    """
    if isinstance(error, PoolTimeout | InterfaceError | OperationalError):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated
