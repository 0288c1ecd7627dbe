"""List page and board page as a browser asks for them, signed in, beside a bare Flask page.

Both applications run under the same server (gunicorn, two workers of four threads) on the loopback
interface; one client asks in turn, over a connection that stays open.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import delete, insert, select

from bench.filling import copied, filled, list_code
from bench.lives import document
from bench.measuring import Line, Options, in_turn
from ecoissues.core.policy import Actor
from ecoissues.core.units import Unit
from ecoissues.services import gate
from ecoissues.services.accounts import hash_password
from ecoissues.services.site import Site
from ecoissues.services.starting import open_site
from ecoissues.storage import tables as t

LIMIT = 3.0
PASSWORD = "bench-bench-bench"  # noqa: S105  a site of this benchmark alone
START_SECONDS = 60


class Client:
    """One browser: a connection that stays open, the cookies it was given."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> bytes:
        """Ask for a page; anything but 200 is an error."""
        status, body = self._ask("GET", path)
        if status != 200:
            raise AssertionError(f"{path}: {status}\n{body[:500].decode(errors='replace')}")
        return body

    def sign_in(self, name: str) -> None:
        """Sign in as a person does: read the form, send it."""
        form = self.get("/sign-in").decode()
        token = re.search(r'name="csrf_token" value="([^"]+)"', form)
        assert token is not None, "the sign-in page has no form"
        fields = {"csrf_token": token.group(1), "name": name, "password": PASSWORD}
        status, _ = self._ask("POST", "/sign-in", urlencode(fields))
        if status not in (302, 303):
            raise AssertionError(f"signing in gave {status}")

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
        headers = {"Accept": "text/html"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={value}" for k, value in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        except (http.client.HTTPException, ConnectionError):  # it had stood idle: ask once more
            self.connection.close()
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        for value in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = value.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return answer.status, answer.read()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(application: str, environment: Mapping[str, str], log: Path) -> Iterator[int]:
    """Serve a WSGI application for the length of the block; gives its port."""
    port = _free_port()
    command = [
        sys.executable, "-m", "gunicorn", "--no-control-socket", "-w", "2", "-k", "gthread",
        "--threads", "4", "--keep-alive", "60", "-b", f"127.0.0.1:{port}", application,
    ]  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            env={**os.environ, **environment}, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(process, port, log)
        yield port
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the server did not answer:\n{log.read_text('utf-8', 'replace')}")


def _accounts(folder: Path) -> dict[str, Unit]:
    """Put two accounts into the site: a supervisor of the city and one of a district."""
    site = open_site(folder)
    tree = site.tree
    district = next(unit for unit in tree.tops() if unit.kind == "district")
    offices = [unit for unit in tree.below(district.path) if unit.kind == "office"]
    units = {"bench-city": tree.root, "bench-district": offices[0] if offices else district}
    with site.store.writing() as connection:
        connection.execute(delete(t.login_sessions))
        connection.execute(delete(t.users))
        for name, unit in units.items():
            connection.execute(
                insert(t.users).values(
                    name=name, display=name, role="supervisor", unit_id=unit.id,
                    password=hash_password(PASSWORD), is_demo=True,
                )
            )  # fmt: skip
    site.close()
    return units


def _variants(stack: ExitStack, floor: int, port: int) -> dict[str, Callable[[int], bytes]]:
    """Give every page that is asked for, by its words in the table."""
    bare, city, district = (Client(one) for one in (floor, port, port))
    for client in (bare, city, district):
        stack.callback(client.connection.close)
    city.sign_in("bench-city")
    district.sign_in("bench-district")
    past = document().last.replace(month=6, day=30).isoformat()
    code = list_code(0)
    pages = {
        "bare page": (bare, "/"),
        "bare page that reads": (bare, "/read"),
        "list page": (city, f"/cases?list={code}"),
        "list page, open cases of a district": (
            city, f"/cases?list={code}&phase=open&district=500119"
        ),
        "list page, scope of a district": (district, f"/cases?list={code}"),
        "board page": (city, f"/board?list={code}"),
        "board page of a past day": (city, f"/board?list={code}&as_of={past}"),
    }  # fmt: skip

    def asking(client: Client, path: str) -> Callable[[int], bytes]:
        return lambda _number: client.get(path)

    return {name: asking(client, path) for name, (client, path) in pages.items()}


class Chaser:
    """Takes a step on one case again and again, so that nothing kept of a page holds any longer."""

    def __init__(self, site: Site) -> None:
        unit = site.tree.root
        begins = datetime.combine(document().last, datetime.min.time(), UTC) + timedelta(1)
        self.site, site.clock = site, lambda: begins
        self.actor = Actor(
            1, "bench-city", "bench-city", "supervisor", unit.code, unit.path, unit.scope_path
        )
        c = t.cases.c
        with site.store.reading() as connection:
            query = select(c.id, c.version).where(c.phase == "open", c.version > 1).limit(1)
            self.case_id, self.version = connection.execute(query).one()

    def __call__(self) -> None:
        request = gate.Request("chase", self.version, {})
        self.version = gate.take_step(self.site, self.actor, self.case_id, request).seq


def measure(options: Options) -> Iterator[Line]:
    """Part a."""
    folder = copied(filled(options.size(63_000, 6_300)), options.folder / "site")
    _accounts(folder)
    database = str(folder / "ecoissues.db")
    with ExitStack() as stack:
        floor = stack.enter_context(
            served("bench.floor:create_app()", {"FLOOR_DATABASE": database},
                   options.folder / "floor.log")
        )  # fmt: skip
        port = stack.enter_context(
            served("ecoissues.wsgi:app", {"ECOISSUES_DATA": str(folder), "DATABASE_URL": ""},
                   options.folder / "site.log")
        )  # fmt: skip
        variants = _variants(stack, floor, port)
        sizes = {name: len(call(0)) for name, call in variants.items()}
        site = stack.enter_context(closing(open_site(folder)))
        in_turn(variants, 10)  # both workers have seen every page
        medians = in_turn(variants, options.size(150, 60))
        afresh = {name: variants[name] for name in ("bare page", "list page", "board page")}
        moving = dict.fromkeys(afresh, Chaser(site))
        moved = in_turn(afresh, options.size(50, 20), moving)
    yield Line("bare page that reads its rows", medians["bare page that reads"],
               medians["bare page"], note="for comparison: no limit")  # fmt: skip
    for name in variants:
        if not name.startswith("bare"):
            yield Line(name, medians[name], medians["bare page"], limit=LIMIT,
                       note=f"{sizes[name] / 1024:.0f} KiB")  # fmt: skip
    for name in ("list page", "board page"):
        yield Line(f"{name}, first one after a change", moved[name], moved["bare page"],
                   note="what is kept of a page no longer holds: made anew (no limit)")  # fmt: skip
