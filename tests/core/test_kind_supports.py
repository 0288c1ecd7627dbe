"""What the proof of each kind rests on is removed by machine, one thing at a time.

Every support is of one of three sorts, told apart by removing, not by a list: *essential* (without
it the kind is refused), *shared* (others of its sort carry the proof too: without some of those the
kind is sound, and then refused without it), *beside the proof*. For the last, a plain rule of the
document says why nothing rests on it; a support that no rule explains fails the test.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ecoissues.core.kind_proof import gives_evidence, is_handling
from ecoissues.core.kind_registry import load_kinds
from ecoissues.core.kinds import EvidenceNeed, Kind, Step
from tests.core.kind_removals import Support, carried_with, reasons, supports, without

KINDS = {kind.code: kind for kind in load_kinds().values()}

#: Reasons for which a kind may be refused without a support of a sort; any other is an accident.
WANTED = {
    "evidence": {"close_without_evidence"},
    "signs": {"close_unsigned", "close_without_signature", "close_without_four_eyes",
              "head_without_signature"},
    "other_than": {"close_without_four_eyes", "sign_by_handler", "done_by_handler",
                   "decided_by_asker"},
    "roles": {"step_without_role", "head_without_signature"},
    "clock": {"unknown_clock", "state_without_clock", "extension_without_clock"},
    "starts": {"state_without_clock", "clock_never_set", "reopened_without_clock",
               "length_apart"},
    "resets": {"state_without_clock", "clock_never_set", "reopened_without_clock",
               "length_apart"},
    "promises": {"state_without_clock", "clock_never_set", "reopened_without_clock"},
    "bound": {"loop_without_bound", "clock_restart_unbounded"},
    "loop_reason": {"loop_without_bound"},
    "clockless": {"state_without_clock"},
}  # fmt: skip
#: Sorts of which each single one is essential, in every kind: nothing may be spared.
NEVER_SPARED = {"signs", "clock", "bound", "loop_reason"}


def _ahead(kind: Kind, step: Step) -> set[str]:
    """Give the states that may follow a step within the same round of work."""
    seen = {step.to} if step.to else set(kind.sources_of(step))
    queue = list(seen)
    work = {state.code for state in kind.states if state.work}
    while queue:
        state = queue.pop()
        for other in kind.steps:
            if state in kind.sources_of(other) and other.to and other.to not in seen | work:
                seen.add(other.to)
                queue.append(other.to)
    return seen


def _closes(kind: Kind, step: Step) -> bool:
    return any(kind.phase_of(state) == "closed" for state in _ahead(kind, step))


def beside_the_proof(kind: Kind, one: Support) -> str:
    """Say why nothing rests on a support, "" if no rule does."""
    step = kind.step_by_code.get(one.of)
    if one.sort == "evidence" and step is not None:
        return _evidence_rule(kind, step, step.evidence[int(one.item)])
    if one.sort == "other_than" and step is not None:
        other = kind.step_by_code[one.item]
        if not is_handling(other):
            return "the other step does not move the case by the handler"
        if kind.phase_of(other.to) == "open" and kind.state_by_code[other.to].work:
            return "the other step begins the round, nothing was done before it"
        if not _ahead(kind, other) & set(kind.sources_of(step)):
            return "both are never taken in one round"
        crosses = any(kind.phase_of(state) == "open" for state in kind.sources_of(step))
        if not step.signs and not (step.to and crosses and kind.phase_of(step.to) != "open"):
            return "the step neither signs nor is the first to say that anything is done"
    if one.sort == "roles" and step is not None and len(step.roles) > 1:
        return "another role holds the step as well"
    if one.sort in ("starts", "promises", "clockless"):
        setters = [s for s in kind.steps if _sets(s, one) or (one.sort == "clockless" and s.promises)]
        return "another step has set the clock before" if len(setters) > 1 else ""
    return ""


def _evidence_rule(kind: Kind, step: Step, need: EvidenceNeed) -> str:
    if need.stage == "before":
        return "a picture from before shows nothing done"
    if not gives_evidence(replace(step, evidence=(need,))):
        return "it may be waived"
    if step.effect or not _closes(kind, step):
        return "it backs a request, or a step from which nothing is closed"
    late = [s for s in kind.steps if gives_evidence(s) and s.code != step.code and _closes(kind, s)]
    return "closing itself demands evidence" if late else ""


def _sets(step: Step, one: Support) -> bool:
    return one.item in step.starts or one.item in step.promises


@pytest.mark.parametrize("code", sorted(KINDS))
def test_what_the_proof_rests_on_is_missed_when_removed(code: str) -> None:
    kind = KINDS[code]
    assert reasons(kind) == []
    every = list(supports(kind))
    alone = {one: set(reasons(without(kind, [one]))) for one in every}
    essential = {one for one in every if alone[one]}
    spared = [one for one in every if not alone[one]]
    shared, beside = set[Support](), set[Support]()
    for one in essential:
        assert alone[one] & WANTED[one.sort], (one, alone[one])
    for one in spared:
        company = carried_with(kind, one, spared)
        if company:
            assert reasons(without(kind, company)) == []
            told = set(reasons(without(kind, [*company, one])))
            assert told & WANTED[one.sort], (one, told)
            shared.add(one)
        else:
            assert beside_the_proof(kind, one), f"{one}: the proof should rest on it"
            beside.add(one)
    assert {one for one in every if one.sort in NEVER_SPARED} <= essential
    assert {"evidence", "signs", "roles", "clock", "loop_reason"} <= {
        one.sort for one in essential | shared
    }
    assert len(essential) + len(shared) > 2 * len(beside)


@pytest.mark.parametrize("code", sorted(KINDS))
@pytest.mark.parametrize(
    ("sort", "reason"),
    [
        ("evidence", "close_without_evidence"),
        ("signs", "close_without_signature"),
        ("other_than", "close_without_four_eyes"),
    ],
)
def test_what_several_carry_is_missed_when_all_go(code: str, sort: str, reason: str) -> None:
    kind = KINDS[code]
    deciding = {step.code for step in kind.steps if step.effect}
    gone = [one for one in supports(kind) if one.sort == sort and one.of not in deciding]
    assert gone
    assert reason in reasons(without(kind, gone))


def test_removing_takes_exactly_what_is_named() -> None:
    kind = KINDS[sorted(KINDS)[0]]
    every = list(supports(kind))
    assert len(set(every)) == len(every)
    for one in every:
        places = [e for e in supports(without(kind, [one])) if e.sort == one.sort]
        before = [e for e in every if e.sort == one.sort]
        assert len(places) == len(before) - 1
    assert without(kind, []) == kind
