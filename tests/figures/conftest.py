"""Databases for figures: bare tables on both engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ecoissues.storage.engine import Store
from tests.figures.world import create_tables


@pytest.fixture
def store(empty_database_url: str) -> Iterator[Store]:
    """A store on a database that has the tables and nothing else."""
    found = Store(empty_database_url)
    create_tables(found.engine)
    yield found
    found.close()
