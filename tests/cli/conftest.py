"""A small demonstration in a data folder of its own, and the command line called as users do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ecoissues.cli import main
from ecoissues.demo.loading import load
from ecoissues.services import starting
from tests import postgres
from tests.demo.small_document import small_document

Call = Callable[..., Result]


@pytest.fixture(autouse=True)
def no_site_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the environment nor the folder one stands in names a site."""
    for name in ("ECOISSUES_DATA", "DATABASE_URL", "PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def small_site() -> Path:
    """The data folder of a loaded site, one for all workers of the run; for looking only."""
    folder = postgres.run_folder() / "small"
    with postgres.locked("small"):
        if not folder.exists():
            unfinished = folder.with_name("small-unfinished")
            site = starting.open_site(unfinished)
            starting.upgrade(site)
            load(site, document=small_document())
            site.close()
            unfinished.rename(folder)
    return folder


@pytest.fixture
def call() -> Call:
    def run(*words: str, **more: Any) -> Result:
        return CliRunner().invoke(main, list(words), catch_exceptions=False, **more)

    return run


@pytest.fixture
def ask(call: Call, small_site: Path) -> Callable[..., Any]:
    """Call a verb on the small site with ``--json`` and give what it printed."""

    def run(*words: str) -> Any:
        result = call(*words, "--json", "--data", str(small_site))
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return run
