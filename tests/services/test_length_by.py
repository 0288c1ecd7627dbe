"""A clock whose length a choice of the case decides: sort and deadline never disagree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ecoissues.core.calendars import Calendars
from ecoissues.core.kinds import Clock, Kind, LengthBy
from ecoissues.core.life import Life
from ecoissues.services import importing
from ecoissues.services.verifying import verify
from tests.services.machine import CITY, OFFICES, Office


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    made = Office(database_url, tmp_path)
    yield made
    made.site.close()


def ruled(office: Office) -> tuple[Kind, Clock, LengthBy]:
    return next(
        (kind, clock, clock.length_by)
        for kind in office.kinds.values()
        for clock in kind.clocks
        if clock.length_by is not None
    )


def due_after(calendars: Calendars, length: int, office: Office) -> str:
    day = office.site.today()
    for _ in range(length):
        day = calendars.next_workday(day.fromordinal(day.toordinal() + 1))
    return day.isoformat()


def test_each_value_has_its_length_and_another_value_its_own(office: Office) -> None:
    kind, clock, by = ruled(office)
    starts = next(s for s in kind.steps if clock.code in s.starts)
    again = next(s for s in kind.steps if clock.code in s.resets)
    cal, values = office.site.calendars, list(by.lengths)
    for place, value in enumerate(values):
        other = values[place - 1]
        with office.site.store.writing() as connection:
            case_id = office.register(connection, office.list_of(kind), {by.field: other})
            form = {**office.form(starts, Life()), by.field: value}
            office.take(connection, case_id, starts.code, values=form)
            assert office.case(connection, case_id).due_finish == due_after(
                cal, by.lengths[value], office
            )
            form = {**office.form(again, Life()), by.field: other}
            office.take(connection, case_id, again.code, values=form)
            row = office.case(connection, case_id)
            assert row.due_finish == due_after(cal, by.lengths[other], office)
            assert office.life(connection, case_id).fields[by.field] == other
    assert verify(office.site).sound


def test_a_correction_of_the_value_corrects_the_deadline(office: Office) -> None:
    kind, clock, by = ruled(office)
    starts = next(s for s in kind.steps if clock.code in s.starts)
    ask = next(s for s in kind.steps if s.effect == "ask_correction")
    grant = next(s for s in kind.steps if s.effect == "correct")
    first, *_, last = sorted(by.lengths, key=lambda code: by.lengths[code])
    with office.site.store.writing() as connection:
        case_id = office.register(connection, office.list_of(kind), {by.field: first})
        office.take(connection, case_id, starts.code, values={by.field: first})
        right = f'{{"{by.field}": "{last}"}}'
        asked = {"correction": "amend", "event": 2, "facts": right, "reason": "类别定错"}
        office.take(connection, case_id, ask.code, values=asked)
        office.take(connection, case_id, grant.code, values={"event": 3})
        due = office.case(connection, case_id).due_finish
    assert due == due_after(office.site.calendars, by.lengths[last], office)


def test_a_sheet_tells_another_value_and_changes_nothing(office: Office) -> None:
    kind, clock, by = ruled(office)
    starts = next(s for s in kind.steps if clock.code in s.starts)
    first, *_, last = sorted(by.lengths, key=lambda code: by.lengths[code])
    with office.site.store.writing() as connection:
        given = {by.field: first, "number": "R2024-1"}
        case_id = office.register(connection, office.list_of(kind), given)
        office.take(connection, case_id, starts.code, values={by.field: first})
    head = kind.field_by_code[by.field].zh
    words = {option.code: option.zh for option in kind.field_by_code[by.field].options}
    text = f"问题编号,问题描述,{head}\nR2024-1,某处反映,{words[last]}\n"
    who = office.person("supervisor", OFFICES[CITY])
    made = importing.preview(office.site, who, office.list_of(kind), "r.csv", text.encode())
    (row,) = made.rows
    assert by.field not in row.differences
    assert "measures_clock" in {note.code for note in row.notes}
