"""Values of indicators: entered month by month, imported from a sheet, or read from a figure.

Each entry is for good; a later one of the same indicator, month and unit revises it, and an empty
one takes it back. So a published sheet can be compared with today, entry by entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, insert, select

from ecoissues.core import policy
from ecoissues.core.errors import Forbidden, Refused
from ecoissues.core.indicators import Indicator, read_value
from ecoissues.core.instants import instant_text
from ecoissues.core.periods import read_period
from ecoissues.core.policy import Actor
from ecoissues.core.units import Unit
from ecoissues.intake.sheet import read_sheet
from ecoissues.services import indicators
from ecoissues.services.site import Site
from ecoissues.services.unit_finder import find_unit
from ecoissues.storage.tables_published import indicator_values

_COLUMNS: Final = {
    "indicator": ("指标", "指标代码", "指标名称", "indicator"),
    "unit": ("单位", "区县", "区县（部门）", "单位代码", "单位名称", "unit"),
    "month": ("月份", "月", "期间", "month"),
    "value": ("数值", "值", "完成值", "完成情况", "value"),
    "note": ("备注", "说明", "note"),
}
_MOST_ROWS: Final = 5_000


class Given(msgspec.Struct, frozen=True):
    """One value handed in; ``value`` empty takes the month back."""

    indicator: str
    month: str
    unit: str
    value: str
    note: str = ""


class Known(msgspec.Struct, frozen=True):
    """The value that stands for an indicator, month (1 to 12) and unit, and where it is from."""

    value: Decimal
    id: int
    note: str
    origin: str
    entered_by: str
    entered_at: str


#: (indicator, unit id, month number) -> what stands.
Values = dict[tuple[str, int, int], Known]


def enter(site: Site, actor: Actor, given: Iterable[Given], origin: str = "entered") -> int:
    """Enter values, all or none; gives how many. Refused ``bad_values`` with ``errors`` by row.

    A supervisor enters for every unit he oversees; others for their own unit, or for indicators
    whose owner their unit is. A value bound to a figure cannot be entered.
    """
    policy.require(actor, "indicator.fill")
    with site.store.writing() as connection:
        known = {(k.year, k.one.code): k for k in indicators.reachable(site, connection, actor)}
        rows, errors = [], {}
        for number, one in enumerate(given, 1):
            try:
                rows.append(_row(site, actor, known, one, origin))
            except Refused as refused:
                errors[number] = refused.sentence.removesuffix("没有保存。")
        if errors:
            told = "；".join(f"第 {n} 行：{text}" for n, text in list(errors.items())[:5])
            raise Refused("bad_values", f"{told}一个也没有保存。", errors=errors)
        if rows:
            connection.execute(insert(indicator_values), rows)
    return len(rows)


def _row(
    site: Site, actor: Actor, known: dict[tuple[int, str], Any], one: Given, origin: str
) -> dict[str, Any]:
    period = read_period(one.month)
    if "Q" in period.name:
        raise Refused("bad_period", f"“{one.month}”不是月份。")
    if period.first > site.today():
        raise Refused("future_day", f"{period.words}还没有到。")
    kept = known.get((period.first.year, one.indicator)) or next(
        (k for (year, _), k in known.items() if year == period.first.year and k.one.name == one.indicator),
        None,
    )
    if kept is None:
        raise Refused("indicator_unknown", f"{period.first.year} 年没有指标“{one.indicator[:40]}”。")
    if kept.one.figure:
        raise Refused("bound", f"“{kept.one.name}”由统计指标得出，不能填报。")
    unit = find_unit(site.tree, one.unit.strip())
    if unit is None or not unit.path.startswith(kept.unit_path):
        raise Refused("unit_unknown", f"没有单位“{one.unit[:32]}”，或不在报表范围内。")
    _check_right(site, actor, kept.one, unit)
    value = str(read_value(one.value)) if one.value.strip() else ""
    return {
        "indicator": kept.one.code, "month": period.name, "unit_id": unit.id, "value": value,
        "note": one.note.strip()[:200], "origin": origin, "entered_by": actor.name,
        "entered_at": instant_text(site.now()),
    }  # fmt: skip


def _check_right(site: Site, actor: Actor, one: Indicator, unit: Unit) -> None:
    owner = site.tree.by_code.get(one.owner)
    own = {actor.unit_path, actor.scope_path} - {""}
    if policy.within(unit.path, actor.scope_path) and (
        actor.role == "supervisor" or unit.path in own
    ):
        return
    if owner is not None and owner.path in own:
        return
    raise Forbidden(f"“{unit.short}”的“{one.name}”不由您填报。")


def values_of(connection: Connection, year: int, before: int | None = None) -> Values:
    """Read what stands in a year; ``before``: only entries up to this id (an earlier knowledge)."""
    v = indicator_values.c
    query = select(indicator_values).where(v.month.startswith(f"{year}-")).order_by(v.id)
    if before is not None:
        query = query.where(v.id <= before)
    found: Values = {}
    for row in connection.execute(query):
        key = (row.indicator, row.unit_id, int(row.month[5:]))
        if row.value:
            found[key] = Known(
                Decimal(row.value), row.id, row.note, row.origin, row.entered_by, row.entered_at
            )
        else:
            found.pop(key, None)
    return found


def import_sheet(site: Site, actor: Actor, content: bytes, name: str = "") -> int:
    """Import values from an xlsx, xls or csv sheet, all or none; gives how many.

    The header row names 指标, 单位, 月份, 数值 and perhaps 备注, in any order, within the first
    ten rows. Or a table: 指标, 单位 and a column for each month (2026-01 or 1月 with the year in
    the title cell). Refused ``bad_values``, ``no_header`` and as ``read_sheet``.
    """
    sheet = read_sheet(content, name)
    rows = [[str(cell).strip() for cell in row] for row in sheet.rows[:_MOST_ROWS]]
    for line, row in enumerate(rows[:10]):
        places = _places(row)
        if "indicator" in places and "unit" in places:
            months = _months(row, rows[: line + 1])
            given = list(_given(rows[line + 1 :], places, months))
            return enter(site, actor, given, "imported")
    raise Refused("no_header", "前十行没有找到表头：须有“指标”“单位”“月份”“数值”各列。没有保存。")


def _places(row: list[str]) -> dict[str, int]:
    return {
        key: place
        for place, text in enumerate(row)
        for key, names in _COLUMNS.items()
        if text.replace("(", "（").replace(")", "）") in names
    }


def _months(row: list[str], above: list[list[str]]) -> dict[int, str]:
    """Find columns of months; a bare 3月 takes its year from the cells above."""
    year = next(
        (m.group() for r in above for cell in r if (m := re.search(r"20\d\d", cell))), ""
    )
    found = {}
    for place, text in enumerate(row):
        if re.fullmatch(r"\d{4}[-年]\d{1,2}月?", text):
            found[place] = text
        elif year and re.fullmatch(r"\d{1,2}月", text):
            found[place] = f"{year}-{int(text[:-1]):02d}"
    return found


def _given(
    rows: list[list[str]], places: dict[str, int], months: dict[int, str]
) -> Iterable[Given]:
    def at(row: list[str], key: str) -> str:
        place = places.get(key, -1)
        return row[place] if 0 <= place < len(row) else ""

    for row in rows:
        if not at(row, "indicator") or not at(row, "unit"):
            continue
        if "value" in places:
            month = re.sub(r"-01 00:00:00$|-01$(?<=-\d\d-01)", "", at(row, "month"))
            yield Given(at(row, "indicator"), month, at(row, "unit"), at(row, "value"), at(row, "note"))
            continue
        for place, month in months.items():
            if place < len(row) and row[place]:
                yield Given(at(row, "indicator"), month, at(row, "unit"), row[place])
