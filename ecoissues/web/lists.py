"""The lists an actor may meet: how many cases each holds for him, and where to register."""

from __future__ import annotations

import msgspec
from flask import Blueprint, current_app, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ecoissues.core import policy
from ecoissues.core.errors import Refused
from ecoissues.core.vocabulary import JOINT_COUNTINGS
from ecoissues.services import batches, figure_settings, overview
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
        "cases/lists.html", lines=found, may_register=may, may_change=_changeable(),
        may_create=policy.may(here.actor(), "list.create"),
    )  # fmt: skip


def _changeable() -> set[str]:
    """Give the codes of the lists whose settings the person may change."""
    site, actor = here.site(), here.actor()
    rows = site.lists.values()
    return {row.code for row in rows if figure_settings.may_change(site, actor, row)}


@pages.get("/lists/<code>/settings")
@guard("list.change")
def settings(code: str) -> ResponseReturnValue:
    """Show the settings of a list: how joint cases are counted, legal basis, note."""
    return _settings(code)


def _settings(code: str, refused: Refused | None = None) -> str:
    found = figure_settings.read_settings(here.site(), here.actor(), code)
    row = found.row
    stored = {"counting": row.joint_counting, "legal_basis": row.legal_basis, "note": row.note}
    return render_template(
        "cases/list_settings.html", row=row, published=found.published, ways=JOINT_COUNTINGS,
        given=request.form if request.method == "POST" else stored, refused=refused,
    )  # fmt: skip


@pages.post("/lists/<code>/settings")
@guard("list.change")
def change(code: str) -> ResponseReturnValue:
    """Change the settings of a list."""
    try:
        figure_settings.change_settings(here.site(), here.actor(), code, request.form)
    except Refused as refused:
        if refused.code != "unknown_way":
            raise
        return _settings(code, refused), 422
    flash(f"已保存清单“{here.site().get_list(code).title}”的设置。", "success")
    return redirect("/lists", 303)


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
