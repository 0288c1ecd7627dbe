"""The lists an actor may meet: how many cases each holds for him, and where to register."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from ecoissues.core import policy
from ecoissues.services import overview
from ecoissues.services.listing import Filter
from ecoissues.web import filters, here
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
