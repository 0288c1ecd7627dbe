"""Deadlines through the gate: several clocks, extension, suspension, objection, proposals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from ecoissues.core.accounts import INDEX
from ecoissues.core.errors import Refused
from ecoissues.core.proofs import check_proof
from ecoissues.figures.standing import accounts_of
from ecoissues.services import proposals
from ecoissues.services.consulting import keeper
from ecoissues.services.site import Site
from ecoissues.services.verifying import verify
from tests.services.clocked_site import Walk, at, clocked_site
from tests.services.small_site import Clock, actor

NEW_YEAR = """
year = 2027
version = 1
status = "official"
notice = "试验用放假安排"
holidays = [2027-01-01, 2027-01-02, 2027-01-03]
makeup = []
"""


@pytest.fixture
def clock() -> Clock:
    return Clock(at("2026-02-12 09:00"))


@pytest.fixture
def site(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    made = clocked_site(database_url, tmp_path, clock)
    yield made
    assert verify(made).faults == []
    made.close()


@pytest.fixture
def walk(site: Site, clock: Clock) -> Walk:
    return Walk(site, clock)


def refusal(call: Any, *args: Any, **more: Any) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **more)
    return str(refused.value.code)


def test_several_clocks_run_side_by_side_minutes_among_them(walk: Walk) -> None:
    assert walk.due("accept") == "2026-02-27"
    walk.go("2026-02-13 17:45")  # after hours, before a worked Saturday
    walk.hand()
    life = walk.life()
    assert str(life.clocks["accept"].met_on) == "2026-02-13"
    assert walk.due("objection") == "2026-02-27"  # 14 (worked), 24, 25, 26, 27
    quick = life.clocks["quick"]
    assert datetime.fromisoformat(quick.current_at) == at("2026-02-14 10:00")
    assert quick.proof["received"] == "2026-02-13"
    walk.go("2026-02-14 10:01")
    walk.take(walk.officer, "start")
    late = walk.life().clocks["quick"]
    assert str(late.met_on) == "2026-02-14"
    assert not late.met_original  # a minute late, although on the day
    for face in walk.life().clocks.values():
        assert check_proof(face.proof) == []


def test_minutes_are_in_time_by_the_instant(walk: Walk) -> None:
    walk.go("2026-02-12 10:00")
    walk.hand()
    walk.go("2026-02-12 11:29")
    walk.take(walk.officer, "start")
    assert walk.life().clocks["quick"].met_original


def test_an_inner_clock_stands_in_no_account(walk: Walk) -> None:
    walk.hand()
    walk.go("2026-02-15 09:00")  # the minutes are long over, all others run
    accounts = accounts_of(walk.life(), date(2026, 2, 15))
    assert accounts[INDEX["overdue"]] == 0


def test_closing_on_the_last_day_is_in_time(walk: Walk) -> None:
    walk.hand()
    assert walk.due() == "2026-04-13"
    walk.go("2026-04-13 23:59")
    walk.close()
    face = walk.life().clocks["finish"]
    assert (str(face.met_on), face.met_original) == ("2026-04-13", True)


def test_an_extension_asked_on_the_last_day_is_allowed(walk: Walk) -> None:
    walk.hand()
    walk.go("2026-04-13 23:50")
    seq = walk.ask("2026-05-01")
    walk.go("2026-04-20 09:00")
    assert walk.life().clocks["finish"].is_overdue(date(2026, 4, 20))
    walk.take(walk.district, "extend", {"event": seq})
    face = walk.life().clocks["finish"]
    # 1 May is a day off and the rule rolls: both dates are kept.
    assert (str(face.original), str(face.current)) == ("2026-04-13", "2026-05-06")
    assert face.current_proof["rolled_from"] == "2026-05-01"
    assert face.current_proof["extends"] == "2026-04-13"
    # Known then: overdue; known now: extended from the day it was asked.
    assert str(walk.life(date(2026, 4, 14)).clocks["finish"].current) == "2026-05-06"


def test_the_day_after_it_is_refused_even_dated_back(walk: Walk) -> None:
    walk.hand()
    walk.go("2026-04-14 00:01")
    assert refusal(walk.ask, "2026-05-01") == "after_expiry"
    assert refusal(walk.ask, "2026-05-01", effective_on=date(2026, 4, 13)) == "after_expiry"


def test_an_extension_keeps_to_its_limits_role_and_number(walk: Walk) -> None:
    walk.hand()
    assert refusal(walk.ask, "2026-05-14") == "extension_too_long"
    assert refusal(walk.ask, "2026-04-13") == "not_later"
    assert refusal(walk.ask, "2026-05-01", "objection") == "not_extendable"
    seq = walk.ask("2026-04-30")
    assert refusal(walk.ask, "2026-04-29") == "request_waiting"
    assert refusal(walk.take, walk.officer, "extend", {"event": seq}) == "not_allowed"
    walk.take(walk.district, "extend", {"event": seq})
    for day in ("2026-05-20",):
        walk.take(walk.district, "extend", {"event": walk.ask(day)})
    assert refusal(walk.ask, "2026-05-29") == "extension_used_up"
    report = walk.ask("2026-03-02", "report")
    assert refusal(walk.take, walk.district, "extend", {"event": report}) == "not_office"
    walk.take(walk.city, "extend", {"event": report})
    assert walk.due("report") == "2026-03-02"


def test_a_request_may_be_withdrawn_by_who_asked(walk: Walk, site: Site) -> None:
    walk.hand()
    seq = walk.ask("2026-04-30")
    assert refusal(walk.take, walk.district, "withdraw_request", {"event": seq}) == "not_asker"
    walk.take(walk.officer, "withdraw_request", {"event": seq})
    assert refusal(walk.take, walk.district, "extend", {"event": seq}) == "no_request"
    assert walk.due() == "2026-04-13"
    walk.ask("2026-04-30")


def test_a_suspension_stops_the_days_and_no_longer_than_allowed(walk: Walk) -> None:
    walk.hand()
    values = {"clock": "finish", "reason": "等待鉴定。"}
    seq = walk.take(walk.officer, "ask_suspension", values, walk.paper()).seq
    walk.go("2026-02-24 09:00")
    walk.take(walk.district, "suspend", {"event": seq})
    life = walk.life()
    assert life.clocks["finish"].suspended
    assert accounts_of(life, date(2026, 12, 1))[INDEX["overdue_finish"]] == 0
    walk.go("2026-03-10 09:00")  # 26 days after; 20 are allowed
    walk.take(walk.officer, "resume", {"clock": "finish", "reason": "鉴定完成。"})
    face = walk.life().clocks["finish"]
    assert (str(face.original), str(face.current)) == ("2026-04-13", "2026-05-06")
    assert face.current_proof["days"].count("p") == 19  # the day of receipt never counted
    values["clock"] = "finish"
    again = refusal(walk.take, walk.officer, "ask_suspension", values, walk.paper())
    assert again == "suspension_used_up"
    values["clock"] = "report"
    assert refusal(walk.take, walk.officer, "ask_suspension", values, walk.paper()) in (
        "after_expiry", "not_suspendable",
    )  # fmt: skip


def test_bouncing_a_case_buys_no_time(walk: Walk) -> None:
    walk.hand()
    walk.go("2026-02-25 09:00")
    walk.take(walk.officer, "object", {"reason": "不属本单位职责。"})
    walk.hand("500119-CGJ")
    life = walk.life()
    assert str(life.clocks["finish"].current) == "2026-04-13"
    assert str(life.clocks["objection"].current) == "2026-03-03"
    walk.go("2026-03-04 09:00")
    other = actor(walk.site, "officer", "500119-CGJ")
    assert refusal(walk.take, other, "object", {"reason": "也不属。"}) == "after_expiry"


def test_an_order_must_be_answered_and_nothing_worse_comes_before_it(walk: Walk) -> None:
    walk.hand()
    assert refusal(walk.take, walk.district, "circulate", {"reason": "逾期。"}) == "order_first"
    values = {"requirement": "限期办结。", "answer_by": "2026-02-28"}
    seq = walk.take(walk.district, "supervise", values).seq
    assert [ask["sort"] for ask in walk.life().pending.values()] == ["order"]
    withdrawn = refusal(walk.take, walk.district, "withdraw_request", {"event": seq})
    assert withdrawn == "no_request"
    walk.take(walk.officer, "answer_order", {"event": seq, "answer": "正在办理。"})
    assert walk.life().pending == {}
    walk.take(walk.district, "circulate", {"reason": "督办后仍未办结。"})


def test_a_new_year_proposes_and_changes_nothing_unasked(
    site: Site, walk: Walk, clock: Clock
) -> None:
    closed = Walk(site, clock, "二号")
    walk.go("2026-12-30 09:00")
    for one in (walk, closed):
        one.hand()
    closed.close()
    before = closed.life().seq
    assert walk.life().clocks["report"].provisional
    assert walk.due("report") == "2027-01-06"
    reader = actor(site, "auditor", "500000")
    assert {one.clock_name for one in proposals.list_uncertain(site, reader)} == {
        "反馈时限", "异议期限", "办结时限",
    }  # fmt: skip
    loaded = proposals.load_calendar(site, keeper(site), NEW_YEAR, "2027.toml")
    assert (loaded.changed, loaded.proposals) == (True, 3)
    assert not proposals.load_calendar(site, keeper(site), NEW_YEAR, "2027.toml").changed
    assert walk.due("report") == "2027-01-06"
    found = proposals.list_proposals(site, walk.city)
    assert [(one.clock, one.due, one.new_due) for one in found] == [
        ("finish", "2027-03-01", "2027-03-01"),  # the day stays, and is settled
        ("objection", "2027-01-06", "2027-01-07"), ("report", "2027-01-06", "2027-01-07"),
    ]  # fmt: skip
    assert refusal(proposals.accept, site, walk.officer) == "not_allowed"
    done = proposals.accept(site, walk.city, [(walk.case, "report")])
    assert [one.refused for one in done] == [""]
    face = walk.life().clocks["report"]
    assert (str(face.original), str(face.current), face.provisional) == (
        "2027-01-07", "2027-01-07", False,
    )  # fmt: skip
    assert [one.refused for one in proposals.accept(site, walk.city)] == ["", ""]
    assert proposals.list_proposals(site, walk.city) == []
    assert closed.life().seq == before


def test_an_accepted_proposal_must_be_the_one_that_was_seen(walk: Walk) -> None:
    walk.hand()
    values = {"clock": "report", "new_due": "2026-03-01"}
    assert refusal(walk.take, walk.city, "recount_deadline", values) == "proposal_gone"


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_the_server_s_zone_moves_no_day(
    zone: str, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        clock = Clock(at("2026-02-12 23:59"))
        made = clocked_site(sqlite_url, tmp_path, clock)
        walk = Walk(made, clock)
        walk.hand()
        assert made.today() == date(2026, 2, 12)
        assert walk.due("report") == "2026-02-26"
        walk.go("2026-02-13 00:00")
        assert made.today() == date(2026, 2, 13)
        made.close()
    finally:
        monkeypatch.undo()
        time.tzset()
