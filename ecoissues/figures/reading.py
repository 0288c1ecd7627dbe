"""Figures: a definition, a list, a day, what was known; grouped, and opened into its cases.

The number, its groups and its members stand on the same postings, so they always agree.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cached_property
from typing import Literal, TypeVar

from msgspec import Struct
from sqlalchemy import Connection, func, select

from ecoissues.core.accounts import ACCOUNTS
from ecoissues.core.rates import percent
from ecoissues.core.units import UnitTree
from ecoissues.figures.cubes import CubeKey, account
from ecoissues.figures.cuts import WHOLE, Cut, conditions, path_of
from ecoissues.figures.due_later import Counted, Later, due_later
from ecoissues.figures.grouping import By, lines_by
from ecoissues.figures.known import NOW, Known
from ecoissues.figures.lines import Group, Grouping, Overlap, to_a_hundred
from ecoissues.figures.registry import Definition
from ecoissues.figures.soundness import require_sound
from ecoissues.figures.totals import (
    Shared,
    Vectors,
    by_then,
    shares,
    shares_plain,
    sums,
    sums_plain,
)
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow

__all__ = ["Board", "By", "Figure", "Group", "Overlap", "Which", "figure", "members",
           "phase_members"]  # fmt: skip

_K = TypeVar("_K")
Which = Literal["part", "rest", "all"]


class Figure(Struct, frozen=True):
    """A figure as it is printed: never without its definition, its day and its two counts."""

    code: str
    version: int
    list: str
    as_of: date
    known_at: str | None
    part: int
    whole: int
    percent: str | None
    groups: tuple[Group, ...]
    overlap: Overlap | None = None
    note: str = ""


class Board:
    """All sums of one list, day, known-at and cut; each cube is read once, when first needed."""

    def __init__(
        self,
        connection: Connection,
        tree: UnitTree,
        row: ListRow,
        as_of: date,
        known: Known = NOW,
        cut: Cut = WHOLE,
        accounts: tuple[str, ...] = ACCOUNTS,
        places: int = 1,
    ) -> None:
        known.check(as_of)
        require_sound(connection)
        self.connection, self.tree, self.row = connection, tree, row
        self.as_of, self.known, self.cut = as_of, known, cut
        self.accounts, self.places = accounts, places
        self.path = path_of(tree, row, cut)
        self._index = {name: place for place, name in enumerate(accounts)}
        self._read: dict[str, Vectors] = {}

    def vectors(self, cube: str) -> Vectors:
        """Give the totals of this cut by the keys of a cube."""
        found = self._read.get(cube)
        if found is None:
            found = self._vectors(cube)
            if not self._adds_units(cube):  # else what is due later was taken back unit by unit
                found = self._not_yet_over(found, lambda place: self._key(cube, place))
            self._read[cube] = found
        return found

    def _vectors(self, cube: str) -> Vectors:
        place = (self.connection, self.row.id, cube, self.as_of, self.known, self.accounts)
        if self.cut.needs_postings or (self.path and cube in ("type", "cohort")):
            return sums_plain(*place, where=conditions(self.tree, self.path, self.cut))
        if self.path is None:
            return sums(*place)
        if not self._adds_units(cube):
            below = {unit.id for unit in self.tree.below(self.path)}
            return {key: vector for key, vector in sums(*place).items() if abs(int(key)) in below}
        by_top: dict[CubeKey, tuple[int, ...]] = {}
        for key, vector in self.vectors("unit").items():
            top = self.tree.by_id[abs(int(key))].top_id
            by_top[top] = _plus(by_top.get(top), vector)
        return by_top

    def shares(self, cube: str) -> Shared:
        """Give the totals of this cut by (unit or top id, share); cube ``unit`` or ``district``."""
        place = (self.connection, self.row.id, cube, self.as_of, self.known, self.accounts)
        if self.cut.needs_postings or (
            self.path is not None and cube == "district" and not self._is_top(self.path)
        ):
            found = shares_plain(*place, where=conditions(self.tree, self.path, self.cut))
        else:
            found = shares(*place)
            if self.path is not None:
                below = {unit.id for unit in self.tree.below(self.path)}
                found = {key: vector for key, vector in found.items() if abs(key[0]) in below}

        def key_of(place: Counted) -> tuple[int, int] | None:
            key = self._key(cube, place)
            share = place.top_share if cube == "district" else place.unit_share
            return None if key is None else (int(key), share)

        return self._not_yet_over(found, key_of)

    def _adds_units(self, cube: str) -> bool:
        """Whether the totals of a cube are those of the units below the cut's path, added up."""
        if self.path is None or self.cut.needs_postings or cube in ("type", "cohort"):
            return False
        return cube != "unit" and not self._is_top(self.path)

    def _not_yet_over(
        self, found: dict[_K, tuple[int, ...]], key_of: Callable[[Counted], _K | None]
    ) -> dict[_K, tuple[int, ...]]:
        """Take back what is due later on the day. ``key_of``: where a place counts, None nowhere."""
        for one in self._later:
            for place in one.places:
                key = key_of(place)
                if key is not None and key in found:
                    change = [0] * len(self.accounts)
                    for name, sign in one.change:
                        if name in self._index:
                            change[self._index[name]] = sign * place.times
                    found = {**found, key: _plus(found[key], tuple(change))}
        return found

    @cached_property
    def _later(self) -> list[Later]:
        return due_later(self.connection, self.tree, self.row, self.as_of, self.known, self.cut)

    def _key(self, cube: str, place: Counted) -> CubeKey | None:
        """Give the key of a cube at which a place counts within the cut, None where it does not."""
        if self.cut.type is not None and place.type != self.cut.type:
            return None
        keys: dict[str, CubeKey] = {
            "district": place.top_id, "unit": place.unit_id, "type": place.type,
            "cohort": place.cohort,
        }  # fmt: skip
        if self.path is not None:
            by_top = cube == "district" and not self.cut.needs_postings
            node = place.top_id if by_top and self._is_top(self.path) else place.unit_id
            if abs(node) not in {unit.id for unit in self.tree.below(self.path)}:
                return None
        return keys[cube]

    def _is_top(self, path: str) -> bool:
        return path.count("/") == self.tree.root.path.count("/") + 1

    @cached_property
    def total(self) -> dict[str, int]:
        """Give every account of the cut, each case once."""
        vector: tuple[int, ...] | None = None
        for one in self.vectors("district").values():
            vector = _plus(vector, one)
        return dict(zip(self.accounts, vector or (0,) * len(self.accounts), strict=True))

    def named(self, vector: tuple[int, ...]) -> dict[str, int]:
        """Give a vector of this board by the names of its accounts."""
        return dict(zip(self.accounts, vector, strict=True))

    def figure(
        self, definition: Definition, by: By | str | None = None, *, hundred: bool = False
    ) -> Figure:
        """Give a figure of this board, grouped or not (see ``figure``)."""
        total = self.total
        part, whole = _counts(definition, total)
        grouped = lines_by(self, definition, by) if by else Grouping()
        if by and hundred:
            grouped = to_a_hundred(grouped, self.places)
        return Figure(
            definition.code, definition.version, self.row.code, self.as_of, self.known.at,
            part, whole, percent(part, whole, self.places), tuple(grouped.groups), grouped.overlap, grouped.note,
        )  # fmt: skip

    def counted(self, definition: Definition, vector: tuple[int, ...]) -> tuple[int, int]:
        """Give part and whole of a definition in one of this board's vectors."""
        places = self._index
        return (
            sum(vector[places[name]] for name in definition.part),
            sum(vector[places[name]] for name in definition.whole),
        )


def _plus(one: tuple[int, ...] | None, other: tuple[int, ...]) -> tuple[int, ...]:
    return other if one is None else tuple(map(int.__add__, one, other))


def _counts(definition: Definition, named: dict[str, int]) -> tuple[int, int]:
    return sum(named[a] for a in definition.part), sum(named[a] for a in definition.whole)


def figure(
    connection: Connection,
    tree: UnitTree,
    definition: Definition,
    row: ListRow,
    as_of: date,
    known: Known = NOW,
    cut: Cut = WHOLE,
    by: By | str | None = None,
    *,
    places: int = 1,
    hundred: bool = False,
) -> Figure:
    """Give a figure of a list at the end of a day, as known, within a cut.

    In: a definition (``registry``), the list, the day, what is known (``known.known_at``), the
    cut (scope and units), the grouping or None (``field:CODE`` for a choice of the list's kind);
    ``places`` printed of percentages; ``hundred``: shares that sum to 100. Groups of districts,
    units and types count a case in each it belongs to; ``overlap`` says by how much they exceed
    the figure. Refused: ``as_of_after_known_at``; ``cut_unknown`` for a grouping the definition
    does not have; ``shares_exceed``.
    """
    narrow = by is None or by in ("district", "unit", "type", "problem", "month")
    wanted = definition.accounts if narrow else ACCOUNTS
    board = Board(connection, tree, row, as_of, known, cut, wanted, places)
    return board.figure(definition, by, hundred=hundred)


def members(
    connection: Connection,
    tree: UnitTree,
    definition: Definition,
    row: ListRow,
    as_of: date,
    known: Known = NOW,
    cut: Cut = WHOLE,
    which: Which = "part",
) -> list[int]:
    """Give the ids of the cases behind a figure: its part, the rest of its whole, or all."""
    return _members(
        connection, tree, definition.part, definition.whole, row, as_of, known, cut, which
    )


def phase_members(
    connection: Connection,
    tree: UnitTree,
    phase: str,
    row: ListRow,
    as_of: date,
    known: Known = NOW,
    cut: Cut = WHOLE,
) -> list[int]:
    """Give the ids of the cases in a phase (``void``: those outside the denominator)."""
    return _members(connection, tree, (phase,), (phase,), row, as_of, known, cut, "all")


def _members(
    connection: Connection,
    tree: UnitTree,
    part: tuple[str, ...],
    whole: tuple[str, ...],
    row: ListRow,
    as_of: date,
    known: Known,
    cut: Cut,
    which: Which,
) -> list[int]:
    known.check(as_of)
    require_sound(connection)
    p = t.postings
    in_part = func.sum(sum((account(p, name) for name in part[1:]), account(p, part[0])))
    in_whole = func.sum(sum((account(p, name) for name in whole[1:]), account(p, whole[0])))
    having = {
        "part": (in_part > 0,),
        "rest": (in_part <= 0, in_whole > 0),
        "all": (in_whole > 0,),
    }[which]
    where = conditions(tree, path_of(tree, row, cut), cut)
    query = (
        select(p.c.case_id)
        .where(*by_then(row.id, as_of, known), *where)
        .group_by(p.c.case_id)
        .having(*having)
        .order_by(p.c.case_id)
    )
    found = list(connection.execute(query).scalars().all())
    for one in due_later(connection, tree, row, as_of, known, cut):
        found = [case_id for case_id in found if case_id != one.case_id]
        counted = one.counted(part) > 0, one.counted(whole) > 0
        if {"part": counted[0], "rest": counted == (False, True), "all": counted[1]}[which]:
            found = sorted([*found, one.case_id])
    return found
