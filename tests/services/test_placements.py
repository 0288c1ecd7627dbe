"""A case on a further list with a standing of its own there: every door shows that list's own."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Connection, update

from ecoissues.core.errors import Refused
from ecoissues.core.kinds import END_PHASES, Kind
from ecoissues.core.life import Life
from ecoissues.figures.comparing import compare
from ecoissues.figures.reading import Board, members
from ecoissues.figures.registry import packaged_definitions
from ecoissues.services import boards, consulting, exporting, listing, log_lines, rows, starting
from ecoissues.services.basis import basis_of
from ecoissues.services.casefile import case_file
from ecoissues.services.exporting import Asked
from ecoissues.services.verifying import verify
from ecoissues.storage import tables as t
from tests.services import machine
from tests.services.machine import DISTRICT, OFFICES, Office

CLOSURE = packaged_definitions().get("closure_rate")


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    made = Office(database_url, tmp_path)
    yield made
    made.site.close()


@pytest.fixture
def kind(office: Office) -> Kind:
    return next(kind for kind in office.kinds.values() if kind.placed_states)


def lists_of(office: Office, kind: Kind) -> tuple[str, str]:
    """The home list and the one its cases are placed on."""
    return office.list_of(kind), office.list_of(kind, DISTRICT)


def placed(office: Office, connection: Connection, kind: Kind, code: str = "") -> int:
    """A case in work that has been placed on the further list."""
    case_id = machine.walk(office, connection, kind, machine.work_of(kind))
    step(office, connection, kind, case_id, "place", code)
    return case_id


def step(
    office: Office, connection: Connection, kind: Kind, case_id: int, effect: str, code: str = "",
    **values: Any,
) -> Any:  # fmt: skip
    taken = next(one for one in kind.steps if one.effect == effect)
    values["list_code"] = code or office.list_of(kind, DISTRICT)
    form = office.form(taken, office.life(connection, case_id), **values)
    return office.take(connection, case_id, taken.code, values=form)


def way(kind: Kind) -> list[str]:
    """States from the second to one with an end phase, as the document allows."""
    found = [kind.placed_states[0].code]
    while kind.placed_by_code[found[-1]].phase not in END_PHASES:
        after = [code for code in kind.placed_after(found[-1]) if code not in found]
        found.append(after[0])
    return found[1:]


def phases(office: Office, code: str) -> dict[str, int]:
    with office.site.store.reading() as connection:
        row = office.site.get_list(code)
        total = Board(connection, office.site.tree, row, office.site.today()).total
    names = ("cases", "open", "completed", "closed", "ever_closed", "rebounded", "closings", "arrivals")
    return {name: total[name] for name in names if total[name]}


def agree(office: Office) -> None:
    site = office.site
    with site.store.reading() as connection:
        assert list(compare(connection, site.tree, site.lists, [site.today()])) == []
    report = verify(site)
    assert report.sound, report.faults[:5]


def test_a_list_counts_its_own_standing_and_no_other(office: Office, kind: Kind) -> None:
    home, there = lists_of(office, kind)
    with office.site.store.writing() as connection:
        case_id = placed(office, connection, kind)
    assert phases(office, there) == {"cases": 1, "open": 1, "arrivals": 1}
    for state in way(kind):
        office.later(1)
        with office.site.store.writing() as connection:
            step(office, connection, kind, case_id, "advance", standing=state, reason="已核对")
        agree(office)
    at_home = {"cases": 1, "open": 1, "arrivals": 1}
    assert phases(office, home) == at_home
    ended = {"cases": 1, "closed": 1, "ever_closed": 1, "closings": 1, "arrivals": 1}
    assert phases(office, there) == ended
    site = office.site
    with site.store.reading() as connection:
        place = (connection, site.tree, CLOSURE)
        row = site.get_list(there)
        assert members(*place, row, site.today()) == [case_id]
        assert members(*place, row, site.today() - timedelta(days=1)) == []
        assert members(*place, site.get_list(home), site.today()) == []


def test_page_ledger_board_and_command_line_say_the_same(office: Office, kind: Kind) -> None:
    home, there = lists_of(office, kind)
    site, who = office.site, office.person("supervisor", OFFICES[machine.CITY])
    with site.store.writing() as connection:
        case_id = placed(office, connection, kind)
        for state in way(kind):
            step(office, connection, kind, case_id, "advance", standing=state, reason="已核对")
    last = kind.placed_by_code[way(kind)[-1]]
    for code, phase, name in ((there, last.phase, last.zh), (home, "open", None)):
        with site.store.reading() as connection:
            for asked in ("open", "closed"):
                found = listing.count(
                    connection, site, who, listing.Filter({"list": code, "phase": asked})
                )
                assert found == (asked == phase), (code, asked)
            page = boards.make_board(
                site, connection, who, basis_of(site, connection, who, code, None)
            )
        rate = next(one for one in page.numbers if one.definition.code == CLOSURE.code)
        assert rate.figure.part == (phase == "closed")
        row = rows.read_page(site, who, listing.Filter({"list": code})).rows[0]
        assert row.phase == phase
        (line,) = consulting.cases_in(site, who, code)
        assert line["phase"] == phase
        assert consulting.cases_in(site, who, code, phase=phase) == [line]
        sheet = io.BytesIO()
        path = site.blobs.folder.parent / f"{phase}.xlsx"
        exporting.export(site, who, Asked(kind.form, code), path)
        sheet.write(path.read_bytes())
        texts = {str(c.value) for r in openpyxl.load_workbook(sheet).worksheets[0].rows for c in r}
        if name is not None:
            assert (row.state, line["state_name"]) == (name, name)
            assert name in texts
    with site.store.reading() as connection:
        named = listing.Filter({"list": there, "state": last.code})
        assert listing.count(connection, site, who, named) == 1
    shown = case_file(site, who, case_id)
    assert [(one.code, one.state, one.phase) for one in shown.lists] == [
        (there, last.zh, last.phase)
    ]
    line = list(log_lines.event_lines(site))[-1]
    assert line["placed_standings"] == {there: {"state": last.code, "phase": last.phase}}
    assert line["facts"]["placement"] == {"list": there, "state": last.code, "phase": last.phase}


def test_what_cannot_be_is_refused_and_changes_nothing(office: Office, kind: Kind) -> None:
    _, there = lists_of(office, kind)
    first = kind.placed_states[0].code
    with office.site.store.writing() as connection:
        case_id = machine.walk(office, connection, kind, machine.work_of(kind))
        with pytest.raises(Refused, match="not_placed"):
            step(office, connection, kind, case_id, "advance", standing=way(kind)[0], reason="x")
        step(office, connection, kind, case_id, "place")
        for state, code in ((first, "standing_same"), ("nowhere", "invalid")):
            with pytest.raises(Refused, match=code):
                step(office, connection, kind, case_id, "advance", standing=state, reason="x")
        beyond = next(
            (s.code for s in kind.placed_states
             if s.code != first and s.code not in kind.placed_after(first)), None
        )  # fmt: skip
        if beyond:
            with pytest.raises(Refused, match="standing_order"):
                step(office, connection, kind, case_id, "advance", standing=beyond, reason="x")
        for state in way(kind):
            step(office, connection, kind, case_id, "advance", standing=state, reason="x")
        with pytest.raises(Refused, match="standing_ended"):
            step(office, connection, kind, case_id, "advance", standing=first, reason="x")
    assert phases(office, there)["closed"] == 1


def test_taken_off_and_void(office: Office, kind: Kind) -> None:
    _, there = lists_of(office, kind)
    with office.site.store.writing() as connection:
        one, other = placed(office, connection, kind), placed(office, connection, kind)
        step(office, connection, kind, one, "advance", standing=way(kind)[-1], reason="已核对")
        step(office, connection, kind, one, "unplace", reason="列错了")
        end = next(s for s in kind.steps if s.sort == "end" and "*" in s.sources)
        office.take(connection, other, end.code, values=office.form(end, Life()))
    assert phases(office, there).get("cases", 0) == 0
    agree(office)


def test_the_placing_is_not_struck_from_under_its_progress(office: Office, kind: Kind) -> None:
    with office.site.store.writing() as connection:
        case_id = placed(office, connection, kind)
        seq = office.case(connection, case_id).version
        step(office, connection, kind, case_id, "advance", standing=way(kind)[0], reason="已核对")
        ask = next(s for s in kind.steps if s.effect == "ask_correction")
        given = office.form(ask, office.life(connection, case_id), correction="strike", event=seq,
                            facts=None, effective_on=None)  # fmt: skip
        with pytest.raises(Refused, match="unlawful_correction"):
            office.take(connection, case_id, ask.code, values=given)


def test_an_older_database_gets_the_standings_from_its_log(office: Office, kind: Kind) -> None:
    _, there = lists_of(office, kind)
    with office.site.store.writing() as connection:
        case_id = placed(office, connection, kind)
        step(office, connection, kind, case_id, "advance", standing=way(kind)[-1], reason="已核对")
    before = phases(office, there)
    starting.downgrade(office.site, "0006")
    starting.upgrade(office.site)
    assert phases(office, there) == before
    agree(office)
    with office.site.store.reading() as connection:
        row = connection.execute(t.case_placements.select()).one()
    assert (row.state, row.phase) == (way(kind)[-1], before and "closed")


def test_verify_finds_a_standing_that_the_log_does_not_tell(office: Office, kind: Kind) -> None:
    with office.site.store.writing() as connection:
        placed(office, connection, kind)
    with office.site.store.writing() as connection:
        connection.execute(update(t.case_placements).values(phase="closed"))
    assert {fault.code for fault in verify(office.site).faults} == {"placements"}
