"""The buttons of a case: the steps an actor may take now, asked of the same functions as the gate.

A step that role and relation do not allow is no button; one that a rule holds back is shown with
the reason; evidence still missing is named, since the step's own form takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

import msgspec

from ecoissues.core import rules, workflow
from ecoissues.core.errors import Refused
from ecoissues.core.events import Event
from ecoissues.core.kinds import Kind, Step
from ecoissues.core.life import Life
from ecoissues.core.policy import Actor
from ecoissues.core.vocabulary import word
from ecoissues.services import gate
from ecoissues.services.effects import is_correctable
from ecoissues.services.proposing import proposed
from ecoissues.services.recording import CaseRow
from ecoissues.services.requests import WITHDRAWABLE
from ecoissues.services.site import Site


class Action(msgspec.Struct, frozen=True):
    """One button. ``blocked``: why it cannot be pressed now; ``needs``: files it still asks for;
    ``one_press``: taken at once, without a form (催办)."""

    step: str
    label: str
    sort: str
    hint: str = ""
    blocked: str = ""
    needs: str = ""
    moves: bool = False
    back: bool = False
    one_press: bool = False


#: Effects answered from the list of pending requests, not from the row of buttons.
SETTLING: Final = {
    "extend": "extension", "refuse_extension": "extension", "correct": "correction",
    "refuse_correction": "correction", "answer": "instruction", "move_on": "move",
    "refuse_move": "move", "suspend": "suspension", "refuse_suspension": "suspension",
    "answer_order": "order",
}  # fmt: skip


def possible_actions(
    site: Site, actor: Actor, case: CaseRow, kind: Kind, life: Life, today: date
) -> list[Action]:
    """Give the buttons in the document's order, moving steps first.

    In: a case with its standing. The same checks as the gate: workflow, policy, merge, effect,
    obligations, other person, bound, waiting period.
    """
    found = []
    for step in workflow.possible_steps(kind, case.state):
        if not is_offered(site, actor, case, kind, life, step):
            continue
        found.append(
            Action(
                step.code, step.zh, step.sort, step.hint, _blocked(step, life, actor, today),
                missing_files(step, life), bool(step.to), step.sort == "back",
                step.effect == "chase",
            )
        )  # fmt: skip
    return sorted(found, key=_place)


def _place(action: Action) -> int:
    """Steps that lead on first, then those that lead back, notes, and last what ends the case."""
    if action.sort == "end":
        return 3
    return 2 if not action.moves else (1 if action.back else 0)


def is_offered(
    site: Site, actor: Actor, case: CaseRow, kind: Kind, life: Life, step: Step
) -> bool:
    """Whether the step is this actor's to take at all on the case as it stands."""
    if step.effect == "register":
        return False
    try:
        gate.check_right(site, actor, step, life, case)
    except Refused:
        return False
    if life.merged_into is not None and step.effect not in gate.ON_MERGED:
        return False
    applies = APPLIES.get(step.effect)
    return applies is None or applies(site, kind, life, case, step)


def _blocked(step: Step, life: Life, actor: Actor, today: date) -> str:
    checks: Sequence[Callable[[], None]] = (
        lambda: rules.check_obligations(step, life),
        lambda: rules.check_other_person(step, life, actor.name),
        lambda: rules.check_bound(step, life),
        lambda: rules.check_wait(step, life, today),
    )
    for check in checks:
        try:
            check()
        except Refused as refused:
            return refused.sentence.removesuffix("未作任何改动。")
    return ""


def missing_files(step: Step, life: Life, facts: dict[str, Any] | None = None) -> str:
    """Name the files a step still asks for, "" when it asks for none."""
    missing = rules.missing_evidence(step, life, facts or {})
    return "、".join(f"{word('evidence_stages', need.stage)} {n} 份" for need, n in missing)


def _has_pending(
    _site: Site, _kind: Kind, life: Life, _case: CaseRow, step: Step
) -> bool:
    wanted = SETTLING[step.effect]
    return any(ask["sort"] == wanted for ask in life.pending.values())


def _can_ask(_site: Site, kind: Kind, life: Life, _case: CaseRow, step: Step) -> bool:
    return bool(clock_choices(kind, life, step.effect)) and not any(
        ask["sort"] == step.effect.removeprefix("ask_") for ask in life.pending.values()
    )


def _can_resume(_site: Site, kind: Kind, life: Life, _case: CaseRow, step: Step) -> bool:
    return bool(clock_choices(kind, life, step.effect))


def _has_proposal(site: Site, kind: Kind, life: Life, _case: CaseRow, _step: Step) -> bool:
    return any(proposed(site, kind, face, life.fields) for face in life.running())


def _may_withdraw(_site: Site, _kind: Kind, life: Life, _case: CaseRow, _step: Step) -> bool:
    return any(ask["sort"] in WITHDRAWABLE for ask in life.pending.values())


def clock_choices(kind: Kind, life: Life, effect: str) -> list[tuple[str, str]]:
    """Give (code, name) of the clocks that a step of an effect may name now."""
    by_code = kind.clock_by_code
    if effect == "resume":
        faces = [face for face in life.clocks.values() if face.suspended and not face.met_on]
    else:
        faces = list(life.running())
    allowed = {"ask_extension": "extension", "ask_suspension": "suspension"}.get(effect, "")
    return [
        (face.code, by_code[face.code].zh)
        for face in faces
        if face.code in by_code and (not allowed or getattr(by_code[face.code], allowed))
    ]


def _no_correction_waits(
    _site: Site, _kind: Kind, life: Life, _case: CaseRow, _step: Step
) -> bool:
    return not any(ask["sort"] == "correction" for ask in life.pending.values())


def _is_merged(_site: Site, _kind: Kind, life: Life, _case: CaseRow, _step: Step) -> bool:
    return life.merged_into is not None


def _is_placed(_site: Site, _kind: Kind, life: Life, _case: CaseRow, _step: Step) -> bool:
    return bool(life.lists)


def open_placements(kind: Kind, life: Life) -> list[str]:
    """Give the lists on which a case's own standing may still move."""
    return [
        code for code in life.lists
        if kind.placed_after(own.state if (own := life.placements.get(code)) else "")
    ]  # fmt: skip


def _can_advance(_site: Site, kind: Kind, life: Life, _case: CaseRow, _step: Step) -> bool:
    return bool(open_placements(kind, life))


def _has_other_list(
    site: Site, _kind: Kind, life: Life, case: CaseRow, _step: Step
) -> bool:
    return any(row.code not in (case.list_code, *life.lists) for row in site.lists.values())


def _can_go_on(site: Site, kind: Kind, life: Life, case: CaseRow, step: Step) -> bool:
    waits = any(ask["sort"] == "move" for ask in life.pending.values())
    return not waits and _has_other_list(site, kind, life, case, step)


APPLIES: Final[dict[str, Callable[[Site, Kind, Life, CaseRow, Step], bool]]] = {
    **dict.fromkeys(SETTLING, _has_pending),
    "ask_extension": _can_ask,
    "ask_suspension": _can_ask,
    "resume": _can_resume,
    "recount": _has_proposal,
    "withdraw_request": _may_withdraw,
    "ask_correction": _no_correction_waits,
    "ask_move": _can_go_on,
    "unmerge": _is_merged,
    "unplace": _is_placed,
    "place": _has_other_list,
    "advance": _can_advance,
}


def correctable(standing: Sequence[Event]) -> list[Event]:
    """Give the live events that a correction may name."""
    return [event for event in standing if is_correctable(event)]
