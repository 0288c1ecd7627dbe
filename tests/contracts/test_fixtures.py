"""The fixtures keep their promises: fresh databases, a watched browser, a server that ends."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import postgres
from tests.browser import PHONE, LiveSite, OpenPage, Watch, end
from tools.package_index import read_settings

SERVE = [sys.executable, "-m", "http.server", "{port}", "--bind", "127.0.0.1", "--directory"]


@pytest.mark.parametrize("turn", [1, 2])
def test_an_empty_database_is_empty_each_time(empty_database_url: str, turn: int) -> None:
    engine = sa.create_engine(empty_database_url)
    try:
        with engine.begin() as connection:
            assert sa.inspect(connection).get_table_names() == []
            connection.execute(sa.text(f"CREATE TABLE left_by_turn_{turn} (x integer)"))
    finally:
        engine.dispose()


@pytest.mark.parametrize("turn", [1, 2])
def test_a_migrated_database_has_tables_and_no_trace_of_other_tests(
    database_url: str, turn: int
) -> None:
    engine = sa.create_engine(database_url)
    try:
        with engine.begin() as connection:
            tables = sa.inspect(connection).get_table_names()
            assert "events" in tables
            assert not [name for name in tables if name.startswith("left_by")]
            connection.execute(sa.text(f"CREATE TABLE left_by_turn_{turn} (x integer)"))
    finally:
        engine.dispose()


@pytest.mark.postgresql
def test_postgresql_listens_on_its_socket_only_and_not_as_root() -> None:
    running = postgres.server()
    engine = sa.create_engine(running.url("postgres"))
    try:
        with engine.connect() as connection:
            assert connection.scalar(sa.text("SHOW listen_addresses")) == ""
    finally:
        engine.dispose()
    data = postgres.run_folder() / "pg" / "data"
    assert data.stat().st_uid != 0
    assert (data / "postmaster.pid").exists()


@pytest.mark.postgresql
def test_a_failed_migration_leaves_no_template() -> None:
    running = postgres.server()

    def broken(url: str) -> None:
        raise ValueError(url)

    with pytest.raises(ValueError, match="broken_unfinished"):
        running.ensure_template(broken, "broken")
    assert not running.exists("broken")


def test_a_foreign_address_is_refused() -> None:
    with socket.socket() as client, pytest.raises(AssertionError, match="stay on this machine"):
        client.connect(("192.0.2.1", 80))


def test_a_page_is_watched(
    live_site: LiveSite, open_page: OpenPage, watch: Watch, tmp_path: Path
) -> None:
    html = tmp_path / "site" / "index.html"
    html.parent.mkdir()
    html.write_text(
        '<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
        "content=\"script-src 'self'\"><title>督察</title><script>document.title = 'bad'</script>",
        encoding="utf-8",
    )
    site = live_site(command=[*SERVE, str(html.parent)])
    page = open_page(site.url, size=PHONE)
    page.goto("/")
    assert page.title() == "督察"
    assert re.search("Content Security Policy", watch.unexpected()[0])
    watch.allow("Content Security Policy")
    watch.allow("favicon|404")
    assert watch.unexpected() == []


def test_a_server_that_fails_to_start_tells_its_reason(live_site: LiveSite) -> None:
    with pytest.raises(RuntimeError, match="no such luck"):
        live_site(command=[sys.executable, "-c", "raise SystemExit('no such luck')"])


def test_a_server_and_its_children_end() -> None:
    program = "import subprocess as s, sys; s.Popen([sys.executable, '-c', 'input()']).wait()"
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, start_new_session=True
    )
    end(process)
    assert process.poll() is not None
    assert is_gone(process.pid)
    assert process.stdin is not None
    process.stdin.close()


def is_gone(group: int) -> bool:
    """Whether no process of the group is left, looking for five seconds."""
    for _ in range(50):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_pip_settings_are_read() -> None:
    listing = (
        "global.extra-index-url='https://a.invalid/simple https://b.invalid/simple'\n"
        "global.timeout='60'\nglobal.index-url='https://mirror.invalid/simple'\n"
    )
    assert read_settings(listing) == {
        "extra-index-url": "https://a.invalid/simple https://b.invalid/simple",
        "index-url": "https://mirror.invalid/simple",
    }
