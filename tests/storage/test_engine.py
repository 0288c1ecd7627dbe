"""How connections are prepared: for many small statements, on each engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ecoissues.storage.engine import Store


@pytest.fixture
def store(empty_database_url: str) -> Iterator[Store]:
    found = Store(empty_database_url)
    yield found
    found.close()


@pytest.mark.parametrize(
    ("setting", "value"), [("jit", "off"), ("max_parallel_workers_per_gather", "0")]
)
def test_a_figure_starts_no_worker_and_compiles_nothing(
    store: Store, setting: str, value: str
) -> None:
    if store.dialect != "postgresql":
        setting, value = {"jit": ("foreign_keys", "1")}.get(setting, ("busy_timeout", "15000"))
    for reading in (store.reading, store.writing, store.reading):
        with reading() as connection:
            show = "SHOW" if store.dialect == "postgresql" else "PRAGMA"
            assert str(connection.exec_driver_sql(f"{show} {setting}").scalar()) == value
