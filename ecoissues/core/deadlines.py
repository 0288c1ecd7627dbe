"""Deadlines with their proof: which days were counted, skipped, paused or rolled over, and why.

Sources: the day on which a period begins does not count, and a last day off may be rolled to the
next workday (民法典 第二百零一条, 第二百零三条; 行政诉讼法 on 期间). A list kind may say otherwise
(公示 counts its first day), so both are part of its rule. What counts as a workday stands in
``calendars``; no clock is read here, days are handed in. Two parts: counting, and proofs read back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final, Literal

import msgspec

from ecoissues.core.calendars import FIRST_YEAR, LAST_YEAR, WORKED, Calendars
from ecoissues.core.calendars import month_end as month_end  # promised dates are read with it
from ecoissues.core.errors import Refused

Proof = dict[str, Any]
Light = Literal["green", "yellow", "red"]

#: What each letter of a proof says about its day; the words of the marks are in DAY_MARKS.
MARKS_OF_LETTERS: Final = {
    "c": "counted",
    "n": "counted",
    "m": "makeup",
    "w": "weekend",
    "h": "holiday",
    "p": "paused",
    "r": "rolled",
}
DAY_MARKS: Final[dict[str, tuple[str, str]]] = {
    "counted": ("计入", "Counted"),
    "makeup": ("调休上班日，计入", "Make-up workday, counted"),
    "weekend": ("周末，不计", "Weekend, skipped"),
    "holiday": ("放假，不计", "Holiday, skipped"),
    "paused": ("中止期间，不计", "Paused, skipped"),
    "rolled": ("顺延", "Rolled over"),
    "stated": ("载明的期限", "Stated date"),
}
COUNTED: Final = WORKED | {"n"}

LONGEST: Final = 3660  # ten years; more is a slip in the document
_LONGEST_PROOF: Final = 150_000  # the longest rule and every pause that can be meant
_DAY: Final = timedelta(1)


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a step may take: ``length`` days or workdays from the base day.

    ``roll``: a due day that is no workday moves to the next workday. ``counts_first``: the base
    day itself is day 1 (公示, "含首日"). ValueError when the length is not 1 to 3660.
    """

    length: int
    unit: Literal["days", "workdays"]
    roll: bool = False
    counts_first: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.length <= LONGEST:
            raise ValueError(f"期限长度 {self.length} 应在 1 至 {LONGEST} 之间")


class Deadline(msgspec.Struct, frozen=True):
    """A due day and its proof, which is plain JSON and can be checked alone.

    A counted proof holds ``rule, base, due, calendars`` (year: document version, 0 for a year not
    announced), ``provisional`` and ``days``: one letter (MARKS_OF_LETTERS) per day from the first
    day that could count to the due day. A stated one has ``stated`` instead of rule and days, and
    ``falls_on``, the kind of the day; ``extends`` or ``resumes`` tell what it followed.
    """

    base: date
    due: date
    provisional: bool
    proof: Proof


class Day(msgspec.Struct, frozen=True):
    """One day of a proof: its mark (a key of DAY_MARKS) and, if it counts, which day it is."""

    date: date
    mark: str
    number: int | None = None


def due_date(rule: Rule, base: date, calendars: Calendars) -> Deadline:
    """Count a deadline from its base day (day of receipt, hand-over, publication).

    Refused ``bad_date``: the base day lies outside the years that can be meant.
    """
    return _count(rule, base, calendars, frozenset())


def stated_date(due: date, base: date, calendars: Calendars) -> Deadline:
    """Take a promised date as it is; nothing is counted, nothing rolled, and the proof says so.

    Refused ``bad_date``: not a sensible year, or the promise lies before its base day.
    """
    return _stated(due, base, calendars)


def extend(
    deadline: Deadline,
    new_due: date,
    calendars: Calendars,
    *,
    asked_on: date | None = None,
    limit: Rule | None = None,
) -> Deadline:
    """Move a deadline to an approved later day; the proof names the day it extends.

    In: the day the extension was asked for and the kind's longest extension, counted from the
    day it extends; None leaves either unchecked.
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
    return _stated(new_due, deadline.base, calendars, extends=deadline.due.isoformat())


def resume(
    deadline: Deadline, suspended_on: date, resumed_on: date, calendars: Calendars
) -> Deadline:
    """Give the deadline that goes on after a suspension.

    Paused are the day of suspension and those after it, before the day of resumption, which counts
    again. A counted deadline is counted anew around them; a stated one moves by as many days.
    Refused ``after_expiry`` (suspended after the due day), ``bad_pause`` (the days out of order).
    """
    if suspended_on > deadline.due:
        sentence = f"期限已于 {deadline.due} 届满，{suspended_on} 不能再中止，原期限不变。"
        raise Refused("after_expiry", sentence, due=f"{deadline.due}")
    _sensible(resumed_on)
    if not deadline.base <= suspended_on <= resumed_on:
        sentence = f"中止日 {suspended_on}、恢复日 {resumed_on} 前后不符，原期限不变。"
        raise Refused("bad_pause", sentence, base=f"{deadline.base}")
    if "rule" not in deadline.proof:
        pause = {"due": f"{deadline.due}", "from": f"{suspended_on}", "to": f"{resumed_on}"}
        later = deadline.due + (resumed_on - suspended_on)
        return _stated(later, deadline.base, calendars, resumes=pause)
    counted = msgspec.convert(deadline.proof, CountedProof)
    start = (suspended_on - counted.first).days
    pauses = range(max(start, 0), (resumed_on - counted.first).days)
    return _count(counted.rule, counted.base, calendars, counted.paused | frozenset(pauses))


def recount(proof: Proof, calendars: Calendars) -> Deadline | None:
    """Count a proof again with the calendars of today; None when nothing in it changes.

    The answer is a proposal to accept, never applied unasked. Pauses are kept; a stated date
    never changes. Refused ``bad_proof``: the proof cannot be read.
    """
    counted = _read(proof)
    if isinstance(counted, StatedProof):
        return None
    fresh = _count(counted.rule, counted.base, calendars, counted.paused)
    return None if fresh.proof == proof else fresh


def explain(proof: Proof) -> list[Day]:
    """Unfold a proof to its days, in order, for page, paper and command line.

    Refused ``bad_proof``: the proof cannot be read.
    """
    record = _read(proof)
    if isinstance(record, StatedProof):
        return [Day(record.due, "stated")]
    days, number = [], 0
    for offset, letter in enumerate(record.days):
        counts = letter in COUNTED
        number += counts
        mark = MARKS_OF_LETTERS.get(letter)
        if mark is None:
            raise _unreadable(f"days: {letter!r}")
        days.append(Day(record.first + timedelta(offset), mark, number if counts else None))
    return days


def light(
    due: date | None,
    today: date,
    warn_workdays: int,
    calendars: Calendars,
    met: bool = False,
    suspended: bool = False,
) -> Light:
    """Give a clock's light: red from the day after due, yellow when few workdays remain.

    In: ``warn_workdays``, yellow when at most so many workdays remain after today (0: yellow on
    the due day, -1: never). A met or suspended clock, and none at all, is green.
    """
    if due is None or met or suspended:
        return "green"
    if today > due:
        return "red"
    return "yellow" if workdays_between(today, due, calendars) <= warn_workdays else "green"


def yellow_until(today: date, warn_workdays: int, calendars: Calendars) -> date:
    """Give the last due day that is yellow today, so that a query can ask for the same lights.

    Yellow is exactly today <= due <= this day; red is due < today.
    """
    if warn_workdays < 0:
        return today - _DAY
    letters = _until_counted(today + _DAY, warn_workdays + 1, calendars, "workdays", frozenset())
    return today + timedelta(len(letters) - 1)


def workdays_between(start: date, end: date, calendars: Calendars) -> int:
    """Count the workdays after ``start`` up to and with ``end``; negative when end is before."""
    return calendars.workdays_between(start, end)


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


def _count(rule: Rule, base: date, calendars: Calendars, paused: frozenset[int]) -> Deadline:
    """Count around the paused days, given as offsets from the first day that could count."""
    _sensible(base)
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
    years: range | tuple[()] = ()
    if rule.roll or rule.unit == "workdays":
        years = range(looked_from.year, due.year + 1)
    provisional = not all(map(calendars.is_known, years))
    proof = {
        "rule": _rule_record(rule),
        "base": base.isoformat(),
        "due": due.isoformat(),
        "calendars": calendars.versions(years),
        "provisional": provisional,
        "days": letters,
    }
    return Deadline(base, due, provisional, proof)


def _stated(due: date, base: date, calendars: Calendars, **origin: Any) -> Deadline:
    _sensible(base)
    _sensible(due)
    if due < base:
        sentence = f"期限 {due} 早于起算日 {base}，期限未设定。"
        raise Refused("bad_date", sentence, due=f"{due}", base=f"{base}")
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


def _rule_record(rule: Rule) -> dict[str, Any]:
    record: dict[str, Any] = {"length": rule.length, "unit": rule.unit}
    if rule.roll:
        record["roll"] = True
    if rule.counts_first:
        record["counts_first"] = True
    return record


# --- Proofs, read back ---------------------------------------------------------------------------


class CountedProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A proof that was counted, read back from its JSON."""

    rule: Rule
    base: date
    due: date
    calendars: dict[str, int]
    provisional: bool
    days: str

    def __post_init__(self) -> None:
        """Refuse what no calendar could unfold; ValueError, which msgspec reports as invalid."""
        if not FIRST_YEAR <= self.base.year <= LAST_YEAR or len(self.days) > _LONGEST_PROOF:
            raise ValueError("base or days out of bounds")

    @property
    def first(self) -> date:
        """The first day that could count, the day of the first letter."""
        return self.base if self.rule.counts_first else self.base + _DAY

    @property
    def paused(self) -> frozenset[int]:
        """The paused days as offsets from ``first``."""
        return frozenset(at for at, letter in enumerate(self.days) if letter == "p")


class Pause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The suspension that moved a stated date: the date before, first paused day, resumption."""

    due: date
    from_: date = msgspec.field(name="from")
    to: date


class StatedProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A proof of a date that was promised or approved, read back from its JSON."""

    stated: bool
    base: date
    due: date
    calendars: dict[str, int]
    provisional: bool
    falls_on: Literal["workday", "weekend", "holiday", "makeup"]
    extends: date | None = None
    resumes: Pause | None = None


def check_proof(proof: Proof) -> list[str]:
    """Derive the due day again from the proof alone; the faults in Chinese, none when it holds.

    Checked: every letter fits its weekday and the rule, as many days count as the rule asks, the
    last counted day or the roll ends on the due day, and the calendars named are those looked at.
    """
    try:
        record = _read(proof)
    except Refused as refused:
        return [refused.sentence]
    if isinstance(record, StatedProof):
        return list(_stated_faults(record))
    return [*_letter_faults(record), *_sum_faults(record), *_calendar_faults(record)]


def _stated_faults(record: StatedProof) -> Iterator[str]:
    if not record.stated or record.provisional:
        yield "载明的期限不应标为暂定。" if record.stated else "期限既无规则，也未注明为载明日期。"
    if record.due < record.base:
        yield f"期限 {record.due} 早于起算日 {record.base}。"
    if record.extends is not None and record.due <= record.extends:
        yield f"延期后的 {record.due} 不晚于原期限 {record.extends}。"
    pause = record.resumes
    if pause is not None and record.due - pause.due != pause.to - pause.from_:
        yield f"恢复后的期限 {record.due} 与中止天数不符。"
    if set(record.calendars) != {str(record.due.year)}:
        yield "所列日历年份与期限不符。"


def _letter_faults(record: CountedProof) -> Iterator[str]:
    allowed = "np" if record.rule.unit == "days" else "cmwhp"
    tail = len(record.days.rstrip("rp")) if record.rule.roll else len(record.days)
    for offset, letter in enumerate(record.days):
        day = record.first + timedelta(offset)
        rolled = offset >= tail and letter in "rp" and record.rule.unit == "days"
        if not rolled and letter not in allowed:
            yield f"{day} 的标记 {letter} 与规则不符。"
        elif (letter == "c" and day.weekday() > 4) or (letter in "wm" and day.weekday() < 5):
            yield f"{day} 的标记 {letter} 与星期不符。"


def _sum_faults(record: CountedProof) -> Iterator[str]:
    counted = sum(letter in COUNTED for letter in record.days)
    if counted != record.rule.length:
        yield f"计入 {counted} 天，规则为 {record.rule.length} 天。"
    last = record.days[-1:]
    if last not in COUNTED and not (record.rule.roll and last == "r"):
        yield "最后一天不是计入日，也不是顺延日。"
    derived = record.first + timedelta(len(record.days) - 1)
    if derived != record.due:
        yield f"逐日推算至 {derived}，记载的期限为 {record.due}。"


def _calendar_faults(record: CountedProof) -> Iterator[str]:
    years: set[str] = set()
    if record.rule.unit == "workdays":
        years = {str(year) for year in range(record.first.year, record.due.year + 1)}
    elif record.rule.roll:
        nominal = record.first + timedelta(len(record.days.rstrip("rp")) - 1)
        years = {str(year) for year in range(nominal.year, record.due.year + 1)}
    if set(record.calendars) != years:
        yield f"所列日历年份 {sorted(record.calendars)} 与所查年份 {sorted(years)} 不符。"
    if 0 in record.calendars.values() and not record.provisional:
        yield "所查年份的放假安排尚未公布，期限应为暂定。"


def _read(proof: Proof) -> CountedProof | StatedProof:
    try:
        if "rule" in proof:
            return msgspec.convert(proof, CountedProof)
        return msgspec.convert(proof, StatedProof)
    except (msgspec.ValidationError, TypeError) as error:
        raise _unreadable(str(error)) from error


def _unreadable(reason: str) -> Refused:
    return Refused("bad_proof", f"期限的计算依据无法读取（{reason}），期限未改动。", reason=reason)
