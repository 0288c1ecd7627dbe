"""Registering a case on a list: the form of the kind's first step, save and next."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from ecoissues.core.errors import NotFound, Refused
from ecoissues.core.values import Bad, clean_date
from ecoissues.services import intake_form, registering, site_history
from ecoissues.services.complainants import PARTS
from ecoissues.services.intake_form import ListForm
from ecoissues.services.site_history import SiteHistory
from ecoissues.web import errors, forms, here, kept_files, numbers
from ecoissues.web.guards import guard

pages = Blueprint("register", __name__)

#: What the next case of a batch has in common with the one just saved.
_CARRIED = ("received_on", "batch", "channel", "region", "weight", "parent_case")


@pages.get("/lists/<code>/register")
@guard("case.register")
def show(code: str) -> ResponseReturnValue:
    """Show the empty form, with what the address carries over from the case before."""
    form = intake_form.prepare(here.site(), here.actor(), code)
    form.initial.update({k: request.args[k][:200] for k in _CARRIED if request.args.get(k)})
    look = request.args.get("look", "")[:120]
    known = site_history.history_of_name(here.site(), here.actor(), code, look)
    if known is not None:
        form.initial[form.site_field] = known.name
    return _page(form, known=known)


@pages.post("/lists/<code>/register")
@guard("case.register")
def save(code: str) -> ResponseReturnValue:
    """Register the case: 303 to it or to the next form, or the form again (422)."""
    site, actor = here.site(), here.actor()
    form = intake_form.prepare(site, actor, code)
    given = request.form
    sent = kept_files.read_sent()
    try:
        if sent.errors:
            raise Refused("invalid", "".join(sent.errors.values()), errors=sent.errors)
        values = forms.read_values(form.step.fields, given, site.tree, {})
        if values.get("parent_case") and "/" not in values["parent_case"]:
            values["parent_case"] = f"{code}/{values['parent_case']}"
        asked = registering.Registration(
            values=values, part=_part(given.get("part", "")), files=sent.files,
            effective_on=_day(given.get("on", "")), late_reason=given.get("late_reason", ""),
            parent_id=intake_form.parent_id(site, actor, values.get("parent_case")),
            complainant=_complainant(given),
        )  # fmt: skip
        taken = registering.register(site, actor, code, asked)
    except Refused as refused:
        if isinstance(refused, NotFound) and not given.get("parent_case"):
            raise
        if here.wants_json():
            body: dict[str, object] = {"code": refused.code, "sentence": refused.sentence}
            return here.json_answer({**body, **refused.facts}, errors.status_of(refused))
        return _page(form, refused=refused, given=given, sent=sent)
    if here.wants_json():
        return here.json_answer({"code": "ok", "sentence": "已登记。", "case_id": taken.case_id})
    number = taken.key.partition("/")[2]
    flash(f"{number} 已登记，现为“{taken.state_name}”。", "success")
    doubt = intake_form.number_doubt(site, code, number)
    if doubt:
        flash(doubt, "warning")
    if given.get("next"):
        carried = {k: given[k] for k in _CARRIED if given.get(k)}
        return redirect(f"/lists/{code}/register?{urlencode(carried)}", 303)
    return redirect(f"/cases/{taken.case_id}", 303)


def _part(text: str) -> int:
    if not text.strip():
        return 0
    part = numbers.whole(text)
    if not 1 <= part <= 99:
        raise Refused(
            "invalid", "分解序号须为 1 至 99。未作任何改动。", errors={"part": "须为 1 至 99 的整数。"}
        )
    return part


def _day(text: str) -> Any:
    try:
        return clean_date(text) if text.strip() else None
    except Bad as bad:
        raise Refused("invalid", f"登记日期：{bad}未作任何改动。", errors={"on": str(bad)}) from None


def _complainant(given: MultiDict[str, str]) -> dict[str, str]:
    person = {part: given.get(f"person-{part}", "").strip()[:200] for part in PARTS}
    return {part: value for part, value in person.items() if value}


def _page(
    form: ListForm,
    *,
    refused: Refused | None = None,
    given: MultiDict[str, str] | None = None,
    sent: kept_files.Sent | None = None,
    known: SiteHistory | None = None,
) -> ResponseReturnValue:
    faults = dict(refused.facts.get("errors", {})) if refused else {}
    sent_values: MultiDict[str, str] = given if given is not None else MultiDict()
    shown = forms.controls(
        form.step.fields, here.site().tree, initial=form.initial, options=form.options,
        given=given, errors=faults,
    )  # fmt: skip
    page = render_template(
        "cases/register.html",
        form=form, known=known, controls=shown, refused=refused, faults=faults, given=sent_values,
        kept=kept_files.shown(sent.files) if sent else [], persons=PARTS,
        on=sent_values.get("on") or here.site().today().isoformat(),
        party_options=[*forms.PARTY_OPTIONS, forms.ACCUSED_OPTION],
        outcome_options=forms.OUTCOME_OPTIONS, late_days=here.site().late_days,
    )  # fmt: skip
    return page, errors.status_of(refused) if refused else 200
