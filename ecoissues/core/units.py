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
        self._branches: dict[frozenset[str], tuple[tuple[int, int, int], ...]] = {}

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

    def branch_rows(self, codes: frozenset[str]) -> tuple[tuple[int, int, int], ...]:
        """Spread one case over the tree so that every subtree sums to 1 if it holds a party.

        In: codes of the handling units. Out: (unit id, top id, weight): +1 on each party's own
        row, and 1 - k on the overlap row of each node where k branches meet. An overlap row
        carries the *negative* id of its node (at the root also the negative top id), so that a
        node's own cases are never mixed with what joint handling counted twice. A unit that
        stands above another party is a branch of its own node.
        """
        rows = self._branches.get(codes)
        if rows is None:
            rows = self._branches[codes] = self._spread(codes)
        return rows

    def _spread(self, codes: frozenset[str]) -> tuple[tuple[int, int, int], ...]:
        paths = sorted(self.by_code[code].path for code in codes)
        branches: dict[int, set[int]] = {}
        for path in paths:
            ids = [int(part) for part in path.split("/") if part]
            for above, below in zip(ids, [*ids[1:], ids[-1]], strict=True):
                branches.setdefault(above, set()).add(below)
        rows: list[tuple[int, int, int]] = []
        for path in paths:
            leaf = int(path.rstrip("/").rsplit("/", 1)[-1])
            rows.append((leaf, self.by_id[leaf].top_id, 1))
        for node, met in branches.items():
            if len(met) > 1:
                unit = self.by_id[node]
                top = unit.top_id if unit.parent_id is not None else -unit.top_id
                rows.append((-node, top, 1 - len(met)))
        return tuple(rows)
