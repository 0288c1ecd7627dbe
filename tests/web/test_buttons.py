"""No button lies: what the page offers, the gate takes; what it blocks, the gate refuses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ecoissues.core import workflow
from ecoissues.core.errors import Refused
from ecoissues.services import actions, gate
from ecoissues.services.casefile import open_case
from tests.web.conftest import World
from tests.web.test_case import UNIT, picture, take, transferred

PEOPLE = ("officer", "head", "supervisor", "supervisor2", "city", "leader", "auditor", "stranger")
#: Refusals that a form cannot cure: a button that leads to one of these is a lie.
HARD = {
    "wrong_state", "not_allowed", "not_handler", "not_office", "not_superior", "not_reader",
    "accused", "same_person", "not_yet", "too_often", "notice_running", "notice_missing",
    "follows", "not_merged", "request_waiting", "not_found",
}  # fmt: skip


class Undone(Exception):
    """Takes a trial back."""


def answer_of_gate(world: World, name: str, case_id: int, step: str) -> str:
    """Ask the gate for a step with an empty form, without leaving anything behind."""
    try:
        with world.site.store.writing() as connection:
            asked = gate.Request(step=step, version=None)
            gate.step_within(world.site, connection, world.actor(name), case_id, asked)
            raise Undone
    except Undone:
        return "taken"
    except Refused as refused:
        return refused.code


def compare(world: World, case_id: int) -> int:
    """Compare buttons and gate for every person and step; gives how many pairs were compared."""
    pairs = 0
    for name in PEOPLE:
        actor = world.actor(name)
        with world.site.store.reading() as connection:
            try:
                opened = open_case(connection, world.site, actor, case_id)
            except Refused:
                continue
        case, kind, life = opened.case, opened.kind, opened.life
        found = actions.possible_actions(world.site, actor, case, kind, life, world.site.today())
        offered = {action.step: action for action in found}
        for step in workflow.possible_steps(kind, case.state):
            code = answer_of_gate(world, name, case_id, step.code)
            action = offered.get(step.code)
            if action is None:
                cannot_apply = step.effect in actions.APPLIES or step.effect == "register"
                assert code in HARD or cannot_apply, f"{name} is not offered {step.code}: {code}"
            elif action.blocked:
                assert code != "taken", f"{name} is refused {step.code} by the page only"
            else:
                assert code not in HARD, f"{name} is offered {step.code}, the gate says {code}"
            pairs += 1
    return pairs


def lives(world: World) -> Iterator[int]:
    """Lead one complaint through its states, and give it at each."""
    officer, head, boss = (world.client(n) for n in ("officer", "head", "supervisor"))
    case_id = transferred(world)
    yield case_id
    take(world, officer, case_id, "accept")
    yield case_id
    take(world, world.client("leader"), case_id, "instruct", instruction="抓紧")
    take(world, officer, case_id, "log_work", note="x", **{"files-after": (picture(), "a.jpg")})
    yield case_id
    take(world, officer, case_id, "apply_close", verdict="substantiated", statement="完成")
    yield case_id
    take(world, head, case_id, "sign_close")
    yield case_id
    take(world, boss, case_id, "close", verification="属实",
         **{"files-document": (picture(), "b.jpg")})  # fmt: skip
    yield case_id
    take(world, boss, case_id, "review", finding="未反弹")
    yield case_id


def test_buttons_and_gate_agree_through_a_life(world: World) -> None:
    compared = [compare(world, case_id) for case_id in lives(world)]
    assert len(compared) == 7
    assert min(compared) > 20


def test_buttons_and_gate_agree_on_merged_and_pending_cases(world: World) -> None:
    main, other = transferred(world), transferred(world, "D3CQ202611180002")
    boss, officer = world.client("supervisor"), world.client("officer")
    take(world, boss, other, "merge", reason="重复", target_case="D3CQ202611180001")
    assert compare(world, other) > 20
    take(world, officer, main, "accept")
    asked = take(
        world, officer, main, "ask_correction", event="3", correction="strike", reason="误签"
    )
    assert asked.status_code == 303
    assert compare(world, main) > 20


@pytest.mark.parametrize("name", ["officer", "supervisor"])
def test_every_button_opens_its_form(world: World, name: str) -> None:
    client = world.client(name)
    task = world.register("NC-R", "第三项")
    case_id = transferred(world)
    units = {"units-unit": [UNIT], "units-party": ["lead"]}
    take(world, world.client("supervisor"), task, "assign", deadline_on="2027-01-01", **units)
    for one in (case_id, task):
        page = client.get(f"/cases/{one}", headers={"Accept": "application/json"}).get_json()
        assert page["steps"]
        for step in page["steps"]:
            form = client.get(f"/cases/{one}/steps/{step}")
            assert form.status_code == 200, step
            assert "仍然" not in form.text
            assert form.text.count("<h1") == 1
