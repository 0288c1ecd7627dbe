"""The shipped kinds are proven, the proof rests on what it says, and its paths are real."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ecoissues.core.errors import Refused
from ecoissues.core.kind_checks import check_kind
from ecoissues.core.kind_documents import Document, decode_kind
from ecoissues.core.kind_proof import gives_evidence, prove, walk_kind
from ecoissues.core.kind_registry import load_kinds
from ecoissues.core.kinds import EvidenceNeed, Kind, Step
from ecoissues.core.vocabulary import VERDICTS
from ecoissues.core.workflow import destination, possible_steps
from tests.core.kind_samples import DRILL
from tests.examples import examples

KINDS = {kind.code: kind for kind in load_kinds().values()}
DRILL_KIND = decode_kind(Document("drill.toml", DRILL), {}).kind


def reasons(kind: Kind) -> list[str]:
    """Give the reasons for which a kind is refused, as loading would find them."""
    return [p.reason for p in check_kind(kind)] or [p.reason for p in prove(kind)]


def step_with(**changes: Any) -> Step:
    """Make a step for tests of one property."""
    return replace(Step("go", "走", "Go", ("here",)), **changes)


def with_step(kind: Kind, code: str, **changes: Any) -> Kind:
    """Give the kind with one of its steps changed."""
    steps = tuple(replace(s, **changes) if s.code == code else s for s in kind.steps)
    return replace(kind, steps=steps)


@pytest.mark.parametrize("code", sorted(KINDS))
def test_the_shipped_kinds_are_sound(code: str) -> None:
    assert reasons(KINDS[code]) == []


def test_twelve_bounded_steps_do_not_slow_the_proof() -> None:
    note = DRILL_KIND.step_by_code["note"]
    more = tuple(
        replace(note, code=f"note_{n}", bound=3, resets=("finish",), meets=()) for n in range(12)
    )
    kind = replace(DRILL_KIND, steps=DRILL_KIND.steps + more)
    assert prove(kind) == []
    assert len(walk_kind(kind).came) < 20


def test_evidence_is_sure_only_if_no_verdict_and_no_flag_waives_all_of_it() -> None:
    def sure(*needs: EvidenceNeed) -> bool:
        return gives_evidence(step_with(evidence=needs))

    assert not sure()
    assert not sure(EvidenceNeed("before"))
    assert sure(EvidenceNeed("document"))
    assert not sure(EvidenceNeed("after", unless=("verdict:unsubstantiated",)))
    assert not sure(EvidenceNeed("after", unless=("field:clean",)))
    assert sure(
        EvidenceNeed("after", unless=("verdict:unsubstantiated",)),
        EvidenceNeed("document", unless=("verdict:partly",)),
    )
    assert not sure(
        EvidenceNeed("after", unless=("verdict:unsubstantiated",)),
        EvidenceNeed(
            "document", unless=("verdict:partly", "field:clean", "verdict:unsubstantiated")
        ),
    )
    every = tuple(f"verdict:{code}" for code in VERDICTS)
    assert not sure(EvidenceNeed("after", unless=every))


# ---- the proof against plain walking: random changes of the shipped kinds ----


def replay(kind: Kind, walk: tuple[str, ...]) -> list[tuple[str, Step, str]]:
    """Take the steps of a path one by one; a path that is not real raises Refused."""
    moves, state = [], ""
    for code in walk:
        target = destination(kind, state, code)
        moves.append((state, kind.step_by_code[code], target))
        state = target
    return moves


def closing_faults(kind: Kind, moves: list[tuple[str, Step, str]]) -> set[str]:
    """Say what the last move lacks if it closes: the rule told again, over a list of moves."""
    before, _, after = moves[-1]
    phases = {state.code: state.phase for state in kind.states} | {"": ""}
    if phases[after] != "closed" or phases[before] in ("closed", "reviewed"):
        return set()
    work = {state.code for state in kind.states if state.work}
    entries = [n for n, (s, _, t) in enumerate(moves) if t in work and s != t]
    this_round = [step for _, step, _ in moves[(entries[-1] + 1 if entries else 0) :]]
    handlers = {s.code for s in this_round if s.by == "handler" and "officer" in s.roles and s.to}
    signs = [step for step in this_round if step.signs]
    faults = set()
    if not any(gives_evidence(step) for step in this_round):
        faults.add("close_without_evidence")
    if not signs:
        faults.add("close_without_signature")
    elif not moves[-1][1].signs:
        faults.add("close_unsigned")
    if signs and not any(handlers <= set(step.other_than) for step in signs):
        faults.add("close_without_four_eyes")
    return faults


@st.composite
def changed_kinds(draw: st.DrawFn) -> Kind:
    """Draw a kind with a few random changes of where steps lead and what they ask."""
    kind = draw(st.sampled_from([DRILL_KIND, *KINDS.values()]))
    states = [state.code for state in kind.states]
    movable = [s.code for s in kind.steps if s.effect in ("", "assign") and s.sort != "end"]
    for _ in range(draw(st.integers(1, 3))):
        code = draw(st.sampled_from(movable))
        step = kind.step_by_code[code]
        change: dict[str, Any] = draw(
            st.one_of(
                st.builds(lambda to: {"to": to, "loop_reason": "试"}, st.sampled_from(states)),
                st.builds(
                    lambda more, step=step: {"sources": (*step.sources, more)},
                    st.sampled_from(states),
                ),
                st.sampled_from([{"evidence": ()}, {"signs": False}, {"other_than": ()}]),
                st.just({"loop_reason": ""}),
            )
        )
        kind = with_step(kind, code, **change)
    return kind


@examples(150)
@given(kind=changed_kinds(), data=st.data())
def test_faults_are_real_and_sound_kinds_keep_the_rule(kind: Kind, data: st.DataObject) -> None:
    problems = prove(kind)
    told = {problem.reason for problem in problems}
    for problem in problems:
        if not problem.walk or problem.reason in ("clock_restart_unbounded", "promise_unapproved"):
            continue
        moves = replay(kind, problem.walk)
        if problem.reason.startswith("close_"):
            assert problem.reason in closing_faults(kind, moves)
        if problem.reason == "loop_without_bound":
            assert moves[-1][2] in {source for source, _, _ in moves}
    state, met, moves = "", set[str](), []
    for _ in range(25):
        able = [step for step in possible_steps(kind, state) if set(step.requires) <= met]
        able = [step for step in able if step.to or step.meets or step.evidence]
        if not able:
            break
        step = data.draw(st.sampled_from(able))
        target = destination(kind, state, step.code)
        moves.append((state, step, target))
        entered = target != state and kind.state_by_code[target].work
        met = set(step.meets) if entered else (met - set(step.drops)) | set(step.meets)
        assert closing_faults(kind, moves) <= told
        assert "unreachable_state" not in told or target not in _unreachable(kind, problems)
        state = target


def _unreachable(kind: Kind, problems: list[Any]) -> set[str]:
    keys = [problem.key[1] for problem in problems if problem.reason == "unreachable_state"]
    return {kind.states[int(index)].code for index in keys}


def test_a_path_that_is_not_real_is_noticed() -> None:
    with pytest.raises(Refused):
        replay(DRILL_KIND, ("register", "finish"))
    assert DRILL_KIND.sources_of(DRILL_KIND.step_by_code["drop"]) == (
        "listed",
        "working",
        "checked",
        "signed",
        "done",
    )
