"""The first page of each role, and the page of help."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue

from ecoissues.core import policy
from ecoissues.core import vocabulary as v
from ecoissues.services import desk
from ecoissues.web import here
from ecoissues.web.guards import signed_in
from ecoissues.web.navigation import start_page

pages = Blueprint("desk", __name__)


@pages.get("/")
@signed_in
def show() -> ResponseReturnValue:
    """Show the desk; who has none goes to the first page of his role."""
    actor = here.actor()
    if not policy.may(actor, "desk.read"):
        return redirect(start_page(actor.role), 303)
    found = desk.read_desk(here.site(), actor)
    if here.wants_json():
        return here.json_answer({q.key: {"total": q.total, "href": q.href} for q in found.queues})
    return render_template("desk/desk.html", desk=found)


@pages.get("/guide")
@signed_in
def guide() -> ResponseReturnValue:
    """Show the help: what each word means, and what each role does."""
    return render_template("desk/guide.html", words=v)
