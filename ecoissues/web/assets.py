"""Page assets: built names from the manifest, served by WhiteNoise with immutable caching."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from flask import Flask
from whitenoise import WhiteNoise  # type: ignore[import-untyped]

FOLDER: Final = Path(__file__).resolve().parents[1] / "static"
_BUILT: Final = re.compile(r"\.[0-9a-f]{12}\.\w+$")


def load_manifest(folder: Path = FOLDER) -> dict[str, str]:
    """Read the names the build gave its files, by plain name; empty before the first build."""
    path = folder / "build" / "manifest.json"
    if not path.is_file():
        return {}
    manifest: dict[str, str] = json.loads(path.read_text("utf-8"))
    return manifest


def _headers(headers: dict[str, str], _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"


def install(app: Flask) -> None:
    """Give templates ``asset(name)`` and put WhiteNoise before the application."""
    manifest = load_manifest()

    def asset(name: str) -> str:
        return f"/static/build/{manifest.get(name, name)}"

    app.jinja_env.globals["asset"] = asset
    if FOLDER.is_dir():
        app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
            app.wsgi_app,
            root=FOLDER,
            prefix="static/",
            autorefresh=False,
            immutable_file_test=lambda _path, url: bool(_BUILT.search(url)),
            add_headers_function=_headers,
        )
