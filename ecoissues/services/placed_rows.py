"""Rows of cases as one list shows them: with the standing they have of their own on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, select

from ecoissues.core.kinds import Kind
from ecoissues.core.life import Life
from ecoissues.storage import tables as t

_CHUNK: Final = 500


class Own(msgspec.Struct, frozen=True):
    """A standing on one list: code of the kind's placed state, phase, days as texts ("" for none)."""

    state: str
    phase: str
    moved_on: str
    closed_on: str


def own_standings(
    connection: Connection, list_id: int, case_ids: Sequence[int]
) -> Mapping[int, Own]:
    """Give the standings of their own that cases have on a list today; others are left out."""
    p = t.case_placements.c
    query = select(p.case_id, p.state, p.phase, p.moved_on, p.closed_on).where(
        p.list_id == list_id, p.phase != ""
    )
    found: dict[int, Own] = {}
    for start in range(0, len(case_ids), _CHUNK):
        chunk = list(case_ids[start : start + _CHUNK])
        for case_id, *own in connection.execute(query.where(p.case_id.in_(chunk))):
            found[case_id] = Own(*(value or "" for value in own))
    return found


def placed_name(kind: Kind, code: str) -> str:
    """Name a state of placements, as it stands where the document no longer knows it."""
    state = kind.placed_by_code.get(code)
    return state.zh if state else code


def standing_name(kind: Kind, life: Life, list_code: str) -> tuple[str, str]:
    """Give code and name of the state that a list shows of a standing (``Life.seen_on``)."""
    own = life.placements.get(list_code)
    if own is not None and not life.is_void:
        return own.state, placed_name(kind, own.state)
    state = kind.state_by_code.get(life.state)
    return life.state, state.zh if state else life.state
