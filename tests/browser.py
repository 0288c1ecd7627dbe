"""A real server and a real Chromium for the stories.

``live_site`` starts ``ecoissues serve`` as users do, on a free loopback port; ``open_page`` gives
a page that fails its test when the browser's console shows an error, the content security policy
was violated, a script threw, or anything was asked from another host.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, sync_playwright

from tests.databases import sqlite_address, upgrade
from tools.system_packages import find_browser

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
DESKTOP = (1366, 768)
PHONE = (390, 844)
START_SECONDS = 60


@dataclass
class Site:
    """A running server: its address, its process, and where its output stands."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def output(self) -> str:
        return self.log.read_text("utf-8", errors="replace")


@dataclass
class Watch:
    """What went wrong in the pages of one test, less what the test said it expects."""

    faults: list[str] = field(default_factory=list)
    allowed: list[re.Pattern[str]] = field(default_factory=list)

    def allow(self, pattern: str) -> None:
        """Faults that match ``pattern`` are part of the story (a refused step answers 409)."""
        self.allowed.append(re.compile(pattern))

    def unexpected(self) -> list[str]:
        return [
            fault for fault in self.faults if not any(rule.search(fault) for rule in self.allowed)
        ]

    def attach(self, page: Page, home: str | None) -> None:
        """Listen to ``page``; requests to another host than ``home``'s are faults."""

        def on_console(message: ConsoleMessage) -> None:
            if message.type == "error":
                self.faults.append(f"console at {page.url}: {message.text}")

        def on_request(request: Request) -> None:
            there = urlsplit(request.url)
            if there.scheme in {"http", "https"} and home and there.netloc != urlsplit(home).netloc:
                self.faults.append(f"request to another host: {request.url}")

        def on_page_error(error: Error) -> None:
            self.faults.append(f"script error at {page.url}: {error}")

        page.on("console", on_console)
        page.on("pageerror", on_page_error)
        page.on("request", on_request)


OpenPage = Callable[..., Page]
LiveSite = Callable[..., Site]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium per worker; each page gets a context (cookies, storage) of its own."""
    path = find_browser()
    if path is None:
        pytest.fail("No Chromium on this machine: see `make test`, or name it with CHROMIUM=…")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def watch() -> Iterator[Watch]:
    """The faults of this test's pages; at its end an unexpected one fails the test."""
    noted = Watch()
    yield noted
    assert not noted.unexpected(), "\n".join(noted.unexpected())


@pytest.fixture
def open_page(browser: Browser, watch: Watch) -> Iterator[OpenPage]:
    """``open_page(site_url, size=DESKTOP, **context)``: a watched page, one user each.

    ``site_url`` is the base for relative addresses; ``context`` goes to Playwright's new_context.
    """
    with contextlib.ExitStack() as contexts:

        def open_one(
            site_url: str | None = None, size: tuple[int, int] = DESKTOP, **context: object
        ) -> Page:
            options: dict[str, object] = {
                "viewport": {"width": size[0], "height": size[1]},
                "locale": "zh-CN",
                "timezone_id": "Asia/Shanghai",
                "base_url": site_url,
                **context,
            }
            opened = browser.new_context(**options)  # type: ignore[arg-type]
            contexts.callback(opened.close)
            opened.set_default_timeout(10_000)
            page = opened.new_page()
            watch.attach(page, site_url)
            return page

        yield open_one


@pytest.fixture
def live_site(tmp_path: Path) -> Iterator[LiveSite]:
    """``live_site(database_url=None, data=None, command=None, environment=None)``: a served site.

    Without ``database_url`` a migrated SQLite database is made. ``command`` replaces
    ``ecoissues serve`` (with ``{port}`` in it), for tests of this fixture itself.
    """
    running: list[subprocess.Popen[bytes]] = []

    def start_one(
        database_url: str | None = None,
        data: Path | None = None,
        command: Sequence[str] | None = None,
        environment: dict[str, str] | None = None,
    ) -> Site:
        folder = data or tmp_path / f"site{len(running)}"
        folder.mkdir(exist_ok=True)
        port = free_port()
        if command is None:
            if database_url is None:
                database_url = sqlite_address(folder / "site.sqlite3")
                upgrade(database_url)
            command = serve_command(database_url, folder)
        words = [word.format(port=port) for word in command]
        log = tmp_path / f"server{len(running)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        running.append(process)
        site = Site(f"http://127.0.0.1:{port}", process, log)
        wait_for(site)
        return site

    yield start_one
    for process in running:
        end(process)


def serve_command(database_url: str, data: Path) -> list[str]:
    """The server's command line, as ``make run`` gives it; ``{port}`` is filled in later."""
    program = Path(sys.executable).parent / "ecoissues"
    place = ["--data", str(data), "--database", database_url.replace("{", "{{")]
    return [str(program), "serve", "--port", "{port}", *place]


def wait_for(site: Site) -> None:
    """Wait until the site answers anything at all; its output when it ends or never answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit:
        if site.process.poll() is not None:
            raise RuntimeError(f"the server ended by itself:\n{site.output()}")
        try:
            opener.open(site.url, timeout=5).close()
        except urllib.error.HTTPError as answer:
            answer.close()
        except OSError:
            time.sleep(0.05)
            continue
        return
    raise RuntimeError(f"no answer within {START_SECONDS} s:\n{site.output()}")


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server we started with its workers: its own process group, named by its own id."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
            return


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
