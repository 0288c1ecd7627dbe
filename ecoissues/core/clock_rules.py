"""The rule of a deadline: how long, counted how, and what is received out of hours.

Sources: the day on which a period begins does not count, and a last day off may be rolled to the
next workday (民法典 第二百零一条, 第二百零三条); the rules of the 12345 offices on what arrives at
night and on weekends (非工作时间接收的视为下一工作日接收).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal

import msgspec

from ecoissues.core.calendars import Calendars
from ecoissues.core.instants import SHANGHAI, instant_text

Unit = Literal["days", "workdays", "hours", "minutes"]

#: Longest rule per unit: ten years; more is a slip in the document.
LONGEST: Final = {"days": 3660, "workdays": 3660, "hours": 3660 * 24, "minutes": 3660 * 1440}
UNIT_WORDS: Final[dict[str, tuple[str, str]]] = {
    "days": ("个自然日", "days"),
    "workdays": ("个工作日", "workdays"),
    "hours": ("小时", "hours"),
    "minutes": ("分钟", "minutes"),
}
_HOURS: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_DAY: Final = timedelta(1)


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a step may take: ``length`` days, workdays, hours or minutes from the base.

    ``roll``: a due day that is no workday moves to the next workday. ``counts_first``: the base
    day itself is day 1 (公示, "含首日"). ``receipt``: office hours, ``08:30-17:30``; what arrives
    outside them or on a day off counts as received at the next opening ("" : as it arrives).
    ValueError for a length out of bounds, hours that are none, or a roll of hours.
    """

    length: int
    unit: Unit
    roll: bool = False
    counts_first: bool = False
    receipt: str = ""

    def __post_init__(self) -> None:
        most = LONGEST[self.unit]
        if not 1 <= self.length <= most:
            raise ValueError(f"期限长度 {self.length} 应在 1 至 {most} 之间")
        if self.receipt:
            opens, closes = office_hours(self.receipt)
            if opens >= closes:
                raise ValueError(f"办公时间 {self.receipt} 的开始不早于结束")
        if self.is_timed and (self.roll or self.counts_first):
            raise ValueError("以小时、分钟计的期限不能顺延，也没有首日")

    @property
    def is_timed(self) -> bool:
        """Whether it is counted in hours or minutes, so that instants matter."""
        return self.unit in ("hours", "minutes")

    @property
    def span(self) -> timedelta:
        """The length of a timed rule."""
        return timedelta(**{self.unit: self.length})

    def record(self) -> dict[str, Any]:
        """Give the rule as a proof holds it: without what is as usual."""
        found: dict[str, Any] = {"length": self.length, "unit": self.unit}
        for name in ("roll", "counts_first", "receipt"):
            if getattr(self, name):
                found[name] = getattr(self, name)
        return found


def office_hours(text: str) -> tuple[time, time]:
    """Read office hours such as ``08:30-17:30``; ValueError for anything else."""
    match = _HOURS.fullmatch(text)
    if match is None:
        raise ValueError(f"办公时间“{text}”请写成 08:30-17:30 的样子")
    one, two, three, four = map(int, match.groups())
    return time(one, two), time(three, four)


def received(
    rule: Rule, day: date, at: datetime | None, calendars: Calendars
) -> tuple[date, datetime | None]:
    """Give the day and the instant from which a rule counts, by its office hours.

    In: the day of receipt; its instant (aware), None when only the day is known. Out: the base day,
    and for a timed rule the instant; an unknown hour is the end of the day, in favour of whom the
    period runs against.
    """
    if rule.receipt:
        opens, closes = office_hours(rule.receipt)
        moment = at.astimezone(SHANGHAI).time() if at is not None else None
        late = moment is not None and moment >= closes
        if late or not calendars.is_workday(day):
            day = calendars.next_workday(day + _DAY if late else day)
            at = datetime.combine(day, opens, SHANGHAI)
        elif moment is None:
            at = datetime.combine(day, closes, SHANGHAI)
        elif moment < opens:
            at = datetime.combine(day, opens, SHANGHAI)
    if not rule.is_timed:
        return day, None
    return day, (at or datetime.combine(day + _DAY, time(), SHANGHAI)).astimezone(UTC)


def instant_of(text: str) -> datetime:
    """Read an instant that a proof holds; ValueError for anything but ISO with a zone."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("instant without a zone")
    return found


def shown_instant(text: str) -> str:
    """Say an instant as an office reads it: Shanghai, to the minute."""
    return f"{instant_of(text).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def text_of(instant: datetime) -> str:
    """Give an instant as facts and proofs hold it."""
    return instant_text(instant)
