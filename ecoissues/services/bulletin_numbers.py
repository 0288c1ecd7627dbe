"""The numbers a bulletin may name, all of one list, day and log position, as printed text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from ecoissues.core.policy import Actor
from ecoissues.core.vocabulary import PHASES, word
from ecoissues.figures.editions import FrozenFigure, FrozenGroup, freeze
from ecoissues.figures.known import Known
from ecoissues.figures.reading import Board
from ecoissues.figures.registry import packaged_definitions
from ecoissues.figures.series import month_ends, series
from ecoissues.figures.wording import day_words
from ecoissues.services.basis import Basis, basis_of
from ecoissues.services.boards import FEWEST_RANKED, grouping_of
from ecoissues.services.exporting import definitions_of
from ecoissues.services.site import Site

_NAMED: Final = 3
_FLOWS: Final = (("期间新增", "arrivals"), ("期间办结", "closings"), ("期间重办", "reopenings"))
_OVERDUE: Final = "overdue"


class Numbers(msgspec.Struct, frozen=True):
    """What is bound to an edition: the board, the values of the fields, the rows of the tables.

    ``values``: field name -> printed text; ``trend``: (month, rate or None).
    """

    board: dict[str, Any]
    values: dict[str, str]
    ranking: list[tuple[str, str, str, str]]
    phases: list[tuple[str, int, str]]
    types: list[tuple[str, int]]
    trend: list[tuple[str, float | None]]
    leading: str
    unit_word: str


def numbers_of(
    site: Site, connection: Connection, actor: Actor, list_code: str, unit: str, begins_on: date,
    as_of: date, pos: int,
) -> Numbers:  # fmt: skip
    """Count everything a bulletin of a period may name, as known at a log position."""
    basis = basis_of(site, connection, actor, list_code, as_of, None, unit)
    known = Known(pos)
    definitions = definitions_of(site, basis.row)
    by = grouping_of(site, basis)
    row, cut = basis.row, basis.cut
    frozen = freeze(connection, site.tree, row, as_of, known, cut, definitions, by)
    earlier = begins_on - timedelta(days=1)
    board = Board(connection, site.tree, row, as_of, known, cut)
    before = Board(connection, site.tree, row, earlier, known, cut)
    values = _of_the_day(site, basis, begins_on, earlier)
    values.update(_counts(board, before))
    for figure, definition in zip(frozen.figures, definitions, strict=True):
        values.update(_of_figure(figure, before.figure(definition).percent))
    leading = frozen.figures[0]
    values.update(leaders(leading))
    values["逾期情况"] = _overdue(board, by)
    points = series(
        connection, site.tree, definitions[0], row, month_ends(as_of), known, cut
    )
    total = board.total
    shares = [(name, total[name]) for name in PHASES if name != "void"]
    return Numbers(
        msgspec.to_builtins(frozen), values,
        [_printed(g, "") for g in _ranked(leading)[0]]
        + [_printed(g, "*") for g in _ranked(leading)[1]],
        [(word("phases", name), count, _share(count, total["cases"])) for name, count in shares],
        [(word("types", key), count) for key, count in frozen.types.items()],
        [(f"{p.as_of:%y}-{p.as_of.month:02d}", _points(p.percent)) for p in points],
        leading.name, "区县（部门）" if by == "district" else "单位",
    )  # fmt: skip


def _of_the_day(site: Site, basis: Basis, begins_on: date, earlier: date) -> dict[str, str]:
    day = basis.as_of
    period = day_words(day)
    if begins_on != day:
        whole_month = begins_on.day == 1 and (day + timedelta(days=1)).day == 1
        whole_month = whole_month and begins_on.month == day.month
        period = f"{day.year}年{day.month}月" if whole_month else _span(begins_on, day)
    place = basis.row.title
    return {
        "清单": place, "截至": day_words(day), "年": str(day.year), "期间": period,
        "上期截至": day_words(earlier), "最少件数": str(FEWEST_RANKED),
    }  # fmt: skip


def _span(first: date, last: date) -> str:
    end = day_words(last)
    if first.year == last.year:
        end = f"{last.month}月{last.day}日"
    return f"{day_words(first)}至{end}"


def _counts(board: Board, before: Board) -> dict[str, str]:
    now, then = board.total, before.total
    found = {
        "总数": now["cases"], "不计入": now["void"], "重点件": now["key_cases"],
        "办理中": now["open"], "阶段性办结": now["phase_closed"], "整改完成": now["completed"],
        "已办结": now["closed"] + now["reviewed"], "上期总数": then["cases"],
        "逾期件数": now["overdue"],
    }  # fmt: skip
    found.update({name: now[flow] - then[flow] for name, flow in _FLOWS})
    return {name: str(count) for name, count in found.items()}


def _of_figure(figure: FrozenFigure, previous: str | None) -> dict[str, str]:
    name = figure.name
    return {
        name: figure.percent or "—", f"{name}.分子": str(figure.part),
        f"{name}.分母": str(figure.whole), f"{name}.其余": str(figure.whole - figure.part),
        f"{name}.上期": previous or "—", f"{name}.名称": name,
    }  # fmt: skip


def _ranked(figure: FrozenFigure) -> tuple[list[FrozenGroup], list[FrozenGroup]]:
    """Give the groups best first, and those with too few cases to be ranked."""
    sign = 1 if figure.aim == "low" else -1
    ranked = sorted(
        (group for group in figure.groups if group.whole >= FEWEST_RANKED),
        key=lambda group: (sign * _rate(group), -group.whole),
    )
    return ranked, [group for group in figure.groups if group.whole < FEWEST_RANKED]


def _printed(group: FrozenGroup, mark: str) -> tuple[str, str, str, str]:
    rate = group.percent or "—"
    return f"{group.label}{mark}", rate, group.shown_part, group.shown_whole


def leaders(figure: FrozenFigure) -> dict[str, str]:
    """Give the sentences that name the best and the last units of a figure: 居前 and 居后.

    Units that share a place are all named or counted, and none stands at both ends.
    """
    ranked, _ = _ranked(figure)
    count = min(_NAMED, len(ranked) // 2)
    first = _with_ties(ranked, count)
    last = [group for group in _with_ties(ranked[::-1], count) if group not in first]
    return {"居前": _named(first), "居后": _named(last) if last or not first else "（并列，不分先后）"}


def _with_ties(ranked: list[FrozenGroup], count: int) -> list[FrozenGroup]:
    """Give the first ones, and all that share the place of the last of them."""
    if not count:
        return []
    place = _rate(ranked[count - 1])
    end = next((at for at in range(count, len(ranked)) if _rate(ranked[at]) != place), len(ranked))
    return ranked[:end]


def _rate(group: FrozenGroup) -> Fraction:
    return Fraction(group.part, group.whole)


def _named(groups: Sequence[FrozenGroup]) -> str:
    if not groups:
        return "（单位不足，不列）"
    shown = groups if len(groups) <= 2 * _NAMED else groups[:_NAMED]
    named = "、".join(f"{g.label}（{g.percent}，{g.shown_part}/{g.shown_whole}）" for g in shown)
    return named if len(shown) == len(groups) else f"{named}等{len(groups)}个（含并列）"


def _overdue(board: Board, by: Any) -> str:
    count = board.total["overdue"]
    if not count:
        return "没有逾期事项"
    definition = packaged_definitions().find(_OVERDUE)
    groups = board.figure(definition, by).groups if definition else ()
    worst = sorted((g for g in groups if g.part), key=lambda g: -g.part)[:5]
    named = "、".join(f"{g.label}{g.part}件" for g in worst)
    return f"逾期{count}件" + (f"，主要是{named}" if named else "")


def _share(part: int, whole: int) -> str:
    from ecoissues.core.rates import percent

    return percent(part, whole) or "—"


def _points(text: str | None) -> float | None:
    return float(text.rstrip("%")) if text else None
