"""What a ranking counts: each unit's part and whole by each definition, on one day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection

from ecoissues.core.units import UnitTree
from ecoissues.figures.cuts import Cut
from ecoissues.figures.known import Known
from ecoissues.figures.reading import Board, By
from ecoissues.figures.registry import Definition, Definitions
from ecoissues.storage.reference import ListRow

#: (part, whole) by the unit's code.
Counts = dict[str, tuple[int, int]]


def counts_by_unit(
    connection: Connection,
    tree: UnitTree,
    row: ListRow,
    as_of: date,
    known: Known,
    path: str,
    by: By,
    definitions: Iterable[Definition],
) -> dict[str, Counts]:
    """Count the units below a path by several definitions of one list: code -> unit -> counts."""
    board = Board(connection, tree, row, as_of, known, Cut(scope_path=path))
    return {
        one.code: {group.key: (group.part, group.whole) for group in board.figure(one, by).groups}
        for one in definitions
    }


def alternatives(definition: Definition, known: Definitions, applying: Iterable[str]) -> list[str]:
    """Name the other definitions of the same thing: same whole, same aim, a part that overlaps.

    In: ``applying``, codes that apply to the list. So 办结率 with and without phase closure, and
    整改完成率, are alternatives of each other, 群众答复率 is not.
    """
    found = []
    for code in applying:
        other = known.find(code)
        if other is None or other.code == definition.code:
            continue
        same = tuple(other.whole) == tuple(definition.whole) and other.aim == definition.aim
        if same and set(other.part) & set(definition.part):
            found.append(code)
    return found
