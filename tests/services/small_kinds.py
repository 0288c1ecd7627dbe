"""A kind of a site's own for tests: a drill in two versions, and a folder to put it into."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

GUIDE: Final = Path(__file__).parents[2] / "docs" / "kinds.md"


def example() -> str:
    """Give the campaign of the guide, as written there."""
    text = GUIDE.read_text(encoding="utf-8").split("```toml\n", 1)[1]
    return text.split("```", 1)[0]


def newer(text: str = "") -> str:
    """Give its second version: ``rectified`` renamed, ``rectify`` too, one state more."""
    text = text or example()
    text = text.replace("version = 1", "version = 2", 1)
    text = text.replace('"rectified"', '"reported"').replace('code = "rectify"', 'code = "report"')
    return text.replace('other_than = ["rectify"]', 'other_than = ["report"]')


#: What takes a case of the first version to the second.
MAP: Final = '[states]\nrectified = "reported"\n\n[steps]\nrectify = "report"\n'


def put(folder: Path, name: str, text: str) -> Path:
    """Put a document into a site's folder as an administrator does, whole at once."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".{name}.new"
    fresh.write_text(text, encoding="utf-8")
    os.replace(fresh, folder / name)
    return folder / name
