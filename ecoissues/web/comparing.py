"""One figure at two dates, and the cases that moved between them."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from ecoissues.core.errors import Refused
from ecoissues.core.values import Bad, clean_date
from ecoissues.services import board_pages, boards
from ecoissues.web import here
from ecoissues.web.board import asked_place
from ecoissues.web.guards import guard

pages = Blueprint("comparing", __name__)

#: Rows shown on the page; a command gives all of them.
MOST = 500
_PERIODS = (("环比上月", "month"), ("环比上季", "quarter"), ("同比上年", "year"))


def _against() -> str:
    given = request.args.get("with", "").strip()
    if given in ("", "month", "quarter", "year"):
        return given
    try:
        return clean_date(given).isoformat()
    except Bad as bad:
        raise Refused("bad_filter", str(bad)) from None


@pages.get("/board/compare")
@guard("figure.read")
def show() -> ResponseReturnValue:
    """Compare: ``list``, ``figure``, ``as_of``, ``with`` (a day, or month, quarter, year)."""
    given, site = request.args, here.site()
    asked = asked_place()
    read = board_pages.read_comparison(
        site, here.actor(), asked, given.get("figure", ""), _against()
    )
    if read is None:
        return render_template("board/none.html")
    frame, definition, definitions, found, moved = read
    hidden = [(name, given[name]) for name in ("unit", "batch", "known_at") if given.get(name)]
    against = [
        (label, boards.address("/board/compare", frame.basis, site,
                               figure=definition.code, **{"with": period}))
        for label, period in _PERIODS
    ]  # fmt: skip

    def opens(day: date, members: str) -> str:
        return boards.address("/board/rows", frame.basis, site, figure=definition.code,
                              members=members, as_of=day.isoformat())  # fmt: skip

    return render_template(
        "board/compare.html", frame=frame, basis=frame.basis, definition=definition,
        definitions=definitions, found=found, moved=moved, hidden=hidden, against=against,
        most=MOST, opens=opens, back=boards.address("/board", frame.basis, site),
    )  # fmt: skip
