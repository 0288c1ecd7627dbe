"""Whose turn it is: the states in which a role must act, and for which of its cases.

Read from the kinds' documents: the role a state waits for, and the relation its forward steps ask.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false, or_

from ecoissues.core import workflow
from ecoissues.core.kinds import Kind
from ecoissues.core.policy import Actor
from ecoissues.services.site import Site
from ecoissues.storage import tables as t

#: A closed case waits for its look-back, which is planned and not a turn on anybody's desk.
WORKED_PHASES = ("open", "phase_closed", "completed")


def relations_in(kind: Kind, state: str, role: str) -> set[str]:
    """Give the relations (handler, office, superior) in which a role may move a case forward."""
    steps = workflow.possible_steps(kind, state)
    return {
        step.by
        for step in steps
        if role in step.roles and step.sort == "forward" and (step.to or step.effect == "assign")
    }


def my_turn(site: Site, actor: Actor, mine: ColumnElement[bool]) -> ColumnElement[bool]:
    """Give the condition that a case waits for this actor's role and that he is one who may act.

    In: ``mine``, the condition that his unit handles the case. An officer or head acts for his own
    unit; a supervisor for the lists of his office, and as superior for all he sees.
    """
    cases = t.cases.c
    own_lists = [row.id for row in site.lists.values() if row.unit_path.startswith(actor.scope_path)]
    kept: dict[str, list[tuple[str, str]]] = {"own": [], "office": [], "any": []}
    for kind in site.kinds.values():
        for state in kind.states:
            if state.waits_for == actor.role and state.phase in WORKED_PHASES:
                relations = relations_in(kind, state.code, actor.role)
                if actor.role != "supervisor":
                    kept["own"].append((kind.code, state.code))
                elif relations == {"office"}:
                    kept["office"].append((kind.code, state.code))
                else:
                    kept["any"].append((kind.code, state.code))
    parts = [
        and_(_in_states(kept["own"]), mine) if kept["own"] else false(),
        and_(_in_states(kept["office"]), cases.list_id.in_(own_lists)),
        _in_states(kept["any"]),
    ]
    waiting = and_(cases.phase.in_(WORKED_PHASES), cases.waits_for == actor.role)
    return and_(waiting, cases.merged_into_id.is_(None), or_(*parts))


def _in_states(pairs: list[tuple[str, str]]) -> ColumnElement[bool]:
    by_kind: dict[str, set[str]] = {}
    for kind, state in pairs:
        by_kind.setdefault(kind, set()).add(state)
    parts = [
        and_(t.cases.c.kind == kind, t.cases.c.state.in_(sorted(states)))
        for kind, states in sorted(by_kind.items())
    ]
    return or_(false(), *parts)
