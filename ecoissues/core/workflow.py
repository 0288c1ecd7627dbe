"""The workflow engine: which steps are possible in a state, and where a step leads.

One ``transitions.Machine`` per kind and version answers these two questions on a throw-away cursor
and nothing else: evidence, rights and writing are decided elsewhere, in one transaction. Rows are
never attached to the machine (``add_model`` would reset their state).
"""

from __future__ import annotations

from transitions import Machine, MachineError

from ecoissues.core.errors import Refused
from ecoissues.core.kinds import Kind, Step

#: The machine's name for "no case yet"; callers say "". Not a code a document may use.
_BEFORE = "(before)"


class _Cursor:
    """The throw-away object a machine moves; ``state`` is all it has."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


class _Engine:
    """A machine and, per state, the steps it allows in the order of the document."""

    __slots__ = ("machine", "steps", "targets")

    def __init__(self, kind: Kind) -> None:
        #: What the machine has answered: a kind's document never changes under its version.
        self.targets: dict[tuple[str, str], str] = {}
        self.machine = Machine(
            model=None,
            states=[_BEFORE, *(state.code for state in kind.states)],
            initial=_BEFORE,
            auto_transitions=False,
            send_event=True,
        )
        for step in kind.steps:
            for source in kind.sources_of(step) or (_BEFORE,):
                self.machine.add_transition(step.code, source, step.to or source)
        allowed = {name: set(self.machine.get_triggers(name)) for name in self.machine.states}
        self.steps = {
            name: tuple(step for step in kind.steps if step.code in codes)
            for name, codes in allowed.items()
        }


def _engine(kind: Kind) -> _Engine:
    """Give the engine of a kind, built once and kept beside it, so that it goes when the kind does.

    Not in a table by code and version: two sites in one process may hold the same kind, and each
    would push out the other's engine.
    """
    engine: _Engine | None = vars(kind).get("_engine")
    if engine is None:
        engine = vars(kind)["_engine"] = _Engine(kind)
    return engine


def possible_steps(kind: Kind, state: str) -> tuple[Step, ...]:
    """Give the steps possible in a state ("" before registration), in the document's order.

    Says nothing about rights, evidence or dates. Raises Refused("unknown_state").
    """
    steps = _engine(kind).steps.get(state or _BEFORE)
    if steps is None:
        raise _unknown_state(kind, state)
    return steps


def destination(kind: Kind, state: str, step: str) -> str:
    """Give the state a step leads to from ``state`` ("" before registration).

    Raises Refused: ``unknown_step``, ``unknown_state``, or ``wrong_state`` with a sentence that
    names the state and the steps possible in it (facts: state, step, possible).
    """
    engine = _engine(kind)
    known = engine.targets.get((state, step))
    if known is not None:
        return known
    event = engine.machine.events.get(step)
    if event is None:
        raise Refused(
            "unknown_step",
            f"“{kind.wording.zh}”没有名为 {step} 的步骤，未做任何改动。",
            step=step,
            kind=kind.code,
        )
    cursor = _Cursor(state or _BEFORE)
    try:
        event.trigger(cursor)
    except (MachineError, ValueError) as error:
        raise _wrong_state(kind, state, step) from error
    engine.targets[state, step] = cursor.state
    return cursor.state


def _unknown_state(kind: Kind, state: str) -> Refused:
    return Refused(
        "unknown_state",
        f"“{kind.wording.zh}”没有名为 {state} 的状态，未做任何改动。",
        state=state,
        kind=kind.code,
    )


def _wrong_state(kind: Kind, state: str, step: str) -> Refused:
    if (state or _BEFORE) not in _engine(kind).steps:
        return _unknown_state(kind, state)
    possible = possible_steps(kind, state)
    moving = [item.zh for item in possible if item.sort != "note"] or [item.zh for item in possible]
    shown = kind.state_by_code[state].zh if state else "尚未登记"
    able = "可以执行：" + "、".join(moving) if moving else "没有可以执行的步骤"
    return Refused(
        "wrong_state",
        f"事项当前为“{shown}”，不能执行“{kind.step_by_code[step].zh}”；{able}。未做任何改动。",
        state=state,
        step=step,
        possible=[item.code for item in possible],
    )
