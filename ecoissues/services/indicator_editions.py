"""Publishing an indicator sheet, and saying later which entries made it another one."""

from __future__ import annotations

from fractions import Fraction

import msgspec
from sqlalchemy import Connection

from ecoissues.core import policy
from ecoissues.core.errors import NotFound, Refused
from ecoissues.core.indicators import shown
from ecoissues.core.periods import read_period
from ecoissues.core.policy import Actor
from ecoissues.core.units import Unit
from ecoissues.figures.known import Known
from ecoissues.services import editions, indicator_values, indicators
from ecoissues.services.editions import Draft
from ecoissues.services.indicators import Cell, Sheet
from ecoissues.services.leaders import Issue, lists_beside
from ecoissues.services.site import Site


class SheetChange(msgspec.Struct, frozen=True):
    """One value that is another today: of the whole (``unit`` empty) or of a unit, and why.

    ``reason``: a key of ``vocabulary.REVISIONS``; ``difference`` exact, empty where one side has
    no value.
    """

    code: str
    name: str
    unit: str
    label: str
    then: str
    now: str
    difference: str
    reason: str
    entered_by: str
    entered_at: str


class SheetCompared(msgspec.Struct, frozen=True):
    """A published sheet beside today's. ``complete``: summed-up wholes differ by their units' sums."""

    code: str
    title: str
    sound: bool
    changes: list[SheetChange]
    complete: bool


def unit_of(site: Site, actor: Actor, code: str) -> Unit:
    """Give the unit a sheet is about: the one named, else that of the actor's own scope."""
    if code:
        found = site.tree.by_code.get(code)
        if found is None or not policy.within(found.path, actor.scope_path):
            raise NotFound("没有找到该单位，或不在您的管辖范围内。")
        return found
    return next(u for u in site.tree.by_id.values() if u.path == actor.scope_path)


def read(
    site: Site, actor: Actor, month: str, unit: str = ""
) -> tuple[Sheet, list[Issue]]:
    """Give the sheet of a month and the issue lists beside it: one page for leaders (一单一表)."""
    policy.require(actor, "indicator.read")
    with site.store.reading() as connection:
        node = unit_of(site, actor, unit)
        sheet = indicators.make_sheet(site, connection, actor, read_period(month), node)
        return sheet, lists_beside(site, connection, actor, sheet.as_of, node)


def publish(site: Site, actor: Actor, month: str, unit: str = "") -> str:
    """Publish the sheet of a month with the issue lists; gives the edition's code."""
    policy.require(actor, "edition.publish")
    period = read_period(month)

    def work(connection: Connection) -> str:
        node = unit_of(site, actor, unit)
        pos, at = editions.position(connection)
        sheet = indicators.make_sheet(site, connection, actor, period, node, Known(pos, at))
        if not sheet.lines:
            raise Refused("no_indicators", f"{period.first.year} 年还没有指标，没有发布。")
        issues = lists_beside(site, connection, actor, sheet.as_of, node, Known(pos, at))
        parts = {"sheet": indicators.plain(sheet), "issues": msgspec.to_builtins(issues)}
        title = f"{node.name}生态报表（{period.words}）"
        draft = Draft("sheet", title, node.path, sheet.as_of, pos, at, parts, unit=node.code)
        return editions.put(site, connection, actor, draft)

    return site.store.write(work)


def compare(site: Site, actor: Actor, code: str) -> SheetCompared:
    """Make a published sheet again with everything known today and name each value that differs."""
    with site.store.reading() as connection:
        edition = editions.get(site, connection, actor, code)
        if "sheet" not in edition.content:
            raise Refused("no_sheet", f"发布版本 {edition.code} 不是生态报表。")
        then = msgspec.convert(edition.content["sheet"], Sheet)
        node = site.tree.by_code[then.unit]
        period = read_period(then.period)
        values = indicator_values.values_of(connection, period.first.year)
        # The day of the published sheet, also when its month was still running then.
        ended = msgspec.structs.replace(period, last=then.as_of)
        now = indicators.make_sheet(site, connection, actor, ended, node, values=values)
        found, complete = _changes(site, then, now, values, period.first.month)
        return SheetCompared(edition.code, edition.title, edition.sound, found, complete)


def _changes(
    site: Site, then: Sheet, now: Sheet, values: indicator_values.Values, month: int
) -> tuple[list[SheetChange], bool]:
    old, complete, found = {line.code: line for line in then.lines}, True, []
    for line in now.lines:
        before = old.get(line.code)
        was = {cell.unit: cell for cell in before.cells} if before else {}
        redefined = before is not None and before.version != line.version
        apart = Fraction(0)
        cells = {cell.unit: cell for cell in line.cells}
        for unit in dict.fromkeys((*was, *cells)):
            one, other = was.get(unit), cells.get(unit)
            if _value(one) != _value(other):
                apart += _value(other) - _value(one)
                found.append(_change(site, line, one, other, values, month, redefined=redefined))
        first = before.whole if before else None
        if first is None or first.value != line.whole.value or first.target != line.whole.target:
            same = first is not None and first.value == line.whole.value
            changed = _change(
                site, line, first, line.whole, values, month, redefined=redefined or same
            )
            found.append(msgspec.structs.replace(changed, unit="", label="合计"))
        if line.rollup == "sum" and not redefined:
            complete = complete and apart == _value(line.whole) - _value(first)
    return found, complete


def _value(cell: Cell | None) -> Fraction:
    return Fraction(cell.value) if cell is not None and cell.value else Fraction(0)


def _change(
    site: Site, line: indicators.SheetLine, then: Cell | None, now: Cell | None,
    values: indicator_values.Values, month: int, *, redefined: bool,
) -> SheetChange:  # fmt: skip
    unit = (now or then).unit  # type: ignore[union-attr]
    entry = next(
        (v for number in range(month, 0, -1)
         if (v := values.get((line.code, site.tree.by_code[unit].id, number)))), None
    )  # fmt: skip
    had = then is not None and bool(then.value)
    reason = "redefined" if redefined else "corrected" if had else "late"
    if line.bound and not redefined:
        reason = "late"
    apart = shown(_value(now) - _value(then)) if had and now is not None and now.value else ""
    return SheetChange(
        line.code, line.name, unit, (now or then).label,  # type: ignore[union-attr]
        then.shown if then else "—", now.shown if now else "—", apart, reason,
        entry.entered_by if entry else "", entry.entered_at if entry else "",
    )  # fmt: skip


