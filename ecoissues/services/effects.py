"""What a step does beside moving the state: one small function for each effect of a kind document.

Each takes the step in the making (``Making``), checks what only it knows, and adds facts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from ecoissues.core import milestones, rules
from ecoissues.core.errors import Refused
from ecoissues.core.events import CORRECTIONS, MOVE_STEP, Event, live
from ecoissues.core.kind_fields import MILESTONES, REACHED
from ecoissues.core.kind_moves import versions_of
from ecoissues.core.kinds import Kind, Step
from ecoissues.core.life import Life
from ecoissues.core.policy import Actor
from ecoissues.services.clock_effects import CLOCK_EFFECTS
from ecoissues.services.clocks import corrected_clocks
from ecoissues.services.recording import CaseRow, Draft
from ecoissues.services.requests import keep_asked, pending, refuse_second, withdraw
from ecoissues.services.site import Site

#: Steps no correction can name: corrections themselves, and a move, which another move takes back.
FIXED: Final = CORRECTIONS | {MOVE_STEP}

#: Facts of events that no correction can name: requests are answered or withdrawn, a case that went
#: on is a case of its own, and what follows a main case is corrected there.
_KEPT: Final = ("asks", "moved_to", "follows")


def is_correctable(event: Event) -> bool:
    """Tell whether a correction may name an event."""
    return event.step not in FIXED and not any(name in event.facts for name in _KEPT)


class Making(msgspec.Struct):
    """A step in the making: everything known about it, and the facts it will carry."""

    site: Site
    connection: Connection
    actor: Actor
    case: CaseRow
    kind: Kind
    step: Step
    life: Life
    events: list[Event]
    standing: list[Event]
    values: dict[str, Any]
    effective_on: date
    facts: dict[str, Any]
    target: str
    event_step: str = ""  # the name under which it is recorded, if not the step's own
    followers: list[int] = []  # ids of the cases merged into this one, held until commit


def kinds_of(making: Making) -> dict[int, Kind]:
    """Give the kind in force from each sequence number of the case on."""
    case = making.case
    return {
        since: making.site.kind_of(case.kind, version)
        for since, version in versions_of(making.events, case.kind_version)
    }


def kind_at(making: Making, seq: int) -> Kind:
    """Give the kind under which an event was written."""
    kinds = kinds_of(making)
    return kinds[max(since for since in kinds if since <= seq)]


def _assign(making: Making) -> None:
    """Set the parties. An office moves those within its scope; the others stay as they are."""
    parties = making.values.get("units")
    if not parties:
        return
    tree, scope = making.site.tree, making.actor.scope_path
    accused = [list(party) for party in making.life.parties if party[1] == "accused"]
    outside: list[list[str]] = []
    if making.step.by == "superior":
        outside = [
            [code, part]
            for code, part in making.life.parties
            if part != "accused" and not tree.by_code[code].path.startswith(scope)
        ]
    for code, party in parties:
        unit = tree.by_code[code]
        is_new = [code, party] not in outside
        if making.step.by == "superior" and is_new and not unit.path.startswith(scope):
            raise Refused(
                "unit_out_of_scope",
                f"“{unit.name}”不在您的管辖范围内，不能改派给它。未作任何改动。",
                errors={"units": "只能选择本辖区内的单位。"},
            )
    parties = _beside(parties, outside)
    named = {code for code, _ in parties}
    rules.check_handlers([*parties, *accused], tree)
    making.facts["parties"] = parties + [party for party in accused if party[0] not in named]


def _beside(parties: list[list[str]], outside: list[list[str]]) -> list[list[str]]:
    """Add the parties of other districts, which an office can neither drop nor change.

    Where one of them leads, the office's own first unit works jointly with it.
    """
    own = [party for party in parties if party not in outside]
    if any(part == "lead" for _, part in outside):
        own = [[code, "joint" if part == "lead" else part] for code, part in own]
    order = ("lead", "joint", "supervising", "accused")
    return sorted(own + outside, key=lambda party: (order.index(party[1]), party[0]))


def _place(making: Making) -> None:
    code = _other_list(making)
    if code in making.life.lists:
        raise Refused("placed_already", "本件已在该清单中，未作任何改动。")
    making.facts["placed"] = code
    if making.kind.placed_states:
        first = making.kind.placed_states[0]
        making.facts["placement"] = {"list": code, "state": first.code, "phase": first.phase}


def _unplace(making: Making) -> None:
    code = _other_list(making)
    if code not in making.life.lists:
        raise Refused("not_placed", "本件不在该清单中，未作任何改动。")
    making.facts["unplaced"] = code


def _advance(making: Making) -> None:
    """Move the standing on one list; it shows no other list and does not move the case."""
    code, wanted = _other_list(making), making.values.pop("standing")
    if code not in making.life.lists:
        raise Refused("not_placed", "本件不在该清单中，未作任何改动。")
    own = making.life.placements.get(code)
    rules.check_placement(making.kind, own.state if own else "", wanted)
    state = making.kind.placed_by_code[wanted]
    making.facts["placement"] = {"list": code, "state": state.code, "phase": state.phase}


def _other_list(making: Making) -> str:
    target = making.site.get_list(making.values["list_code"])
    if target.code == making.case.list_code:
        raise Refused("home_list", "这是本件的原清单，不能移出或重复列入。未作任何改动。")
    if not target.unit_path.startswith(making.actor.scope_path):
        raise Refused("not_office", f"清单“{target.title}”不由本单位管理，未作任何改动。")
    return target.code


def _ask_correction(making: Making) -> None:
    values = making.values
    refuse_second(making, "correction", "更正")
    if "facts" in values:
        values["facts"] = _amended_facts(making, values["event"], values["facts"])
    if values["correction"] == "amend" and not ({"facts", "effective_on"} & values.keys()):
        raise Refused("nothing_to_amend", "请填写正确的生效日期或正确的内容。未作任何改动。")
    _try_correction(making, values, making.events[-1].seq + 1 if making.events else 1)
    keep_asked(making, "correction")


def _amended_facts(making: Making, seq: int, text: Any) -> dict[str, Any]:
    """Read right facts: a JSON object of the step's fields, cleaned like the step's own form."""
    from ecoissues.core.values import clean_values

    target = next((event for event in making.standing if event.seq == seq), None)
    if target is None:
        raise Refused("no_such_event", f"没有第 {seq} 条记录，或已撤销。未作任何改动。")
    try:
        raw = text if isinstance(text, dict) else msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise Refused(
            "invalid",
            "正确的内容请按“栏目：值”的 JSON 写法填写。未作任何改动。",
            errors={"facts": '写法不对，例如 {"verdict": "不属实"}。'},
        ) from None
    step = kind_at(making, target.seq).step_by_code.get(target.step)
    fields = tuple(f for f in (step.fields if step else ()) if f.code in raw)
    values = clean_values(fields, raw, making.site.tree, "更正")
    _settle_plan(making, values, target.effective_on.year)
    return track_facts(values, kind_at(making, target.seq), target.facts)


#: Fields that move a track of their own.
_TRACKED: Final = ("types", "weight", "verdict", "outcomes", "progress", "satisfaction")


def track_facts(
    values: dict[str, Any], kind: Kind, old: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Turn a form's values into facts: those that move a track, the rest under ``fields``.

    Where a flag of the kind says whether a case is a key one, weight and flag go together.
    """
    flag = kind.weighing
    if flag and flag in values:
        is_key = values[flag] or values.get("weight") == "key"
        values = {**values, flag: is_key, "weight": "key" if is_key else "normal"}
    elif flag and "weight" in values:
        values = {**values, flag: values["weight"] == "key"}
    facts: dict[str, Any] = {}
    fields = dict((old or {}).get("fields", {}))
    for code, value in values.items():
        if code in _TRACKED:
            facts[code] = value
        elif code not in ("units", "target_case", "list_code", "event"):
            fields[code] = value
    if fields:
        facts["fields"] = fields
    return facts


def _struck(standing: list[Event], target: Event) -> list[int]:
    """Give what is struck with an event: with a merge all that came of it, to its end."""
    struck = [target.seq]
    if not target.facts.get("merged_into"):
        return struck
    for event in standing:
        if event.seq > target.seq and event.step not in CORRECTIONS:
            if "follows" in event.facts:
                struck.append(event.seq)
            elif "merged_into" in event.facts:
                return [*struck, event.seq]
    return struck


def _try_correction(making: Making, asked: dict[str, Any], seq: int) -> tuple[Draft, Life]:
    """Make the correction's event and prove that the live sequence stays lawful with it."""
    target = next((e for e in making.standing if e.seq == asked["event"]), None)
    if target is None or not is_correctable(target):
        raise Refused("no_such_event", f"第 {asked['event']} 条不是可更正的记录。未作任何改动。")
    if asked["correction"] == "strike":
        if target.seq == 1:
            raise Refused("registration_kept", "登记记录之后还有记录，不能撤销。未作任何改动。")
        if target.facts.get("merged_into", "") is None:
            # What the main case did since then is missing here.
            raise Refused("unmerge_kept", "撤销并案的记录不能再撤销，请重新并案。未作任何改动。")
        step = "strike"
        facts: dict[str, Any] = {"struck": _struck(making.standing, target)}
    else:
        change: dict[str, Any] = {k: asked[k] for k in ("effective_on", "facts") if k in asked}
        if target.seq == 1 and change.get("effective_on", "") > making.site.today().isoformat():
            raise Refused("future_day", "登记日期不能晚于今天。未作任何改动。")
        clocks = corrected_clocks(making, target, change, kind_at(making, target.seq))
        if clocks:
            change["facts"] = {**change.get("facts", {}), "clocks": clocks}
        step, facts = "amend", {"amended": {"seq": target.seq, **change}}
    trial = Event(
        seq=seq, pos=2**62, step=step, source=making.case.state, target=making.case.state,
        phase=making.life.phase, actor=making.actor.name, role=making.actor.role,
        effective_on=making.effective_on, recorded_at="", facts=facts,
    )  # fmt: skip
    life = rules.check_lawful(kinds_of(making), live([*making.events, trial]), making.site.today())
    return Draft(step, life.state, life.phase, making.effective_on, facts), life


def _correct(making: Making) -> None:
    ask = pending(making, "correction")
    draft, life = _try_correction(making, ask["event"].facts["asked"], making.events[-1].seq + 1)
    if life.merged_into is None:
        making.case.merged_into_id = None  # the merge was struck
    making.facts.update(draft.facts)
    making.facts["asked_by"] = ask["actor"]
    making.target, making.event_step = draft.target, draft.step


def _instruct(making: Making) -> None:
    making.facts["asks"] = "instruction"


def _answer(making: Making) -> None:
    pending(making, "instruction")


def _refuse_correction(making: Making) -> None:
    pending(making, "correction")


def _plan(making: Making) -> None:
    """Set the milestones: the whole plan anew; what was reached stays reached."""
    _settle_plan(making, making.values, making.effective_on.year)


def _settle_plan(making: Making, values: dict[str, Any], year: int) -> None:
    if MILESTONES in values:
        known = making.kind.milestones
        values[MILESTONES] = milestones.settled_plan(values[MILESTONES], known, year)


def _reach(making: Making) -> None:
    """Keep the day a milestone was reached as a field of its own."""
    done_on = making.values.pop("done_on")
    miles = milestones.miles_of(making.life.fields)
    mile = milestones.check_reached(
        miles, making.values.pop("milestone"), making.kind.milestones
    )
    if done_on > making.effective_on.isoformat():
        raise Refused(
            "future_day",
            f"完成日期 {done_on} 晚于生效日期 {making.effective_on}，请核对。未作任何改动。",
            errors={"done_on": "不能晚于生效日期。"},
        )
    making.values[REACHED + mile.code] = done_on


#: Effect -> what it does. ``merge`` and ``unmerge`` stand in ``merging``, which needs other cases.
EFFECTS: Final[dict[str, Callable[[Making], None]]] = {
    "assign": _assign,
    "place": _place,
    "unplace": _unplace,
    "advance": _advance,
    **CLOCK_EFFECTS,
    "withdraw_request": withdraw,
    "ask_correction": _ask_correction,
    "correct": _correct,
    "refuse_correction": _refuse_correction,
    "instruct": _instruct,
    "answer": _answer,
    "plan": _plan,
    "reach": _reach,
}
