"""Alembic runs inside the transaction that ``ecoissues.storage.schema`` opens."""

from alembic import context

from ecoissues.storage import (
    tables_changes,  # noqa: F401  (its tables are in the metadata too)
    tables_notices,  # noqa: F401
)
from ecoissues.storage.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=False,
)
context.run_migrations()
