"""Lists told by a document alone: they fit their kinds, and come out as they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from random import Random

import pytest

from ecoissues.core.kind_registry import load_kinds
from ecoissues.core.kinds import Kind
from ecoissues.core.policy import RELATION_ROLES
from ecoissues.core.vocabulary import DONE_PHASES
from ecoissues.demo import documents
from ecoissues.demo.list_documents import ListPlan, list_plans
from ecoissues.demo.listed import ListedPlan
from ecoissues.demo.matters import Ground, Matter
from ecoissues.demo.walking import least_days, most_days, quick_minutes, spread, taker, way_to
from ecoissues.demo.wording import Wording
from ecoissues.services import starting
from ecoissues.services.site import Site
from tests.demo.test_documents import unit_codes

KINDS = load_kinds()
PLANS = list_plans()
#: Who the words of a step stand for.
ROLE = {"keeper": "supervisor", "keeper2": "supervisor", "superior": "supervisor"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    found = starting.open_site(tmp_path_factory.mktemp("lists"))
    starting.upgrade(found)
    yield found
    found.close()


def ground(site: Site) -> Ground:
    random = Random(7)
    return Ground(documents.lives(), Wording(documents.texts(), random), site.calendars, random)


@pytest.fixture(scope="module")
def lists(site: Site) -> dict[str, list[Matter]]:
    plan = ListedPlan(site, ground(site), documents.site_document())
    assert len(list(plan.matters(PLANS))) == sum(map(len, plan.made.values()))
    return plan.made


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.code)
def test_a_list_names_only_what_is(plan: ListPlan) -> None:
    kind, codes = KINDS.current(plan.kind), {plan.code for plan in PLANS}
    assert set(plan.standings) <= set(kind.state_by_code)
    assert set(plan.units) | {plan.unit} <= unit_codes()
    assert {place.list for place in plan.placements} | {plan.parent} <= codes | {""}
    if plan.parent:
        above = next(other for other in PLANS if other.code == plan.parent)
        assert KINDS.current(above.kind).children == plan.kind
    fields = {field.code for step in kind.steps for field in step.fields}
    fields |= {f"{step.code}.{field.code}" for step in kind.steps for field in step.fields}
    for told in (plan.values, *plan.matters, *plan.ending.values()):
        assert set(told) <= fields, set(told) - fields
    assert set(plan.ending) <= set(plan.standings)
    for turn in plan.turns:
        assert set(turn.by) <= set(kind.step_by_code)
        assert any(one.get(turn.field) in turn.among for one in plan.matters)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.code)
def test_any_kind_is_walked_to_any_state_by_people_who_may(kind: Kind) -> None:
    for state in kind.states:
        way = way_to(kind, state.code)
        assert way[0].effect == "register"
        assert [step.to for step in way if step.to][-1] == state.code
        taken: dict[str, str] = {}
        for step in way:
            taken[step.code] = who = taker(step, taken)
            assert ROLE.get(who, who) in step.roles
            assert ROLE.get(who, who) in RELATION_ROLES[step.by]
            assert who not in {taken.get(code) for code in step.other_than}


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.code)
def test_the_standings_come_out(
    plan: ListPlan, site: Site, lists: dict[str, list[Matter]]
) -> None:
    kind = site.kinds.current(plan.kind)
    found = Counter(states(kind, matter)[-1] for matter in lists[plan.code])
    if plan.parent:
        assert set(found) <= set(plan.standings)
        assert len(found) > 2
    else:
        assert found == plan.standings
        assert not found or 6 <= found.total() <= 100
    until = documents.site_document().until
    assert all(action.on <= until for one in lists[plan.code] for action in one.actions)


def states(kind: Kind, matter: Matter) -> list[str]:
    return [to for a in matter.actions if (to := kind.step_by_code[a.line.step].to)]


def test_parts_are_done_before_what_they_are_parts_of(
    site: Site, lists: dict[str, list[Matter]]
) -> None:
    seen = 0
    for plan in PLANS:
        for part in lists[plan.code] if plan.parent else ():
            above = next(m for m in lists[plan.parent] if m.key == part.given["parent_case"])
            kinds = [site.kinds.current(m.entry.kind) for m in (part, above)]
            done = [
                next((a.on for a in m.actions if phase(kind, a.line.step) in DONE_PHASES), None)
                for kind, m in zip(kinds, (part, above), strict=True)
            ]
            assert above.actions[0].on <= part.actions[0].on
            assert done[1] is None or (done[0] is not None and done[0] < done[1])
            seen += done[1] is not None
    assert seen > 20


def phase(kind: Kind, step: str) -> str:
    to = kind.step_by_code[step].to
    return kind.phase_of(to) if to else ""


def test_each_list_has_open_cases_and_some_are_late(
    site: Site, lists: dict[str, list[Matter]]
) -> None:
    until, late = documents.site_document().until, Counter[bool]()
    for plan in PLANS:
        kind = site.kinds.current(plan.kind)
        for matter in lists[plan.code]:
            due = [a.values["deadline_on"] for a in matter.actions if "deadline_on" in a.values]
            if due and kind.phase_of(states(kind, matter)[-1]) == "open":
                late[due[-1] < until.isoformat()] += 1
    assert min(late[True], late[False]) > 10, late


def test_days_keep_their_order_and_their_waits(site: Site) -> None:
    begin = documents.site_document().until
    for waits in ([], [0], [0, 0, 30], [0, 5, 0, 40, 0]):
        for length in (0, 3, 200):
            last = begin.replace(year=begin.year + 1) if length == 200 else begin
            days = spread(ground(site), begin, last, waits)
            assert (days[0], len(days)) == (begin, len(waits) + 1)
            for before, day, wait in zip(days, days[1:], waits, strict=False):
                assert (day - before).days >= wait


def test_a_step_within_a_period_comes_before_its_end(lists: dict[str, list[Matter]]) -> None:
    seen = 0
    for plan in PLANS:
        kind = KINDS.current(plan.kind)
        for matter in lists[plan.code]:
            for before, action in pairwise(matter.actions):
                step = kind.step_by_code[action.line.step]
                most = most_days(kind, step)
                if step.before_clock:
                    assert most < kind.clock_by_code[step.before_clock].length
                    assert (action.on - before.on).days <= most
                    seen += 1
    assert seen


def test_what_has_minutes_is_done_in_minutes_mostly(lists: dict[str, list[Matter]]) -> None:
    late = Counter[bool]()
    for plan in PLANS:
        kind = KINDS.current(plan.kind)
        for matter in lists[plan.code]:
            steps = [kind.step_by_code[a.line.step] for a in matter.actions]
            quick = quick_minutes(kind, [step for step in steps if step.effect != "chase"])
            for before, action in pairwise(matter.actions):
                allowed = quick.get(action.line.step)
                took = (action.at - before.at).total_seconds() / 60
                if allowed == 0:
                    assert took <= 5
                elif allowed:
                    late[took > allowed] += 1
    assert 0 < late[True] < late[False]


def test_a_way_goes_by_the_steps_it_is_told(lists: dict[str, list[Matter]]) -> None:
    told = [plan for plan in PLANS if any(turn.by for turn in plan.turns)]
    assert told
    for plan in told:
        kind, gone = KINDS.current(plan.kind), Counter[bool]()
        for turn in (turn for turn in plan.turns if turn.by):
            for matter in lists[plan.code]:
                if matter.given.get(turn.field) in turn.among:
                    gone[bool(set(turn.by) & {a.line.step for a in matter.actions})] += 1
            other = set(turn.by) - {step.code for step in way_to(kind, last_done(kind))}
            assert other, f"{plan.code}: {turn.by} is the shortest way anyway"
            for matter in lists[plan.code]:
                if matter.given.get(turn.field) not in turn.among:
                    needed = {step.code for step in way_to(kind, states(kind, matter)[-1])}
                    assert not other & ({a.line.step for a in matter.actions} - needed)
        assert gone[True] >= 2


def last_done(kind: Kind) -> str:
    return next(state.code for state in kind.states if state.phase in DONE_PHASES)


def test_an_ending_has_its_words(lists: dict[str, list[Matter]]) -> None:
    for plan in PLANS:
        kind = KINDS.current(plan.kind)
        for matter in lists[plan.code]:
            ending = plan.ending.get(states(kind, matter)[-1], {})
            for action in matter.actions:
                for code in ending.keys() & action.values.keys():
                    if ending[code] in ("unsubstantiated", "substantiated"):
                        assert action.values[code] == ending[code]


def test_a_step_behind_a_notice_waits_for_its_end() -> None:
    waited = [
        (least_days(kind, step), kind.clock_by_code[step.after_clock].length)
        for kind in KINDS.values()
        for step in kind.steps
        if step.after_clock
    ]
    assert waited
    assert all(days > length for days, length in waited)
