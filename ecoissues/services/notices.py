"""The notice of one batch: how many were handed over to each district, by channel and type."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, or_, select

from ecoissues.core.errors import NotFound
from ecoissues.core.life import Life
from ecoissues.figures.cuts import path_of
from ecoissues.figures.oracle import cases_as_of, in_cut
from ecoissues.figures.standing import handlers_of
from ecoissues.services.basis import Basis
from ecoissues.services.site import Site
from ecoissues.storage import tables as t

_TYPES: Final = ("water", "air", "soil", "ecology", "radiation", "noise")
_CHANNELS: Final = ("call", "letter")
_COUNTED: Final = (
    "handed_over", "key_cases", "call", "letter", "other_channel", *_TYPES, "other",
    "cumulative", "cumulative_key",
)  # fmt: skip


def newest_batch(connection: Connection, basis: Basis) -> str:
    """Give the name of a list's newest batch that was handed over by the day (or has no day);
    NotFound where there is none."""
    b = t.batches.c
    by_then = or_(b.handed_over_on.is_(None), b.handed_over_on <= basis.as_of.isoformat())
    query = select(b.name).where(b.list_id == basis.row.id, by_then).order_by(b.ordinal.desc())
    name = connection.execute(query.limit(1)).scalar()
    if name is None:
        raise NotFound(f"“{basis.row.title}”截至 {basis.as_of} 没有批次，不能出每批通报。")
    return str(name)


def notice_rows(
    site: Site, connection: Connection, basis: Basis, batch: str
) -> list[dict[str, Any]]:
    """Give the rows of a batch notice in the order of the units, the sum row last.

    In: the name of the batch. A case counts once in each district or
    department that handles it and once in the sum row, so the rows may add up to more. Up to and
    including the batch all earlier ones are in ``cumulative``. NotFound for an unknown batch.
    """
    b = t.batches.c
    query = select(b.id, b.ordinal, b.name).where(b.list_id == basis.row.id).order_by(b.ordinal)
    batches = connection.execute(query).all()
    chosen = next((row for row in batches if row.name == batch), None)
    if chosen is None:
        raise NotFound(f"“{basis.row.title}”中没有批次“{batch[:40]}”。")
    upto = {row.id for row in batches if row.ordinal <= chosen.ordinal}
    home = select(t.cases.c.id, t.cases.c.batch_id).where(t.cases.c.list_id == basis.row.id)
    places = {row.id: row.batch_id for row in connection.execute(home)}
    path = path_of(site.tree, basis.row, basis.cut)
    rows: dict[int, dict[str, Any]] = {}
    total: dict[str, Any] = dict.fromkeys(_COUNTED, 0)
    for case_id, life in cases_as_of(connection, basis.row, basis.as_of, basis.known):
        place = places.get(case_id)
        if life.is_void or place not in upto or not in_cut(site.tree, life, path, basis.cut):
            continue
        tops = {site.tree.by_code[code].top_id for code in handlers_of(life, site.tree)}
        targets = [rows.setdefault(top, dict.fromkeys(_COUNTED, 0)) for top in tops]
        for target in (*targets, total):
            _count(target, life, is_own=place == chosen.id)
    order = [unit for unit in site.tree.by_id.values() if unit.id in rows]
    shown = [
        {"name": unit.name, **rows[unit.id]} for unit in order if rows[unit.id]["handed_over"]
    ]
    return [*shown, {"name": "合计", **total}]


def _count(row: dict[str, Any], life: Life, *, is_own: bool) -> None:
    row["cumulative"] += 1
    row["cumulative_key"] += life.weight == "key"
    if not is_own:
        return
    row["handed_over"] += 1
    row["key_cases"] += life.weight == "key"
    channel = life.fields.get("channel")
    row[channel if channel in _CHANNELS else "other_channel"] += 1
    # Named types once each; all others together once, as the published notices count them.
    for key in {key if key in _TYPES else "other" for key in life.types}:
        row[key] += 1
