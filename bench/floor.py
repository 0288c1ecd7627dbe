"""The floor of a page: a bare Flask application with one Jinja table of fifty rows.

No session, no permission, no layout. ``/`` shows rows that stand in memory, ``/read`` reads and
counts them in SQLite first, as the list page must.
"""

from __future__ import annotations

import os
import sqlite3
from typing import Any

from flask import Flask, g, render_template
from jinja2 import DictLoader

_PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>清单</title></head>
<body><h1>清单 {{ total }}</h1><table><thead><tr>{% for name in names %}<th>{{ name }}</th>
{% endfor %}</tr></thead><tbody>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>
{% endfor %}</tr>{% endfor %}</tbody></table></body></html>"""
_NAMES = ("编号", "事项", "责任单位", "类型", "状态", "到期日", "等待", "最近办理")
_COLUMNS = "number, title, unit_id, types, state, due_on, waits_for, moved_on"


def _database() -> sqlite3.Connection:
    if "raw" not in g:
        g.raw = sqlite3.connect(os.environ["FLOOR_DATABASE"])
    found: sqlite3.Connection = g.raw
    return found


def _rows() -> list[Any]:
    query = (
        f"SELECT {_COLUMNS} FROM cases WHERE list_id = 1 ORDER BY due_on NULLS LAST, id LIMIT 50"
    )
    return _database().execute(query).fetchall()


def create_app() -> Flask:
    """Make the application; the rows of ``/`` are read once, at the start."""
    app = Flask(__name__)
    app.jinja_loader = DictLoader({"page.html": _PAGE})
    with app.app_context():
        kept = _rows()
        _database().close()

    @app.get("/")
    def plain() -> str:
        return render_template("page.html", rows=kept, names=_NAMES, total=len(kept))

    @app.get("/read")
    def read() -> str:
        rows = _rows()
        query = "SELECT count(*) FROM cases WHERE list_id = 1"
        (total,) = _database().execute(query).fetchone()
        return render_template("page.html", rows=rows, names=_NAMES, total=total)

    @app.teardown_appcontext
    def close(_error: BaseException | None) -> None:
        raw = g.pop("raw", None)
        if raw is not None:
            raw.close()

    return app
