"""The leaders' board, the rows behind its numbers, and the dispatch table."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import msgspec
from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from ecoissues.core.errors import Refused
from ecoissues.core.values import Bad, clean_date
from ecoissues.services import board_pages, boards
from ecoissues.services.behind import Behind
from ecoissues.services.board_pages import SIZE, Asked, Frame
from ecoissues.web import here, numbers
from ecoissues.web.guards import guard

pages = Blueprint("board", __name__)


def asked_day() -> date | None:
    """Read ``as_of`` from the address; Refused ``bad_filter`` for what is no day."""
    given = request.args.get("as_of", "").strip()
    if not given:
        return None
    try:
        return clean_date(given)
    except Bad as bad:
        raise Refused("bad_filter", str(bad)) from None


def asked_instant() -> str:
    """Read ``known_at``: a day in any written form, or an instant as it stands."""
    given = request.args.get("known_at", "").strip()
    try:
        return clean_date(given).isoformat() if given else ""
    except Bad:
        return given


def asked_place() -> Asked:
    """Read what every page of the board is narrowed by: list, days, unit, batch."""
    given = request.args
    return Asked(
        given.get("list", ""), asked_day(), asked_instant(), given.get("unit", ""),
        given.get("batch", ""),
    )  # fmt: skip


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
        "notes": [f"{place.group.shown_part}/{place.group.shown_whole}" for place in places],
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


def _address(path: str, frame: Frame, **more: str) -> str:
    return boards.address(path, frame.basis, here.site(), **more)


def _nothing() -> str:
    return render_template("board/none.html")


@pages.get("/board")
@guard("board.read")
def show() -> ResponseReturnValue:
    """Show the board of one list on one day."""
    asked, leading = asked_place(), request.args.get("leading", "")
    actor = here.actor()
    code = board_pages.list_of(here.site(), actor, asked)
    if not code:
        return _nothing()
    asked = msgspec.structs.replace(asked, list_code=code)
    shown = here.kept(
        ("board", actor.scope_path, asked, leading), lambda: _shown(asked, leading)
    )
    title = here.site().get_list(code).title
    return render_template("board/board.html", shown=shown, title=title)


def _shown(asked: Asked, leading: str) -> Markup:
    """Make what the board shows; nothing of the person but their scope goes into it."""
    found = board_pages.read_board(here.site(), here.actor(), asked, leading)
    assert found is not None, "the list was chosen from those in scope"
    frame, page = found
    text = render_template(
        "board/shown.html", frame=frame, basis=frame.basis, page=page, charts=_charts(page),
        rows_of=lambda **more: _address("/board/rows", frame, **more),
        here_with=lambda **more: _address("/board", frame, **more),
        dispatch_href=_address("/dispatch", frame),
    )  # fmt: skip
    return Markup(text)  # noqa: S704  # the template has escaped every value


@pages.get("/board/rows")
@guard("figure.read")
def rows() -> ResponseReturnValue:
    """Show the cases behind one number as they stood on its day."""
    given = request.args
    chosen = {name: given[name] for name in Behind.__struct_fields__ if given.get(name)}
    what, number = Behind(**chosen), max(numbers.whole(given.get("page"), 1), 1)
    read = board_pages.read_rows(here.site(), here.actor(), asked_place(), what, number)
    if read is None:
        return _nothing()
    frame, found, listed = read
    if here.wants_json():
        return here.json_answer(
            {"title": found.title, "count": len(found.ids), "ids": found.ids}
        )
    last = max(1, -(-len(found.ids) // SIZE))

    def turned(to: int) -> str:
        return _address("/board/rows", frame, **chosen, page=str(to)) if 1 <= to <= last else ""

    return render_template(
        "board/rows.html", frame=frame, basis=frame.basis, found=found, rows=listed,
        page=number, pages=last, previous=turned(number - 1), following=turned(number + 1),
        back=_address("/board", frame), district=here.site().tree.by_code.get(what.district),
        in_list=board_pages.list_href(frame.basis, what, frame.unit),
    )  # fmt: skip


@pages.get("/dispatch")
@guard("figure.read")
def dispatch() -> ResponseReturnValue:
    """Show the dispatch table (调度表): units against the stations of handling."""
    site = here.site()
    found = board_pages.read_dispatch(site, here.actor(), asked_place(), request.args.get("by", ""))
    if found is None:
        return _nothing()
    frame, table = found
    other = "district" if table.by == "unit" else "unit"
    return render_template(
        "board/dispatch.html", frame=frame, basis=frame.basis, table=table,
        groups=_groups(table.columns),
        opens=lambda key, unit: board_pages.dispatch_href(site, frame.basis, key, unit, table.by),
        export=_address("/exports/dispatch.xlsx", frame),
        other=_address("/dispatch", frame, by=other),
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
