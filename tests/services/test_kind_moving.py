"""Cases taken to another version of their kind: shown, refused, written, and lawful ever after."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ecoissues.core.errors import Forbidden, NotFound, Refused
from ecoissues.figures.known import NOW
from ecoissues.figures.oracle import cases_as_of
from ecoissues.services import administration, casefile, kind_moving, registering
from ecoissues.services.evidence import prepare
from ecoissues.services.kind_moving import Asked
from ecoissues.services.site import Site
from ecoissues.services.verifying import verify
from ecoissues.storage import tables as t
from tests.services.small_kinds import MAP, example, newer, put
from tests.services.small_site import PDF, actor, make_site, step

BUREAU = "500119-STHJ"


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = make_site(database_url, tmp_path)
    put(tmp_path / "kinds", "dust.toml", example())
    made.library.look(at_once=True)
    administration.add_list(made, actor(made, "supervisor"), "dust", "扬尘", "summer_dust")
    yield made
    made.close()


def people(site: Site) -> dict[str, Any]:
    return {
        "boss": actor(site, "supervisor"),
        "officer": actor(site, "officer", BUREAU),
        "head": actor(site, "head", BUREAU),
    }


def register(site: Site, number: str) -> int:
    values = {"number": number, "received_on": "2024-06-08", "content": f"工地 {number} 扬尘。"}
    asked = registering.Registration(values)
    return registering.register(site, actor(site, "supervisor"), "dust", asked).case_id


def rectified(site: Site, number: str) -> int:
    who, case = people(site), register(site, number)
    step(site, who["boss"], case, "assign", {"units": [[BUREAU, "lead"]]})
    photo = prepare(site, "after.pdf", "after", PDF)
    step(site, who["officer"], case, "rectify", {"situation": "已覆盖裸土。"}, photo)
    return case


def second(site: Site, text: str = "") -> None:
    put(site.data / "kinds", "dust-2.toml", text or newer())
    site.library.look(at_once=True)


def version_of(site: Site, case: int) -> tuple[int, str]:
    with site.store.reading() as connection:
        query = select(t.cases.c.kind_version, t.cases.c.state).where(t.cases.c.id == case)
        row = connection.execute(query).one()
    return row[0], row[1]


def standings(site: Site) -> list[tuple[str, bool]]:
    with site.store.reading() as connection:
        found = cases_as_of(connection, site.get_list("dust"), site.today(), NOW)
        return sorted((life.phase, bool(life.closed_on)) for _, life in found)


def test_a_move_is_shown_refused_and_made(site: Site) -> None:
    boss, one, two = actor(site, "supervisor"), rectified(site, "A-1"), register(site, "A-2")
    second(site)
    before = standings(site)
    plan = kind_moving.plan_move(site, boss, Asked("dust", 2))
    assert [(line.case, line.fault) for line in plan.blocked] == [("dust/A-1", "no_image")]
    with pytest.raises(Refused, match="no_image"):
        kind_moving.move_list(site, boss, Asked("dust", 2))
    assert version_of(site, one) == (1, "rectified")
    assert version_of(site, two) == (1, "registered")
    asked = Asked("dust", 2, MAP, "map.toml")
    assert kind_moving.plan_move(site, boss, asked).ready
    assert version_of(site, one) == (1, "rectified")
    assert kind_moving.move_list(site, boss, asked).moved == 2
    assert version_of(site, one) == (2, "reported")
    assert version_of(site, two) == (2, "registered")
    assert site.get_list("dust").kind_version == 2
    assert standings(site) == before
    assert verify(site).faults == []
    history = casefile.case_file(site, boss, one).history
    assert history[0].name == "类型版本迁移"
    assert [(s.label, s.text) for s in history[0].shown] == [("类型版本", "第 1 版 → 第 2 版")]
    assert kind_moving.move_list(site, boss, asked).moved == 0
    assert version_of(site, register(site, "A-3")) == (2, "registered")


def test_a_renamed_step_keeps_four_eyes(site: Site) -> None:
    """Without its name in the map the handler would sign his own work under the new version."""
    case = rectified(site, "A-1")
    second(site)
    states = '[states]\nrectified = "reported"\n'
    kind_moving.move_list(site, actor(site, "supervisor"), Asked("dust", 2, states))
    same = actor(site, "head", BUREAU, name=people(site)["officer"].name)
    with pytest.raises(Refused, match="same_person"):
        step(site, same, case, "sign")
    assert step(site, people(site)["head"], case, "sign").state == "signed"
    assert step(site, actor(site, "supervisor"), case, "close").phase == "closed"
    assert verify(site).faults == []


def test_a_move_lends_no_signature_and_no_proof(site: Site) -> None:
    rectified(site, "A-1")
    waiting = register(site, "A-2")
    step(site, actor(site, "supervisor"), waiting, "assign", {"units": [[BUREAU, "lead"]]})
    second(site)
    given = '[states]\nrectified = "signed"\nin_progress = "reported"\n'
    plan = kind_moving.plan_move(site, actor(site, "supervisor"), Asked("dust", 2, given))
    assert {(line.case, line.fault) for line in plan.blocked} == {
        ("dust/A-1", "unsigned"), ("dust/A-2", "unproven"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "code", "line"),
    [
        ('[states]\nrectified = "nowhere"\n', "map_unknown", 2),
        ('[states]\n\nnowhere = "closed"\n', "map_unknown", 3),
        ('[states]\nrectified = \n', "bad_map", 2),
        ('[states]\nrectified = 1\n', "bad_map", 2),
        ('[odd]\nrectified = "closed"\n', "bad_map", 1),
    ],
)
def test_a_wrong_map_is_refused_with_its_line(
    site: Site, given: str, code: str, line: int
) -> None:
    rectified(site, "A-1")
    second(site)
    with pytest.raises(Refused) as refused:
        kind_moving.plan_move(site, actor(site, "supervisor"), Asked("dust", 2, given, "m.toml"))
    assert (refused.value.code, refused.value.facts["line"]) == (code, line)
    assert "m.toml" in refused.value.sentence


def test_another_phase_is_no_image(site: Site) -> None:
    rectified(site, "A-1")
    second(site)
    asked = Asked("dust", 2, '[states]\nrectified = "closed"\n')
    plan = kind_moving.plan_move(site, actor(site, "supervisor"), asked)
    assert [line.fault for line in plan.blocked] == ["phase_differs"]


def test_only_the_office_of_the_list_moves_it(site: Site) -> None:
    second(site)
    asked = Asked("dust", 2)
    for who in (actor(site, "administrator", "500000"), actor(site, "officer", BUREAU),
                actor(site, "supervisor", "500119-DCB")):  # fmt: skip
        with pytest.raises(Forbidden):
            kind_moving.plan_move(site, who, asked)
    with pytest.raises(NotFound, match="没有第 9 版"):
        kind_moving.plan_move(site, actor(site, "supervisor"), Asked("dust", 9))


def test_a_correction_before_a_move_is_judged_by_the_version_of_its_day(site: Site) -> None:
    boss, case = actor(site, "supervisor"), rectified(site, "A-1")
    second(site)
    kind_moving.move_list(site, boss, Asked("dust", 2, MAP))
    officer = people(site)["officer"]
    asked = {"correction": "amend", "event": 3, "facts": '{"situation": "已覆盖并洒水。"}', "reason": "写错"}
    seq = step(site, officer, case, "ask_correction", asked).seq
    step(site, boss, case, "correct", {"event": seq})
    assert "已覆盖并洒水。" in str(casefile.case_file(site, boss, case).work)
    for wrong in (3, 4):  # what the move stands on, and the move itself
        with pytest.raises(Refused, match=r"unlawful_correction|no_such_event"):
            step(site, officer, case, "ask_correction",
                 {"correction": "strike", "event": wrong, "reason": "试"})  # fmt: skip
    assert verify(site).faults == []


def test_what_was_merged_moves_with_its_main_case_and_returns_to_an_image(site: Site) -> None:
    boss = actor(site, "supervisor")
    main, other = rectified(site, "A-1"), rectified(site, "A-2")
    step(site, people(site)["head"], main, "sign")
    step(site, boss, other, "merge", {"target_case": "dust/A-1", "reason": "同一处"})
    second(site)
    states = '[states]\nrectified = "reported"\n'
    assert kind_moving.move_list(site, boss, Asked("dust", 2, states)).moved == 2
    step(site, boss, main, "close")
    assert version_of(site, other) == (2, "closed")
    step(site, boss, other, "unmerge", {"reason": "并非同一处"})
    assert version_of(site, other) == (2, "reported")
    assert verify(site).faults == []


def test_a_version_that_was_tampered_with_is_found(site: Site) -> None:
    case = register(site, "A-1")
    second(site)
    kind_moving.move_list(site, actor(site, "supervisor"), Asked("dust", 2, MAP))
    with site.store.writing() as connection:
        connection.execute(t.cases.update().where(t.cases.c.id == case).values(kind_version=1))
    assert "kind_version" in {fault.code for fault in verify(site).faults}


def test_cases_of_two_versions_are_not_merged(site: Site) -> None:
    one = register(site, "A-1")
    second(site)
    boss = actor(site, "supervisor")
    administration.add_list(site, boss, "dust2", "扬尘二", "summer_dust")
    values = {"number": "B-1", "received_on": "2024-06-08", "content": "同一处扬尘。"}
    asked = registering.Registration(values)
    other = registering.register(site, boss, "dust2", asked).case_id
    assert version_of(site, other)[0] == 2
    with pytest.raises(Refused, match="merge_other_version"):
        step(site, boss, one, "merge", {"target_case": "dust2/B-1", "reason": "同一处"})


def test_history_is_told_in_the_words_of_its_day(site: Site) -> None:
    """What the new version has renamed was shown by its code."""
    case, boss = rectified(site, "A-1"), actor(site, "supervisor")
    second(site)
    kind_moving.move_list(site, boss, Asked("dust", 2, MAP))
    told = casefile.case_file(site, boss, case).history[1]
    assert (told.step, told.name, told.state) == ("rectify", "报告已整改", "已整改")


def with_first_clock(text: str, met_by: str) -> str:
    """Give the document with a second clock, which one step meets."""
    clock = '[[clocks]]\ncode = "first"\nzh = "初报时限"\nen = "First report"\nslot = "report"\n'
    clock += f'length = 5\nmet_by = ["step:{met_by}"]\n\n[[steps]]\n'
    text = text.replace('starts = ["finish"]', 'starts = ["finish", "first"]')
    return text.replace("[[steps]]\n", clock, 1)


def test_a_clock_is_met_by_a_step_under_its_new_name(site: Site) -> None:
    """The clock waited for a step that the new version does not know, and was overdue for ever."""
    put(site.data / "kinds", "dust.toml", with_first_clock(example(), "rectify").replace(
        'code = "summer_dust"', 'code = "winter_dust"'))  # fmt: skip
    site.library.look(at_once=True)
    boss, officer = actor(site, "supervisor"), people(site)["officer"]
    administration.add_list(site, boss, "winter", "冬季扬尘", "winter_dust")
    photo = prepare(site, "after.pdf", "after", PDF)
    cases = []
    for number in ("W-1", "W-2"):
        values = {"number": number, "received_on": "2024-06-08", "content": "工地扬尘。"}
        asked = registering.Registration(values)
        cases.append(registering.register(site, boss, "winter", asked).case_id)
        step(site, boss, cases[-1], "assign", {"units": [[BUREAU, "lead"]]})
    before, after = cases
    step(site, officer, before, "rectify", {"situation": "已覆盖。"}, photo)
    second(site, with_first_clock(newer(), "report").replace('"summer_dust"', '"winter_dust"'))
    kind_moving.move_list(site, boss, Asked("winter", 2, MAP))
    step(site, officer, after, "report", {"situation": "已覆盖。"}, photo)
    with site.store.reading() as connection:
        for case in cases:
            face = casefile.open_case(connection, site, boss, case).life.clocks["first"]
            assert face.met_on == site.today()
    assert verify(site).faults == []
