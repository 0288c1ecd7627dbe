"""Imports point inwards only: every file of the package is read."""

from __future__ import annotations

import pytest

from tests.contracts import house


def test_every_file_keeps_the_law() -> None:
    found = [
        sentence
        for path in house.code_files()
        for sentence in house.breaches(path.read_text("utf-8"), house.place(path))
    ]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("ecoissues/core/a.py", "import flask", "may not import 'flask'"),
        ("ecoissues/core/a.py", "import sqlite3", "may not import 'sqlite3'"),
        ("ecoissues/core/a.py", "from ecoissues.storage import tables", "import 'storage'"),
        ("ecoissues/core/a.py", "from ..web import pages", "import 'web'"),
        ("ecoissues/core/a.py", "from ecoissues import cli", "import 'cli'"),
        ("ecoissues/core/a.py", "def f():\n    return date.today()", "clock"),
        ("ecoissues/core/a.py", "import datetime\ndatetime.datetime.now(tz)", "clock"),
        ("ecoissues/web/a.py", "from sqlalchemy import select", "may not speak SQL"),
        ("ecoissues/web/a.py", "import ecoissues.storage.engine", "import 'storage'"),
        ("ecoissues/intake/a.py", "import psycopg", "may not speak SQL"),
        ("ecoissues/services/a.py", "from flask import g", "may not know the web"),
        ("ecoissues/services/a.py", "session.commit()", "only commit()"),
        ("ecoissues/helpers2/a.py", "x = 1", "knows no package"),
    ],
)
def test_a_breach_is_found(path: str, text: str, reason: str) -> None:
    assert any(reason in sentence for sentence in house.breaches(text, path))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("ecoissues/core/a.py", "import msgspec\nfrom datetime import date\nfrom .b import c"),
        ("ecoissues/services/a.py", "from ecoissues.figures import oracle\nimport sqlalchemy"),
        ("ecoissues/web/a.py", "from ecoissues import __version__\nfrom flask import Flask"),
        ("ecoissues/storage/a.py", "connection.commit()"),
    ],
)
def test_what_the_law_allows_passes(path: str, text: str) -> None:
    assert house.breaches(text, path) == []
