"""The leaders' board, the rows behind its numbers, and the dispatch table."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy import Connection, select

from ecoissues.core.errors import Refused
from ecoissues.core.values import Bad, clean_date
from ecoissues.figures.dispatch import COUNTS, dispatch_table
from ecoissues.figures.reading import Board
from ecoissues.figures.wording import day_words
from ecoissues.services import behind, boards
from ecoissues.services.basis import Basis, basis_of
from ecoissues.services.exporting import dispatch_cells, site_forms
from ecoissues.services.listing import Filter
from ecoissues.storage import tables as t
from ecoissues.web import here
from ecoissues.web.guards import guard

pages = Blueprint("board", __name__)

_SIZE = 50
#: Columns of the dispatch table -> what is asked to open their rows.
_OPENS = {
    "closed": {"figure": "closure_rate", "members": "part"},
    "cases": {"account": "cases"},
    **{name: {"account": name} for name in COUNTS if name in behind.ACCOUNTS},
}


def asked_day() -> date | None:
    """Read ``as_of`` from the address; Refused ``bad_filter`` for what is no day."""
    given = request.args.get("as_of", "").strip()
    if not given:
        return None
    try:
        return clean_date(given)
    except Bad as bad:
        raise Refused("bad_filter", str(bad)) from None


def _asked_instant() -> str:
    """Read ``known_at``: a day in any written form, or an instant as it stands."""
    given = request.args.get("known_at", "").strip()
    try:
        return clean_date(given).isoformat() if given else ""
    except Bad:
        return given


def asked_basis(connection: Connection) -> tuple[Basis | None, dict[str, Any]]:
    """Read list, day, known-at, unit and batch from the address; give what the form shows too.

    None: there is no list in the actor's scope.
    """
    site, actor = here.site(), here.actor()
    lists = boards.lists_for(site, connection, actor)
    code = request.args.get("list") or (lists[0].code if lists else "")
    shown: dict[str, Any] = {
        "lists": lists,
        "batch": request.args.get("batch", ""),
        "known_at": _asked_instant(),
        "unit": request.args.get("unit", ""),
        "batches": [],
    }
    if not code:
        return None, shown
    basis = basis_of(
        site, connection, actor, code, asked_day(), shown["known_at"] or None, shown["unit"],
        shown["batch"],
    )  # fmt: skip
    b = t.batches.c
    query = select(b.name).where(b.list_id == basis.row.id).order_by(b.ordinal.desc())
    shown["batches"] = list(connection.execute(query).scalars())
    shown["basis"] = basis
    shown["day_words"] = day_words(basis.as_of)
    narrowed = site.tree.by_code.get(shown["unit"])
    shown["unit_name"] = narrowed.name if narrowed else ""
    top = site.tree.by_id.values()
    shown["units"] = [
        unit for unit in top
        if unit.parent_id == site.tree.root.id and unit.path.startswith(actor.scope_path)
    ]  # fmt: skip
    return basis, shown


def chart_data(value: object) -> Markup:
    """Give JSON that is safe inside a script element of data (nothing there is executed)."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))  # noqa: S704 - escaped


def _charts(page: boards.BoardPage) -> dict[str, Markup]:
    """Give the data of both charts: names, counts and rates, nothing to be evaluated."""
    places = page.ranking.places
    bars = {
        "names": [place.group.label for place in places],
        "values": [_points(place.group.percent) for place in places],
        "shown": [place.group.percent or "—" for place in places],
        "notes": [f"{place.group.part}/{place.group.whole}" for place in places],
        "label": page.leading.wording.zh,
    }
    trend = {
        "names": [f"{point.as_of:%y}-{point.as_of.month:02d}" for point in page.trend],
        "values": [_points(point.percent) for point in page.trend],
        "shown": [point.percent or "—" for point in page.trend],
        "parts": [point.part for point in page.trend],
        "rests": [point.whole - point.part for point in page.trend],
        "label": page.leading.wording.zh,
    }
    return {"bars": chart_data(bars), "trend": chart_data(trend)}


def _points(percent: str | None) -> float | None:
    return float(percent.rstrip("%")) if percent else None


@pages.get("/board")
@guard("board.read")
def show() -> ResponseReturnValue:
    """Show the board of one list on one day."""
    site, actor = here.site(), here.actor()
    with site.store.reading() as connection:
        basis, shown = asked_basis(connection)
        if basis is None:
            return render_template("board/none.html", **shown)
        leading = request.args.get("leading", "")
        page = boards.make_board(site, connection, actor, basis, leading)
    return render_template(
        "board/board.html", page=page, charts=_charts(page), site=site,
        rows_of=lambda **more: boards.address("/board/rows", basis, site, **more),
        here_with=lambda **more: boards.address("/board", basis, site, **more),
        dispatch_href=boards.address("/dispatch", basis, site),
        **shown,
    )  # fmt: skip


@pages.get("/board/rows")
@guard("figure.read")
def rows() -> ResponseReturnValue:
    """Show the cases behind one number as they stood on its day."""
    site = here.site()
    given = request.args
    asked = behind.Behind(
        **{name: given[name] for name in behind.Behind.__struct_fields__ if given.get(name)}
    )
    with site.store.reading() as connection:
        basis, shown = asked_basis(connection)
        if basis is None:
            return render_template("board/none.html", **shown)
        found = behind.rows_behind(site, connection, basis, asked)
        pages_in_all = max(1, -(-len(found.ids) // _SIZE))
        number = min(max(given.get("page", 1, int), 1), pages_in_all)
        listed = behind.shown_rows(site, connection, basis, found.ids, number, _SIZE)
    if here.wants_json():
        return here.json_answer(
            {"title": found.title, "count": len(found.ids), "ids": found.ids}
        )

    def turned(to: int) -> str:
        more = {name: given[name] for name in behind.Behind.__struct_fields__ if given.get(name)}
        return boards.address("/board/rows", basis, site, **{**more, "page": str(to)})

    district = site.tree.by_code.get(asked.district) if asked.district else None
    return render_template(
        "board/rows.html", found=found, rows=listed, page=number, pages=pages_in_all,
        previous=turned(number - 1) if number > 1 else "",
        following=turned(number + 1) if number < pages_in_all else "",
        back=boards.address("/board", basis, site), asked=asked,
        in_list=_in_list(basis, asked),
        district=district, **shown,
    )  # fmt: skip


def _in_list(basis: Basis, asked: behind.Behind) -> str:
    """Give the address of the same rows in the list of cases, where they can be filtered on."""
    if not asked.figure:
        return ""
    values = {
        "list": basis.row.code, "figure": asked.figure, "members": asked.members,
        "as_of": "" if basis.is_now else basis.as_of.isoformat(), "batch": basis.batch,
        "known_at": basis.known.at or "", "district": asked.district or request.args.get("unit", ""),
    }  # fmt: skip
    return Filter.read(values).address()


@pages.get("/dispatch")
@guard("figure.read")
def dispatch() -> ResponseReturnValue:
    """Show the dispatch table (调度表): units against the stations of handling."""
    site = here.site()
    with site.store.reading() as connection:
        basis, shown = asked_basis(connection)
        if basis is None:
            return render_template("board/none.html", **shown)
        by = request.args.get("by") or boards.grouping_of(site, basis)
        board = Board(connection, site.tree, basis.row, basis.as_of, basis.known, basis.cut)
        table = dispatch_table(board, "unit" if by == "unit" else "district")
    form = site_forms(site)["dispatch_table"]
    columns = [column for column in form.columns if column.key != "name"]
    cells = [(line, dispatch_cells(site, basis.row, line)) for line in table]
    used = [column for column in columns if any(row.get(column.key) is not None for _, row in cells)]

    def opens(key: str, unit: str) -> str:
        if key not in _OPENS:
            return ""
        more = {**_OPENS[key], "district": unit}
        return boards.address("/board/rows", basis, site, **more)

    return render_template(
        "board/dispatch.html", form=form, columns=used, groups=_groups(used), cells=cells,
        opens=opens, by=by,
        export=boards.address("/exports/dispatch.xlsx", basis, site),
        other=boards.address(
            "/dispatch", basis, site, by="district" if by == "unit" else "unit",
        ),
        **shown,
    )  # fmt: skip


def _groups(columns: list[Any]) -> list[tuple[str, int]]:
    """Give the first header row: (group, columns it spans)."""
    found: list[tuple[str, int]] = []
    for column in columns:
        if found and found[-1][0] == column.group:
            found[-1] = (column.group, found[-1][1] + 1)
        else:
            found.append((column.group, 1))
    return found
