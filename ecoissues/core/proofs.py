"""Proofs of deadlines, read back: unfolded to their days, and derived again from themselves alone.

A proof is plain JSON. Three shapes: counted day by day (``rule`` and ``days``), timed in hours or
minutes (``rule`` and instants), stated (a date promised or approved). ``by`` names the document
and version the rule came from.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from ecoissues.core.calendars import FIRST_YEAR, LAST_YEAR, WORKED
from ecoissues.core.clock_rules import Rule, instant_of
from ecoissues.core.errors import Refused
from ecoissues.core.instants import SHANGHAI

Proof = dict[str, Any]

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
    "timed": ("按时刻计算", "Counted by the hour"),
}
COUNTED: Final = WORKED | {"n"}
_LONGEST_PROOF: Final = 150_000  # the longest rule and every pause that can be meant
_DAY: Final = timedelta(1)

Origin = dict[str, str | int]


class Day(msgspec.Struct, frozen=True):
    """One day of a proof: its mark (a key of DAY_MARKS) and, if it counts, which day it is."""

    date: date
    mark: str
    number: int | None = None


class CountedProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A proof that was counted, read back from its JSON.

    ``received``/``received_at``: when it arrived, where that was out of hours and moved the base.
    """

    rule: Rule
    base: date
    due: date
    calendars: dict[str, int]
    provisional: bool
    days: str
    received: date | None = None
    received_at: str = ""
    by: Origin = {}

    def __post_init__(self) -> None:
        """Refuse what no calendar could unfold; ValueError, which msgspec reports as invalid."""
        if not FIRST_YEAR <= self.base.year <= LAST_YEAR or len(self.days) > _LONGEST_PROOF:
            raise ValueError("base or days out of bounds")
        if self.rule.is_timed:
            raise ValueError("hours are not counted in days")

    @property
    def first(self) -> date:
        """The first day that could count, the day of the first letter."""
        return self.base if self.rule.counts_first else self.base + _DAY

    @property
    def paused(self) -> frozenset[int]:
        """The paused days as offsets from ``first``."""
        return frozenset(at for at, letter in enumerate(self.days) if letter == "p")


class TimedProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A proof in hours or minutes: from an instant to an instant, around pauses [from, to]."""

    rule: Rule
    base: date
    base_at: str
    due: date
    due_at: str
    calendars: dict[str, int]
    provisional: bool
    pauses: tuple[tuple[str, str], ...] = ()
    received: date | None = None
    received_at: str = ""
    by: Origin = {}

    def __post_init__(self) -> None:
        """Refuse instants that are none; ValueError, which msgspec reports as invalid."""
        if not self.rule.is_timed:
            raise ValueError("days are not timed")
        for text in (self.base_at, self.due_at, *(each for pause in self.pauses for each in pause)):
            instant_of(text)

    @property
    def paused(self) -> timedelta:
        """How long it stood still in all."""
        spans = (instant_of(end) - instant_of(start) for start, end in self.pauses)
        return sum(spans, timedelta())


class Pause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The suspension that moved a stated date: the date before, first paused day, resumption."""

    due: date
    from_: date = msgspec.field(name="from")
    to: date


class StatedProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A proof of a date that was promised or approved, read back from its JSON.

    ``extends``: the due day it extends. ``rolled_from``: the day asked for, a day off.
    ``words``: the text the date was read from (2025年12月底).
    """

    stated: bool
    base: date
    due: date
    calendars: dict[str, int]
    provisional: bool
    falls_on: Literal["workday", "weekend", "holiday", "makeup"]
    extends: date | None = None
    rolled_from: date | None = None
    resumes: Pause | None = None
    words: str = ""
    by: Origin = {}


AnyProof = CountedProof | TimedProof | StatedProof


def read_proof(proof: Proof) -> AnyProof:
    """Read a proof from its JSON. Refused ``bad_proof``: it is none."""
    try:
        if "rule" not in proof:
            return msgspec.convert(proof, StatedProof)
        if "due_at" in proof:
            return msgspec.convert(proof, TimedProof)
        return msgspec.convert(proof, CountedProof)
    except (msgspec.ValidationError, TypeError) as error:
        raise _unreadable(str(error)) from error


def _unreadable(reason: str) -> Refused:
    return Refused("bad_proof", f"期限的计算依据无法读取（{reason}），期限未改动。", reason=reason)


def explain(proof: Proof) -> list[Day]:
    """Unfold a proof to its days, in order, for page, paper and command line.

    Refused ``bad_proof``: the proof cannot be read.
    """
    record = read_proof(proof)
    if isinstance(record, StatedProof):
        return [Day(record.due, "stated")]
    if isinstance(record, TimedProof):
        span = (record.due - record.base).days
        return [Day(record.base + timedelta(at), "timed") for at in range(span + 1)]
    days, number = [], 0
    for offset, letter in enumerate(record.days):
        counts = letter in COUNTED
        number += counts
        mark = MARKS_OF_LETTERS.get(letter)
        if mark is None:
            raise _unreadable(f"days: {letter!r}")
        days.append(Day(record.first + timedelta(offset), mark, number if counts else None))
    return days


def check_proof(proof: Proof) -> list[str]:
    """Derive the due day again from the proof alone; the faults in Chinese, none when it holds.

    Checked: every letter fits its weekday and the rule, as many days count as the rule asks, the
    last counted day or the roll ends on the due day, and the calendars named are those looked at.
    """
    try:
        record = read_proof(proof)
    except Refused as refused:
        return [refused.sentence]
    if isinstance(record, StatedProof):
        return list(_stated_faults(record))
    if isinstance(record, TimedProof):
        return list(_timed_faults(record))
    return [
        *_letter_faults(record), *_sum_faults(record), *_calendar_faults(record),
        *_receipt_faults(record),
    ]  # fmt: skip


def _stated_faults(record: StatedProof) -> Iterator[str]:
    if not record.stated or record.provisional:
        yield "载明的期限不应标为暂定。" if record.stated else "期限既无规则，也未注明为载明日期。"
    if record.due < record.base:
        yield f"期限 {record.due} 早于起算日 {record.base}。"
    if record.extends is not None and record.due <= record.extends:
        yield f"延期后的 {record.due} 不晚于原期限 {record.extends}。"
    if record.rolled_from is not None and record.rolled_from >= record.due:
        yield f"顺延后的 {record.due} 不晚于 {record.rolled_from}。"
    pause = record.resumes
    if pause is not None and record.due - pause.due != pause.to - pause.from_:
        yield f"恢复后的期限 {record.due} 与中止天数不符。"
    if years_of(record.calendars) != {str(record.due.year)}:
        yield "所列日历年份与期限不符。"


def _timed_faults(record: TimedProof) -> Iterator[str]:
    due = instant_of(record.base_at) + record.rule.span + record.paused
    if due != instant_of(record.due_at):
        yield f"按时刻推算至 {_minute(due)}，记载的期限为 {_minute(instant_of(record.due_at))}。"
    if instant_of(record.due_at).astimezone(SHANGHAI).date() != record.due:
        yield "期限的日期与时刻不符。"
    if any(instant_of(start) > instant_of(end) for start, end in record.pauses):
        yield "中止的起止时刻前后颠倒。"
    yield from _receipt_faults(record)


def _minute(instant: datetime) -> str:
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def _receipt_faults(record: CountedProof | TimedProof) -> Iterator[str]:
    if record.received is None:
        return
    if not record.rule.receipt:
        yield "规则没有规定办公时间，起算日却另行移动。"
    elif record.received > record.base or (
        record.received == record.base and isinstance(record, CountedProof)
    ):
        yield f"收到日期 {record.received} 与起算日 {record.base} 不符。"


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
    if record.received is not None:
        years |= {str(year) for year in range(record.received.year, record.base.year + 1)}
    if years_of(record.calendars) != years:
        yield f"所列日历年份 {sorted(record.calendars)} 与所查年份 {sorted(years)} 不符。"
    known = {name: version for name, version in record.calendars.items() if "+" not in name}
    if 0 in known.values() and not record.provisional:
        yield "所查年份的放假安排尚未公布，期限应为暂定。"


def years_of(calendars: dict[str, int]) -> set[str]:
    """Give the years that a proof's calendars are of; those of a region stand beside them."""
    return {name.partition("+")[0] for name in calendars}
