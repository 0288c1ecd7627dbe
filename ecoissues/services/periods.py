"""Figures over time for pages and commands: two dates compared, series, periods, counting units."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from ecoissues.core.errors import Refused
from ecoissues.core.policy import Actor
from ecoissues.figures.known import NOW, known_at
from ecoissues.figures.moves import (
    PLACES,
    Comparison,
    Moment,
    Previous,
    compare_days,
    previous_day,
)
from ecoissues.figures.periods import UNIT_WORDS, Throughput, Units, counting_units, throughput
from ecoissues.figures.reading import Board
from ecoissues.figures.registry import packaged_definitions
from ecoissues.figures.series import Point, month_ends, series
from ecoissues.services.basis import Basis, basis_of
from ecoissues.services.recording import case_key
from ecoissues.services.site import Site
from ecoissues.storage import tables as t

__all__ = ["UNIT_WORDS", "Asked", "Moved", "compare", "compare_of", "period_of", "series_of",
           "units_of"]  # fmt: skip

#: A day series is read day by day: this many at most.
MOST_DAYS = 366
MOST_MONTHS = 240


class Asked(msgspec.Struct, frozen=True):
    """What a figure over time is asked for: list, day, what is known, unit, batch; empty: all."""

    list_code: str
    as_of: date | None = None
    known_at: str | None = None
    unit: str = ""
    batch: str = ""


class Moved(msgspec.Struct, frozen=True):
    """One case that moved: its key, title, responsible unit, and the two places in words."""

    case_id: int
    key: str
    title: str
    unit: str
    before: str
    after: str


def _basis(site: Site, connection: Connection, actor: Actor, asked: Asked) -> Basis:
    return basis_of(
        site, connection, actor, asked.list_code, asked.as_of, asked.known_at, asked.unit,
        asked.batch,
    )  # fmt: skip


def other_day(day: date, against: str) -> date:
    """Read what to compare with: a day, or ``month``, ``quarter``, ``year`` for the one before."""
    if against in ("month", "quarter", "year"):
        period: Previous = against  # type: ignore[assignment]
        return previous_day(day, period)
    try:
        return date.fromisoformat(against)
    except ValueError:
        raise Refused(
            "bad_day", f"对比日期“{against[:20]}”写法不对，请写成 2024-12-31，或上月、上季、上年。"
        ) from None


def compare(
    site: Site, connection: Connection, basis: Basis, code: str, against: str, known: str = ""
) -> tuple[Comparison, list[Moved]]:
    """Compare a figure of a basis with another day (``other_day``) and what was known then.

    Out: the earlier day first, whichever way it was asked. Refused ``figure_unknown``, ``bad_day``,
    ``future_day``, ``as_of_after_known_at``.
    """
    definition = packaged_definitions().get(code)
    day = other_day(basis.as_of, against)
    if day > site.today():
        raise Refused("future_day", f"对比日期 {day} 晚于今天 {site.today()}，还没有数据；请改选。")
    knowing = known_at(connection, known) if known else basis.known
    if knowing.on is not None and day > knowing.on:
        knowing = NOW
    moments = sorted(
        (Moment(day, knowing), Moment(basis.as_of, basis.known)),
        key=lambda moment: (moment.as_of, moment.known.limit),
    )
    found = compare_days(
        connection, site.tree, definition, basis.row, moments[0], moments[1], basis.cut
    )
    return found, _named(site, connection, found)


def _named(site: Site, connection: Connection, found: Comparison) -> list[Moved]:
    c = t.cases.c
    heads: dict[int, Any] = {}
    ids = [move.case_id for move in found.moves]
    for start in range(0, len(ids), 500):
        query = select(c.id, c.list_id, c.number, c.part, c.title, c.unit_id)
        for row in connection.execute(query.where(c.id.in_(ids[start : start + 500]))):
            heads[row.id] = row
    return [
        Moved(
            move.case_id,
            case_key(
                site.lists[heads[move.case_id].list_id].code, heads[move.case_id].number,
                heads[move.case_id].part,
            ),
            heads[move.case_id].title, site.tree.by_id[heads[move.case_id].unit_id].short,
            PLACES[move.before], PLACES[move.after],
        )
        for move in found.moves
    ]  # fmt: skip


def compare_of(
    site: Site, actor: Actor, code: str, asked: Asked, against: str, known: str = ""
) -> tuple[Comparison, list[Moved]]:
    """Compare as ``compare`` does, for a command."""
    with site.store.reading() as connection:
        basis = _basis(site, connection, actor, asked)
        return compare(site, connection, basis, code, against, known)


def series_of(
    site: Site, actor: Actor, code: str, asked: Asked, *, months: int = 12, days: int = 0
) -> list[Point]:
    """Give a figure at so many month ends, or on so many days, up to the day asked for."""
    if not 0 <= days <= MOST_DAYS or not 1 <= months <= MOST_MONTHS:
        raise Refused("bad_series", f"最多 {MOST_MONTHS} 个月或 {MOST_DAYS} 天，请缩短。")
    definition = packaged_definitions().get(code)
    with site.store.reading() as connection:
        basis = _basis(site, connection, actor, asked)
        wanted = month_ends(basis.as_of, months)
        if days:
            wanted = [basis.as_of - timedelta(back) for back in range(days - 1, -1, -1)]
        place = (connection, site.tree, definition, basis.row)
        return series(*place, wanted, basis.known, basis.cut)


def period_of(
    site: Site, actor: Actor, code: str, asked: Asked, begins: date, ends: date
) -> Throughput:
    """Give the throughput of a period and the figure of what was registered in it."""
    definition = packaged_definitions().get(code)
    if begins > ends:
        raise Refused("bad_period", f"起始日 {begins} 晚于终止日 {ends}，请改正。")
    with site.store.reading() as connection:
        basis = _basis(site, connection, actor, asked)
        if ends > basis.as_of:
            raise Refused("bad_period", f"终止日 {ends} 晚于截至日期 {basis.as_of}，请改正。")
        return throughput(
            connection, site.tree, definition, basis.row, begins, ends, basis.as_of, basis.known,
            basis.cut,
        )  # fmt: skip


def units_of(site: Site, actor: Actor, asked: Asked) -> Units:
    """Give the counting units of a list as of a day."""
    with site.store.reading() as connection:
        basis = _basis(site, connection, actor, asked)
        board = Board(connection, site.tree, basis.row, basis.as_of, basis.known, basis.cut)
        return counting_units(board)
