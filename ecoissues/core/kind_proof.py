"""The proof that a kind is sound, by walking every standing a case can reach.

A standing is a state and what was met since the last entry into a ``work`` state: obligations,
evidence, sign-offs, and which steps of the handler moved the case in that round. Guards (fields,
dates, verdicts) may hold or fail at any moment; bounds and counts are no part of the walk, so it
stays small. The walk is breadth first: a fault comes with the shortest path that shows it.

Terms. A step *surely gives evidence* if, for every verdict and with every flag set, at least one of
its needs of stage ``after`` or ``document`` stands. A *handler's step* is one by ``handler`` that
an officer may take and that moves the state. The step that enters work ends the round before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct, field

from ecoissues.core.kind_documents import Problem
from ecoissues.core.kind_loops import Move, check_clocks, check_loops
from ecoissues.core.kinds import END_PHASES, Kind, Step
from ecoissues.core.vocabulary import VERDICTS

#: A standing: state and bits of what is met (see ``_Bits``).
Standing = tuple[str, int]


def gives_evidence(step: Step) -> bool:
    """Tell whether a step surely gives evidence, whatever the verdict and the flags."""
    needs = [need.unless for need in step.evidence if need.stage in ("after", "document")]

    def stands(unless: tuple[str, ...], verdict: str) -> bool:
        return not any(word.startswith("field:") or word == verdict for word in unless)

    verdicts = ["", *(f"verdict:{code}" for code in VERDICTS)]
    return all(any(stands(unless, verdict) for unless in needs) for verdict in verdicts)


def is_handling(step: Step) -> bool:
    """Tell whether a step is the handler's: an officer may take it and it moves the state."""
    return step.by == "handler" and "officer" in step.roles and bool(step.to)


class _Bits:
    """Gives each obligation, sign-off and handler's step its bit."""

    def __init__(self, kind: Kind) -> None:
        names = ["evidence"]
        # An obligation that no step requires changes nothing: carrying it would double the walk.
        wanted = {code for step in kind.steps for code in step.requires}
        for step in kind.steps:
            names += [f"met:{code}" for code in step.meets if code in wanted]
            names += [f"signed:{step.code}"] * step.signs + [f"by:{step.code}"] * is_handling(step)
        self.bit = {name: 1 << place for place, name in enumerate(dict.fromkeys(names))}
        self.handling = self.of("by", (s.code for s in kind.steps if is_handling(s)))
        self.signs = [
            (self.bit[f"signed:{step.code}"], self.handling & ~self.of("by", step.other_than))
            for step in kind.steps
            if step.signs
        ]

    def of(self, sort: str, codes: Iterable[str]) -> int:
        """Give the bits of all codes of a sort; a code without a bit has none."""
        found = 0
        for code in codes:
            found |= self.bit.get(f"{sort}:{code}", 0)
        return found

    def signed_by_other(self, met: int) -> bool:
        """Tell whether some sign-off excludes everyone who moved the case in this round."""
        return any(met & bit and not met & unnamed for bit, unnamed in self.signs)


class _Plan(NamedTuple):
    """What one step asks of and does to a standing, as bits."""

    step: Step
    code: str
    target: str  # "" stays
    enters: bool  # a new round of work begins
    needs: int
    gives: int
    keeps: int
    round_gives: int  # what counts in the new round
    changes: bool


class Walk(Struct):
    """All standings reached (``came``: the standing and step first reached by) and all edges."""

    kind: Kind
    bits: _Bits
    came: dict[Standing, tuple[Standing | None, Step]] = field(default_factory=dict)
    edges: list[tuple[Standing | None, Step, Standing]] = field(default_factory=list)
    moves: dict[tuple[str, str], Move] = field(default_factory=dict)

    def path(self, standing: Standing | None) -> tuple[str, ...]:
        """Give the shortest sequence of steps that leads to a standing; () for None."""
        steps: list[str] = []
        while standing is not None:
            standing, step = self.came[standing]
            steps.append(step.code)
        return tuple(reversed(steps))

    def path_to(self, state: str) -> tuple[str, ...]:
        """Give the shortest sequence of steps that leads to a state; () if none does."""
        return next((self.path(standing) for standing in self.came if standing[0] == state), ())


def walk_kind(kind: Kind) -> Walk:
    """Walk every standing of a kind that passed ``check_kind``, breadth first."""
    bits = _Bits(kind)
    plans = _plans(kind, bits)
    walk = Walk(kind, bits)
    came, edges, moves = walk.came, walk.edges, walk.moves
    first = next(step for step in kind.steps if step.effect == "register")
    start: Standing = (first.to, bits.of("met", first.meets))
    edges.append((None, first, start))
    came[start] = (None, first)
    queue: deque[Standing] = deque([start])
    while queue:
        standing = queue.popleft()
        state, met = standing
        for plan in plans[state]:
            if plan.needs & ~met:
                continue
            target = plan.target or state
            if (state, plan.code) not in moves:
                moves[state, plan.code] = (state, plan.step, target)
            if not plan.changes:
                continue
            if plan.enters and target != state:
                reached = (target, plan.round_gives)
            else:
                reached = (target, (met & plan.keeps) | plan.gives)
            edges.append((standing, plan.step, reached))
            if reached not in came:
                came[reached] = (standing, plan.step)
                queue.append(reached)
    return walk


def _plans(kind: Kind, bits: _Bits) -> dict[str, list[_Plan]]:
    plans: dict[str, list[_Plan]] = {state.code: [] for state in kind.states}
    work = {state.code for state in kind.states if state.work}
    for step in kind.steps:
        met = bits.of("met", step.meets)
        gives = met | bits.of("signed", (step.code,)) | bits.of("by", (step.code,))
        if step.evidence and gives_evidence(step):
            gives |= bits.bit["evidence"]
        drops = bits.of("met", step.drops)
        plan = _Plan(
            step, step.code, step.to, step.to in work, bits.of("met", step.requires), gives,
            ~drops, met, bool(step.to or gives or drops),
        )  # fmt: skip
        for state in kind.sources_of(step):
            plans[state].append(plan)
    return plans


def prove(kind: Kind) -> list[Problem]:
    """Prove a kind that passed ``check_kind`` sound; gives the faults, none if it is.

    Source of the rules: every state reachable, an end reachable from every standing, no dead step,
    closing always passes evidence and a sign-off by another person, as completion and phase closure
    pass another person; a head's step is a sign-off; every open state has a clock or says why not;
    reopening sets a clock anew; no loop escapes bound, reason and clock. Milliseconds for a real kind.
    """
    walk = walk_kind(kind)
    problems = [*_check_reach(walk), *_check_ends(walk), *_check_closing(walk)]
    problems += [*_check_done(walk), *_check_signs(walk), *_check_heads(kind)]
    moves = list(walk.moves.values())
    problems += check_clocks(kind, moves, walk.path_to)
    problems += check_loops(kind, moves, walk.path_to)
    return problems


def _check_reach(walk: Walk) -> Iterator[Problem]:
    reached = {state for state, _ in walk.came}
    for index, state in enumerate(walk.kind.states):
        if state.code not in reached:
            sentence = f"状态“{state.zh}”从登记开始走不到。"
            yield Problem("unreachable_state", sentence, ("states", index))
    taken = {code for _, code in walk.moves}
    for index, step in enumerate(walk.kind.steps):
        if step.code not in taken and step.effect != "register":
            sentence = f"步骤“{step.zh}”永远轮不到执行。"
            yield Problem("dead_step", sentence, ("steps", index))


def _check_ends(walk: Walk) -> Iterator[Problem]:
    """Check that from every standing a closed, reviewed or void state can still be reached.

    A void step that every open state offers is an emergency exit and proves nothing.
    """
    kind = walk.kind
    exits = {step.code for step in kind.steps if _is_exit(kind, step)}
    before: dict[Standing, list[Standing]] = {standing: [] for standing in walk.came}
    for origin, step, target in walk.edges:
        if origin is not None and step.code not in exits:
            before[target].append(origin)
    live = [s for s in walk.came if kind.phase_of(s[0]) in END_PHASES]
    ending = set(live)
    while live:
        for standing in before[live.pop()]:
            if standing not in ending:
                ending.add(standing)
                live.append(standing)
    told: set[str] = set()
    for standing in walk.came:
        if standing not in ending and standing[0] not in told:
            told.add(standing[0])
            index = [state.code for state in kind.states].index(standing[0])
            path = walk.path(standing)
            sentence = f"状态“{kind.states[index].zh}”走不到终点（路径：{_shown(kind, path)}）。"
            yield Problem("no_end", sentence, ("states", index), path)


def _is_exit(kind: Kind, step: Step) -> bool:
    if not step.to or kind.phase_of(step.to) != "void":
        return False
    open_states = {state.code for state in kind.states if state.phase == "open"}
    return open_states <= set(kind.sources_of(step))


def _check_closing(walk: Walk) -> Iterator[Problem]:
    """Check every arrival in phase ``closed`` from a phase that is not closed or reviewed."""
    kind, bits = walk.kind, walk.bits
    told: set[tuple[str, str]] = set()
    for origin, step, (state, met) in walk.edges:
        if kind.phase_of(state) != "closed":
            continue
        if origin is not None and kind.phase_of(origin[0]) in ("closed", "reviewed"):
            continue
        faults = {
            "close_without_evidence": not met & bits.bit["evidence"],
            "close_without_signature": not any(met & bit for bit, _ in bits.signs),
        }
        faults["close_unsigned"] = not (step.signs or faults["close_without_signature"])
        faults["close_without_four_eyes"] = not (
            faults["close_without_signature"] or bits.signed_by_other(met)
        )
        for reason in (name for name, holds in faults.items() if holds):
            if (reason, step.code) not in told:
                told.add((reason, step.code))
                yield _at_step(walk, origin, step, reason, f"经“{step.zh}”办结时{_CLOSING[reason]}")


def _check_done(walk: Walk) -> Iterator[Problem]:
    """Check that nobody who moved the case in this round says himself that it is (partly) done.

    Every arrival in phase ``phase_closed`` or ``completed`` from an open one; the handler's own
    steps of that round must be among the step's ``other_than``. Closing has its own rule.
    """
    kind, handling = walk.kind, walk.bits.handling
    told: set[str] = set()
    for origin, step, (state, _) in walk.edges:
        if origin is None or step.code in told or kind.phase_of(origin[0]) != "open":
            continue
        if kind.phase_of(state) not in ("phase_closed", "completed"):
            continue
        if origin[1] & handling & ~walk.bits.of("by", step.other_than) or is_handling(step):
            told.add(step.code)
            words = f"经“{step.zh}”认定完成或阶段性办结的可能就是经办人，other_than 缺少经办步骤"
            yield _at_step(walk, origin, step, "done_by_handler", words)


def _check_signs(walk: Walk) -> Iterator[Problem]:
    """Check that no sign-off may be given by someone who moved the case in this round."""
    told: set[str] = set()
    unnamed = {
        step.code: walk.bits.handling & ~walk.bits.of("by", step.other_than)
        for step in walk.kind.steps
        if step.signs
    }
    for origin, step, _ in walk.edges:
        by_handler = origin is not None and origin[1] & unnamed.get(step.code, 0)
        if by_handler and step.code not in told:
            told.add(step.code)
            words = f"“{step.zh}”的签字人可能就是经办人，other_than 缺少经办步骤"
            yield _at_step(walk, origin, step, "sign_by_handler", words)


def _check_heads(kind: Kind) -> Iterator[Problem]:
    """Check that what only a unit's head may do to move a case on is a sign-off: he has no other."""
    for index, step in enumerate(kind.steps):
        if step.roles == ("head",) and step.to and step.sort == "forward" and not step.signs:
            sentence = f"“{step.zh}”只由单位负责人办理并使事项前进，须为签字（signs = true）。"
            yield Problem("head_without_signature", sentence, ("steps", index))


_CLOSING = {
    "close_without_evidence": "没有必交的整改后照片或佐证材料",
    "close_without_signature": "没有任何签字",
    "close_unsigned": "办结人没有签字，须为签字（signs = true）：谁验收谁负责",
    "close_without_four_eyes": "签字人可能就是经办人，other_than 缺少经办步骤",
}


def _at_step(walk: Walk, origin: Standing | None, step: Step, reason: str, words: str) -> Problem:
    """Give the problem of a step taken from a standing, with the path that leads there."""
    path = (*walk.path(origin), step.code)
    index = [other.code for other in walk.kind.steps].index(step.code)
    sentence = f"{words}（路径：{_shown(walk.kind, path)}）。"
    return Problem(reason, sentence, ("steps", index), path)


def _shown(kind: Kind, path: tuple[str, ...]) -> str:
    """Give a path in the words of the document."""
    return " → ".join(kind.step_by_code[code].zh for code in path)
