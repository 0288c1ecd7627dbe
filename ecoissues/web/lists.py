"""The lists an actor may meet: how many cases each holds for him, and where to register."""

from __future__ import annotations

import msgspec
from flask import Blueprint, current_app, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ecoissues.core import policy
from ecoissues.core.errors import Refused
from ecoissues.services import batches, overview
from ecoissues.services.listing import Filter
from ecoissues.web import filters, here
from ecoissues.web.errors import status_of
from ecoissues.web.guards import guard

pages = Blueprint("lists", __name__)


@pages.get("/lists")
@guard("list.read")
def show() -> ResponseReturnValue:
    """Show every list of the scope with its counts, each a link to the rows."""
    found = overview.read_lists(here.site(), here.actor())
    may = {
        line.code: bool(filters.registrable(here.site(), here.actor(), Filter({"list": line.code})))
        for line in found
    }
    return render_template(
        "cases/lists.html", lines=found, may_register=may,
        may_create=policy.may(here.actor(), "list.create"),
    )  # fmt: skip


@pages.get("/lists/<code>/batches")
@guard("list.read")
def show_batches(code: str) -> ResponseReturnValue:
    """Show the batches of a list with their days, to be changed by the office that keeps it."""
    return _batches(code)


def _batches(code: str, sentence: str = "", errors: dict[str, str] | None = None) -> str:
    site, actor = here.site(), here.actor()
    found = batches.list_batches(site, actor, code)
    chosen = next((one for one in found if one.name == request.args.get("name")), None)
    standing = msgspec.to_builtins(chosen) if chosen else {}
    return render_template(
        "cases/batches.html", row=site.get_list(code), sentence=sentence, errors=errors or {},
        batches=found, may_change=batches.may_change(site, actor, code),
        given=request.form if request.method == "POST" else standing,
    )  # fmt: skip


@pages.post("/lists/<code>/batches")
@guard("batch.change")
def change_batch(code: str) -> ResponseReturnValue:
    """Change the days of a batch, with a reason."""
    given = dict(request.form)
    name = given.get("name", "")
    try:
        batches.change_batch(here.site(), here.actor(), code, name, given)
    except Refused as refused:
        errors = refused.facts.get("errors")
        if errors is None:
            raise
        answer = current_app.make_response(_batches(code, refused.sentence, errors))
        answer.status_code = status_of(refused)
        return answer
    flash(f"批次“{name}”的日期已改动并留痕；各件的时限没有改动。", "success")
    return redirect(f"/lists/{code}/batches", 303)
