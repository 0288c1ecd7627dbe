"""The tree of units: municipality > district or department > bureau, office, town.

Units do not move: a path is fixed for good, so a scope is a prefix of paths.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Final

from msgspec import Struct

#: Parties whose units count in figures and handle the case.
HANDLING: Final = ("lead", "joint")
#: (unit id, top id, weight, unit share, top share) of one row of a spread case.
Spread = tuple[int, int, int, int, int]


class Unit(Struct, frozen=True, gc=False):
    """One unit. ``path``: ids from the root, ``/1/5/12/``; ``top_id``: district or department."""

    id: int
    code: str
    name: str
    short: str
    kind: str
    parent_id: int | None
    path: str
    scope_path: str
    top_id: int
    pinyin: str = ""


class UnitTree:
    """All units, by code and by id. Immutable; made anew when units change."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self.by_id: dict[int, Unit] = {unit.id: unit for unit in units}
        self.by_code: dict[str, Unit] = {unit.code: unit for unit in self.by_id.values()}
        self._branches: dict[tuple[frozenset[str], str], tuple[Spread, ...]] = {}

    @cached_property
    def root(self) -> Unit:
        """The unit without a parent."""
        return next(unit for unit in self.by_id.values() if unit.parent_id is None)

    def tops(self) -> list[Unit]:
        """Give the districts and departments: the direct children of the root, in order."""
        root = self.root.id
        return [unit for unit in self.by_id.values() if unit.parent_id == root]

    def below(self, path: str) -> list[Unit]:
        """Give the units at or below a path."""
        return [unit for unit in self.by_id.values() if unit.path.startswith(path)]

    def branch_rows(self, codes: frozenset[str], lead: str = "") -> tuple[Spread, ...]:
        """Spread one case over the tree so that every subtree sums to 1 if it holds a party.

        In: codes of the handling units, the one that leads ("": the first of them). Out: (unit id,
        top id, weight, unit share, top share): +1 on each party's own row, and 1 - k on the
        overlap row of each node where k branches meet. An overlap row carries the *negative* id of
        its node (at the root also the negative top id), so that a node's own cases are never mixed
        with what joint handling counted twice. A unit that stands above another party is a branch
        of its own node. A share tells how many handle the case, negative where this one does not
        lead: units on a party's own row (0 on overlap rows), districts and departments on every
        row of theirs (0 at the root). So 1/|share| over all rows of a level sums to 1.
        """
        asked = (codes, lead)
        rows = self._branches.get(asked)
        if rows is None:
            rows = self._branches[asked] = self._spread(codes, lead)
        return rows

    def _spread(self, codes: frozenset[str], lead: str) -> tuple[Spread, ...]:
        paths = sorted(self.by_code[code].path for code in codes)
        leading = self.by_code[lead].path if lead in codes else paths[0]
        branches: dict[int, set[int]] = {}
        for path in paths:
            ids = [int(part) for part in path.split("/") if part]
            for above, below in zip(ids, [*ids[1:], ids[-1]], strict=True):
                branches.setdefault(above, set()).add(below)
        leaves = {path: self.by_id[int(path.rstrip("/").rsplit("/", 1)[-1])] for path in paths}
        first = leaves[leading].top_id
        tops = {unit.top_id for unit in leaves.values()}
        of_top = {top: len(tops) if top == first else -len(tops) for top in tops}
        rows: list[Spread] = []
        for path, unit in leaves.items():
            share = len(paths) if path == leading else -len(paths)
            if len(paths) == 1:
                share = 1
            rows.append((unit.id, unit.top_id, 1, share, of_top[unit.top_id]))
        for node, met in branches.items():
            if len(met) > 1:
                unit = self.by_id[node]
                if unit.parent_id is None:
                    rows.append((-node, -unit.top_id, 1 - len(met), 0, 0))
                else:
                    rows.append((-node, unit.top_id, 1 - len(met), 0, of_top[unit.top_id]))
        return tuple(rows)
