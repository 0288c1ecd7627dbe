"""When a clock's people are reminded: once per light, then chased ever more rarely.

Sources: 到期次日催办, 一次催办后再超五个工作日的通报 (rules of the 12345 offices). What is sent is a
reminder only: 督办, 通报, 督察建议函 and 约谈 are decided by a person, who is told when to think of it.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import msgspec

from ecoissues.core.calendars import Calendars
from ecoissues.core.lights import light

#: Days after the due day on which a chase goes out; later every thirty days. Growing distances, so
#: that nobody drowns.
CHASES: Final = (1, 3, 7, 14, 30)
#: From so many days of delay on the supervisor is told that an order, and what follows it, is due
#: to be thought of.
ORDER_AFTER: Final = 7
ESCALATE_AFTER: Final = 30

#: Sort of a reminder -> (Chinese, English), in the order of a digest.
SORTS: Final[dict[str, tuple[str, str]]] = {
    "chase": ("已逾期，请抓紧办理（催办）", "Overdue (chase)"),
    "order": ("督办逾期未答复，请尽快答复", "Order unanswered"),
    "today": ("今日到期", "Due today"),
    "urgent": ("即将到期", "Urgent"),
    "soon": ("临期", "Near due"),
    "suspended": ("中止已满规定天数，请恢复计时", "Suspended for too long"),
}


class Watch(msgspec.Struct, frozen=True):
    """A running clock as the scan sees it; ``since``: suspended from that day."""

    due: date | None
    warn_workdays: int
    urgent_workdays: int
    since: date | None = None
    longest: int = 0


class Reminder(msgspec.Struct, frozen=True):
    """What a clock asks for on a day: ``rule`` goes out once per due day; ``late``: days overdue."""

    rule: str
    sort: str
    late: int = 0


def reminder_of(watch: Watch, day: date, calendars: Calendars) -> Reminder | None:
    """Give the reminder that a clock has come to by a day, None for none.

    By standing, not by event: a scan that missed days finds what they would have found, and only
    the latest chase of several missed ones.
    """
    if watch.due is None:
        over = watch.since and watch.longest and day > watch.since + timedelta(watch.longest)
        return Reminder("suspended", "suspended") if over else None
    if day > watch.due:
        late = (day - watch.due).days
        return Reminder(f"chase-{_chase(late)}", "chase", late)
    if day == watch.due:
        return Reminder("today", "today")
    lit = light(
        watch.due, day, watch.warn_workdays, calendars, urgent_workdays=watch.urgent_workdays
    )
    sorts = {"orange": "urgent", "yellow": "soon"}
    return Reminder(sorts[lit], sorts[lit]) if lit in sorts else None


def _chase(late: int) -> int:
    last = CHASES[-1]
    if late >= last:
        return late // last * last
    return max(day for day in CHASES if day <= late)


def order_reminder(answer_by: date, day: date, calendars: Calendars) -> Reminder | None:
    """Give the reminder that an unanswered order has come to by a day, None for none.

    As a clock that warns one workday ahead; after its day it is chased as rarely as a clock is.
    """
    found = reminder_of(Watch(answer_by, 1, -1), day, calendars)
    if found is not None and found.sort == "chase":
        return Reminder(found.rule, "order", found.late)
    return found


def thought_of(late: int, sort: str = "chase") -> str:
    """Say what a supervisor should decide after so many days of delay, "" for nothing.

    What comes after an order that is not answered is heavier than an order.
    """
    if late >= (ORDER_AFTER if sort == "order" else ESCALATE_AFTER):
        return "请决定是否通报、发督察建议函或约谈"
    if sort == "order":
        return ""
    return "请决定是否督办" if late >= ORDER_AFTER else ""
