"""What holds for every test: the fixtures, no way to the outside, an honest closing line."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests import postgres
from tests.browser import browser, live_site, open_page, watch
from tests.databases import (
    _postgresql_migrated,
    _sqlite_migrated,
    _sqlite_template,
    database_url,
    empty_database_url,
    engine_name,
    postgresql_url,
    sqlite_url,
)
from tests.services.sorts import faults_of

__all__ = [
    "_postgresql_migrated",
    "_sqlite_migrated",
    "_sqlite_template",
    "browser",
    "database_url",
    "empty_database_url",
    "engine_name",
    "live_site",
    "open_page",
    "postgresql_url",
    "sqlite_url",
    "watch",
]

PARTS = ("sqlite", "postgresql", "browser")
BROWSER_FIXTURES = {"browser", "open_page"}
#: What makes and walks thousands of cases, or every kind in every way: `make test` runs it, `make
#: quick` does not.
SLOW = (
    *("tests/demo/", "tests/story/", "tests/intake/test_sheet.py", "tests/core/test_workflow.py"),
    *(f"tests/services/test_{name}.py" for name in ("matrix", "contention", "histories", "lives")),
    "tests/services/test_many_histories.py",
    *(f"tests/figures/test_{name}.py" for name in ("histories", "published", "sums", "rebuilding")),
    "tests/services/test_kinds_at_work.py::test_its_board_and_its_ledger_tell_its_cases",
    "tests/storage/test_definitions_migration.py",
    "tests/core/test_kind_supports.py::test_what_the_proof_rests_on_is_missed_when_removed",
    "tests/services/test_kinds_at_work.py::test_a_sheet_made_from_its_template_is_taken_in",
    "tests/services/test_placements.py::test_a_list_counts_its_own_standing_and_no_other",
    "tests/cli/test_verbs.py::test_a_site_begins_gets_a_user_and_its_demonstration_once",
)
ran: Counter[str] = Counter()
not_run: dict[str, str] = {}
#: What random histories held, from whichever process played them (``make histories``).
histories: Counter[str] = Counter()
#: From so many histories on every sort of action must have come up often.
MANY = 500

# The same examples in every run: a red build is one that everybody can repeat. To look for new
# ones: HYPOTHESIS_PROFILE=explore make quick
hypothesis.settings.register_profile(
    "steady", derandomize=True, deadline=None, database=None, print_blob=True
)
hypothesis.settings.register_profile(
    "quick", derandomize=True, deadline=None, database=None, print_blob=True, max_examples=25
)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=1000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--complete",
        action="store_true",
        help="fail when a test was skipped or when SQLite, PostgreSQL or the browser did not run",
    )


def is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    if not is_worker(config):
        # Short on purpose: a Unix socket's path may have 107 characters.
        base = "/tmp" if Path("/tmp").is_dir() else None
        os.environ[postgres.RUN_FOLDER] = tempfile.mkdtemp(prefix="eco-", dir=base)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not is_worker(config):
        folder = postgres.run_folder()
        postgres.stop(folder / "pg")
        shutil.rmtree(folder, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if BROWSER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)
        if item.nodeid.startswith(SLOW):
            item.add_marker(pytest.mark.slow)
    # The long ones first, so that no worker begins one when the others have finished.
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count what really ran, in the controlling process, by the markers a test carries."""
    if report.skipped or hasattr(report, "wasxfail"):
        not_run[report.nodeid] = str(getattr(report, "wasxfail", "")) or str(report.longrepr)
    elif report.when == "call":
        for name, value in report.user_properties:
            if name == "histories":
                histories.update(json.loads(str(value)))
        parts = [part for part in PARTS if part in report.keywords]
        for part in parts or ["unit"]:
            ran[part] += 1


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """A whole file that steps aside (``importorskip``) counts as not run too."""
    if report.skipped:
        not_run[report.nodeid] = str(report.longrepr)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if histories["histories"] >= MANY and faults_of(histories):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if session.config.getoption("--complete") and not is_worker(session.config):
        incomplete = bool(not_run) or any(not ran[part] for part in PARTS)
        if incomplete and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for test, reason in not_run.items():
        terminalreporter.write_line(f"not run: {test}: {reason}")
    if histories:
        shown = ", ".join(f"{name} {count}" for name, count in sorted(histories.items()))
        terminalreporter.write_line(f"in the histories: {shown}")
        if histories["histories"] >= MANY:
            few = ", ".join(faults_of(histories)) or "nothing"
            terminalreporter.write_line(f"too seldom in the histories: {few}")
    counts = ", ".join(f"{part}: {ran[part]}" for part in ("unit", *PARTS))
    if config.getoption("--complete"):
        for part in PARTS:
            if not ran[part]:
                terminalreporter.write_line(f"incomplete: no {part} test ran")
    terminalreporter.write_line(f"ran: {counts}, skipped: {len(not_run)}")


@pytest.fixture(autouse=True)
def nothing_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test reaches this machine and nothing else: no mail, no look-up, no foreign socket."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def refuse_foreign(family: int, address: Any) -> None:
        if family != socket.AF_UNIX and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test tried to reach {address[0]}; tests stay on this machine")

    def guarded(self: socket.socket, address: Any) -> None:
        refuse_foreign(self.family, address)
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        refuse_foreign(self.family, address)
        return connect_ex(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)
