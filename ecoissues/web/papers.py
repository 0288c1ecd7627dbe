"""Papers of a case as pages to print."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from ecoissues.services import papers
from ecoissues.web import here
from ecoissues.web.guards import guard

pages = Blueprint("papers", __name__)


@pages.get("/cases/<int:case_id>/papers/<sort>")
@guard("print.read")
def show(case_id: int, sort: str) -> ResponseReturnValue:
    """Show one paper of a case, ready to print on A4."""
    made = papers.paper(here.site(), here.actor(), case_id, sort)
    return render_template("papers/paper.html", paper=made, case_id=case_id)
