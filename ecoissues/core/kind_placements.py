"""Checks of what a case may be in on further lists (``[[placed_states]]``); as in ``kind_checks``.

The proof in small: the first state is open, every state is reached from it, an end (closed or
reviewed) is reached from every one, and it is moved with a reason by a supervising office, never by
whoever handles the case.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ecoissues.core.kind_documents import Problem
from ecoissues.core.kind_lines import KeyPath
from ecoissues.core.kinds import END_PHASES, Kind
from ecoissues.core.vocabulary import PHASES

_TABLE: Final = "placed_states"
_PHASES: Final = frozenset(PHASES) - {"void"}
_OFFICES: Final = frozenset({"office", "superior"})


def check_placements(kind: Kind) -> Iterator[Problem]:
    """Yield every fault of a kind's states of placements and of the steps that move them."""
    yield from _check_steps(kind)
    if not kind.placed_states:
        return
    faults = list(_check_words(kind))
    yield from faults
    if not faults:
        yield from _check_ways(kind)


def _check_steps(kind: Kind) -> Iterator[Problem]:
    effects = {step.effect for step in kind.steps}
    for wanted, shown in (("place", "列入清单"), ("advance", "登记清单进展")):
        if kind.placed_states and wanted not in effects:
            sentence = f"有列入清单后的状态而没有步骤{shown}（effect = \"{wanted}\"）。"
            yield Problem("placed_without_step", sentence, (_TABLE,))
    for index, step in enumerate(kind.steps):
        if step.effect != "advance":
            continue
        at: KeyPath = ("steps", index)
        if not kind.placed_states:
            sentence = f"步骤“{step.zh}”登记清单上的进展，但没有声明有哪些状态（[[placed_states]]）。"
            yield Problem("placed_states_missing", sentence, (*at, "effect"))
        if step.by not in _OFFICES:
            sentence = f"步骤“{step.zh}”改变清单上的状态，须由督察办（office 或 superior）办理，不能由承办单位办理。"
            yield Problem("advance_by_handler", sentence, (*at, "by"))
        if not any(item.code == "reason" and item.required for item in step.fields):
            sentence = f"步骤“{step.zh}”改变清单上的状态，须有必填的理由字段 reason。"
            yield Problem("back_without_reason", sentence, (*at, "fields"))
        if step.to:
            sentence = f"步骤“{step.zh}”只改变一个清单上的状态，不能同时改变事项的状态。"
            yield Problem("sort_mismatch", sentence, (*at, "to"))


def _check_words(kind: Kind) -> Iterator[Problem]:
    known = kind.placed_by_code
    for index, state in enumerate(kind.placed_states):
        at: KeyPath = (_TABLE, index)
        if state.phase not in _PHASES:
            sentence = f"列入后的状态“{state.zh}”的阶段“{state.phase}”不存在，或不能用于清单上的状态。"
            yield Problem("unknown_phase", sentence, (*at, "phase"))
        for place, code in enumerate(state.next):
            if code not in known or code == state.code:
                sentence = f"列入后的状态“{state.zh}”的下一状态“{code}”不存在，或就是它自己。"
                yield Problem("unknown_state", sentence, (*at, "next", place))
    if kind.placed_states[0].phase != "open":
        sentence = f"刚列入时的状态“{kind.placed_states[0].zh}”须为办理中（phase = \"open\"）。"
        yield Problem("placed_not_open", sentence, (_TABLE, 0, "phase"))


def _check_ways(kind: Kind) -> Iterator[Problem]:
    states = kind.placed_states
    reached = _reached(kind, {states[0].code})
    for index, state in enumerate(states):
        if state.code not in reached:
            sentence = f"列入后的状态“{state.zh}”从“{states[0].zh}”走不到。"
            yield Problem("unreachable_state", sentence, (_TABLE, index))
        elif not any(
            kind.placed_by_code[code].phase in END_PHASES for code in _reached(kind, {state.code})
        ):
            sentence = f"列入后的状态“{state.zh}”走不到办结。"
            yield Problem("no_end", sentence, (_TABLE, index))


def _reached(kind: Kind, start: set[str]) -> set[str]:
    """Give the states reached from some, themselves among them."""
    found, live = set(start), list(start)
    while live:
        for code in kind.placed_after(live.pop()):
            if code not in found:
                found.add(code)
                live.append(code)
    return found
