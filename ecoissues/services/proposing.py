"""Proposals: the day a deadline would have under the calendars and rules of today.

Nothing recalculates by itself. A running clock whose calendar was published or changed, or whose
rule was, is proposed old → new; a person accepts it as an event, or leaves it. Closed cases, met
clocks and dates that were promised or approved are never proposed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from ecoissues.core.clock_rules import Rule
from ecoissues.core.deadlines import Deadline, recount
from ecoissues.core.faces import ClockFace
from ecoissues.core.kinds import Clock, Kind
from ecoissues.core.proofs import Origin

if TYPE_CHECKING:
    from ecoissues.services.site import Site

Because = Literal["calendar", "rule"]


class Proposed(msgspec.Struct, frozen=True):
    """A deadline counted anew, and whether its calendar or its rule is what changed."""

    deadline: Deadline
    because: Because


def origin_of(kind: Kind, clock: Clock) -> Origin:
    """Give where a clock's rule stands, as its proofs name it."""
    return {"kind": kind.code, "version": kind.version, "clock": clock.code}


def proposed(
    site: Site, kind: Kind, face: ClockFace, fields: Mapping[str, Any]
) -> Proposed | None:
    """Give what a running clock would be due at today's calendars and rule, None if nothing else.

    In: the face as it stands, the case's field values. A proof whose day stays and which stays as (un)certain as it was
    is no proposal, although it would name newer calendars.
    """
    if face.current is None or face.met_on is not None or "rule" not in face.current_proof:
        return None
    clock = kind.clock_by_code.get(face.code)
    rule: Rule | None = clock.rule(fields) if clock is not None and clock.length else None
    by = origin_of(kind, clock) if clock is not None else None
    fresh = recount(face.current_proof, site.calendars, rule, by)
    if fresh is None or (fresh.due, fresh.provisional, fresh.due_at) == (
        face.current, face.provisional, face.current_at,
    ):  # fmt: skip
        return None
    changed = rule is not None and rule.record() != face.current_proof["rule"]
    return Proposed(fresh, "rule" if changed else "calendar")
