"""Whole numbers in addresses and forms: what no row and no page can have is none at all."""

from __future__ import annotations

from typing import Final

from flask import Flask
from werkzeug.routing import IntegerConverter

#: The largest number a row of either database can have.
MOST: Final = 2**63 - 1
#: The largest page, year or sequence number that is looked at; an offset made of it stays small.
LARGEST: Final = 2**31 - 1


class RowNumber(IntegerConverter):
    """``<int:…>`` in an address: a larger number than rows can have names nothing (404)."""

    def __init__(self, map: object, **given: int) -> None:
        super().__init__(map, **{"max": MOST, **given})  # type: ignore[arg-type]


def install(app: Flask) -> None:
    """Let the addresses of an application name rows."""
    app.url_map.converters["int"] = RowNumber


def whole(text: str | None, default: int = 0) -> int:
    """Read a number of an address or a form; ``default`` for what is none or none that is meant.

    ``isdigit`` takes ² for a figure, which ``int`` does not.
    """
    plain = (text or "").strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) <= len(str(LARGEST))):
        return default
    number = int(plain)
    return number if number <= LARGEST else default
