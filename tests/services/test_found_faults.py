"""One test for each fault that the generated proofs found, so that it stays found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ecoissues.core.errors import Forbidden, NotFound, Refused
from ecoissues.core.life import Life
from ecoissues.services import gate, listing, rows
from ecoissues.services.verifying import verify
from tests.services import machine
from tests.services.machine import CITY, DISTRICT, FOREIGN, HANDLER, OFFICES, STRANGER, Office


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    made = Office(database_url, tmp_path)
    yield made
    made.site.close()


def kind_of(office: Office, *effects: str) -> Any:
    """Give a kind and its steps of some effects."""
    kind = office.any_kind
    steps = {step.effect: step for step in kind.steps}
    return kind, *(steps[effect] for effect in effects)


def correction(office: Office, connection: Any, case_id: int, seq: int) -> None:
    """Ask to strike an event, and let another person approve."""
    _, ask, approve = kind_of(office, "ask_correction", "correct")
    form = office.form(ask, Life(), correction="strike", event=seq)
    asked = office.take(connection, case_id, ask.code, values=form)
    form = office.form(approve, Life(), event=asked.seq)
    office.take(connection, case_id, approve.code, values=form)


def merged(office: Office, connection: Any) -> tuple[int, int, int]:
    """Merge a case that has been transferred into one in progress; gives both and the event."""
    kind, merge = kind_of(office, "merge")
    main = machine.walk(office, connection, kind, "in_progress")
    follower = machine.walk(office, connection, kind, "transferred")
    key = office.key(office.case(connection, main))
    form = office.form(merge, Life(), target_case=key)
    return main, follower, office.take(connection, follower, merge.code, values=form).seq


def test_a_struck_merge_is_undone_with_all_that_came_of_it(office: Office) -> None:
    """The case went on following, and its row still named the main case."""
    with office.site.store.writing() as connection:
        main, follower, seq = merged(office, connection)
        form = {"note": "查", "verdict": "属实"}
        office.take(connection, main, "log_work", values=form)
        assert office.case(connection, follower).verdict == "substantiated"
        correction(office, connection, follower, seq)
        row = office.case(connection, follower)
        assert (row.state, row.verdict, row.merged_into_id) == ("transferred", "", None)
        taken = office.take(connection, main, "log_work", values={"note": "再查"})
        assert taken.companions == 0
    assert verify(office.site).sound


def amend(office: Office, connection: Any, case_id: int, seq: int, **change: Any) -> None:
    """Ask for another day or other facts of an event, and let another person approve."""
    _, ask, approve = kind_of(office, "ask_correction", "correct")
    form = {"correction": "amend", "event": seq, "reason": "误录", **change}
    asked = office.take(connection, case_id, ask.code, values=form)
    form = office.form(approve, Life(), event=asked.seq)
    office.take(connection, case_id, approve.code, values=form)


def test_another_day_counts_the_deadline_anew(office: Office) -> None:
    """The deadline was still counted from the wrong day after the day had been put right."""
    kind = office.kinds["complaint"]
    with office.site.store.writing() as connection:
        case_id = office.register(connection, office.list_of(kind))
        office.later(3)
        office.take(connection, case_id, "transfer")
        assert office.case(connection, case_id).due_report == "2024-07-14"
        amend(office, connection, case_id, 2, effective_on="2024-07-02")
        assert office.case(connection, case_id).due_report == "2024-07-12"
        proof = office.life(connection, case_id).clocks["report"].proof
        assert (proof["base"], proof["due"]) == ("2024-07-02", "2024-07-12")
    assert verify(office.site).sound


def test_another_promise_moves_its_deadline(office: Office) -> None:
    """The row showed the promise as put right and the deadline as it had been."""
    kind = office.kinds["complaint"]
    with office.site.store.writing() as connection:
        case_id = machine.walk(office, connection, kind, "phase_closed")
        seq = office.case(connection, case_id).version
        amend(office, connection, case_id, seq, facts='{"promised_on": "2024-08-15"}')
        row = office.case(connection, case_id)
        assert row.promised_on == row.due_finish == "2024-08-15"
        with pytest.raises(Refused) as refused:
            amend(office, connection, case_id, seq, facts='{"promised_on": "2024-06-15"}')
    assert refused.value.code == "promise_past"
    assert verify(office.site).sound


def test_a_correction_does_not_cut_a_public_notice_short(office: Office) -> None:
    """A closing dated back, or a notice dated forward, left no full notice between them."""
    kind = office.kinds["rectification"]
    with office.site.store.writing() as connection:
        case_id = machine.walk(office, connection, kind, "closed")
        office.later(1)
        closed = office.case(connection, case_id).version
        for seq, day in ((closed, "2024-07-10"), (closed - 1, "2024-07-09")):
            with pytest.raises(Refused) as refused:
                amend(office, connection, case_id, seq, effective_on=day)
            assert refused.value.code == "unlawful_correction"
            assert refused.value.facts["because"] == "notice_running"


def test_an_unmerge_is_not_struck(office: Office) -> None:
    """What the main case did since then would be missing."""
    with office.site.store.writing() as connection:
        _, follower, _ = merged(office, connection)
        _, undo = kind_of(office, "unmerge")
        form = office.form(undo, Life())
        taken = office.take(connection, follower, undo.code, values=form)
        with pytest.raises(Refused) as refused:
            correction(office, connection, follower, taken.seq)
    assert refused.value.code == "unmerge_kept"


def test_an_office_keeps_the_other_districts_of_a_joint_case(office: Office) -> None:
    """A district that forwarded its part dropped the other district, or was refused for it."""
    with office.site.store.writing() as connection:
        kind = office.any_kind
        case_id = office.register(connection, office.list_of(kind))
        units = {"units": f"{FOREIGN},{DISTRICT}:joint"}
        office.take(connection, case_id, "transfer", values=units)
        boss = office.person("supervisor", OFFICES[DISTRICT])
        office.take(connection, case_id, "forward", boss, {"units": HANDLER})
        expected = [(FOREIGN, "lead"), (HANDLER, "joint")]
        assert office.life(connection, case_id).parties == expected
        form = {"units": f"{FOREIGN},{HANDLER}:joint"}
        office.take(connection, case_id, "forward", boss, form)
        assert office.life(connection, case_id).parties == expected
        for bad in (f"{STRANGER}", f"{HANDLER},{FOREIGN}:joint"):
            with pytest.raises(Refused) as refused:
                office.take(connection, case_id, "forward", boss, {"units": bad})
            assert refused.value.code == "unit_out_of_scope"


def test_who_keeps_a_list_sees_what_is_placed_on_it(office: Office) -> None:
    """The list's figure counted the case, its rows did not show it."""
    kind, place = kind_of(office, "place")
    boss = office.person("supervisor", OFFICES[DISTRICT])
    with office.site.store.writing() as connection:
        case_id = office.register(connection, office.list_of(kind))
        with pytest.raises(NotFound):
            office.take(connection, case_id, place.code, boss, {})
        home = office.list_of(kind, DISTRICT)
        values = office.form(place, Life(), list_code=home)
        office.take(connection, case_id, place.code, values=values)
        asked = listing.Filter.read({"list": home})
        assert rows.ids_in_order(connection, office.site, boss, asked, "") == [case_id]
        with pytest.raises(Forbidden):
            office.take(connection, case_id, place.code, boss, {})
        stranger = office.person("supervisor", OFFICES[FOREIGN])
        assert rows.ids_in_order(connection, office.site, stranger, asked, "") == []


def test_a_role_that_touches_no_case_learns_nothing_of_one(office: Office) -> None:
    """A stale version answered with the content of other people's steps before rights were asked."""
    with office.site.store.writing() as connection:
        kind = office.any_kind
        case_id = machine.walk(office, connection, kind, "in_progress")
        for role in ("administrator", "auditor", "public"):
            who = office.person(role, CITY)
            for asked in (case_id, 999_999):
                request = gate.Request("log_work", 1, {"note": "x"})
                with pytest.raises(Forbidden) as refused:
                    gate.step_within(office.site, connection, who, asked, request)
                assert refused.value.facts.keys() <= {"permission"}
