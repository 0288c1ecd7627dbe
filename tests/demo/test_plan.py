"""The whole plan, without a database: every published total, whatever the day of loading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from ecoissues.demo import documents, loading
from ecoissues.demo.matters import Action, Matter
from ecoissues.services import starting
from ecoissues.services.site import Site

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    found = starting.open_site(tmp_path_factory.mktemp("plan"))
    starting.upgrade(found)
    yield found
    found.close()


@pytest.fixture(scope="module")
def actions(site: Site) -> list[Action]:
    return loading.plan(site, documents.site_document(), NOW)


@pytest.fixture(scope="module")
def matters(actions: list[Action]) -> list[Matter]:
    return list({id(action.matter): action.matter for action in actions}.values())


def phases(
    site: Site, actions: list[Action], key: str, as_of: str, home: bool = False
) -> Counter[str]:
    """The phase each matter of a list is in at the end of a day, by its kind's own document."""
    document = documents.site_document()
    kind = site.kinds.current(document.entry(key).kind)
    day = date.fromisoformat(as_of)
    found: dict[int, str] = {}
    for action in actions:
        matter = action.matter
        if matter.entry.key != key or action.on > day:
            continue
        if home and not any(code.startswith(document.home) for code, _ in matter.data["first"]):
            continue
        to = kind.step_by_code[action.line.step].to
        if to:
            found[id(matter)] = kind.phase_of(to)
    return Counter(found.values())


@pytest.mark.parametrize(
    ("key", "as_of", "home", "expected"),
    [
        ("issues", "2024-12-31", False, {"closed": 2864, "open": 49}),
        ("central", "2024-06-30", False, {"closed": 492, "phase_closed": 1572, "open": 1357}),
        ("central", "2024-12-31", True, {"closed": 29, "open": 9}),
        ("film", "2023-12-31", False, {"completed": 43, "open": 3}),
        ("tasks", "2023-12-31", False, {"completed": 214}),
    ],
)
def test_the_published_standings(
    site: Site, actions: list[Action], key: str, as_of: str, home: bool, expected: dict[str, int]
) -> None:
    assert phases(site, actions, key, as_of, home) == expected


def test_the_sixty_complaints_of_the_district(site: Site, actions: list[Action]) -> None:
    day = date(2024, 12, 31)
    of_list = [a for a in actions if a.matter.entry.key == "district" and a.on <= day]
    reported = {id(a.matter) for a in of_list if a.line.step == "report_result"}
    ordered = [
        id(action.matter)
        for action in of_list
        for outcome in action.values.get("outcomes", ())
        if outcome["sort"] == "ordered_to_correct"
    ]
    assert len(reported) == 60
    assert len(ordered) == len(set(ordered)) == 20
    assert phases(site, actions, "district", "2024-12-31")["closed"] == 54


def test_time_goes_on_after_the_published_days(site: Site, actions: list[Action]) -> None:
    for key, as_of in (("issues", "2024-12-31"), ("central", "2024-06-30"), ("film", "2023-12-31")):
        assert phases(site, actions, key, as_of) != phases(site, actions, key, "2026-11-22")


def test_batch_22_and_the_running_totals(matters: list[Matter]) -> None:
    central = [matter for matter in matters if matter.entry.key == "central"]
    ordinal = {id(matter): int(matter.given["batch"][1:-1]) for matter in central}
    batch = [matter for matter in central if ordinal[id(matter)] == 22]
    units = [code for matter in batch for code, _ in matter.data["first"]]
    places = documents.site_document().central.places
    assert (len(batch), len(units), Counter(units)) == (122, 131, Counter(places))
    assert Counter(matter.given["channel"] for matter in batch) == {"call": 65, "letter": 57}
    assert Counter(kind for matter in batch for kind in matter.given["types"]) == {
        "water": 9, "air": 46, "noise": 30, "ecology": 12, "soil": 16, "other": 9,
    }  # fmt: skip
    assert sum(matter.number.endswith("*") for matter in batch) == 10
    assert {action.on.isoformat() for m in batch for action in m.actions[:2]} == {"2024-05-30"}
    due = [a for m in batch for a in m.actions if a.line.step == "report_result"]
    assert len(due) == 122
    assert max(action.on for action in due) <= date(2024, 6, 19)
    until = [matter for matter in central if ordinal[id(matter)] <= 22]
    assert (len(until), sum(m.number.endswith("*") for m in until)) == (2245, 196)
    assert Counter(m.given["channel"] for m in until) == {"call": 1592, "letter": 653}


def test_of_the_49_open_issues_33_stand_in_libraries_and_16_are_in_doubt(
    actions: list[Action],
) -> None:
    day = date(2024, 12, 31)
    of_list = [a for a in actions if a.matter.entry.key == "issues"]
    there = {id(a.matter): a.matter for a in of_list if a.matter.actions[0].on <= day}
    closed = {id(a.matter) for a in of_list if a.line.step == "close" and a.on <= day}
    still_open = [matter for key, matter in there.items() if key not in closed]
    batches = Counter(str(matter.given["batch"]) for matter in still_open)
    assert batches["来源未说明"] == 16
    assert batches["市级清单库"] + batches["区级清单库"] == 33
    unknown = documents.texts().phrases["unknown"]
    for matter in still_open:
        doubted = matter.given["batch"] == "来源未说明"
        assert (matter.data["remark"] == unknown) is doubted


def test_numbers_are_unique_and_late_entries_have_their_reason(
    actions: list[Action], matters: list[Matter]
) -> None:
    assert len({matter.key for matter in matters}) == len(matters)
    late = [a for a in actions if (a.at.date() - a.on).days > 3]
    assert {a.matter.entry.key for a in late} >= {"issues", "central"}
    for action in late:
        assert action.late_reason
        assert action.line.by not in ("officer", "head")


def test_steps_keep_their_order_and_none_lies_ahead(actions: list[Action]) -> None:
    assert all(one.at <= other.at for one, other in pairwise(actions))
    assert actions[-1].at <= NOW
    last: dict[int, Action] = {}
    for action in actions:
        before = last.get(id(action.matter))
        assert before is None or before.on <= action.on
        assert action.on <= action.at.date()
        last[id(action.matter)] = action


@pytest.mark.parametrize("now", ["2025-03-01T00:05:00+08:00", "2028-02-29T09:00:00+08:00"])
def test_any_day_of_loading_has_a_past_and_a_present(site: Site, now: str) -> None:
    """Before the story's end it is cut, after it goes on; just after midnight nothing is ahead."""
    moment = datetime.fromisoformat(now)
    found = loading.plan(site, documents.site_document(), moment)
    assert max(action.at for action in found) <= moment
    recent = [a for a in found if (moment - a.at).days < 3]
    assert len(recent) > 40


def test_the_same_seed_tells_the_same_story(site: Site, actions: list[Action]) -> None:
    again = loading.plan(site, documents.site_document(), NOW)
    assert [_shape(a) for a in again] == [_shape(a) for a in actions]


def _shape(action: Action) -> tuple[object, ...]:
    return action.at, action.on, action.matter.key, action.line.step, action.values
