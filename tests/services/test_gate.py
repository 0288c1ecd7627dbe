"""The gate: rights, order, evidence, four eyes, dates, staleness, repetition — and all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from ecoissues.core.errors import Forbidden, NotFound, Refused, Stale
from ecoissues.core.events import live
from ecoissues.core.life import fold
from ecoissues.services import gate, registering
from ecoissues.services.evidence import Prepared, prepare
from ecoissues.services.site import Site
from ecoissues.storage import log
from ecoissues.storage import tables as t
from tests.services.small_site import PDF, Clock, actor, complaint, make_site, step

HANDLER = "500119-STHJ"
Life = Any


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = make_site(database_url, tmp_path, Clock())
    yield made
    made.close()


@pytest.fixture
def paper(site: Site) -> Prepared:
    return prepare(site, "核查记录.pdf", "document", PDF)


@pytest.fixture
def in_progress(site: Site) -> int:
    case = complaint(site, "D3CQ202406070001")
    step(site, actor(site, "supervisor"), case, "transfer", {"units": HANDLER})
    step(site, actor(site, "officer", HANDLER), case, "accept")
    return case


def life_of(site: Site, case: int) -> Life:
    with site.store.reading() as connection:
        return fold(live(log.events_of(connection, case)))


def row_of(site: Site, case: int) -> Any:
    with site.store.reading() as connection:
        return connection.execute(select(t.cases).where(t.cases.c.id == case)).one()


def code_of(call: Callable[..., object], *args: Any) -> str:
    with pytest.raises(Refused) as refused:
        call(*args)
    sentence = refused.value.sentence
    assert any("\u4e00" <= letter <= "\u9fff" for letter in sentence), "a sentence in Chinese"
    return refused.value.code


def phase_close(site: Site, case: int, promised: str = "2024-09-30") -> None:
    officer, head = actor(site, "officer", HANDLER), actor(site, "head", HANDLER)
    step(site, officer, case, "log_work", {"note": "查", "verdict": "不属实"})
    step(site, officer, case, "apply_phase_close",
         {"verdict": "不属实", "remains": "复测", "promised_on": promised})  # fmt: skip
    step(site, head, case, "sign_phase_close")
    step(site, actor(site, "supervisor"), case, "approve_phase_close", {"promised_on": promised})


def close(site: Site, case: int, paper: Prepared, by: str = "closer") -> None:
    officer, head = actor(site, "officer", HANDLER), actor(site, "head", HANDLER)
    step(site, officer, case, "apply_close", {"verdict": "不属实", "statement": "已办"})
    step(site, head, case, "sign_close")
    step(site, actor(site, "supervisor", name=by), case, "close", {"verification": "属实"}, paper)


def test_a_whole_life(site: Site, in_progress: int, paper: Prepared) -> None:
    phase_close(site, in_progress)
    assert row_of(site, in_progress).due_finish == "2024-09-30"
    officer, head = actor(site, "officer", HANDLER), actor(site, "head", HANDLER)
    step(site, officer, in_progress, "report_result", {"verdict": "不属实", "result": "已反馈"})
    assert row_of(site, in_progress).due_report is None
    step(site, officer, in_progress, "apply_final", {"verdict": "不属实", "statement": "完成"})
    step(site, head, in_progress, "sign_final")
    done = step(site, actor(site, "supervisor", name="another"), in_progress, "close",
                {"verification": "现场核查"}, paper)  # fmt: skip
    assert (done.phase, row_of(site, in_progress).due_on) == ("closed", None)
    step(site, actor(site, "supervisor"), in_progress, "review", {"finding": "未反弹"})
    again = step(site, actor(site, "supervisor"), in_progress, "rebound",
                 {"reason": "又排", "promised_on": "2024-12-31"})  # fmt: skip
    assert (again.state, again.phase) == ("in_progress", "open")
    row = row_of(site, in_progress)
    assert (row.came_back, row.due_finish, row.closed_on) == (True, "2024-12-31", None)
    assert life_of(site, in_progress).marks.keys() >= {"reported", "handed_over", "signed_for"}


def test_closing_needs_evidence_and_another_person(
    site: Site, in_progress: int, paper: Prepared
) -> None:
    officer, head = actor(site, "officer", HANDLER), actor(site, "head", HANDLER)
    handler = actor(site, "supervisor", name="handler")
    step(site, handler, in_progress, "report_result", {"verdict": "属实", "result": "已改"})
    ask = {"verdict": "属实", "statement": "已改"}
    assert code_of(lambda: step(site, officer, in_progress, "apply_close", ask)) == (
        "evidence_missing"
    )
    ask["within_standard"] = "是"
    step(site, officer, in_progress, "apply_close", ask)
    step(site, head, in_progress, "sign_close")
    verify = {"verification": "看过现场"}
    other = actor(site, "supervisor", name="other")
    assert code_of(lambda: step(site, other, in_progress, "close", verify)) == "evidence_missing"
    assert code_of(lambda: step(site, handler, in_progress, "close", verify, paper)) == (
        "same_person"
    )
    assert step(site, other, in_progress, "close", verify, paper).phase == "closed"


def test_a_file_for_a_request_is_no_proof_of_work(
    site: Site, in_progress: int, paper: Prepared
) -> None:
    phase_close(site, in_progress)
    officer = actor(site, "officer", HANDLER)
    step(site, officer, in_progress, "ask_extension",
         {"clock": "finish", "new_due": "2024-10-15", "reason": "汛期"}, paper)  # fmt: skip
    step(site, officer, in_progress, "apply_final", {"verdict": "不属实", "statement": "完成"})
    step(site, actor(site, "head", HANDLER), in_progress, "sign_final")
    other = actor(site, "supervisor", name="other")
    verify = {"verification": "看过"}
    assert code_of(lambda: step(site, other, in_progress, "close", verify)) == "evidence_missing"


def test_outside_the_scope_a_case_does_not_exist(site: Site, in_progress: int) -> None:
    stranger = actor(site, "officer", "500112-STHJ")
    with pytest.raises(NotFound):
        step(site, stranger, in_progress, "log_work", {"note": "x"})
    with pytest.raises(NotFound):
        step(site, stranger, 99_999, "log_work", {"note": "x"})


@pytest.mark.parametrize("role", ["leader", "auditor", "administrator", "public", "head"])
def test_a_role_without_the_step_is_refused(site: Site, in_progress: int, role: str) -> None:
    unit = "500000" if role != "head" else HANDLER
    with pytest.raises(Forbidden):
        step(site, actor(site, role, unit), in_progress, "log_work", {"note": "x"})


def test_the_accused_unit_cannot_handle(site: Site) -> None:
    case = complaint(site, "D3CQ202406070009")
    units = "500119-CGJ,500119-STHJ:accused"
    step(site, actor(site, "supervisor"), case, "transfer", {"units": units})
    accused = actor(site, "officer", HANDLER)
    assert code_of(lambda: step(site, accused, case, "accept")) == "not_found"
    move = {"units": HANDLER, "reason": "改派"}
    assert code_of(lambda: step(site, actor(site, "supervisor"), case, "reassign", move)) == (
        "accused_unit"
    )


def test_every_bad_field_is_named_at_once(site: Site, in_progress: int) -> None:
    with pytest.raises(Refused) as refused:
        step(site, actor(site, "officer", HANDLER), in_progress, "apply_phase_close",
             {"verdict": "也许", "promised_on": "明天", "extra": "1"})  # fmt: skip
    assert refused.value.code == "invalid"
    assert refused.value.facts["errors"].keys() == {"verdict", "promised_on", "remains", "extra"}


def test_stale_tells_both_sides_and_loses_nothing(site: Site, in_progress: int) -> None:
    officer = actor(site, "officer", HANDLER)
    seen = row_of(site, in_progress).version
    step(site, officer, in_progress, "log_work", {"note": "先到"})
    mine = gate.Request("log_work", seen, {"note": "后到的内容"})
    with pytest.raises(Stale) as stale:
        gate.take_step(site, officer, in_progress, mine)
    facts = stale.value.facts
    assert facts["mine"]["values"] == {"note": "后到的内容"}
    assert [theirs["fields"]["note"] for theirs in facts["theirs"]] == ["先到"]
    assert facts["version"] == seen + 1


def test_the_same_key_gives_the_first_answer(site: Site, in_progress: int) -> None:
    officer = actor(site, "officer", HANDLER)
    seen = row_of(site, in_progress).version
    asked = gate.Request("log_work", seen, {"note": "一次"}, key="k1")
    first = gate.take_step(site, officer, in_progress, asked)
    second = gate.take_step(site, officer, in_progress, asked)
    assert (first.seq, second.seq, second.repeated) == (seen + 1, seen + 1, True)
    other = gate.Request("log_work", seen, {"note": "另一次"}, key="k1")
    assert code_of(lambda: gate.take_step(site, officer, in_progress, other)) == "key_reused"
    assert row_of(site, in_progress).version == seen + 1


def test_days_keep_their_order(site: Site, in_progress: int) -> None:
    officer, clock = actor(site, "officer", HANDLER), site.clock
    assert isinstance(clock, Clock)
    today = site.today()

    def apply(day: date) -> Callable[[], object]:
        return lambda: step(site, officer, in_progress, "apply_phase_close",
                            {"verdict": "不属实", "remains": "无", "promised_on": "2024-12-31"},
                            effective_on=day)  # fmt: skip

    assert code_of(apply(today + timedelta(days=1))) == "future_day"
    assert code_of(apply(today - timedelta(days=1))) == "before_registration"
    clock.set(today + timedelta(days=2))
    step(site, officer, in_progress, "log_work", {"note": "查", "verdict": "不属实"})
    assert code_of(apply(today)) == "before_last_effective"  # the verdict's track is further
    step(site, officer, in_progress, "log_work", {"note": "补记"}, effective_on=today)


def test_a_late_entry_needs_a_supervisor_and_a_reason(site: Site, in_progress: int) -> None:
    officer, boss, clock = actor(site, "officer", HANDLER), actor(site, "supervisor"), site.clock
    assert isinstance(clock, Clock)
    day = site.today()
    clock.set(day + timedelta(days=9))
    result: dict[str, Any] = {"verdict": "属实", "result": "已反馈"}
    late = {"effective_on": day + timedelta(days=1)}
    assert code_of(lambda: step(site, officer, in_progress, "report_result", result, **late)) == (
        "late_needs_supervisor"
    )
    assert code_of(lambda: step(site, boss, in_progress, "report_result", result, **late)) == (
        "late_reason_missing"
    )
    step(site, boss, in_progress, "report_result", result, **late, late_reason="网络故障")
    with site.store.reading() as connection:
        last = log.events_of(connection, in_progress)[-1]
    assert last.facts["late"] == {"days": 8, "reason": "网络故障"}


def test_the_report_clock_is_set_once_and_never_restarted(site: Site) -> None:
    case = complaint(site, "D3CQ202406070002")
    clock, boss = site.clock, actor(site, "supervisor")
    assert isinstance(clock, Clock)
    step(site, boss, case, "transfer", {"units": HANDLER})
    assert row_of(site, case).due_report == "2024-06-20"  # ten natural days from 2024-06-10
    clock.set(date(2024, 6, 12))
    step(site, actor(site, "officer", HANDLER), case, "ask_return", {"reason": "不归我管"})
    step(site, boss, case, "consent_return", {"reason": "同意"})
    step(site, boss, case, "transfer", {"units": "500119-CGJ"})
    assert row_of(site, case).due_report == "2024-06-20"


class TestExtension:
    ask = {"clock": "finish", "new_due": "2024-10-20", "reason": "汛期"}  # noqa: RUF012

    @pytest.fixture(autouse=True)
    def promised(self, site: Site, in_progress: int) -> None:
        phase_close(site, in_progress, "2024-06-20")

    def at(self, site: Site, day: date) -> None:
        assert isinstance(site.clock, Clock)
        site.clock.set(day)

    def test_asked_on_the_last_day(self, site: Site, in_progress: int, paper: Prepared) -> None:
        self.at(site, date(2024, 6, 20))
        officer = actor(site, "officer", HANDLER)
        asked = step(site, officer, in_progress, "ask_extension",
                     {**self.ask, "new_due": "2024-07-20"}, paper)  # fmt: skip
        self.at(site, date(2024, 6, 25))
        step(site, actor(site, "supervisor"), in_progress, "extend", {"event": asked.seq})
        face = life_of(site, in_progress).clocks["finish"]
        assert (str(face.original), str(face.current)) == ("2024-06-20", "2024-07-20")
        with site.store.reading() as connection:
            events = log.events_of(connection, in_progress)
        last = events[-1]
        assert last.effective_on == date(2024, 6, 20)  # from the day it was asked
        then = fold(live(events, last.pos - 1), date(2024, 6, 22)).clocks["finish"]
        now = fold(live(events), date(2024, 6, 22)).clocks["finish"]
        assert then.is_overdue(date(2024, 6, 22))
        assert not now.is_overdue(date(2024, 6, 22))

    def test_asked_the_day_after(self, site: Site, in_progress: int, paper: Prepared) -> None:
        self.at(site, date(2024, 6, 21))
        officer = actor(site, "officer", HANDLER)
        ask = {**self.ask, "new_due": "2024-07-10"}
        assert code_of(lambda: step(site, officer, in_progress, "ask_extension", ask, paper)) == (
            "after_expiry"
        )

    def test_limits(self, site: Site, in_progress: int, paper: Prepared) -> None:
        officer, boss = actor(site, "officer", HANDLER), actor(site, "supervisor")

        def ask(day: str) -> Callable[[], gate.Taken]:
            values = {**self.ask, "new_due": day}
            return lambda: step(site, officer, in_progress, "ask_extension", values, paper)

        assert code_of(ask("2024-07-21")) == "extension_too_long"
        assert code_of(ask("2024-06-20")) == "not_later"
        for day in ("2024-07-20", "2024-08-10"):
            seq = ask(day)().seq
            assert code_of(ask(day)) == "request_waiting"
            assert code_of(step, site, officer, in_progress, "extend", {"event": seq}) == "not_allowed"
            step(site, boss, in_progress, "extend", {"event": seq})
        assert code_of(ask("2024-08-20")) == "extension_used_up"

    def test_refused(self, site: Site, in_progress: int, paper: Prepared) -> None:
        officer, boss = actor(site, "officer", HANDLER), actor(site, "supervisor")
        ask = {**self.ask, "new_due": "2024-07-10"}
        seq = step(site, officer, in_progress, "ask_extension", ask, paper).seq
        step(site, boss, in_progress, "refuse_extension", {"event": seq, "reason": "不充分"})
        assert str(life_of(site, in_progress).clocks["finish"].current) == "2024-06-20"
        assert code_of(lambda: step(site, boss, in_progress, "extend", {"event": seq})) == (
            "no_request"
        )


class TestCorrections:
    def test_amend_keeps_place_and_changes_the_standing(self, site: Site, in_progress: int) -> None:
        officer, boss = actor(site, "officer", HANDLER), actor(site, "supervisor")
        seq = step(site, officer, in_progress, "log_work", {"note": "查", "verdict": "属实"}).seq
        ask = {"correction": "amend", "event": seq, "facts": '{"verdict": "部分属实"}',
               "reason": "误录"}  # fmt: skip
        asked = step(site, officer, in_progress, "ask_correction", ask).seq
        assert life_of(site, in_progress).verdict == "substantiated"
        step(site, boss, in_progress, "correct", {"event": asked})
        life = life_of(site, in_progress)
        assert (life.verdict, life.fields["note"], life.pending) == ("partly", "查", {})
        assert row_of(site, in_progress).verdict == "partly"

    def test_who_asks_does_not_approve(self, site: Site, in_progress: int) -> None:
        boss = actor(site, "supervisor")
        ask = {"correction": "strike", "event": 3, "reason": "误录"}
        asked = step(site, boss, in_progress, "ask_correction", ask).seq
        assert code_of(lambda: step(site, boss, in_progress, "correct", {"event": asked})) == (
            "same_person"
        )
        other = actor(site, "supervisor", name="other")
        now = step(site, other, in_progress, "correct", {"event": asked})
        assert now.state == "transferred"
        assert row_of(site, in_progress).state == "transferred"

    def test_only_what_stays_lawful(self, site: Site, in_progress: int) -> None:
        officer = actor(site, "officer", HANDLER)
        for seq, code in ((1, "registration_kept"), (2, "unlawful_correction"),
                          (99, "no_such_event")):  # fmt: skip
            ask = {"correction": "strike", "event": seq, "reason": "误录"}
            assert code_of(step, site, officer, in_progress, "ask_correction", ask) == code


class TestMerging:
    def test_a_merged_case_follows(self, site: Site, in_progress: int, paper: Prepared) -> None:
        boss, officer = actor(site, "supervisor"), actor(site, "officer", HANDLER)
        other = complaint(site, "D3CQ202406070002")
        merge = {"target_case": "c3/D3CQ202406070001", "reason": "同一问题"}
        assert step(site, boss, other, "merge", merge).state == "in_progress"
        assert code_of(lambda: step(site, officer, other, "log_work", {"note": "x"})) in (
            "follows", "not_found", "not_handler",
        )  # fmt: skip
        taken = step(site, officer, in_progress, "log_work", {"note": "x", "verdict": "不属实"})
        assert taken.companions == 1
        close(site, in_progress, paper)
        row = row_of(site, other)
        assert (row.state, row.phase, row.verdict) == ("closed", "closed", "unsubstantiated")
        step(site, boss, other, "unmerge", {"reason": "不是同一问题"})
        assert (row_of(site, other).state, row_of(site, other).merged_into_id) == (
            "registered", None,
        )  # fmt: skip

    def test_refusals(self, site: Site, in_progress: int) -> None:
        boss = actor(site, "supervisor")
        other = complaint(site, "D3CQ202406070002")
        third = complaint(site, "D3CQ202406070003")
        to = {n: {"target_case": f"c3/D3CQ20240607000{n}", "reason": "重复"} for n in (1, 2, 3)}
        assert code_of(lambda: step(site, boss, other, "merge", to[2])) == "merge_itself"
        step(site, boss, other, "merge", to[1])
        assert code_of(lambda: step(site, boss, third, "merge", to[2])) == "merge_chain"
        assert code_of(lambda: step(site, boss, in_progress, "merge", to[3])) == "merge_chain"
        void = {"reason": "误录"}
        assert code_of(lambda: step(site, boss, in_progress, "void_entry", void)) == (
            "has_followers"
        )
        step(site, boss, third, "void_entry", void)
        fourth = complaint(site, "D3CQ202406070004")
        assert code_of(lambda: step(site, boss, fourth, "merge", to[3])) == "merge_void"

    def test_a_correction_of_the_main_case_reaches_its_followers(
        self, site: Site, in_progress: int
    ) -> None:
        boss, officer = actor(site, "supervisor"), actor(site, "officer", HANDLER)
        other = complaint(site, "D3CQ202406070002")
        merge = {"target_case": "c3/D3CQ202406070001", "reason": "同一问题"}
        step(site, boss, other, "merge", merge)
        seq = step(site, officer, in_progress, "log_work", {"note": "x", "verdict": "属实"}).seq
        ask = {"correction": "strike", "event": seq, "reason": "误录"}
        asked = step(site, officer, in_progress, "ask_correction", ask).seq
        assert row_of(site, other).verdict == "substantiated"
        step(site, boss, in_progress, "correct", {"event": asked})
        assert (row_of(site, in_progress).verdict, row_of(site, other).verdict) == ("", "")


def test_a_clock_that_jumped_stops_writing(site: Site, in_progress: int) -> None:
    officer, clock = actor(site, "officer", HANDLER), site.clock
    assert isinstance(clock, Clock)
    before = clock.now
    for jump in (timedelta(minutes=-6), timedelta(days=31), timedelta(days=3650)):
        clock.now = before + jump
        assert code_of(lambda: step(site, officer, in_progress, "log_work", {"note": "x"})) == (
            "clock_unsound"
        )
    clock.now = before - timedelta(minutes=4)
    step(site, officer, in_progress, "log_work", {"note": "x"})
    with site.store.reading() as connection:
        times = connection.execute(text("SELECT recorded_at FROM events ORDER BY pos")).scalars()
        listed = list(times)
    assert listed == sorted(listed)


def test_the_same_number_is_registered_once(site: Site) -> None:
    complaint(site, "D3CQ202406070001")
    for spelling in ("d3cq202406070001", "Ｄ３ＣＱ202406070001", " D3CQ 202406070001* "):
        assert code_of(complaint, site, spelling) == "number_exists"
    asked = registering.Registration(
        {"number": "D3CQ202406070001", "received_on": "2024-06-07", "content": "分解", "types": "水"},
        part=2,
    )
    taken = registering.register(site, actor(site, "supervisor"), "c3", asked)
    assert taken.key == "c3/D3CQ202406070001/2"


def test_a_star_means_key(site: Site) -> None:
    case = complaint(site, "X3CQ202406070005*")
    row = row_of(site, case)
    assert (row.number, row.weight) == ("X3CQ202406070005", "key")
