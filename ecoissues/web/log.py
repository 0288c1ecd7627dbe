"""The auditor's pages: the log, newest first, and its verification."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from ecoissues.core import policy
from ecoissues.core.errors import Refused
from ecoissues.core.values import Bad, clean_date
from ecoissues.core.vocabulary import ADMIN_CHANGES
from ecoissues.services import auditing, changes, verifying
from ecoissues.services.auditing import Wanted
from ecoissues.web import filters, here, numbers
from ecoissues.web.guards import guard

pages = Blueprint("log", __name__)


def _day(name: str) -> date | None:
    given = request.args.get(name, "").strip()
    try:
        return clean_date(given) if given else None
    except Bad as bad:
        raise Refused("bad_filter", str(bad)) from None


def _wanted() -> Wanted:
    given = request.args
    return Wanted(
        list_code=given.get("list", ""), number=given.get("number", "").strip()[:64],
        actor=given.get("actor", "").strip()[:40], since=_day("since"), until=_day("until"),
        late=given.get("late") == "yes", before=numbers.whole(given.get("before")),
    )  # fmt: skip


@pages.get("/log")
@guard("log.read")
def show() -> ResponseReturnValue:
    """Show a page of the log."""
    wanted = _wanted()
    page = auditing.read_log(here.site(), here.actor(), wanted)
    kept = {name: text for name, text in request.args.items() if text and name != "before"}
    older = f"/log?{urlencode({**kept, 'before': page.older})}" if page.older else ""
    return render_template(
        "log/log.html", page=page, wanted=wanted, older=older, newest=f"/log?{urlencode(kept)}",
        lists=filters.visible_lists(here.site(), here.actor()),
        may_verify=policy.may(here.actor(), "log.verify"),
    )  # fmt: skip


@pages.get("/log/changes")
@guard("log.read")
def show_changes() -> ResponseReturnValue:
    """Show a page of what was changed beside the cases."""
    given = request.args
    wanted = changes.Wanted(
        given.get("sort", ""), given.get("actor", "").strip()[:40],
        given.get("target", "").strip()[:80], _day("since"), _day("until"),
        numbers.whole(given.get("before")),
    )  # fmt: skip
    page = changes.read_changes(here.site(), here.actor(), wanted)
    kept = {name: text for name, text in given.items() if text and name != "before"}
    older = f"/log/changes?{urlencode({**kept, 'before': page.older})}" if page.older else ""
    return render_template(
        "log/changes.html", page=page, wanted=wanted, older=older, sorts=ADMIN_CHANGES,
        newest=f"/log/changes?{urlencode(kept)}",
    )  # fmt: skip


@pages.get("/log/verify")
@guard("log.verify")
def ask() -> ResponseReturnValue:
    """Say what a verification does, and offer it."""
    return render_template("log/verify.html", report=None)


@pages.post("/log/verify")
@guard("log.verify")
def verify() -> ResponseReturnValue:
    """Walk the whole log and show what was found; nothing is written."""
    return render_template("log/verify.html", report=verifying.verify(here.site()))
