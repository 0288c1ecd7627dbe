"""Parts of a case that are cases of their own: it is not done while one of them is open."""

from __future__ import annotations

from sqlalchemy import select

from ecoissues.core.errors import Refused
from ecoissues.core.kinds import END_PHASES
from ecoissues.core.vocabulary import DONE_PHASES
from ecoissues.services.effects import Making
from ecoissues.storage import tables as t

_SHOWN = 5


def check_parts(making: Making) -> None:
    """Refuse ``parts_open`` where a step calls a case done of which a part is not ended.

    Only for kinds whose document names a kind of ``children``; void parts do not hold it up.
    """
    kind = making.kind
    moves = making.target != making.case.state
    if not (kind.children and moves and kind.phase_of(making.target) in DONE_PHASES):
        return
    c = t.cases.c
    query = (
        select(c.number)
        .where(c.parent_id == making.case.id, c.kind == kind.children)
        .where(c.phase.not_in(sorted({*END_PHASES, *DONE_PHASES})))
        .order_by(c.id)
    )
    waiting = list(making.connection.execute(query).scalars())
    if waiting:
        named = "、".join(waiting[:_SHOWN]) + ("等" if len(waiting) > _SHOWN else "")
        raise Refused(
            "parts_open",
            f"还有 {len(waiting)} 件下级事项没有办完（{named}），不能“{making.step.zh}”。未作任何改动。",
            parts=waiting,
        )
