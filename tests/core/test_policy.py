"""Who may do what: the permission table, relations of a step, visibility, the accused unit."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ecoissues.core.errors import Forbidden
from ecoissues.core.kinds import RELATIONS, Step
from ecoissues.core.policy import (
    HOLDERS,
    RELATION_ROLES,
    SENTENCES,
    Actor,
    Permission,
    holds,
    is_accused,
    may,
    may_reveal,
    reading_paths,
    require,
    require_step,
    step_allowed,
    visible,
)
from ecoissues.core.vocabulary import ROLES

CITY, CITY_OFFICE, DEPARTMENT = "/1/", "/1/2/", "/1/60/"
DISTRICT, OFFICE, BUREAU, TOWN = "/1/5/", "/1/5/9/", "/1/5/12/", "/1/5/12/3/"
OTHER, OTHER_BUREAU, OUTSIDE = "/1/50/", "/1/50/12/", "/9/"


def actor(role: str, unit: str, scope: str | None = None) -> Actor:
    """Give somebody of a unit; the scope is the unit itself unless said."""
    return Actor(1, "someone", "某人", role, "code", unit, unit if scope is None else scope)


CITY_SUPERVISOR = actor("supervisor", CITY_OFFICE, CITY)
DISTRICT_SUPERVISOR = actor("supervisor", OFFICE, DISTRICT)
OTHER_SUPERVISOR = actor("supervisor", "/1/50/9/", OTHER)
OFFICER, HEAD = actor("officer", BUREAU), actor("head", BUREAU)
ADMINISTRATOR = actor("administrator", "", "")


def step(by: str, *roles: str) -> Step:
    """Make a step with a relation and roles."""
    return Step("go", "办理", "Go", ("here",), roles=roles, by=by)


def test_permissions_are_noun_verb_and_held_by_somebody_known() -> None:
    assert set(HOLDERS) == set(Permission)
    for permission, roles in HOLDERS.items():
        assert re.fullmatch(r"[a-z]+\.[a-z]+", permission)
        assert roles
        assert roles <= set(ROLES)
        assert "public" not in roles
    with pytest.raises(ValueError, match=r"case\.fly"):
        holds("officer", "case.fly")


def test_the_administrator_touches_no_case_and_the_auditor_writes_nothing() -> None:
    touching = [p for p in Permission if p.startswith(("case.", "complainant.", "desk.", "print."))]
    assert len(touching) >= 8
    assert not any(holds("administrator", permission) for permission in touching)
    writing = {
        Permission.CASE_REGISTER,
        Permission.CASE_IMPORT,
        Permission.CASE_STEP,
        Permission.LIST_CREATE,
        Permission.LIST_CHANGE,
        Permission.USER_MANAGE,
        Permission.COMPLAINANT_REVEAL,
    }
    assert not any(holds("auditor", permission) for permission in writing)
    assert not any(holds("public", permission) for permission in Permission)
    assert [r for r in ROLES if holds(r, "complainant.reveal")] == ["supervisor"]
    assert [r for r in ROLES if holds(r, "user.manage")] == ["administrator"]
    assert {r for r in ROLES if holds(r, "log.verify")} == {"auditor", "administrator"}


def test_require_refuses_in_chinese() -> None:
    require(OFFICER, "case.read")
    with pytest.raises(Forbidden) as refusal:
        require(ADMINISTRATOR, "case.read")
    assert refusal.value.code == "not_allowed"
    assert "系统管理员" in refusal.value.sentence
    assert refusal.value.facts == {"permission": "case.read"}


@pytest.mark.parametrize(
    ("who", "by", "parties", "list_path", "expected"),
    [
        (OFFICER, "handler", [(BUREAU, "lead")], CITY, None),
        (OFFICER, "handler", [(OTHER_BUREAU, "lead"), (BUREAU, "joint")], CITY, None),
        (OFFICER, "handler", [(BUREAU, "supervising")], CITY, "not_handler"),
        (OFFICER, "handler", [(OTHER_BUREAU, "lead")], CITY, "not_handler"),
        (OFFICER, "handler", [(TOWN, "lead")], CITY, "not_handler"),
        (OFFICER, "handler", [(DISTRICT, "lead")], CITY, "not_handler"),
        (OFFICER, "handler", [], CITY, "not_handler"),
        (actor("officer", OFFICE, DISTRICT), "handler", [(DISTRICT, "lead")], CITY, None),
        (DISTRICT_SUPERVISOR, "handler", [(BUREAU, "lead")], CITY, None),
        (OTHER_SUPERVISOR, "handler", [(BUREAU, "lead")], CITY, "not_handler"),
        (DISTRICT_SUPERVISOR, "superior", [(BUREAU, "lead")], CITY, None),
        (DISTRICT_SUPERVISOR, "superior", [(OTHER_BUREAU, "lead")], CITY, "not_superior"),
        (DISTRICT_SUPERVISOR, "superior", [(BUREAU, "supervising")], CITY, "not_superior"),
        (CITY_SUPERVISOR, "superior", [(BUREAU, "lead")], CITY, None),
        (CITY_SUPERVISOR, "superior", [(DEPARTMENT, "lead")], CITY, None),
        (CITY_SUPERVISOR, "superior", [(OUTSIDE, "lead")], CITY, None),
        (DISTRICT_SUPERVISOR, "superior", [], DISTRICT, None),
        (DISTRICT_SUPERVISOR, "office", [(BUREAU, "lead")], CITY, "not_office"),
        (DISTRICT_SUPERVISOR, "office", [], DISTRICT, None),
        (CITY_SUPERVISOR, "office", [], DISTRICT, None),
        (OTHER_SUPERVISOR, "office", [], DISTRICT, "not_office"),
        (actor("leader", DISTRICT), "reader", [(BUREAU, "lead")], CITY, None),
        (actor("leader", OTHER), "reader", [(BUREAU, "lead")], CITY, "not_reader"),
        (actor("leader", BUREAU), "reader", [(BUREAU, "accused")], CITY, "not_reader"),
        (actor("auditor", CITY), "reader", [(BUREAU, "lead")], CITY, "not_allowed"),
    ],
)
def test_relations(
    who: Actor, by: str, parties: list[tuple[str, str]], list_path: str, expected: str | None
) -> None:
    assert step_allowed(who, step(by, who.role), parties, list_path) == expected


def test_a_role_the_step_does_not_name_is_refused_first() -> None:
    assert step_allowed(OFFICER, step("handler", "head"), [(BUREAU, "lead")], CITY) == "not_allowed"
    admitted = step("handler", "administrator")
    assert step_allowed(ADMINISTRATOR, admitted, [("", "lead")], "") == "not_allowed"


def test_registering_needs_its_own_right() -> None:
    register = replace(step("office", "supervisor", "leader"), effect="register")
    assert step_allowed(CITY_SUPERVISOR, register, [], CITY) is None
    assert step_allowed(actor("leader", CITY), register, [], CITY) == "not_allowed"


@pytest.mark.parametrize(
    ("who", "accused", "expected"),
    [
        (OFFICER, BUREAU, "accused"),
        (actor("officer", TOWN), BUREAU, "accused"),
        (OFFICER, TOWN, None),
        (OFFICER, OTHER_BUREAU, None),
        (DISTRICT_SUPERVISOR, BUREAU, None),
        (DISTRICT_SUPERVISOR, DISTRICT, "accused"),
        (DISTRICT_SUPERVISOR, OFFICE, "accused"),
        (CITY_SUPERVISOR, DISTRICT, None),
    ],
)
def test_the_accused_unit_never_handles(who: Actor, accused: str, expected: str | None) -> None:
    parties = [(who.unit_path, "lead")]
    assert step_allowed(who, step("handler", who.role), parties, CITY, [accused]) == expected
    assert is_accused(who, [accused]) == (expected is not None)


def test_only_the_office_of_the_list_reveals_a_complainant() -> None:
    assert may_reveal(CITY_SUPERVISOR, CITY)
    assert may_reveal(DISTRICT_SUPERVISOR, DISTRICT)
    assert not may_reveal(DISTRICT_SUPERVISOR, CITY)
    assert not may_reveal(DISTRICT_SUPERVISOR, DISTRICT, [DISTRICT])
    assert not any(may_reveal(actor(role, CITY), CITY) for role in ROLES if role != "supervisor")


def test_require_step_says_why() -> None:
    require_step(OFFICER, step("handler", "officer"), [(BUREAU, "lead")], CITY)
    with pytest.raises(Forbidden) as refusal:
        require_step(OFFICER, step("handler", "officer"), [], CITY)
    assert (refusal.value.code, refusal.value.sentence) == ("not_handler", SENTENCES["not_handler"])


def test_visibility_follows_list_and_parties() -> None:
    assert visible(OFFICER, [BUREAU], CITY)
    assert not visible(OFFICER, [OTHER_BUREAU], CITY)
    assert visible(OFFICER, [TOWN], CITY)
    assert visible(DISTRICT_SUPERVISOR, [], DISTRICT)
    assert visible(CITY_SUPERVISOR, [OUTSIDE], CITY)
    assert not visible(actor("officer", "/1/5/1/"), [BUREAU], CITY)
    assert not visible(ADMINISTRATOR, [BUREAU], CITY)
    assert not visible(actor("auditor", "", ""), [""], "")
    assert reading_paths([(BUREAU, "accused"), (TOWN, "lead")]) == (TOWN,)


PATHS = st.lists(st.integers(1, 3), max_size=3).map(lambda ids: "/" + "".join(f"{i}/" for i in ids))
PARTIES = st.lists(st.tuples(PATHS, st.sampled_from(["lead", "joint", "supervising"])), max_size=3)


@given(
    role=st.sampled_from(sorted(ROLES)),
    unit=PATHS,
    office=st.booleans(),
    by=st.sampled_from(sorted(RELATIONS)),
    parties=PARTIES,
    list_path=PATHS,
)
def test_whoever_may_take_a_step_sees_the_case(
    role: str, unit: str, office: bool, by: str, parties: list[tuple[str, str]], list_path: str
) -> None:
    scope = unit[: unit.rstrip("/").rfind("/") + 1] if office and unit != "/" else unit
    who = actor(role, unit, scope)
    if step_allowed(who, step(by, *ROLES), parties, list_path) is None:
        assert may(who, "case.read")
        assert role in RELATION_ROLES[by]
        assert visible(who, [path for path, _ in parties], list_path)
