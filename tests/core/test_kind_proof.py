"""The shipped kinds are proven, the proof rests on what it says, and its paths are real."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
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


def test_all_proofs_together_are_fast() -> None:
    best = min(_seconds_for_all() for _ in range(3))
    assert best < 0.1


def _seconds_for_all() -> float:
    begin = time.perf_counter()
    for kind in KINDS.values():
        prove(kind)
    return time.perf_counter() - begin


def test_twelve_bounded_steps_do_not_slow_the_proof() -> None:
    note = DRILL_KIND.step_by_code["note"]
    more = tuple(
        replace(note, code=f"note_{n}", bound=3, resets=("finish",), meets=()) for n in range(12)
    )
    kind = replace(DRILL_KIND, steps=DRILL_KIND.steps + more)
    begin = time.perf_counter()
    assert prove(kind) == []
    assert time.perf_counter() - begin < 0.1
    assert len(walk_kind(kind).came) < 20


# ---- what the proof rests on: everything is removed by machine, one at a time ----


def _removals(kind: Kind) -> Iterator[tuple[str, Kind]]:
    """Yield each kind that lacks one evidence, signature, role, clock, bound, reason … of it."""
    for step in kind.steps:
        for field in ("evidence", "roles", "starts", "resets", "other_than", "marks"):
            values = getattr(step, field)
            for index in range(len(values)):
                fewer = values[:index] + values[index + 1 :]
                shown = getattr(values[index], "stage", values[index])
                yield f"{step.code}.{field}.{shown}", with_step(kind, step.code, **{field: fewer})
        for clock in step.promises:
            fewer = {code: name for code, name in step.promises.items() if code != clock}
            yield f"{step.code}.promises.{clock}", with_step(kind, step.code, promises=fewer)
        for field, nothing in (("signs", False), ("bound", 0), ("loop_reason", "")):
            if getattr(step, field):
                yield f"{step.code}.{field}", with_step(kind, step.code, **{field: nothing})
    for clock_rule in kind.clocks:
        fewer_clocks = tuple(other for other in kind.clocks if other is not clock_rule)
        yield f"clock.{clock_rule.code}", replace(kind, clocks=fewer_clocks)
    for state in kind.states:
        if state.clockless:
            states = tuple(replace(s, clockless="") if s is state else s for s in kind.states)
            yield f"clockless.{state.code}", replace(kind, states=states)


#: What may be taken away singly because a second thing carries the proof, or because it is a rule
#: of the office beside the proof (files with an application, a handler's second role, marks).
SPARE = {
    "complaint": {
        # The document that closing needs is evidence by itself; after-pictures come on top.
        "apply_phase_close.evidence.after",
        "apply_close.evidence.after",
        "close.evidence.after",
        # Head and supervisor both sign: one of the two is enough for the proof.
        "sign_phase_close.signs",
        "sign_close.signs",
        "sign_final.signs",
        "close.signs",
        # Notes do not move the case, accepting begins the round.
        "close.other_than.accept",
        "close.other_than.log_work",
        "close.other_than.report_result",
        "close.other_than.reply_citizen",
        "approve_phase_close.other_than.accept",
        "approve_phase_close.other_than.log_work",
        "approve_phase_close.other_than.report_result",
        "approve_phase_close.other_than.apply_phase_close",
        # Two roles may accept, ask, return, report.
        "accept.roles.officer",
        "accept.roles.head",
        "ask_return.roles.officer",
        "ask_return.roles.head",
        "report_result.roles.officer",
        "report_result.roles.supervisor",
        "reply_citizen.roles.officer",
        "reply_citizen.roles.supervisor",
        "return_for_rework.roles.head",
        "return_for_rework.roles.supervisor",
        "return_final.roles.head",
        "return_final.roles.supervisor",
        "transfer.marks.handed_over",
        "accept.marks.signed_for",
        "reply_citizen.marks.replied",
        "withdraw.evidence.document",
        # A complaint that was returned is registered again with its report clock running.
        "clockless.registered",
        # Another step promises the same clock.
        "approve_phase_close.promises.finish",
        "rebound.promises.finish",
        "reopen.promises.finish",
    },
    "rectification": {
        "self_check.evidence.after",
        "self_check.evidence.document",
        "close.evidence.document",
        "apply_acceptance.signs",
        "close.signs",
        "verify_site.other_than.self_check",
        "verify_site.other_than.report_progress",
        "verify_site.other_than.log_work",
        "complete.other_than.self_check",
        "complete.other_than.report_progress",
        "complete.other_than.log_work",
        "close.other_than.accept",
        "close.other_than.log_work",
        "close.other_than.report_progress",
        "accept.roles.officer",
        "accept.roles.head",
        "return_for_rework.roles.head",
        "return_for_rework.roles.supervisor",
        "assign.marks.handed_over",
        "accept.marks.signed_for",
        "rebound.promises.finish",
    },
    "issue_list": {
        "fix_at_once.evidence.before",
        "fix_at_once.evidence.after",
        "rectify.evidence.after",
        "close.evidence.document",
        "apply_acceptance.signs",
        "close.signs",
        "pass_acceptance.other_than.fix_at_once",
        "pass_acceptance.other_than.log_work",
        "pass_acceptance.other_than.rectify",
        "close.other_than.accept",
        "close.other_than.log_work",
        "accept.roles.officer",
        "accept.roles.head",
        "return_for_rework.roles.head",
        "return_for_rework.roles.supervisor",
        "assign.marks.handed_over",
        "accept.marks.signed_for",
        "register.promises.finish",
        "assign.promises.finish",
        "rebound.promises.finish",
        # The date may be set at registration, so a clock may run there; the reason is for the rest.
        "clockless.registered",
    },
}
#: The shared steps of ``common.toml``, the same in every kind.
SPARE_SHARED = {
    "answer.roles.officer",
    "answer.roles.head",
    "answer.roles.supervisor",
    "add_evidence.roles.officer",
    "add_evidence.roles.supervisor",
    "ask_correction.roles.officer",
    "ask_correction.roles.head",
    "ask_correction.roles.supervisor",
    "ask_extension.evidence.document",
}


@pytest.mark.parametrize("code", sorted(KINDS))
def test_whatever_the_proof_rests_on_is_missed_when_removed(code: str) -> None:
    removals = dict(_removals(KINDS[code]))
    assert len(removals) > 60
    survived = {name for name, kind in removals.items() if not reasons(kind)}
    assert survived == SPARE[code] | SPARE_SHARED


@pytest.mark.parametrize("code", sorted(KINDS))
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"evidence": ()}, "close_without_evidence"),
        ({"signs": False}, "close_without_signature"),
        ({"other_than": ()}, "close_without_four_eyes"),
    ],
)
def test_what_two_things_carry_is_missed_when_both_go(
    code: str, change: dict[str, Any], reason: str
) -> None:
    kind = KINDS[code]
    deciding = {step.code for step in kind.steps if step.effect}
    changes = {s.code: change for s in kind.steps if s.code not in deciding}
    steps = tuple(replace(s, **changes.get(s.code, {})) for s in kind.steps)
    assert reason in reasons(replace(kind, steps=steps))


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
    elif not any(handlers <= set(step.other_than) for step in signs):
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


@settings(max_examples=150)
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
