"""Bringing the projected columns of every case up to date, when a migration added some."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from ecoissues.core.events import live
from ecoissues.core.life import fold
from ecoissues.services.projecting import PROJECT, projection, put_placements
from ecoissues.services.site import Site
from ecoissues.storage import log
from ecoissues.storage import tables as t

_CHUNK: Final = 1000


def reproject(site: Site) -> int:
    """Compute the columns and placements of every case anew from its log; gives how many cases there are.

    The log itself is not touched. Done in pieces: breaking off leaves a part for the next time.
    """
    c = t.cases.c
    site.refresh()
    done, last = 0, 0
    while True:
        with site.store.writing() as connection:
            query = select(c.id, c.kind, c.kind_version, c.merged_into_id).where(c.id > last)
            heads = {row.id: row for row in connection.execute(query.order_by(c.id).limit(_CHUNK))}
            if not heads:
                return done
            for case_id, events in log.events_of_cases(connection, list(heads)):
                head = heads[case_id]
                kind = site.kind_of(head.kind, head.kind_version)
                life = fold(live(events))
                columns = projection(kind, life, site.tree, head.merged_into_id)
                PROJECT.run(connection, {**columns, "b_id": case_id})
                if life.lists:
                    put_placements(connection, case_id, life, site.list_ids)
        done, last = done + len(heads), max(heads)
