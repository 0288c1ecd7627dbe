"""Moving a case's clocks: what a step starts, resets and promises, and what a correction changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from ecoissues.core.deadlines import Deadline, due_date, stated_date
from ecoissues.core.errors import Refused
from ecoissues.core.events import Event
from ecoissues.core.instants import day_of, instant_text
from ecoissues.core.kinds import Clock, Kind
from ecoissues.core.promised_dates import month_end
from ecoissues.services.proposing import origin_of

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
    again = step.restarts if life.step_counts.get(step.code) else ()
    for code in (*step.starts, *step.resets, *again):
        if code in step.starts and code in life.clocks:
            continue  # set once, never restarted
        op = "reset" if code in life.clocks else "set"
        at = _instant(making)
        fields = {**life.fields, **making.values}
        clocks[code] = _counted(making, code, op, making.effective_on, making.kind, at, fields)
    for code, source in step.promises.items():
        promised = making.values.get(source) or life.fields.get(source)
        words = ""
        if not promised and source in step.reads:
            words, promised = _read(making, step.reads[source])
        if promised:
            op = "reset" if code in life.clocks else "set"
            clocks[code] = _promised(
                making, code, op, source, promised, making.effective_on, making.kind, words
            )
            if words:  # what was read stands beside the words, for lists and ledgers
                making.facts.setdefault("fields", {})[source] = promised
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
        if code in (*step.starts, *step.resets, *step.restarts):
            said_by = {**making.life.fields, **target.facts.get("fields", {}), **fields}
            at = _recorded(target, day)
            now[code] = _counted(making, code, fact["op"], day, kind, at, said_by)
        elif source and promised and fact["op"] in ("set", "reset"):
            now[code] = _promised(making, code, fact["op"], source, promised, day, kind)
    return now if now != clocks else {}


def _recorded(event: Event, day: date) -> datetime | None:
    """Give the instant an event was recorded at, if it took effect that day."""
    same = bool(event.recorded_at) and day_of(event.recorded_at) == day
    return datetime.fromisoformat(event.recorded_at) if same else None


def deadline_fact(clock: Clock, op: str, deadline: Deadline, **more: Any) -> dict[str, Any]:
    """Make the fact that gives a clock a deadline with its proof."""
    if deadline.due_at:
        more["due_at"] = deadline.due_at
    return clock_fact(
        clock, op, deadline.due, proof=deadline.proof, provisional=deadline.provisional, **more
    )


def _counted(
    making: Making, code: str, op: str, day: date, kind: Kind, at: datetime | None,
    fields: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    clock = kind.clock_by_code[code]
    deadline = due_date(
        clock.rule(fields), day, making.site.calendars, at=at, by=origin_of(kind, clock)
    )
    return deadline_fact(clock, op, deadline)


def _instant(making: Making) -> datetime | None:
    """Give the instant of a step: now, if it takes effect today; of an earlier day only the day is
    known."""
    now = making.site.now()
    return now if making.effective_on == day_of(instant_text(now)) else None


def _promised(
    making: Making, code: str, op: str, source: str, promised: str, day: date, kind: Kind,
    words: str = "",
) -> dict[str, Any]:
    due = date.fromisoformat(promised)
    if due < day and making.actor.channel not in ("import", "demo"):
        raise Refused(
            "promise_past",
            f"承诺日期 {due} 早于生效日期 {day}，请核对。未作任何改动。",
            errors={source: "承诺日期不能早于生效日期。"},
        )
    clock = kind.clock_by_code[code]
    by = origin_of(kind, clock)
    deadline = stated_date(due, min(due, day), making.site.calendars, by=by, words=words)
    return deadline_fact(clock, op, deadline)


def _read(making: Making, source: str) -> tuple[str, str]:
    """Read the last day that the words of a field allow; ("", "") where they name none
    (立行立改, 长期坚持)."""
    words = str(making.values.get(source) or making.life.fields.get(source) or "")
    day = month_end(words) if words else None
    return (words, day.isoformat()) if day else ("", "")
