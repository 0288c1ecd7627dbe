"""A case goes on to a list of another kind: asked by one supervisor, approved by another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ecoissues.core.errors import Refused
from ecoissues.services import administration, casefile, registering
from ecoissues.services.loading import load_case
from ecoissues.services.site import Site
from ecoissues.services.verifying import verify
from ecoissues.storage import log
from tests.services.small_kinds import example, put
from tests.services.small_site import COMPLAINT, actor, complaint, make_site, step

ASKED = {"list_code": "dust", "reason": "核实为扬尘问题"}


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = make_site(database_url, tmp_path)
    put(tmp_path / "kinds", "dust.toml", example())
    made.library.look(at_once=True)
    administration.add_list(made, actor(made, "supervisor"), "dust", "扬尘", "summer_dust")
    yield made
    made.close()


def ask(site: Site, case: int, values: Mapping[str, Any] = ASKED) -> int:
    return step(site, actor(site, "supervisor"), case, "ask_move", values).seq


def other(site: Site) -> Any:
    return actor(site, "supervisor", name="second-supervisor")


def test_a_case_goes_on_and_both_tell_of_each_other(site: Site) -> None:
    case = complaint(site, "D3CQ202406070001")
    before = casefile.case_file(site, actor(site, "supervisor"), case)
    seq = ask(site, case)
    shown = casefile.case_file(site, actor(site, "supervisor"), case)
    (waiting,) = shown.asks
    assert waiting.title == "转入其他清单的申请"
    assert waiting.answers[0].blocked  # not by who asked
    with pytest.raises(Refused, match="same_person"):
        step(site, actor(site, "supervisor"), case, "move_on", {"event": seq})
    step(site, other(site), case, "move_on", {"event": seq, "opinion": "同意"})
    with site.store.reading() as connection:
        row = load_case(connection, site, other(site), "dust/D3CQ202406070001")
        first = log.events_of(connection, row.id)[0]
        last = log.events_of(connection, case)[-1]
    assert first.facts["derived_from"] == {"case": "c3/D3CQ202406070001", "seq": last.seq - 1}
    assert first.facts["fields"]["content"] == COMPLAINT["content"]
    assert first.facts["types"] == ["water", "livestock"]
    assert last.facts["moved_to"] == "dust/D3CQ202406070001"
    assert last.facts["asked_by"] != last.actor
    derived = casefile.case_file(site, other(site), row.id)
    assert derived.parent == (case, "D3CQ202406070001")
    origin = casefile.case_file(site, other(site), case)
    assert origin.derived == [(row.id, "D3CQ202406070001")]
    assert (origin.state, origin.phase) == (before.state, before.phase)
    assert [s.text for s in origin.history[0].shown if s.label == "转入"] == [last.facts["moved_to"]]
    assert verify(site).faults == []
    with pytest.raises(Refused, match="moved_already"):
        ask(site, case)


def test_what_the_other_list_would_refuse_is_refused_when_asked(site: Site) -> None:
    case = complaint(site, "D3CQ202406070002")
    for values, code in (
        ({"list_code": "c3"}, "home_list"),
        ({"list_code": "nowhere"}, "list_unknown|invalid"),
        ({"move_values": "没有这栏：1"}, "invalid"),
        ({"move_values": "写错了"}, "invalid"),
        ({"move_values": "发现日期：某日"}, "invalid"),
    ):
        with pytest.raises(Refused, match=code):
            ask(site, case, {**ASKED, **values})
    seq = ask(site, case, {**ASKED, "move_number": "YC-1", "move_values": "发现日期：2024-06-09"})
    step(site, other(site), case, "move_on", {"event": seq})
    with site.store.reading() as connection:
        row = load_case(connection, site, other(site), "dust/YC-1")
        facts = log.events_of(connection, row.id)[0].facts
    assert facts["fields"]["received_on"] == "2024-06-09"
    again = complaint(site, "D3CQ202406070003")
    with pytest.raises(Refused, match="number_exists"):
        ask(site, again, {**ASKED, "move_number": "YC-1"})


def test_a_number_taken_meanwhile_leaves_nothing_behind(site: Site) -> None:
    case = complaint(site, "D3CQ202406070004")
    seq = ask(site, case)
    values = {"number": "D3CQ202406070004", "received_on": "2024-06-08", "content": "扬尘。"}
    registering.register(
        site, actor(site, "supervisor"), "dust", registering.Registration(values)
    )
    with pytest.raises(Refused, match="number_exists"):
        step(site, other(site), case, "move_on", {"event": seq})
    assert len(casefile.case_file(site, other(site), case).asks) == 1
    step(site, other(site), case, "refuse_move", {"event": seq, "opinion": "编号已被占用"})
    assert casefile.case_file(site, other(site), case).asks == []
    assert verify(site).faults == []


def test_only_who_keeps_both_lists_lets_a_case_go_on(site: Site) -> None:
    district = actor(site, "supervisor", "500119-DCB")
    values = {"number": "NC-1", "received_on": "2024-06-08", "problem": "扬尘。", "content": "扬尘。",
              "source": "自查", "types": "扬尘", "channel": "自查发现"}  # fmt: skip
    home = site.get_list("issues")
    fields = next(
        s for s in site.kind_of(home.kind, home.kind_version).steps if s.effect == "register"
    ).fields
    given = {code: value for code, value in values.items() if code in {f.code for f in fields}}
    case = registering.register(site, district, "issues", registering.Registration(given)).case_id
    with pytest.raises(Refused, match="not_office"):
        step(site, district, case, "ask_move", ASKED)
    for role in ("officer", "head", "leader", "auditor", "administrator"):
        with pytest.raises(Refused, match=r"not_allowed|not_found"):
            step(site, actor(site, role, "500119"), case, "ask_move", ASKED)
