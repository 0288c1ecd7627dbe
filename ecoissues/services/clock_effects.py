"""What is asked and decided about clocks: extension, suspension, an accepted proposal, orders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ecoissues.core import policy
from ecoissues.core.clock_rules import Rule, instant_of
from ecoissues.core.deadlines import Deadline, deadline_of, extend, resume, stated_date
from ecoissues.core.errors import Forbidden, Refused
from ecoissues.core.faces import ClockFace
from ecoissues.core.kinds import Clock
from ecoissues.services.clocks import clock_fact, deadline_fact
from ecoissues.services.proposing import proposed
from ecoissues.services.requests import keep_asked, pending, refuse_second

if TYPE_CHECKING:
    from ecoissues.services.effects import Making

#: Channels that bring in what happened before: the day asked is the day they say.
_PAST: Final = ("import", "demo")


def _running(making: Making, code: str, what: str) -> tuple[Clock, ClockFace]:
    clock, face = making.kind.clock_by_code.get(code), making.life.clocks.get(code)
    if clock is None:
        raise Refused("unknown_clock", f"没有时限“{code[:40]}”。未作任何改动。")
    if face is None or face.current is None or face.met_on is not None:
        raise Refused("clock_not_running", f"“{clock.zh}”当前没有在计时，不需{what}。未作任何改动。")
    return clock, face


def asked_on(making: Making) -> date:
    """Give the day a request is made: today, whatever day its form says; an asker who is late must
    not be in time by dating it back."""
    if making.actor.channel in _PAST:
        return making.effective_on
    return max(making.effective_on, making.site.today())


def _standing_deadline(making: Making, face: ClockFace, due: date) -> Deadline:
    """Give the deadline in force as its proof tells it; without one it is a stated date."""
    if face.current_proof.get("due") == due.isoformat():
        return deadline_of(face.current_proof)
    base = min(due, making.life.registered_on or due)
    return stated_date(due, base, making.site.calendars)


def _extended(making: Making, clock: Clock, face: ClockFace, asked_on: date) -> Deadline:
    limit, asked = clock.extension, making.facts.get("asked") or making.values
    if limit is None:
        raise Refused("not_extendable", f"“{clock.zh}”按规定不能延期，未作任何改动。")
    assert face.current is not None
    if sum(op == "extend" for op, _ in face.history) >= limit.times:
        raise Refused("extension_used_up", f"“{clock.zh}”最多延期 {limit.times} 次，已用完。未作任何改动。")
    try:
        return extend(
            _standing_deadline(making, face, face.current), date.fromisoformat(asked["new_due"]),
            making.site.calendars, asked_on=asked_on, limit=Rule(limit.max_days, limit.unit),
            roll=clock.roll,
        )  # fmt: skip
    except Refused as refused:
        code = "extension_too_long" if refused.code == "beyond_limit" else refused.code
        sentence = f"“{clock.zh}”：{refused.sentence}未作任何改动。"
        raise Refused(code, sentence, **refused.facts) from None


def _ask_extension(making: Making) -> None:
    clock, face = _running(making, making.values["clock"], "延期")
    _extended(making, clock, face, asked_on(making))
    refuse_second(making, "extension", "延期")
    keep_asked(making, "extension")


def _extend(making: Making) -> None:
    ask = pending(making, "extension")
    asked: dict[str, Any] = ask["event"].facts["asked"]
    clock, face = _running(making, asked["clock"], "延期")
    by_office = clock.extension is not None and clock.extension.by == "office"
    if by_office and not policy.is_office(making.actor, making.case.list_path):
        raise Forbidden(
            f"“{clock.zh}”的延期按规定由该清单的督察办批准。未作任何改动。", "not_office"
        )
    # It takes effect from the day it was asked (design 3a): a revision, not a late entry.
    making.effective_on = ask["asked_on"]
    making.facts["asked"] = asked
    deadline = _extended(making, clock, face, ask["asked_on"])
    del making.facts["asked"]
    fact = deadline_fact(clock, "extend", deadline, asked=ask["event"].seq)
    making.facts["clocks"] = {clock.code: fact}
    making.facts["asked_by"] = ask["actor"]


def _ask_suspension(making: Making) -> None:
    clock, face = _running(making, making.values["clock"], "中止")
    _check_suspension(clock, face, asked_on(making))
    refuse_second(making, "suspension", "中止")
    keep_asked(making, "suspension")


def _check_suspension(clock: Clock, face: ClockFace, day: date) -> None:
    limit = clock.suspension
    if limit is None:
        raise Refused("not_suspendable", f"“{clock.zh}”按规定不能中止，未作任何改动。")
    assert face.current is not None
    if day > face.current:
        sentence = f"“{clock.zh}”已于 {face.current} 到期，逾期后不能申请中止。未作任何改动。"
        raise Refused("after_expiry", sentence, due=face.current.isoformat())
    if sum(op == "suspend" for op, _ in face.history) >= limit.times:
        raise Refused("suspension_used_up", f"“{clock.zh}”最多中止 {limit.times} 次，已用完。未作任何改动。")


def _suspend(making: Making) -> None:
    ask = pending(making, "suspension")
    asked: dict[str, Any] = ask["event"].facts["asked"]
    clock, face = _running(making, asked["clock"], "中止")
    _check_suspension(clock, face, ask["asked_on"])
    making.effective_on = ask["asked_on"]
    since = ask["event"].recorded_at
    making.facts["clocks"] = {
        clock.code: clock_fact(clock, "suspend", None, asked=ask["event"].seq, since=since)
    }
    making.facts["asked_by"] = ask["actor"]


def _resume(making: Making) -> None:
    code = making.values["clock"]
    clock, face = making.kind.clock_by_code.get(code), making.life.clocks.get(code)
    if clock is None or face is None or not face.suspended or face.met_on is not None:
        raise Refused("clock_not_suspended", "该时限没有中止，不需恢复。未作任何改动。")
    assert face.before is not None
    assert face.suspended_on is not None
    day, most = making.effective_on, clock.suspension.max_days if clock.suspension else 0
    # Days beyond the longest suspension count again: forgetting it buys no time.
    until = min(day, face.suspended_on + timedelta(days=most)) if most else day
    since = face.moves[-1].event
    start = since.facts["clocks"][code].get("since", "") if since else ""
    instants = None
    if face.current_proof.get("due_at") and start:
        first, now = instant_of(start), making.site.now()
        instants = (first, _not_after(now, first, most))
    deadline = resume(
        _standing_deadline(making, face, face.before), face.suspended_on, until,
        making.site.calendars, instants=instants,
    )  # fmt: skip
    making.facts["clocks"] = {clock.code: deadline_fact(clock, "resume", deadline)}


def _not_after(now: datetime, first: datetime, most: int) -> datetime:
    return min(now, first + timedelta(days=most)) if most else now


def _recount(making: Making) -> None:
    """Accept a proposal: what a changed calendar or rule gives today must be what was seen."""
    code, wanted = making.values["clock"], making.values["new_due"]
    clock, face = _running(making, code, "改定")
    found = proposed(making.site, making.kind, face, making.life.fields)
    if found is None or found.deadline.due.isoformat() != wanted:
        raise Refused(
            "proposal_gone", f"“{clock.zh}”现在没有改定为 {wanted} 的建议，请刷新后重试。未作任何改动。"
        )
    more: dict[str, Any] = {"because": found.because}
    if face.original == face.current and face.proof == face.current_proof:
        more["original"] = wanted  # nothing was granted on it: the day itself was provisional
    making.facts["clocks"] = {code: deadline_fact(clock, "recount", found.deadline, **more)}


def _order(making: Making) -> None:
    day = date.fromisoformat(making.values["answer_by"])
    if day < making.effective_on:
        raise Refused(
            "promise_past", f"答复期限 {day} 早于生效日期 {making.effective_on}，请核对。未作任何改动。",
            errors={"answer_by": "答复期限不能早于生效日期。"},
        )  # fmt: skip
    keep_asked(making, "order")


def _escalate(making: Making) -> None:
    """Circulated, advised or summoned: only after an order, and by a person who says why."""
    orders = [step.code for step in making.kind.steps if step.effect == "order"]
    if orders and not any(making.life.step_counts.get(code) for code in orders):
        raise Refused("order_first", f"“{making.step.zh}”之前须先督办。未作任何改动。")


CLOCK_EFFECTS: Final[dict[str, Callable[[Making], None]]] = {
    "ask_extension": _ask_extension,
    "extend": _extend,
    "refuse_extension": lambda making: _settle(making, "extension"),
    "ask_suspension": _ask_suspension,
    "suspend": _suspend,
    "refuse_suspension": lambda making: _settle(making, "suspension"),
    "resume": _resume,
    "recount": _recount,
    "order": _order,
    "answer_order": lambda making: _settle(making, "order"),
    "escalate": _escalate,
}


def _settle(making: Making, sort: str) -> None:
    pending(making, sort)
