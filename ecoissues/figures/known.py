"""Known-at: up to which position of the log a figure may look, and the days of that moment.

A figure has two dates: *as of* (what had happened by the end of that day) and *known at* (what we
had been told by that moment). Known-at is a position of the log; days are those of Asia/Shanghai.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, select

from ecoissues.core.errors import Refused
from ecoissues.core.instants import SHANGHAI, day_of, instant_text, read_instant
from ecoissues.storage import tables as t

_EVERYTHING: Final = 2**62


class Known(Struct, frozen=True):
    """What a figure may know: ``pos`` the last log position (None: all), ``at`` the instant as
    text in UTC, ``on`` its day in Asia/Shanghai (None: do not check the day); ``now``, where all
    is known: the instant the figure is made at, by which clocks in minutes are judged that day."""

    pos: int | None = None
    at: str | None = None
    on: date | None = None
    now: str | None = None

    @property
    def limit(self) -> int:
        """The last position that counts, as a number that can be compared."""
        return _EVERYTHING if self.pos is None else self.pos

    def instant_on(self, day: date) -> str:
        """Give the instant at which a day is looked at: "" for its end, when it was over already."""
        found = self.at or self.now or ""
        return found if found and day_of(found) == day else ""

    def check(self, as_of: date) -> None:
        """Refuse a board of a day that had not ended when the figure was known."""
        if self.on is not None and as_of > self.on:
            raise Refused(
                "as_of_after_known_at",
                f"截止日期 {as_of} 晚于知悉日期 {self.on}，无法统计；请改选截止日期或知悉时间。",
                as_of=as_of.isoformat(),
                known_on=self.on.isoformat(),
            )


#: Everything recorded so far, whatever the day.
NOW: Final = Known()


def known_position(connection: Connection, instant: str) -> int:
    """Give the last log position recorded at or before an instant (0: nothing was)."""
    return _last_position(connection, instant_text(read_instant(instant)), inclusive=True)


def known_at(connection: Connection, instant: str) -> Known:
    """Give what was known at an instant (as ``read_instant`` takes it)."""
    moment = read_instant(instant)
    text = instant_text(moment)
    pos = _last_position(connection, text, inclusive=True)
    return Known(pos, text, moment.astimezone(SHANGHAI).date())


def end_of_month_position(connection: Connection, day: date) -> int:
    """Give the last log position recorded in the month of a day (Asia/Shanghai)."""
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    begins = datetime.combine(following, time.min, SHANGHAI)
    return _last_position(connection, instant_text(begins), inclusive=False)


def _last_position(connection: Connection, instant: str, *, inclusive: bool) -> int:
    e = t.events
    before = e.c.recorded_at <= instant if inclusive else e.c.recorded_at < instant
    query = select(e.c.pos).where(before).order_by(e.c.recorded_at.desc(), e.c.pos.desc()).limit(1)
    return int(connection.execute(query).scalar() or 0)
