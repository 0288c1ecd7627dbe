"""The daily scan: what every running clock asks for today, told once to whom it concerns.

One transaction writes the day, its reminders and the digests; the day is a key, so that of two
schedulers one scans, and each reminder is a key, so that none goes out twice whatever the clock
does. Sending is another matter (``delivering``). Messages name numbers and days, never a content
or a complainant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, insert, or_, select
from sqlalchemy.exc import DBAPIError

from ecoissues.core.errors import Refused
from ecoissues.core.instants import instant_text
from ecoissues.core.kinds import END_PHASES, Clock
from ecoissues.core.lights import yellow_until
from ecoissues.core.reminding import Reminder, Watch, reminder_of
from ecoissues.services import orders
from ecoissues.services.digests import Item, Told, digests
from ecoissues.services.notifying import read_notify
from ecoissues.services.recording import case_key, check_clock
from ecoissues.services.site import Site
from ecoissues.storage import log
from ecoissues.storage import tables as t
from ecoissues.storage import tables_notices as n
from ecoissues.storage.engine import is_key_clash
from ecoissues.storage.prepared import Prepared

_C = t.cases.c
_CHUNK: Final = 2000
#: A day further ahead than this is a slip, not a rehearsal.
_AHEAD: Final = timedelta(days=366)

_REMIND: Final = Prepared(insert(n.reminders), n.reminders.c.keys())
_decode = msgspec.json.Decoder(list[dict[str, Any]]).decode


class Scan(msgspec.Struct, frozen=True):
    """What a scan did; ``repeated``: the day had been scanned before and nothing was done."""

    day: str
    cases: int = 0
    reminders: int = 0
    messages: int = 0
    repeated: bool = False


def scan(site: Site, on: date | None = None) -> Scan:
    """Scan every running clock as of a day (None: today) and write what people must be told.

    Idempotent for a day; what earlier days missed is found too. Refused ``clock_unsound`` when the
    server's clock is, ``future_day`` for a day more than a year ahead, ``bad_notify``.
    """
    day = on or site.today()
    if day > site.today() + _AHEAD:
        raise Refused("future_day", f"{day} 距今超过一年，没有扫描。")
    notify = read_notify(site.data)
    with site.store.reading() as connection:
        _, last, ordinary = log.read_head(connection)
        if ordinary:
            check_clock(connection, site.now(), last)
        known = select(n.scans.c.day).where(n.scans.c.day == day.isoformat())
        if connection.execute(known).first():
            return Scan(day.isoformat(), repeated=True)
        rows = _rows(site, connection, day)
        told = _told(connection)
        items = list(_fresh(site, rows, day, told))
        items += orders.unanswered(site, connection, day, told)
        made = digests(site, connection, items, day, notify)
    now = instant_text(site.now())
    found = Scan(day.isoformat(), len({one.case_id for one in items}), len(items), len(made))
    try:
        with site.store.writing() as connection:
            _write(connection, found, items, made, now)
    except DBAPIError as error:
        if is_key_clash(error):  # another scheduler was first
            return Scan(day.isoformat(), repeated=True)
        raise
    return found


def _write(
    connection: Connection, found: Scan, items: list[Item], made: list[dict[str, Any]], now: str
) -> None:
    connection.execute(
        insert(n.scans).values(
            day=found.day, at=now, reminders=found.reminders, messages=found.messages
        )
    )
    for start in range(0, len(items), _CHUNK):
        _REMIND.run_many(
            connection,
            [
                {"rule": one.rule, "case_id": one.case_id, "clock": one.clock, "due_on": one.due,
                 "day": found.day}
                for one in items[start : start + _CHUNK]
            ],
        )  # fmt: skip
    for row in made:
        sent = now if row["channel"] == "desk" else None
        connection.execute(insert(n.outbox).values(**row, made_at=now, next_at=now, sent_at=sent))


def _rows(site: Site, connection: Connection, day: date) -> list[Any]:
    """Give the open cases with a clock that may ask for something by the day."""
    warned = [c.warn_workdays for kind in site.kinds.values() for c in kind.clocks]
    horizon = yellow_until(day, max(warned, default=0), site.calendars).isoformat()
    query = select(
        _C.id, _C.list_id, _C.number, _C.part, _C.unit_id, _C.top_id, _C.kind, _C.kind_version,
        _C.running,
    ).where(
        _C.phase.not_in(END_PHASES),
        or_(_C.reminded_on <= horizon, _C.running.like('%"since":%')),
    )  # fmt: skip
    return list(connection.execute(query).all())


def _told(connection: Connection) -> Told:
    """Give what was told before about cases that are still open, so that nothing is told twice."""
    r = n.reminders.c
    still = select(_C.id).where(_C.phase.not_in(END_PHASES))
    query = select(r.rule, r.case_id, r.clock, r.due_on).where(r.case_id.in_(still))
    return {tuple(row) for row in connection.execute(query)}


#: What a running clock asks for: its code and name, its due day, the reminder.
_Asking = tuple[str, str, str, Reminder]


def _fresh(site: Site, rows: list[Any], day: date, told: Told) -> Iterator[Item]:
    """Yield what has not been told before. Many cases have the same clocks: they are read once."""
    asked: dict[tuple[str, int, str], list[_Asking]] = {}
    codes = {row.id: row.code for row in site.lists.values()}
    for case_id, list_id, number, part, unit_id, top_id, kind, version, running in rows:
        found = asked.get((kind, version, running))
        if found is None:
            clocks = site.kind_of(kind, version).clock_by_code
            found = asked[kind, version, running] = list(_asking(site, clocks, running, day))
        for code, name, due, what in found:
            if (what.rule, case_id, code, due) not in told:
                yield Item(
                    case_id, case_key(codes[list_id], number, part), list_id, unit_id, top_id,
                    code, name, due, what.rule, what.sort, what.late,
                )  # fmt: skip


def _asking(
    site: Site, clocks: Mapping[str, Clock], running: str, day: date
) -> Iterator[_Asking]:
    """Yield what each of a case's running clocks asks for by a day."""
    for one in _decode(running):
        if one["slot"] == "wait":
            continue
        clock = clocks.get(one["clock"])
        warn, urgent = (clock.warn_workdays, clock.urgent_workdays) if clock else (0, -1)
        longest = clock.suspension.max_days if clock and clock.suspension else 0
        watch = Watch(_day(one["due"]), warn, urgent, _day(one.get("since")), longest)
        found = reminder_of(watch, day, site.calendars)
        if found is not None:
            due = one["due"] or one.get("since") or ""
            yield one["clock"], clock.zh if clock else one["clock"], due, found


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
