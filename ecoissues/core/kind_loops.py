"""Clocks and loops of a kind: no open state without a clock, no loop that escapes bound or reason.

The part of the proof that looks at moves between states only, as ``kind_proof`` found them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from ecoissues.core.kind_documents import Problem
from ecoissues.core.kinds import END_PHASES, Clock, Kind, Step

#: A move the walk really found: state, step, state after it.
Move = tuple[str, Step, str]

#: Gives the shortest path of steps that leads to a state.
PathTo = Callable[[str], tuple[str, ...]]


def check_clocks(kind: Kind, moves: Iterable[Move], path_to: PathTo) -> Iterator[Problem]:
    """Yield each open state in which no clock can run and which does not say why (``clockless``).

    A clock runs where some path has set it, no mark of ``met_by`` has been made since, and the
    state's phase is not in ``met_by``. A waiting period counts only where a step waits for its
    end. Open is every phase that is no end.
    """
    leaving: dict[str, list[Move]] = {state.code: [] for state in kind.states}
    for move in moves:
        leaving[move[0]].append(move)
    running: set[str] = set()
    for clock in kind.clocks:
        running |= _running_states(kind, clock, leaving)
    for index, state in enumerate(kind.states):
        path = path_to(state.code)
        if state.phase in END_PHASES or state.clockless or state.code in running or not path:
            continue
        sentence = f"状态“{state.zh}”没有时限在走，也没有写明原因（clockless）。"
        yield Problem("state_without_clock", sentence, ("states", index), path)


def _running_states(kind: Kind, clock: Clock, leaving: dict[str, list[Move]]) -> set[str]:
    """Give the states in which the clock may run."""
    begun, again, marked = (
        {s.code for s in kind.steps if clock.code in s.starts or clock.code in s.promises},
        {s.code for s in kind.steps if clock.code in s.resets},
        {s.code for s in kind.steps if any(mark in clock.met_by for mark in s.marks)},
    )
    # What matters of a move: where to, and what it does to the clock; most do nothing to it.
    ways = {
        state: {
            (to, step.code in begun, step.code in again, step.code in marked)
            for _, step, to in found
        }
        for state, found in leaving.items()
    }
    first = next(step for step in kind.steps if step.effect == "register")
    restarted = first.code in again
    start = (first.to, restarted or first.code in begun, first.code in marked)
    seen = {start}
    queue = deque(seen)
    while queue:
        state, is_set, is_met = queue.popleft()
        for target, begins, resets, marks in ways[state]:
            node = (target, is_set or begins or resets, marks or (is_met and not resets))
            if node not in seen:
                seen.add(node)
                queue.append(node)
    return {
        state
        for state, is_set, is_met in seen
        if is_set and not is_met and kind.phase_of(state) not in clock.met_by
        if not clock.waits or any(step.after_clock == clock.code for _, step, _ in leaving[state])
    }


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
        if step.bound or not (step.resets or step.promises):
            continue
        cycle = _cycle_through(step, unbounded)
        stays = not step.to and any(move[1].code == step.code for move in moves)
        if not cycle and not stays:
            continue
        path = tuple(other.code for _, other, _ in cycle) or (step.code,)
        if step.resets:
            sentence = f"“{step.zh}”在循环中重新起算时限，须有次数上限 bound。"
            yield Problem("clock_restart_unbounded", sentence, ("steps", index), path)
        elif {"officer", "head"} & set(step.roles):
            sentence = f"“{step.zh}”在循环中可由责任单位自行改定日期，须由督察员核定或设次数上限。"
            yield Problem("promise_unapproved", sentence, ("steps", index), path)


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
