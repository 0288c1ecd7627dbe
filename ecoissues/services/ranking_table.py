"""The table of a ranking: scores, places, bands, intervals, movement, places by other definitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection

from ecoissues.core.errors import Refused
from ecoissues.core.periods import Period
from ecoissues.core.rates import percent
from ecoissues.core.scoring import Criterion, Scheme, band_of, places, read_weight, score, wilson
from ecoissues.figures.known import Known
from ecoissues.figures.rankings import Counts, alternatives, counts_by_unit
from ecoissues.figures.reading import By
from ecoissues.figures.registry import packaged_definitions
from ecoissues.services.site import Site

if TYPE_CHECKING:
    from ecoissues.services.rankings import Kept

#: (bonus, deduction) in hundredths by the unit's code.
Points = Mapping[str, tuple[int, int]]


class Cell(msgspec.Struct, frozen=True):
    """A unit's rate in one criterion: as printed, its counts, its 95 % interval."""

    percent: str | None
    part: int
    whole: int
    low: str
    high: str


class Line(msgspec.Struct, frozen=True):
    """One unit. ``place`` 0: set apart (too few cases, or no criterion applies); ``moved``: places
    won (+) or lost (−) since the period before, None if it had none; ``best`` and ``worst``: its
    places under the other definitions, its own among them."""

    unit: str
    label: str
    place: int
    score: str
    band: str
    cells: tuple[Cell, ...]
    bonus: str
    deduction: str
    before: int
    moved: int | None
    best: int
    worst: int
    tied: bool

    @property
    def range_words(self) -> str:
        """The range of places in words; empty when every definition gives the same."""
        return f"第 {self.best} 至 {self.worst} 名" if self.best < self.worst else ""


class Head(msgspec.Struct, frozen=True):
    """A column: the criterion with its weight and its definition's name, version and formula."""

    list: str
    list_title: str
    figure: str
    name: str
    version: int
    formula: str
    weight: str
    alternatives: tuple[str, ...]


class Ranking(msgspec.Struct, frozen=True):
    """A ranking as printed. ``running``: the period has not ended, the day is today."""

    title: str
    period: str
    period_words: str
    as_of: date
    running: bool
    known_pos: int
    known_at: str
    unit_word: str
    minimum: int
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    apart: tuple[Line, ...]


class _Counted:
    """The counts of one day by list and definition, each list read once."""

    def __init__(
        self, site: Site, connection: Connection, scheme: Scheme, path: str, by: By, as_of: date,
        known: Known,
    ) -> None:  # fmt: skip
        wanted: dict[str, set[str]] = {}
        for one in scheme.criteria:
            wanted.setdefault(one.list, set()).update((one.figure, *others(site, one)))
        definitions = packaged_definitions()
        self.found: dict[tuple[str, str], Counts] = {}
        for code, figures in wanted.items():
            counted = counts_by_unit(
                connection, site.tree, site.get_list(code), as_of, known, path, by,
                [definitions.get(figure) for figure in sorted(figures)],
            )  # fmt: skip
            self.found.update({(code, figure): counts for figure, counts in counted.items()})


def others(site: Site, criterion: Criterion) -> tuple[str, ...]:
    """Give the other definitions of a criterion: those entered, else those that mean the same."""
    entered = criterion.alternatives
    row = site.get_list(criterion.list)
    known = packaged_definitions()
    applying = site.kind_of(row.kind, row.kind_version).figures
    return entered or tuple(alternatives(known.get(criterion.figure), known, applying))


def _scores(
    scheme: Scheme, counted: _Counted, points: Points, chosen: Sequence[str] | None = None
) -> dict[str, Decimal]:
    """Give the score of each unit with enough cases; ``chosen``: figures instead of the scheme's."""
    figures = chosen or [one.figure for one in scheme.criteria]
    tables = [
        counted.found[one.list, figure] for one, figure in zip(scheme.criteria, figures, strict=True)
    ]
    weights = [read_weight(one.weight) for one in scheme.criteria]
    aims = [packaged_definitions().get(figure).aim for figure in figures]
    main = counted.found[scheme.criteria[0].list, scheme.criteria[0].figure]
    found = {}
    for unit, (_, whole) in main.items():
        value = score([t.get(unit) for t in tables], weights, aims, sum(points.get(unit, (0, 0))))
        if value is not None and whole >= scheme.minimum:
            found[unit] = value
    return found


def rank(
    site: Site, connection: Connection, scheme: Scheme, kept: Kept, period: Period,
    known: tuple[int, str], now: Points, before: Points,
) -> Ranking:  # fmt: skip
    """Rank the units of a scheme at the end of a period, with movement and range of places.

    In: the log position everything is known at, points of this and the period before.
    """
    today = site.today()
    if period.first > today:
        raise Refused("future_day", f"{period.words}还没有开始，没有数据可排名。")
    as_of = min(period.last, today)
    by: By = "district" if kept.unit_path == site.tree.root.path else "unit"
    place = (site, connection, scheme, kept.unit_path, by)
    counted = _Counted(*place, as_of, Known(known[0]))
    earlier = _Counted(*place, period.previous.last, Known(known[0]))
    scores = _scores(scheme, counted, now)
    here, there = places(scores), places(_scores(scheme, earlier, before))
    ranges = _ranges(site, scheme, counted, now, here)
    units = {unit for table in counted.found.values() for unit in table} | set(now)
    every = [_line(site, scheme, counted, unit, scores, here, there, ranges, now) for unit in units]
    order = {code: number for number, code in enumerate(site.tree.by_code)}
    every.sort(key=lambda line: (line.place or 10**6, order.get(line.unit, 0)))
    return Ranking(
        scheme.title, period.name, period.words, as_of, period.last > today, known[0], known[1],
        "区县（部门）" if by == "district" else "单位", scheme.minimum, _heads(site, scheme),
        tuple(line for line in every if line.place), tuple(line for line in every if not line.place),
    )  # fmt: skip


def _ranges(
    site: Site, scheme: Scheme, counted: _Counted, points: Points, here: Mapping[str, int]
) -> dict[str, tuple[int, int]]:
    """Give the best and worst place of each unit when one criterion takes another definition."""
    found = {unit: (place, place) for unit, place in here.items()}
    usual = [one.figure for one in scheme.criteria]
    for position, one in enumerate(scheme.criteria):
        for other in others(site, one):
            chosen = [*usual[:position], other, *usual[position + 1 :]]
            for unit, place in places(_scores(scheme, counted, points, chosen)).items():
                best, worst = found.get(unit, (place, place))
                found[unit] = (min(best, place), max(worst, place))
    return found


def _line(
    site: Site, scheme: Scheme, counted: _Counted, unit: str, scores: Mapping[str, Decimal],
    here: Mapping[str, int], there: Mapping[str, int], ranges: Mapping[str, tuple[int, int]],
    points: Points,
) -> Line:  # fmt: skip
    cells = tuple(
        _cell(*counted.found[one.list, one.figure].get(unit, (0, 0))) for one in scheme.criteria
    )
    place, value = here.get(unit, 0), scores.get(unit)
    bonus, deduction = points.get(unit, (0, 0))
    was = there.get(unit, 0)
    best, worst = ranges.get(unit, (place, place))
    return Line(
        unit, site.tree.by_code[unit].short, place, str(value) if value is not None else "—",
        band_of(value, scheme.bands) if value is not None else "", cells,
        f"{bonus / 100:+g}" if bonus else "", f"{deduction / 100:+g}" if deduction else "", was,
        was - place if was and place else None, best, worst,
        bool(place) and sum(1 for other in here.values() if other == place) > 1,
    )  # fmt: skip


def _cell(part: int, whole: int) -> Cell:
    low, high = wilson(part, whole) or ("", "")
    return Cell(percent(part, whole), part, whole, low, high)


def _heads(site: Site, scheme: Scheme) -> tuple[Head, ...]:
    found = []
    for one in scheme.criteria:
        definition = packaged_definitions().get(one.figure)
        names = [packaged_definitions().get(code).wording.zh for code in others(site, one)]
        found.append(
            Head(
                one.list, site.get_list(one.list).title, one.figure, definition.wording.zh,
                definition.version, definition.formula, one.weight, tuple(names),
            )
        )  # fmt: skip
    return tuple(found)
