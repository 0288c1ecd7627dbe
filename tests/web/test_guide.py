"""The guide of kinds, followed to the letter on a running server of two processes."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import openpyxl
import pytest
from PIL import Image

from ecoissues.services import administration, starting
from tests.browser import LiveSite
from tests.services.small_kinds import GUIDE, example, put

PASSWORD: Final = "a-guide-password"
LIST: Final = "DUST-2026"
#: Enough fresh connections that each of the two processes has answered some.
ASKS: Final = 16


class Person:
    """Somebody signed in over HTTP; each request is a connection of its own."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        handlers = urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        self._opener = urllib.request.build_opener(*handlers)
        self.post("/sign-in", "/sign-in", name=name, password=PASSWORD)

    def get(self, path: str) -> str:
        return self.bytes(path).decode("utf-8")

    def bytes(self, path: str) -> bytes:
        with self._opener.open(self.url + path, timeout=20) as answer:
            return bytes(answer.read())

    def post(self, form: str, path: str, **values: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(form))
        assert found, form
        body = urlencode({"csrf_token": found.group(1), **values}).encode()
        with self._opener.open(self.url + path, body, timeout=20) as answer:
            return str(answer.read().decode("utf-8"))

    def always(self, path: str, wanted: str, seconds: float = 5.0) -> None:
        """Within seconds every process shows it: so many answers in a row do."""
        limit = time.monotonic() + seconds
        while not all(wanted in self.get(path) for _ in range(ASKS)):
            assert time.monotonic() < limit, f"{path} does not show {wanted} everywhere"
            time.sleep(0.1)


def blocks(sort: str) -> list[str]:
    return re.findall(rf"^```{sort}\n(.*?)^```", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


class Office:
    """A folder with the guide's files and a data folder ``instance``, as the guide assumes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "instance"
        site = starting.open_site(self.data)
        starting.upgrade(site)
        self.url = site.store.url
        administration.add_user(
            site, "admin", "administrator", "500000", PASSWORD, profile="test"
        )
        administration.add_user(
            site, "city", "supervisor", "500000-DCB", PASSWORD, profile="test"
        )
        site.close()
        (folder / "summer_dust.toml").write_text(example(), "utf-8")
        (folder / "dust.csv").write_text(blocks("csv")[0], "utf-8")
        picture = io.BytesIO()
        Image.new("RGB", (640, 480), "green").save(picture, "JPEG")
        (folder / "after.jpg").write_bytes(picture.getvalue())

    def run(self, words: list[str], given: str = "") -> str:
        """Run one command of the guide as its reader does."""
        program = [sys.executable, "-m", *words]
        done = subprocess.run(
            program, cwd=self.folder, input=given, capture_output=True, text=True, timeout=60,
            env={**os.environ, "PYTHONPATH": str(GUIDE.parents[1])}, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    for name in ("ECOISSUES_DATA", "DATABASE_URL", "PORT"):
        monkeypatch.delenv(name, raising=False)
    return Office(tmp_path)


@pytest.mark.slow
def test_the_guide_leads_to_a_working_campaign_on_a_running_site(
    office: Office, live_site: LiveSite
) -> None:
    server = live_site(office.url, office.data)
    admin = Person(server.url, "admin")
    assert "summer_dust" not in admin.get("/admin/kinds")
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(commands) >= 14
    for line in commands:
        words = shlex.split(line)
        if words[1:3] == ["kinds", "move"]:
            continue  # the second version is the reader's own
        office.run(words, f"{PASSWORD}\n" if "--password-stdin" in words else "")
        if words[1:3] == ["kinds", "install"]:
            admin.always("/admin/kinds", "夏季扬尘专项")
            assert "<svg" in admin.get("/admin/kinds/summer_dust/1")
    boss = Person(server.url, "city")
    boss.always("/lists", "南川区夏季扬尘专项")
    board = boss.get(f"/board?list={LIST}")
    assert "南川区夏季扬尘专项" in board
    assert "50.0" in office.run(["ecoissues", "figure", "closure_rate", "--list", LIST])
    sheet = openpyxl.load_workbook(office.folder / "dust.xlsx").worksheets[0]
    cells = {str(cell.value) for row in sheet.iter_rows() for cell in row}
    assert {"YC-001", "YC-002"} <= cells
    exported = boss.bytes(f"/exports/issue_ledger.xlsx?list={LIST}")
    assert exported[:2] == b"PK"
    assert office.run(["ecoissues", "verify"]) is not None


@pytest.mark.slow
def test_a_document_put_into_the_folder_of_a_running_site_appears_everywhere(
    office: Office, live_site: LiveSite
) -> None:
    server = live_site(office.url, office.data)
    admin = Person(server.url, "admin")
    folder = office.data / "kinds"
    put(folder, "dust.toml", example())
    admin.always("/admin/kinds", "夏季扬尘专项")
    put(folder, "dust.toml", example().replace('to = "closed"', 'to = "shut"'))
    admin.always("/admin/kinds", "dust.toml 第")
    assert "夏季扬尘专项" in admin.get("/admin/kinds")  # the site goes on with what stood
    put(folder, "dust.toml", example())
    limit = time.monotonic() + 5
    while any("dust.toml 第" in admin.get("/admin/kinds") for _ in range(ASKS)):
        assert time.monotonic() < limit
    values: dict[str, Any] = {
        "code": "WEB-1", "title": "网页新增清单", "kind": "summer_dust/1", "unit": "500119",
        "level": "", "counting": "half",
    }  # fmt: skip
    admin.post("/lists/new", "/lists/new", **values)
    boss = Person(server.url, "city")
    boss.always("/lists", "网页新增清单")
    boss.always("/lists/WEB-1/register", "发现日期")
