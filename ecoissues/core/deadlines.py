"""Counting deadlines: which day is due, and the proof of it (read back in ``proofs``).

Sources: the day on which a period begins does not count, and a last day off may be rolled to the
next workday (民法典 第二百零一条, 第二百零三条; 行政诉讼法 on 期间). A list kind may say otherwise
(公示 counts its first day), so both are part of its rule. What counts as a workday stands in
``calendars``; no clock is read here, days and instants are handed in.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec

from ecoissues.core.calendars import FIRST_YEAR, LAST_YEAR, Calendars
from ecoissues.core.clock_rules import Rule, instant_of, received, text_of
from ecoissues.core.errors import Refused
from ecoissues.core.instants import SHANGHAI
from ecoissues.core.proofs import COUNTED, CountedProof, Origin, Proof, TimedProof, read_proof

_DAY: Final = timedelta(1)


class Deadline(msgspec.Struct, frozen=True):
    """A due day and its proof, which is plain JSON and can be checked alone.

    A counted proof holds ``rule, base, due, calendars`` (year: document version, 0 for a year not
    announced), ``provisional`` and ``days``: one letter (MARKS_OF_LETTERS) per day from the first
    day that could count to the due day. A timed one has ``base_at`` and ``due_at`` instead of days,
    a stated one ``stated`` and ``falls_on``, the kind of the day; ``extends`` or ``resumes`` tell
    what it followed. ``due_at``: the instant of a timed one, else "".
    """

    base: date
    due: date
    provisional: bool
    proof: Proof
    due_at: str = ""


def due_date(
    rule: Rule,
    base: date,
    calendars: Calendars,
    *,
    at: datetime | None = None,
    by: Origin | None = None,
) -> Deadline:
    """Count a deadline from its base day (day of receipt, hand-over, publication).

    In: ``at``, the instant of receipt (aware), where it is known; ``by``, where the rule stands.
    Refused ``bad_date``: the base day lies outside the years that can be meant.
    """
    _sensible(base)
    moved, instant = received(rule, base, at, calendars)
    more: dict[str, Any] = {}
    if moved != base:
        more["received"] = base.isoformat()
    if at is not None and (moved != base or rule.is_timed):
        more["received_at"] = text_of(at)
    if by:
        more["by"] = dict(by)
    if instant is not None:
        return _timed(rule, moved, instant, calendars, (), more)
    return _count(rule, moved, calendars, frozenset(), more)


def stated_date(
    due: date, base: date, calendars: Calendars, *, by: Origin | None = None, words: str = ""
) -> Deadline:
    """Take a promised date as it is; nothing is counted, nothing rolled, and the proof says so.

    In: ``words``, the text it was read from (``promised_dates``), where it was not written as a day.

    Refused ``bad_date``: not a sensible year, or the promise lies before its base day.
    """
    more: dict[str, Any] = {"words": words} if words else {}
    return _stated(due, base, calendars, **more, **({"by": dict(by)} if by else {}))


def extend(
    deadline: Deadline,
    new_due: date,
    calendars: Calendars,
    *,
    asked_on: date | None = None,
    limit: Rule | None = None,
    roll: bool = False,
) -> Deadline:
    """Move a deadline to an approved later day; the proof names the day it extends.

    In: the day the extension was asked for and the kind's longest extension, counted from the
    day it extends; None leaves either unchecked. ``roll``: an approved day off moves to the next
    workday, beyond the limit if need be.
    Refused ``after_expiry`` (asked after the due day), ``not_later``, ``beyond_limit``.
    Source: 延期须届满前申请 (rules of the 12345 and 信访 offices).
    """
    if asked_on is not None and asked_on > deadline.due:
        sentence = f"期限已于 {deadline.due} 届满，{asked_on} 不能再申请延期，原期限不变。"
        raise Refused("after_expiry", sentence, due=f"{deadline.due}", asked_on=f"{asked_on}")
    if new_due <= deadline.due:
        sentence = f"延期后的日期 {new_due} 不晚于现期限 {deadline.due}，原期限不变。"
        raise Refused("not_later", sentence, due=f"{deadline.due}", new_due=f"{new_due}")
    if limit is not None:
        latest = due_date(limit, deadline.due, calendars).due
        if new_due > latest:
            sentence = f"延期至 {new_due} 超过最长可延至的 {latest}，原期限不变。"
            raise Refused("beyond_limit", sentence, latest=f"{latest}", new_due=f"{new_due}")
    more: dict[str, Any] = {"extends": deadline.due.isoformat()}
    if roll and not calendars.is_workday(new_due):
        more["rolled_from"] = new_due.isoformat()
        new_due = calendars.next_workday(new_due)
    if deadline.proof.get("by"):
        more["by"] = deadline.proof["by"]
    return _stated(new_due, deadline.base, calendars, **more)


def resume(
    deadline: Deadline,
    suspended_on: date,
    resumed_on: date,
    calendars: Calendars,
    *,
    instants: tuple[datetime, datetime] | None = None,
) -> Deadline:
    """Give the deadline that goes on after a suspension.

    Paused are the day of suspension and those after it, before the day of resumption, which counts
    again. A counted deadline is counted anew around them; a stated one moves by as many days; a
    timed one by the time between ``instants`` (None: from and to the beginning of those days).
    Refused ``after_expiry`` (suspended after the due day), ``bad_pause`` (the days out of order).
    """
    if suspended_on > deadline.due:
        sentence = f"期限已于 {deadline.due} 届满，{suspended_on} 不能再中止，原期限不变。"
        raise Refused("after_expiry", sentence, due=f"{deadline.due}")
    _sensible(resumed_on)
    if not deadline.base <= suspended_on <= resumed_on:
        sentence = f"中止日 {suspended_on}、恢复日 {resumed_on} 前后不符，原期限不变。"
        raise Refused("bad_pause", sentence, base=f"{deadline.base}")
    record = read_proof(deadline.proof)
    more = _kept(deadline.proof)
    if isinstance(record, TimedProof):
        start, end = instants or (_midnight(suspended_on), _midnight(resumed_on))
        pause = (text_of(start), text_of(max(start, end)))
        base = instant_of(record.base_at)
        return _timed(record.rule, record.base, base, calendars, (*record.pauses, pause), more)
    if not isinstance(record, CountedProof):
        moved = {"due": f"{deadline.due}", "from": f"{suspended_on}", "to": f"{resumed_on}"}
        later = deadline.due + (resumed_on - suspended_on)
        return _stated(later, deadline.base, calendars, resumes=moved, **more)
    offset = (suspended_on - record.first).days
    pauses = range(max(offset, 0), (resumed_on - record.first).days)
    return _count(record.rule, record.base, calendars, record.paused | frozenset(pauses), more)


def recount(
    proof: Proof, calendars: Calendars, rule: Rule | None = None, by: Origin | None = None
) -> Deadline | None:
    """Count a proof again with the calendars (and the rule) of today; None when nothing changes.

    The answer is a proposal to accept, never applied unasked. Pauses are kept; a stated date
    never changes. Refused ``bad_proof``: the proof cannot be read.
    """
    record = read_proof(proof)
    if not isinstance(record, CountedProof | TimedProof):
        return None
    rule = rule or record.rule
    more = _kept(proof)
    if by:
        more["by"] = dict(by)
    base, instant = record.received or record.base, None
    at = instant_of(record.received_at) if record.received_at else None
    if rule.receipt or rule.is_timed:
        base, instant = received(rule, base, at, calendars)
    if record.received is not None and base == record.received:
        more.pop("received", None)
    elif base != (record.received or record.base):
        more["received"] = (record.received or record.base).isoformat()
    if isinstance(record, TimedProof) != rule.is_timed:
        return None  # days became hours or the other way round: a matter for a new start
    if instant is not None:
        pauses = record.pauses if isinstance(record, TimedProof) else ()
        fresh = _timed(rule, base, instant, calendars, pauses, more)
    else:
        assert isinstance(record, CountedProof)
        # Pauses are days of the wall calendar: they stay where they were, whatever the base.
        first = base if rule.counts_first else base + _DAY
        shift = (record.first - first).days
        paused = frozenset(at + shift for at in record.paused if at + shift >= 0)
        fresh = _count(rule, base, calendars, paused, more)
    return None if fresh.proof == proof else fresh


def deadline_of(proof: Proof) -> Deadline:
    """Give the deadline that a kept proof is of. Refused ``bad_proof``: it cannot be read."""
    record = read_proof(proof)
    due_at = record.due_at if isinstance(record, TimedProof) else ""
    return Deadline(record.base, record.due, record.provisional, proof, due_at)


def _kept(proof: Proof) -> dict[str, Any]:
    return {name: proof[name] for name in ("received", "received_at", "by") if name in proof}


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def _until_counted(
    first: date, length: int, calendars: Calendars, unit: str, paused: frozenset[int]
) -> str:
    """The letters from ``first`` to the day on which ``length`` days have counted."""
    size = length * 2 + len(paused) + 16
    while True:
        letters = "n" * size if unit == "days" else calendars.letters(first, size)
        if paused:
            marked = ("p" if at in paused else letter for at, letter in enumerate(letters))
            letters = "".join(marked)
        left = length
        for at, letter in enumerate(letters, 1):
            if letter in COUNTED:
                left -= 1
                if not left:
                    return letters[:at]
        size *= 2


def _count(
    rule: Rule, base: date, calendars: Calendars, paused: frozenset[int], more: dict[str, Any]
) -> Deadline:
    """Count around the paused days, given as offsets from the first day that could count."""
    first = base if rule.counts_first else base + _DAY
    letters = _until_counted(first, rule.length, calendars, rule.unit, paused)
    looked_from = first
    due = first + timedelta(len(letters) - 1)
    if rule.roll:
        if rule.unit == "days":
            looked_from = due
        last = len(letters) - 1
        later = frozenset(at - last for at in paused if at >= last)
        tail = _until_counted(due, 1, calendars, "workdays", later)[1:]
        letters += "".join("p" if letter == "p" else "r" for letter in tail)
        due += timedelta(len(tail))
    years = set[int]()
    if rule.roll or rule.unit == "workdays":
        years.update(range(looked_from.year, due.year + 1))
    if "received" in more:
        years.update(range(int(more["received"][:4]), base.year + 1))
    provisional = not all(map(calendars.is_known, years))
    proof = {
        "rule": rule.record(),
        "base": base.isoformat(),
        "due": due.isoformat(),
        "calendars": calendars.versions(years),
        "provisional": provisional,
        "days": letters,
        **more,
    }
    return Deadline(base, due, provisional, proof)


def _timed(
    rule: Rule, base: date, at: datetime, calendars: Calendars,
    pauses: tuple[tuple[str, str], ...], more: dict[str, Any],
) -> Deadline:  # fmt: skip
    """Count hours or minutes from an instant, around the pauses."""
    stood = (instant_of(end) - instant_of(start) for start, end in pauses)
    due_at = at + rule.span + sum(stood, timedelta())
    due = due_at.astimezone(SHANGHAI).date()
    years = range(int(more["received"][:4]), base.year + 1) if "received" in more else ()
    provisional = not all(map(calendars.is_known, years))
    proof = {
        "rule": rule.record(),
        "base": base.isoformat(),
        "base_at": text_of(at),
        "due": due.isoformat(),
        "due_at": text_of(due_at),
        "calendars": calendars.versions(years),
        "provisional": provisional,
        "pauses": [list(pause) for pause in pauses],
        **more,
    }
    return Deadline(base, due, provisional, proof, proof["due_at"])


def _stated(due: date, base: date, calendars: Calendars, **origin: Any) -> Deadline:
    _sensible(base)
    _sensible(due)
    if due < base:
        sentence = f"期限 {due} 早于起算日 {base}，期限未设定。"
        raise Refused("bad_date", sentence, due=f"{due}", base=f"{base}")
    origin.pop("received", None)
    origin.pop("received_at", None)
    proof = {
        "stated": True,
        "base": base.isoformat(),
        "due": due.isoformat(),
        "calendars": calendars.versions([due.year]),
        "provisional": False,
        "falls_on": calendars.day_kind(due),
        **origin,
    }
    return Deadline(base, due, False, proof)


def _sensible(day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Refused("bad_date", f"日期 {day} 的年份有误，期限未设定。", date=f"{day}")
