"""What an actor may see, as SQL, in this one place (the rule itself: ``core.policy.visible``).

A case is visible if the unit of its list, or of a list it has been placed on, or one of its parties
(but not a unit complained of), lies under the actor's scope path. A list's figures are seen whole by
whoever keeps it, so its rows must be too.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select, true

from ecoissues.core.units import UnitTree
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow


def unit_ids(tree: UnitTree, path: str) -> list[int]:
    """Give the ids of the units at or below a path."""
    return [unit.id for unit in tree.below(path)]


def visible_cases(
    tree: UnitTree, lists: dict[int, ListRow], scope_path: str, *, one_by_one: bool = False
) -> ColumnElement[bool]:
    """Give the WHERE on ``cases`` for everything a scope path may see.

    ``one_by_one``: the query finds few cases by itself, so each is asked for its parties instead
    of gathering every case of the scope first. The rows are the same.
    """
    if scope_path == tree.root.path:
        return true()
    own_lists = [row.id for row in lists.values() if row.unit_path.startswith(scope_path)]
    # Nobody reads what is complained of himself.
    parties = party_cases(unit_ids(tree, scope_path), None, one_by_one=one_by_one)
    if not own_lists:
        return parties
    placed = placed_cases(own_lists, one_by_one=one_by_one)
    return or_(t.cases.c.list_id.in_(own_lists), parties, placed)


def placed_cases(list_ids: Sequence[int], *, one_by_one: bool = False) -> ColumnElement[bool]:
    """Give the WHERE on ``cases`` that have been placed on one of the lists beside their own.

    Whoever keeps a list sees its figures whole, so he sees the rows behind them.
    """
    p = t.case_placements.c
    found = select(p.case_id).where(p.list_id.in_(list_ids))
    if one_by_one:
        return found.where(p.case_id == t.cases.c.id).correlate(t.cases).exists()
    return t.cases.c.id.in_(found)


def party_cases(
    units: Sequence[int], parties: Sequence[str] | None, *, one_by_one: bool = False
) -> ColumnElement[bool]:
    """Give the WHERE on ``cases`` that have one of the units as one of the parties.

    In: ids of units; ``parties`` None means any but a unit complained of. ``one_by_one`` as above.
    """
    p = t.case_parties.c
    party = p.party != "accused" if parties is None else p.party.in_(parties)
    found = select(p.case_id).where(p.unit_id.in_(units), party)
    if one_by_one:
        return found.where(p.case_id == t.cases.c.id).correlate(t.cases).exists()
    return t.cases.c.id.in_(found)
