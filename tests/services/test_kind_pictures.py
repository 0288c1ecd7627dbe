"""Kinds drawn: nothing covers anything, every way between states is there, however large the kind."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecoissues.core.kind_registry import load_kinds
from ecoissues.core.kinds import Kind, State, Step, Wording
from ecoissues.services.kind_pictures import Box, Picture, draw

KINDS = load_kinds()


def apart(one: Box, other: Box) -> bool:
    beside = abs(one.x - other.x) >= (one.width + other.width) / 2
    return beside or abs(one.y - other.y) >= (one.height + other.height) / 2


def check(kind: Kind, picture: Picture) -> None:
    boxes = [*picture.states, *picture.steps]
    for one, other in itertools.combinations(boxes, 2):
        assert apart(one, other), (one.code, other.code)
    for box in boxes:
        assert box.left >= 0
        assert box.top >= 0
        assert box.left + box.width <= picture.width
        assert box.top + box.height <= picture.height
    shown = {box.code for box in picture.steps} | {step.code for step in picture.listed}
    assert shown >= {step.code for step in kind.steps if step.to and step.effect != "register"}


@pytest.mark.parametrize("key", sorted(KINDS), ids=lambda key: f"{key[0]}-{key[1]}")
def test_a_shipped_kind_is_readable(key: tuple[str, int]) -> None:
    kind = KINDS[key]
    picture = draw(kind)
    check(kind, picture)
    assert picture.width <= 2400
    drawn = {box.code for box in picture.states}
    assert {state.code for state in kind.states if state.phase != "void"} <= drawn
    first = next(step.to for step in kind.steps if step.effect == "register")
    assert min(picture.states, key=lambda box: box.y).code == first


@st.composite
def kinds(chosen: st.DrawFn) -> Kind:
    """A kind of up to 17 states in a row, with ways back and aside; not proven, only drawn."""
    count = chosen(st.integers(2, 17))
    states = tuple(State(f"s{n}", "状" * chosen(st.integers(2, 16)), "S", "open") for n in range(count))
    steps = [Step("register", "登记", "R", sources=(), to="s0", effect="register")]
    for n in range(count - 1):
        steps.append(Step(f"go{n}", "办理步骤", "G", sources=(f"s{n}",), to=f"s{n + 1}"))
    for n in range(chosen(st.integers(0, 12))):
        a, b = chosen(st.integers(0, count - 1)), chosen(st.integers(0, count - 1))
        sort = "back" if b < a else "forward"
        steps.append(Step(f"x{n}", "退" * chosen(st.integers(2, 14)), "X", sources=(f"s{a}",), to=f"s{b}", sort=sort))
    return Kind("k", 1, Wording("类", "K"), states, tuple(steps))


@settings(max_examples=60, deadline=None)
@given(kinds())
def test_any_kind_is_drawn_without_overlaps(kind: Kind) -> None:
    drawn = [s for s in kind.steps if s.to not in s.sources or s.effect == "register"]
    kind = msgspec.structs.replace(kind, steps=tuple(drawn))
    check(kind, draw(kind))
