"""Lights of a clock: green, yellow, orange, red, by the day and by its kind's warning."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final, Literal

from ecoissues.core.calendars import Calendars
from ecoissues.core.clock_rules import instant_of

Light = Literal["green", "yellow", "orange", "red"]

#: Worst first.
ORDER: Final[tuple[Light, ...]] = ("red", "orange", "yellow", "green")
_DAY: Final = timedelta(1)


def light(
    due: date | None,
    today: date,
    warn_workdays: int,
    calendars: Calendars,
    met: bool = False,
    suspended: bool = False,
    *,
    urgent_workdays: int = -1,
    due_at: str = "",
    now: datetime | None = None,
) -> Light:
    """Give a clock's light: red from the day after due, yellow when few workdays remain.

    In: ``warn_workdays``, yellow when at most so many workdays remain after today (0: yellow on
    the due day, -1: never); ``urgent_workdays``, orange likewise (-1: never). A clock in hours has
    ``due_at`` and is red as soon as that instant has passed ``now``. A met or suspended clock, and
    none at all, is green.
    """
    if due is None or met or suspended:
        return "green"
    if today > due or (due_at and now is not None and now > instant_of(due_at)):
        return "red"
    left = workdays_between(today, due, calendars)
    if left <= urgent_workdays:
        return "orange"
    return "yellow" if left <= warn_workdays else "green"


def yellow_until(today: date, warn_workdays: int, calendars: Calendars) -> date:
    """Give the last due day that is yellow today, so that a query can ask for the same lights.

    Yellow (or orange) is exactly today <= due <= this day; red is due < today.
    """
    if warn_workdays < 0:
        return today - _DAY
    return calendars.add_workdays(today, warn_workdays + 1) - _DAY


def workdays_between(start: date, end: date, calendars: Calendars) -> int:
    """Count the workdays after ``start`` up to and with ``end``; negative when end is before."""
    return calendars.workdays_between(start, end)
