"""The issue lists beside the indicator sheet: for each list how much there is, done and overdue."""

from __future__ import annotations

from datetime import date

import msgspec
from sqlalchemy import Connection

from ecoissues.core.policy import Actor
from ecoissues.core.units import Unit
from ecoissues.figures.cuts import Cut
from ecoissues.figures.known import NOW, Known
from ecoissues.figures.reading import Board
from ecoissues.services.boards import lists_for
from ecoissues.services.exporting import definitions_of
from ecoissues.services.site import Site


class Issue(msgspec.Struct, frozen=True):
    """One list: all, in work, overdue, and its leading figure with its counts."""

    list: str
    title: str
    total: int
    working: int
    overdue: int
    name: str
    percent: str | None
    part: int
    whole: int


def lists_beside(
    site: Site, connection: Connection, actor: Actor, as_of: date, unit: Unit, known: Known = NOW
) -> list[Issue]:
    """Give the lists an actor may open that hold a case of the unit; never added up."""
    path = None if unit.parent_id is None else unit.path
    found = []
    for row in lists_for(site, connection, actor):
        cut = Cut(scope_path=actor.scope_path, unit_path=path)
        board = Board(connection, site.tree, row, as_of, known, cut)
        total = board.total
        if not total["cases"]:
            continue
        figure = board.figure(definitions_of(site, row)[0])
        name = definitions_of(site, row)[0].wording.zh
        working = total["open"] + total["phase_closed"]
        found.append(
            Issue(
                row.code, row.title, total["cases"], working, total["overdue"], name,
                figure.percent, figure.part, figure.whole,
            )
        )  # fmt: skip
    return found
