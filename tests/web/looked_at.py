"""Prints what command line and pages say of a site at some instants: run under another TZ.

In: the data folder, the address of the database, instants (UTC). Out: one JSON document.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from ecoissues.cli import main
from ecoissues.services import starting
from ecoissues.services.site import Site
from ecoissues.web.app import create_app
from tests.web.conftest import CSRF, PASSWORD

NUMBERS = ("NC-C", "NC-F")


def look(folder: Path, url: str, instant: str) -> dict[str, Any]:
    """Give dates and lights of every case, and the board's numbers, as seen at an instant."""

    def clock() -> datetime:
        return datetime.fromisoformat(instant)

    def open_site(data: Path, url: str | None = url) -> Site:
        return Site(str(url), data, clock)

    starting.open_site = open_site
    place = ["--data", str(folder), "--database", url, "--json"]

    def call(*words: str) -> Any:
        result = CliRunner().invoke(main, [*words, *place])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    found: dict[Any, Any] = {"add": call("workdays", "add", "2026-02-12", "5")["due"]}
    site = Site(url, folder, clock)
    client = create_app(site, PASSWORD_PROFILE="test", TESTING=True).test_client()
    token = CSRF.search(client.get("/sign-in").text)
    assert token
    given = {"csrf_token": token.group(1), "name": "supervisor", "password": PASSWORD}
    assert client.post("/sign-in", data=given).status_code == 303
    for code in NUMBERS:
        found[code, "cases"] = call("cases", code)
        found[code, "deadline"] = call("deadline", f"{code}1", "--list", code)
        found[code, "overdue"] = call("figure", "overdue", "--list", code)
        page = client.get(f"/cases?list={code}", headers={"Accept": "application/json"})
        found[code, "list"] = page.json
    site.close()
    return {" ".join(key) if isinstance(key, tuple) else key: value for key, value in found.items()}


if __name__ == "__main__":
    data, address, *instants = sys.argv[1:]
    answers = {instant: look(Path(data), address, instant) for instant in instants}
    sys.stdout.write(json.dumps({"zone": time.strftime("%z"), "answers": answers}, ensure_ascii=False))
