"""One route for all steps: the form a step needs, and its way to the gate.

A refused form comes back as it was filled in, with the files kept; one that came too late shows
both sides and can be sent again at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from ecoissues.core.errors import Forbidden, NotFound, Refused, Stale
from ecoissues.core.values import Bad, clean_date
from ecoissues.services import casefile, gate, stepform
from ecoissues.services.gate import Request, Taken
from ecoissues.services.stepform import StepForm
from ecoissues.services.timeline import Entry
from ecoissues.web import errors, forms, here, kept_files, numbers
from ecoissues.web.guards import guard
from ecoissues.web.session import local_path

pages = Blueprint("steps", __name__)


@pages.get("/cases/<int:case_id>/steps/<step>")
@guard("case.step")
def show(case_id: int, step: str) -> ResponseReturnValue:
    """Show the form of a step as the case stands."""
    event = request.args.get("event", "")
    form = stepform.prepare_form(
        here.site(), here.actor(), case_id, step,
        event=numbers.whole(event), words=request.args.get("q", "").strip()[:60],
    )  # fmt: skip
    return _page(form)


@pages.post("/cases/<int:case_id>/steps/<step>")
@guard("case.step")
def take(case_id: int, step: str) -> ResponseReturnValue:
    """Send a step to the gate: 303 to the case, or the form again (403, 409, 422)."""
    if request.is_json:
        return _answer_program(case_id, step)
    site, actor = here.site(), here.actor()
    fields, initial = stepform.fields_of(site, actor, case_id, step)
    sent = kept_files.read_sent()
    values = _values(case_id, fields, initial)
    try:
        if sent.errors:
            sentence = "".join(sent.errors.values())
            raise Refused("invalid", f"{sentence}其他内容和文件已保留。", errors=sent.errors)
        asked = Request(
            step=step, version=_version(case_id, step), values=values, files=sent.files,
            effective_on=_day(request.form.get("on", "")), key=request.form.get("key", "")[:64],
            late_reason=request.form.get("late_reason", ""),
        )  # fmt: skip
        taken = gate.take_step(site, actor, case_id, asked)
    except NotFound:
        raise
    except Refused as refused:
        if here.wants_json():
            return _refusal(refused)
        return _again(case_id, step, refused, values, sent)
    if here.wants_json():
        return _success(taken)
    _say(taken, fields_step=step)
    back = local_path(request.form.get("return"))
    return redirect(back or f"/cases/{case_id}", 303)


def _values(case_id: int, fields: Any, initial: Mapping[str, Any]) -> dict[str, Any]:
    tree, given = here.site().tree, request.form
    values = forms.read_values(fields, given, tree, initial)
    picked = given.get("target_case-pick", "")
    if picked and any(field.code == "target_case" for field in fields):
        values.setdefault("target_case", picked)
    if "target_case" in values and "/" not in values["target_case"]:
        values["target_case"] = f"{given.get('list', '')}/{values['target_case']}"
    if "correction" in values and (seq := numbers.whole(str(values.get("event", "")))):
        amended, old = stepform.amended_of(here.site(), here.actor(), case_id, seq)
        raw = forms.read_values(amended, given, tree, old, "right-")
        right = stepform.differing(amended, old, raw, tree)
        if right and values["correction"] == "amend":
            values["facts"] = msgspec.json.encode(right).decode()
    return values


def _version(case_id: int, step: str) -> int | None:
    text = request.form.get("version", "")
    if (seen := numbers.whole(text, -1)) >= 0:
        return seen
    if stepform.is_note(here.site(), here.actor(), case_id, step):
        return None  # a note (催办) changes nothing that somebody else may have seen otherwise
    raise Refused("version_missing", "表单不完整，缺少版本号，请重新打开后再提交。未作任何改动。")


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return clean_date(text)
    except Bad as bad:
        raise Refused("invalid", f"生效日期：{bad}未作任何改动。", errors={"on": str(bad)}) from None


def _say(taken: Taken, fields_step: str) -> None:
    site, actor = here.site(), here.actor()
    try:
        told = casefile.told(site, actor, taken.case_id, fields_step)
    except NotFound:
        flash("已办理；本件现由其他单位办理，不再在您的管辖范围内。", "success")
        return
    flash(told, "success")


def _page(
    form: StepForm,
    *,
    refused: Refused | None = None,
    values: Mapping[str, Any] | None = None,
    sent: kept_files.Sent | None = None,
    given: MultiDict[str, str] | None = None,
    status: int = 200,
    theirs: list[Entry] | None = None,
) -> ResponseReturnValue:
    tree = here.site().tree
    faults: dict[str, str] = dict(refused.facts.get("errors", {})) if refused else {}
    options = dict(form.options)
    shown = forms.controls(
        form.fields, tree, initial=form.initial, options=options, given=given, errors=faults
    )
    right = forms.controls(
        form.amended, tree, initial=form.amended_initial, options={}, given=given, prefix="right-"
    )
    for control in right:
        control.required = False  # what is right already need not be said again
    page = render_template(
        "cases/step.html",
        form=form, controls=shown, right=right, refused=refused, faults=faults,
        kept=kept_files.shown(sent.files) if sent else [], key=secrets.token_hex(16),
        on=(given.get("on") if given is not None else "") or here.site().today().isoformat(),
        late_reason=given.get("late_reason", "") if given is not None else "",
        party_options=[*forms.PARTY_OPTIONS, forms.ACCUSED_OPTION], late_days=here.site().late_days,
        outcome_options=forms.OUTCOME_OPTIONS, theirs=theirs,
        mine=forms.echo(form.fields, values or {}) if theirs is not None else [],
        back_to=local_path(request.values.get("return")) or "",
    )  # fmt: skip
    return page, status


def _again(
    case_id: int, step: str, refused: Refused, values: Mapping[str, Any], sent: kept_files.Sent
) -> ResponseReturnValue:
    """Show the refused form again; when the step is gone meanwhile, both sides without a form."""
    site, actor, given = here.site(), here.actor(), request.form
    theirs = None
    if isinstance(refused, Stale):
        theirs = casefile.since(site, actor, case_id, refused.facts.get("seen") or 0)
    status = errors.status_of(refused)
    event = given.get("event", "")
    try:
        form = stepform.prepare_form(
            site, actor, case_id, step, event=numbers.whole(event)
        )
    except (Forbidden, Refused) as gone:
        if isinstance(gone, NotFound):
            raise
        fields, _ = stepform.fields_of(site, actor, case_id, step)
        page = render_template(
            "cases/gone.html", case_id=case_id, refused=refused, gone=gone,
            theirs=theirs or [], mine=forms.echo(fields, values),
        )  # fmt: skip
        return page, status
    return _page(
        form, refused=refused, values=values, sent=sent, given=given, status=status, theirs=theirs
    )


def _refusal(refused: Refused) -> ResponseReturnValue:
    body = {"code": refused.code, "sentence": refused.sentence, **msgspec.to_builtins(refused.facts)}
    return here.json_answer(body, errors.status_of(refused))


def _success(taken: Taken) -> ResponseReturnValue:
    sentence = f"已办理，现为“{taken.state_name}”。"
    return here.json_answer({"code": "ok", "sentence": sentence, **msgspec.to_builtins(taken)})


def _answer_program(case_id: int, step: str) -> ResponseReturnValue:
    """Take a step asked for in JSON: version, values, on, late_reason, key."""
    body = request.get_json()
    try:
        if not isinstance(body, dict) or not isinstance(body.get("values", {}), dict):
            raise Refused("invalid", "请求内容须为 JSON 对象，values 须为对象。未作任何改动。")
        version = body.get("version")
        if not isinstance(version, int):
            raise Refused("version_missing", "缺少版本号 version。未作任何改动。")
        asked = Request(
            step=step, version=version, values=body.get("values", {}),
            effective_on=_day(str(body.get("on") or "")), key=str(body.get("key") or ""),
            late_reason=str(body.get("late_reason") or ""),
        )  # fmt: skip
        return _success(gate.take_step(here.site(), here.actor(), case_id, asked))
    except Refused as refused:
        return _refusal(refused)
