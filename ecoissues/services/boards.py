"""The leaders' board: big numbers, lights, a ranking and a trend, all on one basis.

Nothing here counts by itself: numbers come from ``figures``, lights of today from the very filter
that lists cases, so every number equals the rows it opens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final, Protocol
from urllib.parse import urlencode

import msgspec
from sqlalchemy import Connection, select

from ecoissues.core.lights import ORDER
from ecoissues.core.policy import Actor
from ecoissues.core.vocabulary import DONE_PHASES
from ecoissues.figures.cuts import path_of
from ecoissues.figures.joint_lines import JOINT_ROW
from ecoissues.figures.reading import Board, By, Figure, Group
from ecoissues.figures.registry import Definition
from ecoissues.figures.series import Point, month_ends, series
from ecoissues.figures.wording import day_words, sentence
from ecoissues.services import listing
from ecoissues.services.basis import Basis
from ecoissues.services.behind import MOST_FOLDED, lit_cases, own_of
from ecoissues.services.exporting import definitions_of
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow
from ecoissues.storage.scope import visible_cases

#: Units with fewer cases are not ranked: one case would move them across the table.
FEWEST_RANKED: Final = 5


class _Rows(Protocol):
    """Gives the address of the rows behind a number."""

    def __call__(self, **more: str) -> str: ...


class Number(msgspec.Struct, frozen=True):
    """One big number with all that must stand beside it."""

    definition: Definition
    figure: Figure
    shown: str
    sentence: str
    part_href: str
    rest_href: str

    @property
    def title(self) -> str:
        """What stands over the number: a count is not called a rate."""
        name = self.definition.wording.zh
        return name.removesuffix("率") if self.definition.aim == "low" else name

    @property
    def rest(self) -> int:
        """How many of the whole are not in the part."""
        return self.figure.whole - self.figure.part


class Light(msgspec.Struct, frozen=True):
    """One light of the board: red, orange, yellow or green; ``count`` None: not counted for this day."""

    key: str
    count: int | None
    href: str


class Place(msgspec.Struct, frozen=True):
    """One line of a ranking. ``rank`` 0: too few cases to be ranked."""

    group: Group
    rank: int
    href: str
    width: int


class Ranking(msgspec.Struct, frozen=True):
    """The units of a board by one figure: ranked ones, those with too few cases, the overlap."""

    by: By
    places: list[Place]
    few: list[Place]
    overlap: str


class BoardPage(msgspec.Struct, frozen=True):
    """Everything the board shows."""

    total: int
    void: int
    total_href: str
    void_href: str
    numbers: list[Number]
    lights: list[Light]
    leading: Definition
    ranking: Ranking
    trend: list[Point]


def lists_for(site: Site, connection: Connection, actor: Actor) -> list[ListRow]:
    """Give the lists an actor may open a board of: those that hold a case in his scope."""
    rows = list(site.lists.values())
    if actor.scope_path == site.tree.root.path:
        return rows
    where = visible_cases(site.tree, site.lists, actor.scope_path)
    seen = set(connection.execute(select(t.cases.c.list_id).where(where).distinct()).scalars())
    return [row for row in rows if row.id in seen or row.unit_path.startswith(actor.scope_path)]


def address(path: str, basis: Basis, site: Site, **more: str) -> str:
    """Give the address of a page on the same basis: list, day, known-at, unit, batch, more."""
    values = {"list": basis.row.code}
    if not basis.is_now:
        values["as_of"] = basis.as_of.isoformat()
    if basis.known.at:
        values["known_at"] = basis.known.at
    if basis.cut.unit_path:
        node = next(u for u in site.tree.by_id.values() if u.path == basis.cut.unit_path)
        values["unit"] = node.code
    if basis.batch:
        values["batch"] = basis.batch
    values.update({name: value for name, value in more.items() if value})
    return f"{path}?{urlencode(values)}"


def make_board(
    site: Site,
    connection: Connection,
    actor: Actor,
    basis: Basis,
    leading: str = "",
) -> BoardPage:
    """Make the board. In: ``leading``, the figure that ranking and trend show (default: the first
    of the kind)."""
    board = Board(connection, site.tree, basis.row, basis.as_of, basis.known, basis.cut)
    definitions = definitions_of(site, basis.row)
    first = next((one for one in definitions if one.code == leading), definitions[0])
    total = board.total

    def rows(**more: str) -> str:
        return address("/board/rows", basis, site, **more)

    numbers = [_number(site, board, basis, one, rows) for one in definitions]
    return BoardPage(
        total=total["cases"], void=total["void"], total_href=rows(account="cases"),
        void_href=rows(account="void"), numbers=numbers,
        lights=_lights(site, connection, actor, basis, total, rows),
        leading=first, ranking=_ranking(site, board, basis, first, rows),
        trend=_trend(site, connection, basis, first),
    )  # fmt: skip


def _number(
    site: Site, board: Board, basis: Basis, definition: Definition, rows: _Rows
) -> Number:
    figure = board.figure(definition)
    shown = str(figure.part) if definition.aim == "low" else figure.percent or "—"
    return Number(
        definition, figure, shown, board_sentence(site, basis, definition, figure),
        rows(figure=definition.code, members="part"),
        rows(figure=definition.code, members="rest"),
    )  # fmt: skip


def board_sentence(site: Site, basis: Basis, definition: Definition, figure: Figure) -> str:
    """Give the sentence to copy: day, list, counts, rate and definition."""
    unit = ""
    if basis.cut.unit_path:
        nodes = site.tree.by_id.values()
        unit = next(node.name for node in nodes if node.path == basis.cut.unit_path)
    late = day_words(basis.known.on) if basis.known.on else ""
    narrowed = "，".join(filter(None, (basis.batch, unit)))
    if definition.whole != ("cases",) or figure.percent is None:
        return sentence(figure, definition, basis.row.title, narrowed, late)
    place = f"{basis.row.title}（{narrowed}）" if narrowed else basis.row.title
    name, _, detail = definition.wording.zh.partition("（")
    done = name.removesuffix("率") + (f"（{detail}" if detail else "")
    known = f"（按{late}时已登记的情况）" if late else ""
    return (
        f"截至{day_words(basis.as_of)}{known}，{place}共{figure.whole}件，{done}{figure.part}件，"
        f"{definition.wording.zh}{figure.percent}（口径：{definition.formula}，第{figure.version}版）。"
    )


def _lights(
    site: Site,
    connection: Connection,
    actor: Actor,
    basis: Basis,
    total: Mapping[str, int],
    rows: _Rows,
) -> list[Light]:
    whole = basis.cut.batch_id is None
    if basis.is_now and whole:
        asked = {"list": basis.row.code}
        if basis.cut.unit_path:
            nodes = site.tree.by_id.values()
            asked["unit"] = next(n.code for n in nodes if n.path == basis.cut.unit_path)
        filters = [listing.Filter({**asked, "light": light}) for light in ORDER]
        counted = listing.counts(connection, site, actor, filters)
        pairs = zip(ORDER, filters, counted, strict=True)
        return [Light(key, count, each.address()) for key, each, count in pairs]
    in_work = total["cases"] - sum(total[phase] for phase in DONE_PHASES)
    found = lit_cases(site, connection, basis) if in_work <= MOST_FOLDED else None
    if found is None:
        red = Light("red", total["overdue"], rows(figure="overdue", members="part"))
        return [red, *(Light(key, None, "") for key in ORDER[1:])]
    return [Light(key, len(found[key]), rows(light=key)) for key in ORDER]


def grouping_of(site: Site, basis: Basis) -> By:
    """Districts and departments for what spans the city, the units themselves below one."""
    # An office that keeps a list works for the unit above it, and the list spans that unit.
    spanned = site.tree.by_code[basis.row.unit_code].scope_path
    path = path_of(site.tree, basis.row, basis.cut) or spanned
    return "district" if path == site.tree.root.path else "unit"


def _ranking(
    site: Site, board: Board, basis: Basis, definition: Definition, rows: _Rows
) -> Ranking:
    by = grouping_of(site, basis)
    figure = board.figure(definition, by)

    def opens(code: str) -> str:
        own = own_of(site, by, code)
        return rows(figure=definition.code, members="all", district=code, own=own)

    units = [group for group in figure.groups if group.key != JOINT_ROW]
    sign = 1 if definition.aim == "low" else -1
    ranked = sorted(
        (group for group in units if group.whole >= FEWEST_RANKED),
        key=lambda group: (sign * group.rate, -group.whole),
    )
    places, last = [], (Fraction(-1), 0)
    for number, group in enumerate(ranked, 1):
        share = group.rate
        last = last if share == last[0] else (share, number)
        places.append(_place(group, last[1], opens))
    few = [group for group in units if group.whole < FEWEST_RANKED]
    overlap = figure.note
    alone = next((group for group in figure.groups if group.key == JOINT_ROW), None)
    if alone is not None:
        overlap += f"合办 {alone.part}/{alone.whole}。"
    if figure.overlap is not None:
        summed = figure.whole + figure.overlap.whole
        name = "各区县（部门）" if by == "district" else "各单位"
        overlap = (
            f"{name}合计 {summed} 大于总数 {figure.whole}："
            f"多家合办的事项在每家各计一次，共多计 {figure.overlap.whole} 件次。"
        )
    return Ranking(by, places, [_place(group, 0, opens) for group in few], overlap)


def _place(group: Group, rank: int, opens: Callable[[str], str]) -> Place:
    width = round(100 * group.part / group.whole) if group.whole else 0
    return Place(group, rank, opens(group.key), width)


def _trend(
    site: Site, connection: Connection, basis: Basis, definition: Definition
) -> list[Point]:
    """Twelve points: the ends of eleven months and the day itself."""
    days = month_ends(basis.as_of)
    return series(connection, site.tree, definition, basis.row, days, basis.known, basis.cut)
