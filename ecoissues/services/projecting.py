"""Projections: the columns of a case that lists and searches read, computed from its log alone.

The gate writes them with each event; ``verify`` computes them anew and names each difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, update

from ecoissues.core.digests import canonical
from ecoissues.core.faces import ClockFace
from ecoissues.core.kinds import COUNTED_SLOTS, Kind
from ecoissues.core.life import Life
from ecoissues.core.measures import place_text
from ecoissues.core.units import UnitTree
from ecoissues.storage import search
from ecoissues.storage import tables as t
from ecoissues.storage.prepared import Prepared

#: Field codes whose text a case is found by, beside its number.
SEARCHED = (
    "title", "content", "problem", "site", "region", "goal", "measures", "investigation",
    "handling", "result", "remains", "situation", "batch", "superior_number",
)  # fmt: skip
_TITLES = ("title", "content", "problem")

_PROJECTED = (
    "received_on", "unit_id", "top_id", "primary_type", "types", "weight", "channel", "title",
    "content", "site", "verdict", "progress", "visibility", "signed_on", "reported_on",
    "replied_on", "closed_on", "promised_on", "due_report", "due_finish", "due_on", "due_at",
    "running", "reminded_on",
    "provisional", "finish_original", "finish_current", "waits_for",
    "came_back", "moved_on", "merged_into_id", "facts", "registered_on",
)  # fmt: skip
PROJECT = Prepared(
    update(t.cases)
    .where(t.cases.c.id == bindparam("b_id"))
    .values({name: bindparam(name) for name in _PROJECTED})
)


def _iso(day: Any) -> str | None:
    return day.isoformat() if day else None


def _due(face: ClockFace | None, life: Life) -> str | None:
    if face is None or life.is_void or face.met_on is not None:
        return None
    return _iso(face.current)


def _nearest(life: Life, slot: str) -> ClockFace | None:
    return next((face for face in life.running() if face.slot == slot), None)


def _running(life: Life) -> list[dict[str, Any]]:
    """Give what the daily scan needs of each clock that is not met: its days and how it stands.

    ``due`` is None while it is suspended, ``since`` the day it was.
    """
    found = []
    for code in sorted(life.clocks):
        face = life.clocks[code]
        if face.met_on is not None:
            continue
        one: dict[str, Any] = {"clock": code, "slot": face.slot, "due": _iso(face.current)}
        if face.current_at:
            one["due_at"] = face.current_at
        if face.original != face.current:
            one["original"] = _iso(face.original)
        if face.provisional:
            one["provisional"] = True
        if face.suspended:
            one["since"] = _iso(face.suspended_on)
        found.append(one)
    return found


def lead_code(life: Life) -> str:
    """Give the code of the responsible unit."""
    return next(code for code, party in life.parties if party == "lead")


def projection(
    kind: Kind, life: Life, tree: UnitTree, merged_into_id: int | None
) -> dict[str, Any]:
    """Give every projected column of a case's row from its standing."""
    fields = life.fields
    lead = tree.by_code[lead_code(life)]
    report, finish = _due(_nearest(life, "report"), life), _due(_nearest(life, "finish"), life)
    content = next((fields[code] for code in ("content", "problem") if fields.get(code)), "")
    title = next((fields[code] for code in _TITLES if fields.get(code)), "")
    state = kind.state_by_code[life.state]
    finishing = next((face for face in life.clocks.values() if face.slot == "finish"), None)
    running = [] if life.is_void or life.merged_into else _running(life)
    return {
        "registered_on": _iso(life.registered_on),
        "received_on": fields.get("received_on"),
        "unit_id": lead.id,
        "top_id": lead.top_id,
        "primary_type": life.types[0] if life.types else "other",
        "types": f",{','.join(life.types)}," if life.types else "",
        "weight": life.weight,
        "channel": fields.get("channel", ""),
        "title": " ".join(title.split())[:60],
        "content": content,
        "site": fields.get("site", "")[:120],
        "verdict": life.verdict,
        "progress": life.progress,
        "visibility": fields.get("visibility", "public"),
        "signed_on": _iso(life.marks.get("signed_for")),
        "reported_on": _iso(life.marks.get("reported")),
        "replied_on": _iso(life.marks.get("replied")),
        "closed_on": _iso(life.closed_on),
        "promised_on": fields.get("promised_on"),
        "due_report": report,
        "due_finish": finish,
        "due_on": min(filter(None, (report, finish)), default=None),
        "due_at": min(
            (one["due_at"] for one in running
             if one["slot"] in COUNTED_SLOTS and one.get("due_at")), default=None,
        ),
        "running": canonical(running) if running else "[]",
        "reminded_on": min(
            # A waiting period asks nothing of anybody.
            (one["due"] for one in running if one["due"] and one["slot"] != "wait"), default=None
        ),
        "provisional": any(one.get("provisional", False) for one in running),
        "finish_original": _iso(finishing.original) if finishing else None,
        "finish_current": _iso(finishing.current or finishing.before) if finishing else None,
        "waits_for": state.waits_for,
        "came_back": life.came_back,
        "moved_on": _iso(life.moved_on),
        "merged_into_id": merged_into_id,
        "facts": canonical(fields),
    }


def search_text(number: str, life: Life, kind: Kind) -> str:
    """Give the words under which a case is found, those of its kind's own fields among them."""
    fields = life.fields
    found = [str(fields[code]) for code in SEARCHED if fields.get(code)]
    own = (fields[code] for code in kind.word_fields if fields.get(code) and code not in SEARCHED)
    found += [place_text(value) if isinstance(value, dict) else str(value) for value in own]
    return " ".join([number, *found])


def project(
    connection: Connection,
    case_id: int,
    number: str,
    columns: dict[str, Any],
    life: Life,
    tree: UnitTree,
    list_ids: dict[str, int],
    touched: set[str],
    kind: Kind,
) -> None:
    """Write the projections of one case. ``touched``: fact and field names that have changed."""
    PROJECT.run(connection, {**columns, "b_id": case_id})
    if "parties" in touched:
        _put_parties(connection, case_id, life, tree)
    if touched & {"placed", "unplaced", "placement"}:
        put_placements(connection, case_id, life, list_ids)
    if touched & {"asks", "settles"}:
        _put_pending(connection, case_id, life)
    if touched.intersection(SEARCHED) or touched.intersection(kind.word_fields):
        search.index_case(connection, case_id, search_text(number, life, kind))


def _put_parties(connection: Connection, case_id: int, life: Life, tree: UnitTree) -> None:
    connection.execute(delete(t.case_parties).where(t.case_parties.c.case_id == case_id))
    rows = [
        {"case_id": case_id, "unit_id": tree.by_code[code].id, "party": party}
        for code, party in life.parties
    ]
    connection.execute(insert(t.case_parties), rows)


#: Columns of a placement beside the case, in the order of ``placed_rows``.
PLACED_COLUMNS = ("list_id", "placed_on", "state", "phase", "moved_on", "closed_on")


def placed_rows(life: Life, list_ids: Mapping[str, int]) -> list[tuple[Any, ...]]:
    """Give the further lists a case stands on, with its own standing there ("" for none)."""
    rows = []
    for code, day in life.lists.items():
        own = life.placements.get(code)
        state, phase = (own.state, own.phase) if own else ("", "")
        moved, closed = (own.moved_on, own.closed_on) if own else (None, None)
        rows.append((list_ids[code], day.isoformat(), state, phase, _iso(moved), _iso(closed)))
    return rows


def put_placements(
    connection: Connection, case_id: int, life: Life, list_ids: Mapping[str, int]
) -> None:
    """Write the further lists of one case anew."""
    connection.execute(delete(t.case_placements).where(t.case_placements.c.case_id == case_id))
    rows = [
        {"case_id": case_id, **dict(zip(PLACED_COLUMNS, row, strict=True))}
        for row in placed_rows(life, list_ids)
    ]
    if rows:
        connection.execute(insert(t.case_placements), rows)


def _put_pending(connection: Connection, case_id: int, life: Life) -> None:
    connection.execute(delete(t.pending).where(t.pending.c.case_id == case_id))
    rows = [
        {"case_id": case_id, "seq": seq, "sort": ask["sort"], "asked_on": _iso(ask["asked_on"])}
        for seq, ask in life.pending.items()
    ]
    if rows:
        connection.execute(insert(t.pending), rows)
