"""Lights as SQL: which running clocks are red, yellow or green today, by the kinds' documents."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, and_, false, func, not_, or_

from ecoissues.core.calendars import Calendars
from ecoissues.core.lights import yellow_until
from ecoissues.services.site import Site
from ecoissues.storage import tables as t

_SLOTS: Final = ("report", "finish")
_C = t.cases.c
_COLUMNS: Final = {"report": _C.due_report, "finish": _C.due_finish}

_yellow: dict[int, tuple[date, Site, Calendars, dict[str, tuple[str, str]]]] = {}


def yellow_texts(site: Site) -> dict[str, tuple[str, str]]:
    """Give by kind the last yellow days of the report and the finish clock, as texts; "" for none.

    Kept for the day: counting workdays for every request would cost more than the page.
    """
    today = site.today()
    known = _yellow.get(id(site))
    calendars = site.calendars
    if known is not None and known[0] == today and known[1] is site and known[2] is calendars:
        return known[3]
    found: dict[str, tuple[str, str]] = {}
    for kind in site.kinds.values():
        days = {
            clock.slot: yellow_until(today, clock.warn_workdays, site.calendars).isoformat()
            for clock in kind.clocks
        }
        found[kind.code] = (days.get("report", ""), days.get("finish", ""))
    _yellow.clear()
    _yellow[id(site)] = (today, site, calendars, found)
    return found


def orange_texts(site: Site) -> dict[str, tuple[str, str]]:
    """Give by kind the last orange days of the report and the finish clock; "" for none."""
    today = site.today()
    found = {}
    for kind in site.kinds.values():
        days = {
            clock.slot: yellow_until(today, clock.urgent_workdays, site.calendars).isoformat()
            for clock in kind.clocks
            if clock.urgent_workdays >= 0
        }
        found[kind.code] = (days.get("report", ""), days.get("finish", ""))
    return found


def due_condition(site: Site, asked: str, clock: str) -> ColumnElement[bool]:
    """Give the condition of ``due`` (overdue, today, soon, later, none), of one clock or of any.

    Yellow is what ``core.deadlines.light`` calls yellow: due today or within the kind's warning.
    """
    today = site.today().isoformat()
    column = _COLUMNS.get(clock, _C.due_on)
    match asked:
        case "none":
            return column.is_(None)
        case "overdue":
            return column < today
        case "today":
            return column == today
    near = _near(site, clock)
    return and_(column >= today, near if asked == "soon" else not_(near))


def _near(site: Site, clock: str) -> ColumnElement[bool]:
    parts = []
    for kind, days in yellow_texts(site).items():
        for slot, day in zip(_SLOTS, days, strict=True):
            if day and clock in ("", slot):
                near = func.coalesce(_COLUMNS[slot], "9999") <= day
                parts.append(and_(_C.kind == kind, near))
    return or_(false(), *parts)
