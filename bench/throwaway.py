"""A throw-away PostgreSQL for the benchmarks: the one the tests use, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import postgres


def missing() -> str:
    """Say why no server can be started; empty when one can."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            postgres.reachable_programs(Path(folder), None)
        except RuntimeError as error:
            return str(error)
    return ""


@contextmanager
def server() -> Iterator[postgres.Server]:
    """Start a server on a Unix socket and end it with the block."""
    # Short on purpose: a Unix socket's path may have 107 characters.
    folder = tempfile.mkdtemp(prefix="eco-", dir="/tmp" if Path("/tmp").is_dir() else None)  # noqa: S108
    before = os.environ.get(postgres.RUN_FOLDER)
    os.environ[postgres.RUN_FOLDER] = folder
    try:
        yield postgres.server()
    finally:
        postgres.stop(Path(folder) / "pg")
        shutil.rmtree(folder, ignore_errors=True)
        if before is None:
            del os.environ[postgres.RUN_FOLDER]
        else:
            os.environ[postgres.RUN_FOLDER] = before
