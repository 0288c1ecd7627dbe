"""Which part of a list a figure is asked for, and whether the sums can answer it."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import ColumnElement, select

from ecoissues.core.errors import NotFound
from ecoissues.core.units import UnitTree
from ecoissues.figures.totals import units_where
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow


class Cut(Struct, frozen=True):
    """A part of a list. ``scope_path``: what the asker may see; ``unit_path``: the units asked
    for, without those below where ``own``; ``type``, ``cohort`` (YYYYMM of registration), ``batch_id``: further narrowing."""

    scope_path: str | None = None
    unit_path: str | None = None
    type: str | None = None
    cohort: int | None = None
    batch_id: int | None = None
    own: bool = False

    @property
    def needs_postings(self) -> bool:
        """Whether more than units is narrowed: no declared cube knows such a cut."""
        plain = self.type is None and self.cohort is None and self.batch_id is None
        return self.own or not plain


#: The whole list.
WHOLE = Cut()


def path_of(tree: UnitTree, row: ListRow, cut: Cut) -> str | None:
    """Give the path of units that a cut leaves of a list, None for the whole list.

    A list whose own unit lies under the scope is seen whole. Units outside the scope do not exist
    for the asker: NotFound.
    """
    scope = cut.scope_path
    if scope is not None and (scope == tree.root.path or row.unit_path.startswith(scope)):
        scope = None
    asked = cut.unit_path
    if asked is None or (asked == tree.root.path and not cut.own):
        return scope
    if scope is None or asked.startswith(scope):
        return asked
    if scope.startswith(asked) and not cut.own:
        return scope
    raise NotFound("没有找到该单位，或不在您的管辖范围内。")


def conditions(tree: UnitTree, path: str | None, cut: Cut) -> tuple[ColumnElement[bool], ...]:
    """Give the conditions on postings for a cut whose path is known."""
    p = t.postings
    found: list[ColumnElement[bool]] = []
    if path is not None and cut.own:
        # A unit's own row only: the overlap rows of a node count what its branches share.
        own = [unit.id for unit in tree.by_id.values() if unit.path == path]
        found.append(p.c.unit_id.in_(own))
    elif path is not None:
        found.append(units_where(frozenset(unit.id for unit in tree.below(path))))
    if cut.type is not None:
        found.append(p.c.type == cut.type)
    if cut.cohort is not None:
        found.append(p.c.cohort == cut.cohort)
    if cut.batch_id is not None:
        of_batch = select(t.cases.c.id).where(t.cases.c.batch_id == cut.batch_id)
        found.append(p.c.case_id.in_(of_batch))
    return tuple(found)
