"""What an actor may see, as SQL, in this one place (the rule itself: ``core.policy.visible``).

A case is visible if the unit of its list, or of a list it has been placed on, or one of its parties
(but not a unit complained of), lies under the actor's scope path. A list's figures are seen whole by
whoever keeps it, so its rows must be too.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, or_, select, true

from ecoissues.core.units import UnitTree
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow


def unit_ids(tree: UnitTree, path: str) -> list[int]:
    """Give the ids of the units at or below a path."""
    return [unit.id for unit in tree.below(path)]


def visible_cases(
    tree: UnitTree, lists: dict[int, ListRow], scope_path: str
) -> ColumnElement[bool]:
    """Give the WHERE on ``cases`` for everything a scope path may see."""
    if scope_path == tree.root.path:
        return true()
    own_lists = [row.id for row in lists.values() if row.unit_path.startswith(scope_path)]
    units = unit_ids(tree, scope_path)
    parties = select(t.case_parties.c.case_id).where(
        t.case_parties.c.unit_id.in_(units),
        t.case_parties.c.party != "accused",  # nobody reads a complaint about himself
    )
    placed = select(t.case_placements.c.case_id).where(t.case_placements.c.list_id.in_(own_lists))
    return or_(
        t.cases.c.list_id.in_(own_lists), t.cases.c.id.in_(parties), t.cases.c.id.in_(placed)
    )


def scoped(
    query: Select[tuple[object, ...]], tree: UnitTree, lists: dict[int, ListRow], scope_path: str
) -> Select[tuple[object, ...]]:
    """Narrow a query over ``cases`` to a scope."""
    return query.where(visible_cases(tree, lists, scope_path))
