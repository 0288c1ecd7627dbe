"""Moving a list to another version of its kind: shown first, then confirmed by its own office.

The same service as the command ``kinds move``; the administrator, who touches no case, sees who may.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ecoissues.core import policy
from ecoissues.core.errors import Refused
from ecoissues.services import kind_moving, kind_shelf
from ecoissues.services.kind_moving import Asked, MovePlan
from ecoissues.web import here
from ecoissues.web.errors import status_of
from ecoissues.web.guards import guard

pages = Blueprint("kind_moves", __name__)

#: Cases without an image that the page names; the count above them is of all.
MOST = 200


@pages.get("/admin/kinds/<code>/<int:version>/move")
@guard("kind.move")
def show(code: str, version: int) -> ResponseReturnValue:
    """Show the form: which list, and the map where codes differ."""
    return _page(code, version)


@pages.post("/admin/kinds/<code>/<int:version>/move")
@guard("kind.move")
def move(code: str, version: int) -> ResponseReturnValue:
    """Show what the move would do; with ``confirm`` do it, all of it or nothing."""
    site, actor, given = here.site(), here.actor(), request.form
    text = given.get("map", "").replace("\r\n", "\n")
    asked = Asked(given.get("list", ""), version, text)
    try:
        if not given.get("confirm"):
            return _page(code, version, plan=kind_moving.plan_move(site, actor, asked))
        done = kind_moving.move_list(site, actor, asked)
    except Refused as refused:
        return _page(code, version, refused=refused), status_of(refused)
    flash(f"已把 {done.moved} 件迁到第 {version} 版，今后登记的也用这一版。", "success")
    return redirect(f"/cases?list={asked.list_code}", 303)


def _page(
    code: str, version: int, *, plan: MovePlan | None = None, refused: Refused | None = None
) -> str:
    site, actor = here.site(), here.actor()
    kind = kind_shelf.get_kind(site, actor, code, version)
    lists = [
        row
        for row in site.lists.values()
        if row.kind == code and row.kind_version != version
        and policy.is_office(actor, row.unit_path)
    ]  # fmt: skip
    given = request.form if request.method == "POST" else request.args
    return render_template(
        "admin/kind_move.html", kind=kind, lists=lists, plan=plan, refused=refused, given=given,
        most=MOST,
    )  # fmt: skip
