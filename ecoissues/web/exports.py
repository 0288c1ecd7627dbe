"""Sheets to take away: the list as filtered on the screen, official forms, the dispatch table."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from ecoissues.core.errors import NotFound, Refused
from ecoissues.services import boards, exporting, listing, membership, rows
from ecoissues.services.exporting import Asked
from ecoissues.services.screen_sheets import SCREEN, export_screen, sheet_name
from ecoissues.web import filters, here
from ecoissues.web.board import asked_day
from ecoissues.web.guards import guard

pages = Blueprint("exports", __name__)

_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@pages.get("/exports/cases.<any(xlsx, csv):ending>")
@guard("case.export")
def cases(ending: str) -> ResponseReturnValue:
    """Export the list on the screen: the same filter, the same rows, the form of its kind.

    Over several lists, or with ``form=screen``, in the columns of the screen.
    """
    site, actor = here.site(), here.actor()
    asked = listing.Filter.read(request.args)
    with site.store.reading() as connection:
        found = boards.lists_for(site, connection, actor)
        code = asked.get("list") or (found[0].code if len(found) == 1 else "")
    if not code or request.args.get("form") == SCREEN:
        return _screen(asked, ending)
    with site.store.reading() as connection:
        asked = asked.changed(list=code)
        ids = rows.ids_in_order(connection, site, actor, asked, request.args.get("sort", ""))
        basis = membership.find_basis(connection, site, asked.values)
    row = site.get_list(code)
    form = request.args.get("form") or site.kind_of(row.kind, row.kind_version).form
    wanted = Asked(
        form, code, basis.as_of if basis else None, asked.get("known_at") or None, tuple(ids),
        "，".join(text for text, _ in filters.chips(site, asked, {})),
    )  # fmt: skip
    return _sent(wanted, ending)


@pages.get("/exports/dispatch.<any(xlsx, csv):ending>")
@guard("case.export")
def dispatch(ending: str) -> ResponseReturnValue:
    """Export the dispatch table of a list."""
    return _sent(_asked(exporting.DISPATCH), ending)


@pages.get("/exports/<form>.<any(xlsx, csv):ending>")
@guard("case.export")
def of_form(form: str, ending: str) -> ResponseReturnValue:
    """Export a list in any official form, as of any day."""
    if form not in exporting.site_forms(here.site()):
        raise NotFound(f"没有代码为“{form[:40]}”的表式。")
    return _sent(_asked(form), ending)


def _asked(form: str) -> Asked:
    code = request.args.get("list", "")
    if not code:
        raise Refused("list_missing", "请指定要导出的清单。")
    return Asked(
        form, code, asked_day(), request.args.get("known_at") or None,
        batch=request.args.get("batch", ""), unit=request.args.get("unit", ""),
    )  # fmt: skip


def _screen(asked: listing.Filter, ending: str) -> ResponseReturnValue:
    """Export the rows and columns of the screen."""
    site, actor, given = here.site(), here.actor(), request.args
    columns = ",".join(given.getlist("columns"))
    scope = "，".join(text for text, _ in filters.chips(site, asked, {}))

    def write(path: Path) -> int:
        return export_screen(site, actor, asked, given.get("sort", ""), columns, scope, path).rows

    return _written(write, sheet_name(site, asked, ending), ending)


def _sent(asked: Asked, ending: str) -> ResponseReturnValue:
    site = here.site()

    def write(path: Path) -> int:
        return exporting.export(site, here.actor(), asked, path).rows

    return _written(write, exporting.file_name(site, asked, ending), ending)


def _written(write: Callable[[Path], int], name: str, ending: str) -> ResponseReturnValue:
    """Write the sheet aside, then send it: a failure midway never becomes half a file.

    In: ``write`` writes it and gives the number of its rows.
    """
    with tempfile.TemporaryDirectory(prefix="ecoissues-") as folder:
        path = Path(folder) / f"sheet.{ending}"
        number = write(path)
        answer = Response(path.read_bytes(), mimetype=_TYPES[ending])
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    answer.headers["X-Rows"] = str(number)
    return answer
