"""What is frozen when figures are published: the numbers, their definitions, the rows' digest.

A frozen figure holds everything that is printed and everything needed to count it again: the
accounts of its part and whole as they were, so a definition changed later is seen as a change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from ecoissues.core.accounts import INDEX, STOCKS
from ecoissues.core.digests import canonical
from ecoissues.core.rates import percent
from ecoissues.core.units import UnitTree
from ecoissues.figures.cubes import account, summed
from ecoissues.figures.cuts import Cut, conditions, path_of
from ecoissues.figures.known import Known
from ecoissues.figures.reading import Board, By
from ecoissues.figures.registry import Definition
from ecoissues.figures.totals import by_then
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow


class FrozenGroup(msgspec.Struct, frozen=True):
    """One line of a frozen figure; ``id`` is what postings know the unit by.

    ``part`` and ``whole`` are the cases it opens into; ``shown_part`` and ``shown_whole`` what is
    printed where the list counts jointly handled cases otherwise (``17(+1)``, ``17.5``).
    """

    key: str
    label: str
    id: int
    part: int
    whole: int
    percent: str | None
    shown_part: str = ""
    shown_whole: str = ""


class FrozenFigure(msgspec.Struct, frozen=True):
    """A figure as it was published. ``document``: the whole definition as it was then."""

    code: str
    version: int
    name: str
    formula: str
    aim: str
    part_accounts: tuple[str, ...]
    whole_accounts: tuple[str, ...]
    part: int
    whole: int
    percent: str | None
    groups: tuple[FrozenGroup, ...] = ()
    overlap: str = ""
    document: dict[str, Any] = {}


class FrozenBoard(msgspec.Struct, frozen=True):
    """The numbers of one list: totals, phases, types, and each figure with its groups.

    ``by``: ``district`` or ``unit``; ``rows`` cases stand behind it, ``rows_digest`` says which
    and how each stood, counted in ``accounts``.
    """

    total: int
    void: int
    key_cases: int
    by: str
    phases: dict[str, int]
    types: dict[str, int]
    figures: tuple[FrozenFigure, ...]
    rows: int
    rows_digest: str
    accounts: tuple[str, ...]


def freeze(
    connection: Connection,
    tree: UnitTree,
    row: ListRow,
    as_of: date,
    known: Known,
    cut: Cut,
    definitions: Iterable[Definition],
    by: By,
) -> FrozenBoard:
    """Take the numbers of a list at the end of a day, as known at a position, within a cut."""
    board = Board(connection, tree, row, as_of, known, cut)
    total = board.total
    figures = tuple(freeze_figure(board, one, by) for one in definitions)
    phases = {name: total[name] for name in INDEX if name in _PHASE_ACCOUNTS}
    types = {
        str(key): board.named(vector)["cases"] for key, vector in board.vectors("type").items() if key
    }
    count, digest = rows_digest(connection, tree, row, as_of, known, cut, STOCKS)
    return FrozenBoard(
        total["cases"], total["void"], total["key_cases"], by, phases,
        {key: number for key, number in sorted(types.items()) if number}, figures, count, digest,
        tuple(STOCKS),
    )  # fmt: skip


_PHASE_ACCOUNTS = ("open", "phase_closed", "completed", "closed", "reviewed")


def freeze_figure(board: Board, definition: Definition, by: By) -> FrozenFigure:
    """Take one figure of a board with its groups."""
    found = board.figure(definition, by)
    ids = {unit.code: unit.id for unit in board.tree.by_id.values()}
    groups = tuple(
        FrozenGroup(
            each.key, each.label, ids.get(each.key, 0), each.part, each.whole, each.percent,
            getattr(each, "shown_part", "") or str(each.part),
            getattr(each, "shown_whole", "") or str(each.whole),
        )
        for each in found.groups
    )
    return FrozenFigure(
        found.code, found.version, definition.wording.zh, definition.formula, definition.aim,
        tuple(definition.part), tuple(definition.whole), found.part, found.whole, found.percent,
        groups, getattr(found, "note", "") or (found.overlap.note if found.overlap else ""),
        msgspec.to_builtins(definition),
    )  # fmt: skip


def rows_digest(
    connection: Connection,
    tree: UnitTree,
    row: ListRow,
    as_of: date,
    known: Known,
    cut: Cut,
    accounts: Sequence[str],
) -> tuple[int, str]:
    """Give how many cases stand behind a board and the digest of how each stood where.

    One line a case and district: number, part, district, the accounts it counts in. The same log
    up to the same position always gives the same digest.
    """
    p, c = t.postings, t.cases
    names = tuple(accounts)
    query = (
        select(p.c.case_id, c.c.list_id, c.c.number, c.c.part, p.c.top_id, *summed(p, names))
        .join(c, c.c.id == p.c.case_id)
        .where(*by_then(row.id, as_of, known), *conditions(tree, path_of(tree, row, cut), cut))
        .group_by(p.c.case_id, c.c.list_id, c.c.number, c.c.part, p.c.top_id)
        .order_by(p.c.case_id, p.c.top_id)
    )
    digest, seen, last = hashlib.sha256(), 0, 0
    for case_id, home, number, part, top_id, *vector in connection.execute(query):
        held = [[name, count] for name, count in zip(names, vector, strict=True) if count]
        if held:
            seen, last = seen + (case_id != last), case_id
            digest.update(canonical([home, number, part, top_id, held]).encode() + b"\n")
    return seen, digest.hexdigest()


def recount(
    connection: Connection,
    tree: UnitTree,
    row: ListRow,
    as_of: date,
    known: Known,
    cut: Cut,
    figure: FrozenFigure,
    unit: FrozenGroup | None = None,
    by: str = "district",
) -> tuple[int, int]:
    """Count part and whole of a frozen figure, by its own accounts, with another known-at.

    In: ``unit``, one of its groups, else the figure itself. From the postings, like its bridge.
    """
    p = t.postings
    where = [*by_then(row.id, as_of, known), *conditions(tree, path_of(tree, row, cut), cut)]
    if unit is not None:
        where.append((p.c.top_id if by == "district" else p.c.unit_id) == unit.id)
    query = select(
        func.sum(weighed(figure.part_accounts)), func.sum(weighed(figure.whole_accounts))
    ).where(*where)
    part, whole = connection.execute(query).one()
    return int(part or 0), int(whole or 0)


def weighed(accounts: Sequence[str]) -> Any:
    """Give the sum of accounts of one posting as SQL; accounts gone since count nothing."""
    known = [account(t.postings, name) for name in accounts if name in INDEX]
    return sum(known[1:], known[0]) if known else t.postings.c.day * 0


def shown(part: int, whole: int) -> str:
    """Give a rate as printed, a dash for an empty whole or counts that give none."""
    return (percent(part, whole) if part >= 0 and whole >= 0 else None) or "—"
