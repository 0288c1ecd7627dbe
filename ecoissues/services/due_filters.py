"""Lights as SQL: which running clocks are red, orange, yellow or green, by the kinds' documents.

A clock in days turns at midnight in Shanghai, one in minutes at its own instant: ``cases.due_at``
holds it, and ``lapsed_until`` says up to which of them clocks have run out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, false, func, not_, or_, select

from ecoissues.core.calendars import Calendars
from ecoissues.core.instants import instant_text
from ecoissues.core.lights import yellow_until
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.prepared import Prepared

_SLOTS: Final = ("report", "finish")
_C = t.cases.c
_COLUMNS: Final = {"report": _C.due_report, "finish": _C.due_finish}
#: By code and version of a kind: the last days of its report and finish clock; "" for none.
Texts = Mapping[tuple[str, int], tuple[str, str]]

_texts: dict[int, tuple[date, int, Calendars, Texts, Texts]] = {}
_LAPSED = Prepared(select(func.max(_C.due_at)).where(_C.due_at < bindparam("now")))


def lapsed_until(connection: Connection, site: Site) -> str:
    """Give the newest instant at which a clock in minutes has run out, "" for none.

    It stays the same between two such instants, so it can stand in keys and statements.
    """
    ((found,),) = _LAPSED.run(connection, {"now": instant_text(site.now())})
    return found or ""


def near_texts(site: Site) -> tuple[Texts, Texts]:
    """Give by kind the last yellow and the last orange days of its clocks, as texts.

    Kept for the day: counting workdays for every request would cost more than the page.
    """
    today, calendars, kinds = site.today(), site.calendars, site.kinds
    known = _texts.get(id(site))
    generation = site.library.generation
    if known is not None and known[:2] == (today, generation) and known[2] is calendars:
        return known[3], known[4]
    yellow: dict[tuple[str, int], tuple[str, str]] = {}
    orange: dict[tuple[str, int], tuple[str, str]] = {}
    for version, kind in kinds.items():
        for found, name in ((yellow, "warn_workdays"), (orange, "urgent_workdays")):
            most = dict.fromkeys(_SLOTS, -1)
            for clock in kind.clocks:
                if clock.slot in most:
                    most[clock.slot] = max(most[clock.slot], getattr(clock, name))
            days = [
                yellow_until(today, most[slot], calendars).isoformat() if most[slot] >= 0 else ""
                for slot in _SLOTS
            ]
            found[version] = (days[0], days[1])
    _texts.clear()
    _texts[id(site)] = (today, generation, calendars, yellow, orange)
    return yellow, orange


class Lights:
    """Gives the light of a case from its projected columns, as ``light_condition`` asks for it."""

    def __init__(self, site: Site) -> None:
        self.today, self.now = site.today().isoformat(), instant_text(site.now())
        self.yellow, self.orange = near_texts(site)

    def of(
        self, version: tuple[str, int], due: str | None, due_at: str | None, report: str | None,
        finish: str | None,
    ) -> str:  # fmt: skip
        """Give the worst light of the running clocks, "" where none runs.

        In: code and version of the kind, nearest due day and instant, due days of both clocks.
        """
        if not due:
            return ""
        if due < self.today or (due_at and due_at < self.now):
            return "red"
        for light, days in (("orange", self.orange), ("yellow", self.yellow)):
            last_report, last_finish = days[version]
            if (report and report <= last_report) or (finish and finish <= last_finish):
                return light
        return "green"


def due_condition(site: Site, asked: str, clock: str, lapsed: str) -> ColumnElement[bool]:
    """Give the condition of ``due`` (overdue, today, urgent, soon, later, none), of one clock or
    of any.

    In: ``lapsed`` as ``lapsed_until`` gives it. ``soon`` is due today or within the kind's warning,
    orange ones among them, ``urgent`` orange alone.
    """
    today = site.today().isoformat()
    column = _COLUMNS.get(clock, _C.due_on)
    if asked == "none":
        return column.is_(None)
    late = or_(column < today, _has_lapsed(site, clock, lapsed))
    if asked == "overdue":
        return and_(column.is_not(None), late)
    running = and_(column >= today, not_(_has_lapsed(site, clock, lapsed)))
    yellow, orange = near_texts(site)
    match asked:
        case "today":
            return and_(running, column == today)
        case "urgent":
            return and_(running, _near(orange, clock))
        case "soon":
            return and_(running, _near(yellow, clock))
    return and_(running, not_(_near(yellow, clock)))


def light_condition(site: Site, asked: str, clock: str, lapsed: str) -> ColumnElement[bool]:
    """Give the condition of ``light``: each running case has exactly one, as its row shows it."""
    match asked:
        case "red":
            return due_condition(site, "overdue", clock, lapsed)
        case "orange":
            return due_condition(site, "urgent", clock, lapsed)
        case "green":
            return due_condition(site, "later", clock, lapsed)
    soon = due_condition(site, "soon", clock, lapsed)
    return and_(soon, not_(_near(near_texts(site)[1], clock)))


def _has_lapsed(site: Site, clock: str, lapsed: str) -> ColumnElement[bool]:
    """Give the condition that a clock in minutes has run out, whatever the day."""
    if not lapsed:
        return false()
    passed = func.coalesce(_C.due_at, "9999") <= lapsed
    if not clock:
        return passed
    timed = {
        kind.code
        for kind in site.kinds.values()
        for one in kind.clocks
        if one.slot == clock and one.length and one.rule().is_timed
    }
    return and_(passed, _C.kind.in_(sorted(timed))) if timed else false()


def _near(texts: Texts, clock: str) -> ColumnElement[bool]:
    """Give the condition that a clock is due by its kind's day; kinds of one day go together."""
    by_day: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for version, days in texts.items():
        for slot, day in zip(_SLOTS, days, strict=True):
            if day and clock in ("", slot):
                by_day.setdefault((slot, day), []).append(version)
    parts = []
    for (slot, day), versions in sorted(by_day.items()):
        of_kind = _of_versions(texts, versions)
        parts.append(and_(of_kind, func.coalesce(_COLUMNS[slot], "9999") <= day))
    return or_(false(), *parts)


def _of_versions(texts: Texts, versions: list[tuple[str, int]]) -> ColumnElement[bool]:
    """Give the condition of the kinds of some versions: by code alone where all of a code's are."""
    count: dict[str, int] = {}
    for code, _ in texts:
        count[code] = count.get(code, 0) + 1
    own: dict[str, list[int]] = {}
    for code, number in versions:
        own.setdefault(code, []).append(number)
    whole = sorted(code for code, numbers in own.items() if len(numbers) == count[code])
    parts = [
        and_(_C.kind == code, _C.kind_version.in_(sorted(numbers)))
        for code, numbers in sorted(own.items())
        if code not in whole
    ]
    return or_(_C.kind.in_(whole) if whole else false(), *parts)
