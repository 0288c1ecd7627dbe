"""Clocks and loops of a kind: no open state without a clock, no loop that escapes bound or reason.

The part of the proof that looks at moves between states only, as ``kind_proof`` found them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from ecoissues.core.kind_documents import Problem
from ecoissues.core.kinds import END_PHASES, Kind, State, Step

#: A move the walk really found: state, step, state after it.
Move = tuple[str, Step, str]

#: Gives the shortest path of steps that leads to a state.
PathTo = Callable[[str], tuple[str, ...]]


def check_clocks(kind: Kind, moves: Iterable[Move], path_to: PathTo) -> Iterator[Problem]:
    """Yield each open state in which no clock may run and which does not say why (``clockless``).

    A clock runs where the path has set it, no mark of ``met_by`` has been made since, and the
    state's phase is not in ``met_by``. A waiting period counts only where a step waits for its end.
    Open is every phase that is no end. What counts is the shortest way to the state: that a case
    sent back may come with a clock excuses no state that is first entered without one.
    """
    leaving: dict[str, list[Move]] = {state.code: [] for state in kind.states}
    for move in moves:
        leaving[move[0]].append(move)
    bare = _bare_states(kind, leaving)
    for index, state in enumerate(kind.states):
        path = path_to(state.code)
        if state.phase in END_PHASES or state.clockless or state.code not in bare or not path:
            continue
        sentence = f"状态“{state.zh}”没有时限在走，也没有写明原因（clockless）。"
        yield Problem("state_without_clock", sentence, ("states", index), path)
    yield from _check_reopening(kind, leaving, path_to)


def _bare_states(kind: Kind, leaving: dict[str, list[Move]]) -> set[str]:
    """Give the states first reached with no clock running; clocks as bits, walked together."""
    # An inner clock may be set anew with each transfer, so it holds nobody to an end.
    clocks = list(enumerate(clock for clock in kind.clocks if clock.slot != "inner"))

    def effect(step: Step) -> tuple[int, int, int]:
        """Bits of the clocks a step sets, sets anew, and meets by a mark."""
        begun = again = marked = 0
        for place, clock in clocks:
            begun |= (clock.code in step.starts or clock.code in step.promises) << place
            again |= (clock.code in step.resets) << place
            ways = (*step.marks, f"step:{step.code}")
            marked |= any(way in clock.met_by for way in ways) << place
        return begun | again, again, marked

    effects = {step.code: effect(step) for step in kind.steps}
    # Most moves do nothing to any clock: those that lead to the same are walked once.
    ways = {
        state: dict.fromkeys((to, *effects[step.code]) for _, step, to in found)
        for state, found in leaving.items()
    }
    first = next(step for step in kind.steps if step.effect == "register")
    begun, _, marked = effects[first.code]
    seen = {(first.to, begun, marked): None}  # in the order of arrival
    queue = deque(seen)
    while queue:
        state, is_set, is_met = queue.popleft()
        for target, begun, again, marked in ways[state]:
            node = (target, is_set | begun, (is_met & ~again) | marked)
            if node not in seen:
                seen[node] = None
                queue.append(node)
    counted = {state.code: _counted(kind, state, leaving) for state in kind.states}
    entered: dict[str, bool] = {}
    for state, is_set, is_met in seen:
        entered.setdefault(state, bool(is_set & ~is_met & counted[state]))
    return {state for state, runs in entered.items() if not runs}


def _counted(kind: Kind, state: State, leaving: dict[str, list[Move]]) -> int:
    """Give the bits of the clocks that count in a state if they run."""
    waited = {step.after_clock for _, step, _ in leaving[state.code]}
    counted = 0
    for place, clock in enumerate(kind.clocks):
        if state.phase not in clock.met_by and (not clock.waits or clock.code in waited):
            counted |= 1 << place
    return counted


def _check_reopening(
    kind: Kind, leaving: dict[str, list[Move]], path_to: PathTo
) -> Iterator[Problem]:
    """Yield each step that takes an ended case up again without a day of its own.

    The old clock would run on: the case would be overdue on the day it is taken up.
    """
    told: set[str] = set()
    for origin, found in leaving.items():
        for _, step, target in found:
            ended = kind.phase_of(origin) in ("closed", "reviewed")
            again = ended and kind.phase_of(target) not in END_PHASES
            if not again or step.code in told or step.resets or step.promises or not kind.clocks:
                continue
            told.add(step.code)
            index = [other.code for other in kind.steps].index(step.code)
            sentence = f"“{step.zh}”重新办理已办结的事项，须重新起算（resets）或另定（promises）时限。"
            path = (*path_to(origin), step.code)
            yield Problem("reopened_without_clock", sentence, ("steps", index), path)


def check_loops(kind: Kind, moves: Iterable[Move], path_to: PathTo) -> Iterator[Problem]:
    """Yield each loop without bound or reason, and each way to escape a clock in a loop.

    A step with ``resets`` in a loop needs a bound in that loop, since a reason cannot stop a clock
    from being restarted for ever. A date promised in a loop must come from a supervisor.
    """
    moving = [move for move in moves if move[1].to]
    open_moves = [move for move in moving if not (move[1].bound or move[1].loop_reason)]
    while cycle := _shortest_cycle(open_moves):
        culprit = next((step for _, step, _ in cycle if step.sort == "back"), cycle[-1][1])
        yield _loop_problem(kind, culprit, cycle, path_to)
        open_moves = [move for move in open_moves if move[1].code != culprit.code]
    unbounded = [move for move in moving if not move[1].bound]
    for index, step in enumerate(kind.steps):
        # An inner clock set anew buys no time: the outer one runs on.
        resets = [code for code in step.resets if not _is_inner(kind, code)]
        if step.bound or not (resets or step.promises):
            continue
        cycle = _cycle_through(step, unbounded)
        stays = not step.to and any(move[1].code == step.code for move in moves)
        if not cycle and not stays:
            continue
        path = tuple(other.code for _, other, _ in cycle) or (step.code,)
        if resets:
            sentence = f"“{step.zh}”在循环中重新起算时限，须有次数上限 bound。"
            yield Problem("clock_restart_unbounded", sentence, ("steps", index), path)
        elif {"officer", "head"} & set(step.roles):
            sentence = f"“{step.zh}”在循环中可由责任单位自行改定日期，须由督察员核定或设次数上限。"
            yield Problem("promise_unapproved", sentence, ("steps", index), path)


def _is_inner(kind: Kind, code: str) -> bool:
    clock = kind.clock_by_code.get(code)
    return clock is not None and clock.slot == "inner"


def _loop_problem(kind: Kind, culprit: Step, cycle: list[Move], path_to: PathTo) -> Problem:
    path = (*path_to(cycle[0][0]), *(step.code for _, step, _ in cycle))
    shown = " → ".join(step.zh for _, step, _ in cycle)
    index = [step.code for step in kind.steps].index(culprit.code)
    sentence = f"循环“{shown}”没有次数上限 bound，也没有写明理由 loop_reason。"
    return Problem("loop_without_bound", sentence, ("steps", index), path)


def _shortest_cycle(moves: list[Move]) -> list[Move]:
    """Give the moves of a shortest cycle, [] if there is none."""
    leaving = _by_source(moves)
    if not _has_cycle(leaving):
        return []
    cycles = [cycle for move in moves if (cycle := _cycle_from(move, leaving))]
    return min(cycles, key=len, default=[])


def _cycle_through(step: Step, moves: list[Move]) -> list[Move]:
    """Give a shortest cycle that takes a step, [] if there is none."""
    leaving = _by_source(moves)
    cycles = [_cycle_from(move, leaving) for move in moves if move[1].code == step.code]
    return min((cycle for cycle in cycles if cycle), key=len, default=[])


def _by_source(moves: list[Move]) -> dict[str, list[Move]]:
    leaving: dict[str, list[Move]] = {}
    for move in moves:
        leaving.setdefault(move[0], []).append(move)
    return leaving


def _has_cycle(leaving: dict[str, list[Move]]) -> bool:
    """Tell whether any cycle is there: states that lead nowhere further are taken off in turn."""
    targets = {state: {move[2] for move in found} for state, found in leaving.items()}
    while targets:
        ends = [state for state, found in targets.items() if not found & targets.keys()]
        if not ends:
            return True
        for state in ends:
            del targets[state]
    return False


def _cycle_from(move: Move, leaving: dict[str, list[Move]]) -> list[Move]:
    """Give the shortest cycle that begins with a move, [] if its state cannot be reached again."""
    home, _, begin = move
    trails: dict[str, list[Move]] = {begin: [move]}
    queue = deque([begin])
    while queue and home not in trails:
        state = queue.popleft()
        for other in leaving.get(state, ()):
            if other[2] not in trails:
                trails[other[2]] = [*trails[state], other]
                queue.append(other[2])
    return trails.get(home, [])
