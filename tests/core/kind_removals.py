"""Everything a kind's proof may rest on, removed one at a time and in company, for tests.

A *support* is one evidence need, sign-off, named other person, role, clock, bound, loop reason,
clockless reason, start or promise of a clock. Taking it away gives another kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from ecoissues.core.kind_checks import check_kind
from ecoissues.core.kind_proof import prove
from ecoissues.core.kinds import Kind, Step


class Support(NamedTuple):
    """One thing: sort, code of its step, state or clock, and which of several it is."""

    sort: str
    of: str
    item: str = ""


def reasons(kind: Kind) -> list[str]:
    """Give the reasons for which a kind is refused, as loading would find them."""
    return [p.reason for p in check_kind(kind)] or [p.reason for p in prove(kind)]


def supports(kind: Kind) -> Iterator[Support]:
    """Yield every support of a kind, the shared steps' too."""
    for step in kind.steps:
        for place in range(len(step.evidence)):
            yield Support("evidence", step.code, str(place))
        for sort in ("roles", "other_than", "starts", "resets"):
            for item in getattr(step, sort):
                yield Support(sort, step.code, item)
        for clock in step.promises:
            yield Support("promises", step.code, clock)
        for sort in ("signs", "bound", "loop_reason"):
            if getattr(step, sort):
                yield Support(sort, step.code)
    for clock_rule in kind.clocks:
        yield Support("clock", clock_rule.code)
    for state in kind.states:
        if state.clockless:
            yield Support("clockless", state.code)


def without(kind: Kind, gone: Iterable[Support]) -> Kind:
    """Give the kind without some of its supports."""
    lost = set(gone)
    steps = tuple(_step_without(step, lost) for step in kind.steps)
    clocks = tuple(c for c in kind.clocks if Support("clock", c.code) not in lost)
    states = tuple(
        replace(s, clockless="") if Support("clockless", s.code) in lost else s
        for s in kind.states
    )
    return replace(kind, steps=steps, clocks=clocks, states=states)


def _step_without(step: Step, lost: set[Support]) -> Step:
    here = {each for each in lost if each.of == step.code}
    if not here:
        return step
    changes: dict[str, object] = {
        sort: tuple(x for x in getattr(step, sort) if Support(sort, step.code, x) not in here)
        for sort in ("roles", "other_than", "starts", "resets")
    }
    changes["evidence"] = tuple(
        need
        for place, need in enumerate(step.evidence)
        if Support("evidence", step.code, str(place)) not in here
    )
    changes["promises"] = {
        code: name
        for code, name in step.promises.items()
        if Support("promises", step.code, code) not in here
    }
    for sort, nothing in (("signs", False), ("bound", 0), ("loop_reason", "")):
        if Support(sort, step.code) in here:
            changes[sort] = nothing
    return replace(step, **changes)


def carried_with(kind: Kind, one: Support, spared: list[Support]) -> list[Support]:
    """Give other supports of its sort without which the kind is sound and rests on ``one``.

    In: ``spared``, those that may be taken away singly.

    [] if none are found: they are taken away in turn, as long as the kind stays sound, ``one``
    last. What is left then is a set of supports none of which can be spared.
    """
    others = [other for other in spared if other != one and other.sort == one.sort]
    for order in (others, others[::-1]):
        gone: list[Support] = []
        for other in order:
            if not reasons(without(kind, [*gone, other])):
                gone.append(other)
                if reasons(without(kind, [*gone, one])):
                    return gone
    return []
