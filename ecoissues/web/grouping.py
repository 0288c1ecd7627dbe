"""One figure line by line: by phase, outcome, unit, type, month, a field of the list's own kind."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from ecoissues.services import board_pages, boards
from ecoissues.web import here
from ecoissues.web.board import asked_place
from ecoissues.web.guards import guard

pages = Blueprint("grouping", __name__)


@pages.get("/board/groups")
@guard("figure.read")
def show() -> ResponseReturnValue:
    """Show the lines: ``list``, ``figure``, ``by``, ``as_of``, ``known_at``, ``unit``, ``batch``."""
    given, site = request.args, here.site()
    asked = asked_place()
    read = board_pages.read_groups(
        site, here.actor(), asked, given.get("figure", ""), given.get("by", "")
    )
    if read is None:
        return render_template("board/none.html")
    frame, groups = read
    if here.wants_json():
        return here.json_answer(
            {"groups": [{"key": one.key, "part": one.part, "whole": one.whole,
                         "percent": one.percent} for one in groups.figure.groups]}
        )  # fmt: skip
    return render_template(
        "board/groups.html", frame=frame, basis=frame.basis, groups=groups,
        hidden=[(name, given[name]) for name in ("unit", "batch", "known_at") if given.get(name)],
        opens=lambda key, members: board_pages.line_href(
            site, frame.basis, groups, key, members
        ),
        back=boards.address("/board", frame.basis, site),
    )  # fmt: skip
