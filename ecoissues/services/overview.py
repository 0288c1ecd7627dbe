"""All lists at a glance, counted by the filters their links carry."""

from __future__ import annotations

import msgspec
from sqlalchemy import func, select

from ecoissues.core.policy import Actor
from ecoissues.core.vocabulary import word
from ecoissues.services import listing
from ecoissues.services.listing import Filter
from ecoissues.services.site import Site
from ecoissues.storage import tables as t


class Line(msgspec.Struct, frozen=True):
    """One list: where it belongs, and (label, count, address) of what it holds for the asker."""

    code: str
    title: str
    kind: str
    level: str
    unit: str
    is_demo: bool
    cells: list[tuple[str, int, str]]


_CELLS = (
    ("件数", {"phase": "open,phase_closed,completed,closed,reviewed"}),
    ("办理中", {"phase": "open"}),
    ("阶段性办结", {"phase": "phase_closed"}),
    ("整改完成", {"phase": "completed"}),
    ("办结、销号", {"phase": "closed,reviewed"}),
    ("逾期", {"due": "overdue"}),
)


def _look_again(site: Site) -> None:
    """Read lists and units anew when another process has added a list."""
    with site.store.reading() as connection:
        number = connection.execute(select(func.count()).select_from(t.lists)).scalar_one()
    if number != len(site.lists):
        site.refresh()


def read_lists(site: Site, actor: Actor) -> list[Line]:
    """Give the lists the actor keeps or has cases on, his own first."""
    _look_again(site)
    rows = list(site.lists.values())
    asked = [Filter({"list": row.code, **values}) for row in rows for _, values in _CELLS]
    with site.store.reading() as connection:
        totals = iter(listing.counts(connection, site, actor, asked))
    filters = iter(asked)
    lines = []
    for row in rows:
        cells = [(label, next(totals), next(filters).address()) for label, _ in _CELLS]
        own = row.unit_path.startswith(actor.scope_path)
        if own or any(count for _, count, _ in cells):
            kind = site.kind_of(row.kind, row.kind_version).wording.zh
            unit = site.tree.by_code[row.unit_code].name
            level = word("levels", row.level)
            lines.append((not own, Line(row.code, row.title, kind, level, unit, row.is_demo, cells)))
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]
