"""Pages of deadlines: proposals to accept, provisional days, the calendars, one's reminders."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ecoissues.core import policy
from ecoissues.core.errors import Refused
from ecoissues.services import contacting, proposals
from ecoissues.web import here
from ecoissues.web.errors import status_of
from ecoissues.web.guards import guard

pages = Blueprint("deadlines", __name__)
_MOST_TEXT = 200_000


@pages.get("/deadlines")
@guard("case.read")
def show() -> ResponseReturnValue:
    """Show the proposals and the provisional deadlines of what the person sees."""
    site, actor = here.site(), here.actor()
    code = request.args.get("list", "")
    return render_template(
        "deadlines/deadlines.html", chosen=code, lists=list(site.lists.values()),
        proposals=proposals.list_proposals(site, actor, code),
        uncertain=proposals.list_uncertain(site, actor, code),
        may_accept=policy.may(actor, "deadline.accept"),
    )  # fmt: skip


@pages.post("/deadlines/accept")
@guard("deadline.accept")
def accept() -> ResponseReturnValue:
    """Accept the chosen proposals, or all that were shown."""
    site, actor = here.site(), here.actor()
    code = request.form.get("list", "")
    everything = bool(request.form.get("all"))
    chosen = []
    for given in request.form.getlist("chosen"):
        case, _, clock = given.partition(":")
        if case.isdecimal():
            chosen.append((int(case), clock))
    if not everything and not chosen:
        flash("没有选中任何一项，未作任何改动。", "warning")
        return redirect(f"/deadlines?list={code}" if code else "/deadlines", 303)
    done = proposals.accept(site, actor, None if everything else chosen, code)
    refused = [one for one in done if one.refused]
    flash(f"已改定 {len(done) - len(refused)} 项，每项均记入事项日志。", "success")
    for one in refused[:10]:
        flash(f"{one.key}：{one.refused}", "warning")
    return redirect(f"/deadlines?list={code}" if code else "/deadlines", 303)


@pages.get("/reminders")
@guard("desk.read")
def reminders() -> ResponseReturnValue:
    """Show the person's digests of the last days."""
    found = contacting.read_digests(here.site(), here.actor())
    return render_template("deadlines/reminders.html", digests=found)


@pages.get("/calendars")
@guard("calendar.read")
def calendars() -> ResponseReturnValue:
    """Show the calendars in force."""
    return _calendars()


def _calendars(sentence: str = "") -> str:
    actor = here.actor()
    return render_template(
        "deadlines/calendars.html", calendars=proposals.calendar_status(here.site()),
        may_load=policy.may(actor, "calendar.load"), sentence=sentence,
        given=request.form.get("text", ""),
    )  # fmt: skip


@pages.post("/calendars")
@guard("calendar.load")
def load() -> ResponseReturnValue:
    """Load a calendar document; no deadline moves, proposals are made."""
    file = request.files.get("file")
    text, name = request.form.get("text", ""), "粘贴的内容.toml"
    if file is not None and file.filename:
        name = file.filename[:80]
        text = file.read(_MOST_TEXT).decode("utf-8", "replace")
    try:
        loaded = proposals.load_calendar(here.site(), here.actor(), text, name)
    except Refused as refused:
        answer = current_app.make_response(_calendars(refused.sentence))
        answer.status_code = status_of(refused)
        return answer
    if loaded.changed:
        flash(
            f"已载入 {loaded.year} 年{loaded.region}放假安排第 {loaded.version} 版；"
            f"现有时限没有改动，产生改定建议 {loaded.proposals} 项，由督察员接受。", "success",
        )  # fmt: skip
    else:
        flash(f"{loaded.year} 年放假安排第 {loaded.version} 版已经载入过，没有变化。", "info")
    return redirect("/calendars", 303)
