"""Moving a case's clocks: what a step starts, resets and promises, and what a correction changes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from ecoissues.core.deadlines import Rule, due_date, stated_date
from ecoissues.core.errors import Refused
from ecoissues.core.events import Event
from ecoissues.core.kinds import Clock, Kind

if TYPE_CHECKING:
    from ecoissues.services.effects import Making


def clock_fact(clock: Clock, op: str, due: date | None, **more: Any) -> dict[str, Any]:
    """Make the fact that moves a clock; it carries what figures need, whatever the kind becomes."""
    return {
        "op": op, "due": due.isoformat() if due else None, "slot": clock.slot,
        "met_by": list(clock.met_by), **more,
    }  # fmt: skip


def move_clocks(making: Making) -> None:
    """Start, reset and promise the clocks the step names."""
    step, life = making.step, making.life
    clocks: dict[str, Any] = {}
    for code in (*step.starts, *step.resets):
        if code in step.starts and code in life.clocks:
            continue  # set once, never restarted
        op = "reset" if code in life.clocks else "set"
        clocks[code] = _counted(making, code, op, making.effective_on, making.kind)
    for code, source in step.promises.items():
        promised = making.values.get(source) or life.fields.get(source)
        if promised:
            op = "reset" if code in life.clocks else "set"
            clocks[code] = _promised(
                making, code, op, source, promised, making.effective_on, making.kind
            )
    if clocks:
        making.facts["clocks"] = clocks


def corrected_clocks(
    making: Making, target: Event, change: dict[str, Any], kind: Kind
) -> dict[str, Any]:
    """Give the clocks of an event as they are with another effective day or another promise.

    In: the event to be amended, the change (``effective_on``, ``facts``), the kind it was written
    under. Due days are facts of
    events, never computed on reading (design 3a), so a correction that moves the day they are
    counted from must carry them. Out: {} where the event's clocks stay as they are.
    """
    step = kind.step_by_code.get(target.step)
    clocks: dict[str, Any] = target.facts.get("clocks", {})
    if step is None or not clocks:
        return {}
    said = change.get("effective_on")
    day = date.fromisoformat(said) if said else target.effective_on
    fields = change.get("facts", {}).get("fields", target.facts.get("fields", {}))
    now = dict(clocks)
    for code, fact in clocks.items():
        source = step.promises.get(code, "")
        promised = fields.get(source) or fact["due"]
        if code in (*step.starts, *step.resets):
            now[code] = _counted(making, code, fact["op"], day, kind)
        elif source and promised:
            now[code] = _promised(making, code, fact["op"], source, promised, day, kind)
    return now if now != clocks else {}


def _counted(making: Making, code: str, op: str, day: date, kind: Kind) -> dict[str, Any]:
    clock = kind.clock_by_code[code]
    rule = Rule(clock.length, clock.unit, roll=clock.roll, counts_first=clock.counts_first)
    deadline = due_date(rule, day, making.site.calendars)
    return clock_fact(
        clock, op, deadline.due, proof=deadline.proof, provisional=deadline.provisional
    )


def _promised(
    making: Making, code: str, op: str, source: str, promised: str, day: date, kind: Kind
) -> dict[str, Any]:
    due = date.fromisoformat(promised)
    if due < day and making.actor.channel not in ("import", "demo"):
        raise Refused(
            "promise_past",
            f"承诺日期 {due} 早于生效日期 {day}，请核对。未作任何改动。",
            errors={source: "承诺日期不能早于生效日期。"},
        )
    deadline = stated_date(due, min(due, day), making.site.calendars)
    return clock_fact(
        kind.clock_by_code[code], op, due, proof=deadline.proof, provisional=False
    )
