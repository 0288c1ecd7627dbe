"""The list of doubts: looked for on demand, explained by the office that keeps the list."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ecoissues.core import policy
from ecoissues.core.errors import Refused
from ecoissues.services import boards, doubts
from ecoissues.web import here
from ecoissues.web.guards import guard

pages = Blueprint("doubts", __name__)


@pages.get("/doubts")
@guard("figure.read")
def show() -> ResponseReturnValue:
    """Show the doubts of a list (the first in scope unless one is named)."""
    return _page(request.args.get("list", ""), request.args.get("all") == "1")


def _page(list_code: str, every: bool = False, sentence: str = "") -> str:
    site, actor = here.site(), here.actor()
    with site.store.reading() as connection:
        lists = boards.lists_for(site, connection, actor)
    code = list_code or (lists[0].code if lists else "")
    if not code:
        return render_template("board/none.html")
    row = site.get_list(code)
    states = tuple(doubts.STATES) if every else ("open", "explained")
    found = doubts.read_doubts(site, actor, code, states)
    may = policy.holds(actor.role, "doubt.settle")
    return render_template(
        "board/doubts.html", lists=lists, row=row, found=found, every=every, sentence=sentence,
        states=doubts.STATES, may_settle=may,
        may_find=may and row.unit_path.startswith(actor.scope_path),
    )  # fmt: skip


@pages.post("/doubts/find")
@guard("doubt.settle")
def find() -> ResponseReturnValue:
    """Look at a list for doubts."""
    code = request.form.get("list", "")
    doubts.scan(here.site(), here.actor(), code)
    return redirect(f"/doubts?list={code}", 303)


@pages.post("/doubts/<int:doubt_id>/explain")
@guard("doubt.settle")
def explain(doubt_id: int) -> ResponseReturnValue:
    """Explain one doubt."""
    try:
        code = doubts.explain(
            here.site(), here.actor(), doubt_id, request.form.get("note", "")
        )
    except Refused as refused:
        if refused.code != "note_missing":
            raise
        return _page(request.form.get("list", ""), sentence=refused.sentence), 422
    return redirect(f"/doubts?list={code}", 303)
