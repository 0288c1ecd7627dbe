"""What the form of a step needs to know: its fields, what they show first, what may be chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from ecoissues.core import workflow
from ecoissues.core.errors import Forbidden, Refused
from ecoissues.core.events import Event
from ecoissues.core.kind_fields import MILESTONES, Field
from ecoissues.core.kinds import Kind, Step
from ecoissues.core.life import Life
from ecoissues.core.milestones import miles_of, usual_plan
from ecoissues.core.policy import Actor
from ecoissues.core.units import UnitTree
from ecoissues.core.values import Bad, clean_value
from ecoissues.core.vocabulary import EVIDENCE_STAGES
from ecoissues.services import actions, finding, gate
from ecoissues.services.casefile import Opened, next_actor, open_case
from ecoissues.services.field_words import Shown, fact_texts
from ecoissues.services.gate import step_name
from ecoissues.services.recording import CaseRow
from ecoissues.services.requests import WITHDRAWABLE
from ecoissues.services.site import Site
from ecoissues.services.site_history import SiteHistory, history_of_case

Options = list[tuple[str, str]]

#: Facts that stand beside ``fields`` in an event and a correction may set right.
_TRACKS: Final = ("types", "weight", "verdict", "outcomes", "progress", "satisfaction")
_NO_FILES: Final = frozenset(
    {"chase", "extend", "refuse_extension", "correct", "refuse_correction", "suspend",
     "refuse_suspension", "withdraw_request", "recount"}
)  # fmt: skip


class StepForm(msgspec.Struct):
    """A step's form before anything is filled in."""

    case: CaseRow
    title: str
    number: str
    state_name: str
    next_actor: str
    step: Step
    fields: tuple[Field, ...]
    initial: dict[str, Any]
    options: dict[str, Options]
    stages: list[tuple[str, str, int]]
    blocked: str = ""
    needs: str = ""
    about: list[Shown] = []
    about_title: str = ""
    amended: tuple[Field, ...] = ()
    amended_initial: dict[str, Any] = {}
    similar: list[dict[str, Any]] = []
    same_site: SiteHistory | None = None


def prepare_form(
    site: Site, actor: Actor, case_id: int, step_code: str, *, event: int = 0, words: str = ""
) -> StepForm:
    """Read a case and make the form of one step.

    In: ``event``, the record or request the step is about; ``words``, what to look for among
    possible duplicates. Errors: NotFound, Forbidden, Refused ``unknown_step``, ``wrong_state``.
    """
    with site.store.reading() as connection:
        opened = open_case(connection, site, actor, case_id)
        case, kind, life = opened.case, opened.kind, opened.life
        workflow.destination(kind, case.state, step_code)
        step = kind.step_by_code[step_code]
        gate.check_right(site, actor, step, life, case)
        if not actions.is_offered(site, actor, case, kind, life, step):
            raise Forbidden(f"本件目前没有可供“{step.zh}”处理的内容，可能已经处理。未作任何改动。")
        found = {a.step: a for a in actions.possible_actions(site, actor, case, kind, life, site.today())}
        action = found[step_code]
        form = StepForm(
            case=case, title=_title(life), number=_number(case),
            state_name=kind.state_by_code[case.state].zh, next_actor=next_actor(site, opened),
            step=step, fields=step.fields, initial=_initial(site, opened, step, event),
            options=_options(site, actor, opened, step), stages=_stages(step, life),
            blocked=action.blocked, needs=action.needs,
        )  # fmt: skip
        if kind.advice:
            form.same_site = history_of_case(connection, site, actor, kind, case_id)
        _about(site, opened, form, event)
        if step.effect == "merge":
            form.similar = _similar(connection, site, actor, case_id, words)
    return form


def fields_of(
    site: Site, actor: Actor, case_id: int, step_code: str
) -> tuple[tuple[Field, ...], dict[str, Any]]:
    """Give a step's fields and the case's present values, whether or not it is possible now.

    Errors: NotFound outside the scope; Refused ``unknown_step``.
    """
    with site.store.reading() as connection:
        opened = open_case(connection, site, actor, case_id)
    step = opened.kind.step_by_code.get(step_code)
    if step is None:
        raise Refused("unknown_step", f"没有名为 {step_code[:40]} 的步骤，未作任何改动。")
    return step.fields, current_values(opened.life)


def is_note(site: Site, actor: Actor, case_id: int, step_code: str) -> bool:
    """Whether a step only leaves a note: it neither moves the case nor answers a request."""
    with site.store.reading() as connection:
        opened = open_case(connection, site, actor, case_id)
    step = opened.kind.step_by_code.get(step_code)
    return step is not None and step.sort == "note" and step.effect == "chase"


def amended_of(
    site: Site, actor: Actor, case_id: int, seq: int
) -> tuple[tuple[Field, ...], dict[str, Any]]:
    """Give the fields of a record that a correction may put right, and what stands in them.

    NotFound outside the scope; nothing for a record that does not stand.
    """
    with site.store.reading() as connection:
        opened = open_case(connection, site, actor, case_id)
    found = next((event for event in opened.standing if event.seq == seq), None)
    return _record_fields(opened, found) if found else ((), {})


def _record_fields(opened: Opened, event: Event) -> tuple[tuple[Field, ...], dict[str, Any]]:
    step = opened.kind.step_by_code.get(event.step)
    skipped = ("units", "case", "list", "event")
    fields = tuple(
        field
        for field in (step.fields if step else ())
        if field.type not in skipped and field.code != "number"
    )
    facts = event.facts
    old = {**facts.get("fields", {}), **{k: facts[k] for k in _TRACKS if k in facts}}
    return fields, {field.code: old[field.code] for field in fields if field.code in old}


def differing(
    fields: Sequence[Field], initial: Mapping[str, Any], raw: Mapping[str, Any], tree: UnitTree
) -> dict[str, Any]:
    """Give the raw values that, once cleaned, differ from what stands; bad ones are the gate's."""
    found = {}
    for field in fields:
        if field.code not in raw:
            continue
        try:
            same = clean_value(field, raw[field.code], tree) == initial.get(field.code)
        except Bad:
            same = False
        if not same:
            found[field.code] = raw[field.code]
    return found


def _number(case: CaseRow) -> str:
    return f"{case.number}-{case.part}" if case.part else case.number


def _title(life: Life) -> str:
    text = next((life.fields[c] for c in ("title", "content", "problem") if life.fields.get(c)), "")
    return " ".join(str(text).split())[:60]


def _similar(
    connection: Connection, site: Site, actor: Actor, case_id: int, words: str
) -> list[dict[str, Any]]:
    return finding.similar_cases(connection, site, actor, case_id, words)


def current_values(life: Life) -> dict[str, Any]:
    """Give the case's present value of each field and track, as a form shows it first."""
    values = dict(life.fields)
    values.update(types=list(life.types), weight=life.weight, units=[list(p) for p in life.parties])
    if life.verdict:
        values["verdict"] = life.verdict
    if life.progress:
        values["progress"] = life.progress
    values.pop("outcomes", None)
    return values


def _initial(site: Site, opened: Opened, step: Step, event: int) -> dict[str, Any]:
    now = current_values(opened.life)
    shown = {f.code: now[f.code] for f in step.fields if f.initial and f.code in now}
    if step.effect == "plan" and not opened.life.fields.get(MILESTONES):
        shown[MILESTONES] = usual_plan(opened.kind.milestones, site.today().year)
    if any(field.type == "event" for field in step.fields):
        wanted = {actions.SETTLING.get(step.effect, "")}
        if step.effect == "withdraw_request":
            wanted = set(WITHDRAWABLE)
        asks = [seq for seq, ask in opened.life.pending.items() if ask["sort"] in wanted]
        if event:
            shown["event"] = event
        elif len(asks) == 1:
            shown["event"] = asks[0]
    return shown


def _options(site: Site, actor: Actor, opened: Opened, step: Step) -> dict[str, Options]:
    found: dict[str, Options] = {}
    for field in step.fields:
        if field.words == "clocks":
            found[field.code] = actions.clock_choices(opened.kind, opened.life, step.effect)
        elif field.words == "regions":
            found[field.code] = regions(site)
        elif field.words == "milestones":
            found[field.code] = _open_miles(opened)
        elif field.type == "list":
            found[field.code] = _lists(site, actor, opened, step)
        elif field.type == "event":
            found[field.code] = _events(opened, step)
    return found


def _open_miles(opened: Opened) -> Options:
    miles = miles_of(opened.life.fields)
    return [(mile.code, mile.title) for mile in miles if mile.done_on is None]


def regions(site: Site) -> Options:
    """Give the districts a case may lie in."""
    return [(unit.name, unit.name) for unit in site.tree.tops() if unit.kind == "district"]


def _lists(site: Site, actor: Actor, opened: Opened, step: Step) -> Options:
    on: Iterable[str] = opened.life.lists
    if step.effect == "advance":
        on = actions.open_placements(opened.kind, opened.life)
    return [
        (row.code, row.title)
        for row in site.lists.values()
        if row.code != opened.case.list_code
        and (row.code in on) == (step.effect in ("unplace", "advance"))
        and row.unit_path.startswith(actor.scope_path)
    ]


def _events(opened: Opened, step: Step) -> Options:
    wanted = actions.SETTLING.get(step.effect)
    if step.effect == "withdraw_request":
        waiting = opened.life.pending.values()
        events = [a["event"] for a in waiting if a["sort"] in WITHDRAWABLE]
    elif wanted:
        events = [a["event"] for a in opened.life.pending.values() if a["sort"] == wanted]
    else:
        events = actions.correctable(opened.standing)
    return [(str(event.seq), _event_line(opened.kind, event)) for event in events]


def _event_line(kind: Kind, event: Event) -> str:
    return f"第 {event.seq} 条 {event.effective_on} {step_name(kind, event.step)}"


def _stages(step: Step, life: Life) -> list[tuple[str, str, int]]:
    """Give (stage, name, how many are asked for) of the files the form takes."""
    needed = {need.stage: need.least for need in step.evidence}
    if step.effect in _NO_FILES:
        return []
    stages = list(EVIDENCE_STAGES) if step.by == "handler" and not step.effect else ["document"]
    order = sorted({*stages, *needed}, key=lambda stage: (stage not in needed, stage == "document"))
    return [(stage, EVIDENCE_STAGES[stage][0], needed.get(stage, 0)) for stage in order]


def _about(site: Site, opened: Opened, form: StepForm, event: int) -> None:
    """Show the request that is answered, or the record that is put right."""
    seq = int(form.initial.get("event") or event or 0)
    found = next((e for e in opened.standing if e.seq == seq), None)
    if found is None:
        return
    form.about_title = _event_line(opened.kind, found)
    form.about = fact_texts(opened.kind, found.step, found.facts, site.tree)
    if form.step.effect != "ask_correction":
        return
    form.amended, form.amended_initial = _record_fields(opened, found)
