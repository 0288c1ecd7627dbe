"""The built page assets: complete, compressed, light, silent towards other hosts, CSP-clean."""

from __future__ import annotations

import http.server
import json
import re
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.browser import OpenPage
from tests.contracts import house

BUILD = house.PACKAGE / "static" / "build"
# Kilobytes as sent (brotli). A list page may weigh 150 KB on first load and a board 300 KB.
WEIGHT = {"app.css": 50, "app.js": 40, "charts.js": 170}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'"
)
CHART: dict[str, Any] = {
    "tooltip": {"trigger": "axis"},
    "xAxis": {"type": "category", "data": ["南川区", "渝北区"]},
    "yAxis": {"type": "value"},
    "series": [{"type": "bar", "data": [98.3, 97.1]}, {"type": "line", "data": [90, 95]}],
}


def manifest() -> dict[str, str]:
    found: dict[str, str] = json.loads((BUILD / "manifest.json").read_text("utf-8"))
    return found


def test_the_manifest_names_what_is_there_and_nothing_else_is() -> None:
    names = set(manifest().values())
    assert all(re.fullmatch(r"\w+\.[0-9a-f]{12}\.(css|js)", name) for name in names)
    expected = {f"{name}{ending}" for name in names for ending in ("", ".br", ".gz")}
    assert {path.name for path in BUILD.iterdir()} == {*expected, "manifest.json"}


@pytest.mark.parametrize(("plain", "kilobytes"), WEIGHT.items())
def test_an_asset_stays_light(plain: str, kilobytes: int) -> None:
    assert (BUILD / f"{manifest()[plain]}.br").stat().st_size <= kilobytes * 1024


@pytest.fixture
def page_with_everything(tmp_path: Path) -> Iterator[str]:
    """Address of a page with all built assets, served under the policy of the site."""
    (tmp_path / "build").symlink_to(BUILD)
    css, app, charts = (f"build/{manifest()[name]}" for name in WEIGHT)
    (tmp_path / "index.html").write_text(
        f'<!doctype html><html lang="zh"><meta charset="utf-8"><title>资源</title>'
        f'<link rel="icon" href="data:,"><link rel="stylesheet" href="{css}">'
        f'<link rel="stylesheet" href="chart.css">'
        f'<button hx-get="part.html" hx-target="#part">取</button><p id="part"></p>'
        f'<script type="application/json" id="bars">{json.dumps(CHART)}</script>'
        f'<div data-chart="bars"></div>'
        f'<script src="{app}" defer></script><script src="{charts}" defer></script></html>',
        encoding="utf-8",
    )
    (tmp_path / "chart.css").write_text("[data-chart] { height: 300px }", encoding="utf-8")
    (tmp_path / "part.html").write_text("来了", encoding="utf-8")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            self.send_header("Content-Security-Policy", POLICY)
            super().end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test output quiet."""

    handler = partial(Handler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_all_assets_work_under_the_policy(page_with_everything: str, open_page: OpenPage) -> None:
    page = open_page(page_with_everything)
    page.goto("/")
    page.get_by_role("button", name="取").click()
    page.get_by_text("来了").wait_for()
    assert page.evaluate("htmx.config.allowEval") is False
    page.locator("[data-chart] svg").wait_for()
    assert page.locator("[data-chart] svg path").count() > len(CHART["series"])
