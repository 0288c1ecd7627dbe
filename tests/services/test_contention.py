"""Many clients at once: one winner per version, no lost work, no gap in the log, no dead end."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from ecoissues.core.life import Life
from ecoissues.services.verifying import verify
from ecoissues.storage import tables as t
from tests.services import contender, machine
from tests.services.contender import CLIENTS, Ask, Clients
from tests.services.machine import CITY, OFFICES, Office

#: CONTENTION=200: the long run with the strict limit; otherwise a short one with a generous limit,
#: since a test may share its machine with anything.
LONG = int(os.environ.get("CONTENTION", "0"))
ROUNDS, LIMIT = (LONG, 200.0) if LONG else (20, 2_000.0)


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    made = Office(database_url, tmp_path)
    yield made
    made.site.close()


@pytest.fixture(scope="module")
def running() -> Iterator[Clients]:
    with contender.clients() as started:
        yield started


def new_cases(office: Office, count: int, state: str = "") -> list[int]:
    """Bring cases of all kinds in turn to a state, to work where none is named."""
    kinds = list(office.kinds.values())
    with office.site.store.writing() as connection:
        return [
            machine.walk(office, connection, kind, state or machine.work_of(kind))
            for kind in (kinds[place % len(kinds)] for place in range(count))
        ]


def show(capsys: pytest.CaptureFixture[str], line: str) -> None:
    with capsys.disabled():
        print(f"\n{line}")  # noqa: T201


def assert_sound(office: Office) -> None:
    report = verify(office.site)
    assert report.sound, report.faults[:5]


def test_one_winner_per_version(
    office: Office, running: Clients, engine_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = contender.run_rounds(office, running, new_cases(office, 3), ROUNDS)
    show(capsys, f"{engine_name}: {ROUNDS} rounds × {CLIENTS} clients, p95 {tally.p95:.0f} ms, "
                 f"worst {max(tally.latencies):.0f} ms")  # fmt: skip
    assert not tally.wrong, "\n".join(tally.wrong[:10])
    assert tally.p95 <= LIMIT
    assert_sound(office)


def test_different_cases_do_not_wait_for_ever(
    office: Office, running: Clients, engine_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    times = 10
    asks = []
    for case_id in new_cases(office, CLIENTS):
        ask = contender.conflicting(office, case_id)
        chase = next(one for one in ask if office_note(office, one))
        asks.append(replace(chase, version=None, times=times))
    begun = time.perf_counter()
    told = running.round(office, asks)
    seconds = time.perf_counter() - begun
    assert {one.code for one in told} == {"taken"}
    assert len(told) == CLIENTS * times
    show(capsys, f"{engine_name}: {len(told) / seconds:.0f} steps a second on different cases")
    with office.site.store.reading() as connection:
        last, count = connection.execute(select(func.max(t.events.c.pos), func.count())).one()
        head = connection.execute(select(t.head.c.pos)).scalar_one()
    assert last == count == head
    assert_sound(office)


def office_note(office: Office, ask: Ask) -> bool:
    """Whether it can be repeated: a step that stays where it is."""
    with office.site.store.reading() as connection:
        row = office.case(connection, ask.case_id)
    step = office.site.kind_of(row.kind, row.kind_version).step_by_code[ask.step]
    return not step.to and step.effect in ("", "chase")


def test_registrations_at_once_share_a_new_batch(office: Office, running: Clients) -> None:
    kind = office.any_kind
    step = next(step for step in kind.steps if step.effect == "register")
    with office.site.store.reading():
        form = {**office.form(step, Life()), "batch": "第一批"}
    code = office.list_of(kind)
    for attempt in range(3):
        asks = [
            Ask("supervisor", OFFICES[CITY], f"clerk{n}", list_code=code, times=3,
                values={**form, "batch": f"第{attempt}批", "number": f"{attempt}{n:03d}"})
            for n in range(CLIENTS)
        ]  # fmt: skip
        told = running.round(office, asks)
        assert {one.code for one in told} == {"taken"}
    same = [
        Ask("supervisor", OFFICES[CITY], f"clerk{n}", list_code=code,
            values={**form, "number": "99999"})
        for n in range(CLIENTS)
    ]  # fmt: skip
    codes = sorted(one.code for one in running.round(office, same))
    assert codes == ["number_exists"] * (CLIENTS - 1) + ["taken"]
    assert_sound(office)


def test_merges_that_cross_end_in_an_order(office: Office, running: Clients) -> None:
    """A into B, B into A, and steps of both meanwhile: every request gets a plain answer."""
    kind = office.any_kind
    merge = next(step for step in kind.steps if step.effect == "merge")
    chase = next(step for step in kind.steps if step.effect == "chase")
    seen: set[str] = set()
    for turn in range(ROUNDS // 2):
        with office.site.store.writing() as connection:
            pair = [machine.walk(office, connection, kind, "in_progress") for _ in range(2)]
            keys = [office.key(office.case(connection, one)) for one in pair]
            life = office.life(connection, pair[0])
        boss = ("supervisor", OFFICES[CITY])
        asks = []
        for place in range(CLIENTS):
            one, other = pair[place % 2], keys[1 - place % 2]
            name = f"boss{turn}-{place}"
            if place < 8:
                values = {**office.form(merge, life), "target_case": other}
                asks.append(Ask(*boss, name, one, merge.code, None, values))
            else:
                asks.append(Ask(*boss, name, one, chase.code, None, office.form(chase, life)))
        told = running.round(office, asks)
        seen |= {one.code for one in told}
        assert sum(one.code == "taken" for one in told) >= 1
    assert seen <= {"taken", "stale", "merge_chain", "follows"}, seen
    assert "taken" in seen
    assert_sound(office)


def test_a_main_case_and_its_followers_move_at_once(office: Office, running: Clients) -> None:
    kind = office.any_kind
    steps = {step.effect: step for step in kind.steps if step.effect}
    with office.site.store.writing() as connection:
        main = machine.walk(office, connection, kind, "in_progress")
        main_key = office.key(office.case(connection, main))
        followers = []
        for _ in range(5):
            one = machine.walk(office, connection, kind, "in_progress")
            values = {**office.form(steps["merge"], Life()), "target_case": main_key}
            office.take(connection, one, steps["merge"].code, values=values)
            followers.append(one)
        life = office.life(connection, main)
    for turn in range(ROUNDS // 4):
        asks = [
            ask for ask in contender.conflicting(office, main) if office_note(office, ask)
        ][:8]  # fmt: skip
        asks = [replace(ask, version=None) for ask in asks]
        for place in range(CLIENTS - len(asks)):
            instruct = steps["instruct"]
            one = followers[place % len(followers)]
            values = office.form(instruct, life)
            asks.append(
                Ask("leader", CITY, f"leader{turn}-{place}", one, instruct.code, None, values)
            )
        told = running.round(office, asks)
        assert {one.code for one in told} == {"taken"}
    assert_sound(office)


def test_one_key_from_many_clients_is_one_event(office: Office, running: Clients) -> None:
    for turn, case_id in enumerate(new_cases(office, ROUNDS // 2)):
        ask = contender.conflicting(office, case_id)[turn % CLIENTS]
        told = running.round(office, [replace(ask, key=f"key{turn}")] * CLIENTS)
        assert {one.code for one in told} == {"taken"}
        assert {one.seq for one in told} == {(ask.version or 0) + 1}
        assert sum(not one.repeated for one in told) == 1
        with office.site.store.reading() as connection:
            assert office.case(connection, case_id).version == (ask.version or 0) + 1
    assert_sound(office)
