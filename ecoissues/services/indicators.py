"""The indicator sheet (生态报表): which indicators a year has, and how each unit and the whole stand."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import Connection, func, insert, select

from ecoissues.core import policy
from ecoissues.core.decoding import told
from ecoissues.core.errors import Forbidden, Refused
from ecoissues.core.indicators import (
    Indicator,
    check_indicator,
    distance,
    expected,
    roll_up,
    shown,
    standing,
    to_date,
)
from ecoissues.core.instants import instant_text
from ecoissues.core.periods import Period
from ecoissues.core.policy import Actor
from ecoissues.core.units import Unit
from ecoissues.figures.cuts import Cut
from ecoissues.figures.known import NOW, Known
from ecoissues.figures.reading import Board, By
from ecoissues.figures.registry import packaged_definitions
from ecoissues.services.site import Site
from ecoissues.services.unit_finder import find_unit
from ecoissues.storage.tables_published import indicators as table

if TYPE_CHECKING:
    from ecoissues.services.indicator_values import Values

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,39}")


class Kept(msgspec.Struct, frozen=True):
    """An indicator as kept: its year, version and the units it is about."""

    one: Indicator
    year: int
    version: int
    unit_path: str


class Cell(msgspec.Struct, frozen=True):
    """How a unit stands in an indicator. ``value`` exact as ``a/b`` (empty: none), others printed."""

    unit: str
    label: str
    value: str
    shown: str
    target: str
    expected: str
    standing: str
    distance: str


class SheetLine(msgspec.Struct, frozen=True):
    """One indicator: the whole, then its units; ``filled`` of ``units`` have a value."""

    code: str
    name: str
    measure: str
    direction: str
    source: str
    owner: str
    version: int
    bound: str
    rollup: str
    whole: Cell
    cells: tuple[Cell, ...]
    filled: int


class Sheet(msgspec.Struct, frozen=True):
    """The sheet of a month. ``values_upto``: the last entry it knows of."""

    period: str
    period_words: str
    as_of: date
    unit: str
    unit_name: str
    lines: tuple[SheetLine, ...]
    known_pos: int
    values_upto: int


def define(site: Site, actor: Actor, year: int, one: Indicator) -> int:
    """Enter an indicator for a year, or its next version; gives the version."""
    policy.require(actor, "indicator.write")
    check_indicator(one)
    if not _CODE.fullmatch(one.code) or not 2000 <= year <= 2100:
        raise Refused("bad_indicator", "指标代码须为 2 至 40 位字母、数字、横线，年份为四位数。没有保存。")
    for code in filter(None, (one.owner, *one.targets)):
        if code not in site.tree.by_code:
            raise Refused("unit_unknown", f"没有单位代码“{code[:32]}”。没有保存。")
    if one.figure:
        packaged_definitions().get(one.figure)
        site.get_list(one.list)
    c = table.c

    def work(connection: Connection) -> int:
        query = select(c.version, c.unit_path).where(c.code == one.code, c.year == year)
        last = connection.execute(query.order_by(c.version.desc())).first()
        if last is not None and last.unit_path != actor.scope_path:
            raise Forbidden("这个指标代码属于别的督察办，没有保存。")
        version = (last.version if last else 0) + 1
        values = {
            "code": one.code, "year": year, "version": version, "unit_path": actor.scope_path,
            "document": msgspec.json.encode(one).decode(), "entered_by": actor.name,
            "entered_at": instant_text(site.now()),
        }  # fmt: skip
        connection.execute(insert(table).values(**values))
        return version

    return site.store.write(work)


def read_documents(text: str) -> tuple[int, list[Indicator]]:
    """Read a TOML file: ``year`` and ``[[indicators]]``; Refused ``bad_indicator``."""
    try:
        found = tomllib.loads(text)
        for one in found["indicators"]:
            one["target"] = str(one.get("target", ""))
            one["targets"] = {code: str(value) for code, value in one.get("targets", {}).items()}
        return int(found["year"]), msgspec.convert(found["indicators"], list[Indicator])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, KeyError, TypeError, AttributeError,
            ValueError) as error:  # fmt: skip
        raise Refused("bad_indicator", f"指标文件有误：{told(error)}。没有保存。") from None


def read_targets(site: Site, text: str) -> dict[str, str]:
    """Read targets of single units, one a line: name or code, then the target."""
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, target = line.replace("：", " ").replace(":", " ").rpartition(" ")
        unit = find_unit(site.tree, name.strip())
        if unit is None:
            raise Refused("unit_unknown", f"“{line[:30]}”：没有这个单位，应写成“单位 目标”。没有保存。")
        found[unit.code] = target
    return found


def with_targets(one: Indicator, targets: Mapping[str, str]) -> Indicator:
    """Give an indicator with targets of single units; Refused ``bad_indicator`` for a bad choice."""
    plain_one = {**msgspec.to_builtins(one), "targets": dict(targets)}
    try:
        return msgspec.convert(plain_one, Indicator)
    except msgspec.ValidationError:
        raise Refused("bad_indicator", "方向、计法或汇总的选择有误。没有保存。") from None


def reachable(
    site: Site, connection: Connection, actor: Actor, year: int | None = None
) -> list[Kept]:
    """Give the newest version of each indicator about units in the actor's reach, by code."""
    c = table.c
    newest = (
        select(c.code, c.year, func.max(c.version).label("version")).group_by(c.code, c.year)
    ).subquery()
    query = select(table).join(
        newest,
        (newest.c.code == c.code) & (newest.c.year == c.year) & (newest.c.version == c.version),
    )
    if year is not None:
        query = query.where(c.year == year)
    found = []
    for row in connection.execute(query.order_by(c.code)):
        path = row.unit_path
        if policy.within(path, actor.scope_path) or policy.within(actor.scope_path, path):
            one = msgspec.json.decode(row.document, type=Indicator)
            found.append(Kept(one, row.year, row.version, path))
    return found


def make_sheet(
    site: Site, connection: Connection, actor: Actor, period: Period, unit: Unit,
    known: Known = NOW, values: Values | None = None, kept: Sequence[Kept] | None = None,
) -> Sheet:  # fmt: skip
    """Make the sheet of a month for a unit (the whole) and the units right below it.

    In: ``known``, ``values``, ``kept``: an earlier knowledge instead of today's.
    """
    from ecoissues.services.indicator_values import values_of

    policy.require(actor, "indicator.read")
    as_of = min(period.last, site.today())
    if period.first > site.today():
        raise Refused("future_day", f"{period.words}还没有到，没有数据。")
    found = values if values is not None else values_of(connection, period.first.year)
    month = period.first.month
    lines = []
    for each in kept if kept is not None else reachable(site, connection, actor, period.first.year):
        if policy.within(unit.path, each.unit_path):
            lines.append(_line(site, connection, each, unit, month, as_of, known, found))
    upto = max((one.id for one in found.values()), default=0)
    return Sheet(
        period.name, period.words, as_of, unit.code, unit.name, tuple(lines), known.pos or 0, upto
    )


def _line(
    site: Site, connection: Connection, kept: Kept, unit: Unit, month: int, as_of: date,
    known: Known, values: Values,
) -> SheetLine:  # fmt: skip
    one = kept.one
    below = [node for node in site.tree.by_id.values() if node.parent_id == unit.id]
    if one.figure:
        whole, parts = _bound(site, connection, one, unit, as_of, known)
    else:
        parts = {node.code: _own(one, values, node, month) for node in below}
        filled = [value for value in parts.values() if value is not None]
        whole = roll_up(one, filled)
        if whole is None:
            whole = _own(one, values, unit, month)
    cells = [
        _cell(one, node, parts.get(node.code), one.target_of(node.code, whole=False), month)
        for node in below
        if parts.get(node.code) is not None or node.code in one.targets
    ]
    owner = site.tree.by_code.get(one.owner)
    name = packaged_definitions().get(one.figure).wording.zh if one.figure else ""
    return SheetLine(
        one.code, one.name, one.measure, one.direction, one.source, owner.short if owner else "",
        kept.version, name, one.rollup,
        _cell(one, unit, whole, _target(one, kept, unit), month), tuple(cells),
        sum(1 for cell in cells if cell.value),
    )  # fmt: skip


def _target(one: Indicator, kept: Kept, unit: Unit) -> Decimal | None:
    return one.target_of(unit.code, whole=unit.path == kept.unit_path)


def _own(one: Indicator, values: Values, unit: Unit, month: int) -> Fraction | None:
    months: Mapping[int, Decimal] = {
        number: values[one.code, unit.id, number].value
        for number in range(1, 13)
        if (one.code, unit.id, number) in values
    }
    return to_date(one, months, month)


def _bound(
    site: Site, connection: Connection, one: Indicator, unit: Unit, as_of: date, known: Known
) -> tuple[Fraction | None, dict[str, Fraction | None]]:
    """Read an indicator from its figure: the whole and the units below."""
    row = site.get_list(one.list)
    definition = packaged_definitions().get(one.figure)
    top = unit.parent_id is None
    cut = Cut(unit_path=None if top else unit.path)
    board = Board(connection, site.tree, row, as_of, known, cut)
    by: By = "district" if top else "unit"
    figure = board.figure(definition, by)
    parts = {group.key: _taken(one, group.part, group.whole) for group in figure.groups}
    return _taken(one, figure.part, figure.whole), parts


def _taken(one: Indicator, part: int, whole: int) -> Fraction | None:
    if one.take == "rate":
        return Fraction(part * 100, whole) if whole else None
    return Fraction({"part": part, "rest": whole - part, "whole": whole}[one.take])


def _cell(
    one: Indicator, unit: Unit, value: Fraction | None, target: Decimal | None, month: int
) -> Cell:
    return Cell(
        unit.code, unit.short, str(value) if value is not None else "", shown(value),
        shown(target), shown(expected(one, target, month)), standing(one, value, target, month),
        distance(value, target, one.measure),
    )  # fmt: skip


def plain(sheet: Sheet) -> dict[str, Any]:
    """Give a sheet as plain data, as an edition keeps it."""
    found: dict[str, Any] = msgspec.to_builtins(sheet)
    return found
