"""Which steps are possible and where they lead: against a plain re-reading of the documents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ecoissues.core.errors import Refused
from ecoissues.core.kind_registry import load_kinds
from ecoissues.core.policy import Actor, step_allowed
from ecoissues.core.vocabulary import ROLES
from ecoissues.core.workflow import destination, possible_steps
from tests.core.kind_samples import plain_kinds

KINDS = {kind.code: kind for kind in load_kinds().values()}
PLAIN = plain_kinds()
CITY, DISTRICT, BUREAU, OFFICE = "/1/", "/1/5/", "/1/5/12/", "/1/5/9/"


def actor(role: str) -> Actor:
    """Give somebody of a role who stands in every relation his role can stand in."""
    places = {"officer": (BUREAU, BUREAU), "head": (BUREAU, BUREAU), "administrator": ("", "")}
    unit, scope = places.get(role, (OFFICE, DISTRICT))
    return Actor(1, "someone", "某人", role, "500119", unit, scope)


@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_state_and_step_agrees_with_the_document(code: str) -> None:
    kind, plain = KINDS[code], PLAIN[code]
    states = ["", *(state["code"] for state in plain["states"])]
    assert {step["code"] for step in plain["steps"]} == set(kind.step_by_code)
    for state in states:
        possible = [step.code for step in possible_steps(kind, state)]
        expected = [s["code"] for s in plain["steps"] if state in (s["from"] or [""])]
        assert possible == expected
        for step in plain["steps"]:
            if step["code"] in expected:
                assert destination(kind, state, step["code"]) == (step.get("to") or state)
                continue
            with pytest.raises(Refused) as refusal:
                destination(kind, state, step["code"])
            assert refusal.value.code == "wrong_state"
            assert step["zh"] in refusal.value.sentence
            assert refusal.value.facts["possible"] == expected


@pytest.mark.parametrize("code", sorted(KINDS))
@pytest.mark.parametrize("role", sorted(ROLES))
def test_every_step_and_role_agrees_with_the_document(code: str, role: str) -> None:
    kind = KINDS[code]
    parties = [(BUREAU, "lead")]
    for plain in PLAIN[code]["steps"]:
        step = kind.step_by_code[plain["code"]]
        refusal = step_allowed(actor(role), step, parties, DISTRICT)
        assert refusal == (None if role in plain["roles"] else "not_allowed"), step.code


@pytest.mark.parametrize("code", sorted(KINDS))
@given(data=st.data())
def test_random_lawful_walks_never_leave_the_declared_states(
    code: str, data: st.DataObject
) -> None:
    kind, plain = KINDS[code], PLAIN[code]
    phases = {state["code"]: state["phase"] for state in plain["states"]}
    state = ""
    for _ in range(30):
        step = data.draw(st.sampled_from(possible_steps(kind, state)))
        after = destination(kind, state, step.code)
        assert after in phases
        assert kind.phase_of(after) == phases[after]
        assert after == state or after == step.to
        assert not (state and phases[state] == "void") or after == state
        state = after


def test_refusals_name_state_and_possible_steps() -> None:
    kind = KINDS["complaint"]
    with pytest.raises(Refused) as refusal:
        destination(kind, "transferred", "close")
    for word in ("已转办", "核查办结", "签收", "申请退回", "未做任何改动"):
        assert word in refusal.value.sentence
    assert "催办" not in refusal.value.sentence  # notes are not the way on
    with pytest.raises(Refused, match="unknown_step"):
        destination(kind, "transferred", "fly")
    with pytest.raises(Refused, match="unknown_state"):
        destination(kind, "nowhere", "close")
    with pytest.raises(Refused, match="unknown_state"):
        possible_steps(kind, "nowhere")
    with pytest.raises(Refused, match="尚未登记"):
        destination(kind, "", "close")


def test_an_engine_is_kept_per_version_and_never_mixed_up() -> None:
    kind = KINDS["complaint"]
    other = replace(
        kind,
        steps=tuple(replace(s, to="reviewed") if s.code == "close" else s for s in kind.steps),
    )
    newer = replace(other, version=2)
    assert destination(kind, "close_signed", "close") == "closed"
    assert destination(other, "close_signed", "close") == "reviewed"
    assert destination(kind, "close_signed", "close") == "closed"
    assert destination(newer, "close_signed", "close") == "reviewed"
    assert possible_steps(kind, "closed") == possible_steps(kind, "closed")


def test_lives_of_the_three_kinds_lead_through() -> None:
    lives = {
        "complaint": "register transfer forward accept log_work apply_phase_close sign_phase_close "
        "approve_phase_close apply_final sign_final close review rebound apply_close sign_close "
        "return_for_rework apply_close sign_close close reopen apply_close sign_close close",
        "rectification": "register assign accept report_progress self_check apply_acceptance "
        "verify_site complete publish_notice uphold_objection self_check apply_acceptance "
        "verify_site complete publish_notice close review review rebound",
        "issue_list": "register fix_at_once return_for_rework log_work rectify apply_acceptance "
        "pass_acceptance close review rebound rectify",
    }
    ends = {"complaint": "closed", "rectification": "in_progress", "issue_list": "rectified"}
    for code, life in lives.items():
        state = ""
        for step in life.split():
            state = destination(KINDS[code], state, step)
        assert state == ends[code]
