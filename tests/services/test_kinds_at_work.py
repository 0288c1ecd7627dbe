"""Every kind as an office meets it: a board, a ledger that is read again, a sheet that is taken in.

All of it is made from the kind's document, so a new document is tried without a new test.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ecoissues.core.forms import EXAMPLE_MARK
from ecoissues.core.kind_fields import CaseField
from ecoissues.core.kind_registry import load_kinds
from ecoissues.core.kinds import Kind
from ecoissues.core.policy import Actor
from ecoissues.core.values import clean_value
from ecoissues.core.vocabulary import WORDLISTS
from ecoissues.exports.catalogue import get_form
from ecoissues.services import boards, consulting, exporting, importing
from ecoissues.services.basis import basis_of
from ecoissues.services.exporting import Asked
from ecoissues.services.verifying import verify
from tests.services import machine
from tests.services.machine import HANDLER, OFFICES, Office

CODES = sorted(load_kinds().codes())
#: What somebody writes into a cell, by the type of its field.
WRITTEN = {
    "text": "某处来文", "long_text": "某处来文，附说明。", "number": "1,250.5", "date": "2024年6月20日",
    "month": "2024-06", "amount": "3.25万元", "people": "12人", "flag": "是",
    "place": "106.551556,29.563009 某桥下游",
}  # fmt: skip


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    made = Office(database_url, tmp_path)
    yield made
    made.site.close()


def written(field: CaseField) -> str:
    """Give what a sheet would say for a field."""
    if field.options:
        return field.options[-1].zh
    if field.words:
        return next(iter(WORDLISTS[field.words].values()))[0]
    return WRITTEN[field.type]


def boss(office: Office) -> Actor:
    return office.person("supervisor", OFFICES[machine.CITY])


def cells(path: Path | io.BytesIO) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(path).worksheets[0].rows]


def three_cases(office: Office, kind: Kind) -> dict[str, int]:
    """Bring cases into the first state, the first state of work and the first closed one."""
    states = {
        "first": next(step.to for step in kind.steps if step.effect == "register"),
        "work": machine.work_of(kind),
        "closed": next(state.code for state in kind.states if state.phase == "closed"),
    }
    with office.site.store.writing() as connection:
        return {name: machine.walk(office, connection, kind, to) for name, to in states.items()}


@pytest.mark.parametrize("code", CODES)
def test_its_board_and_its_ledger_tell_its_cases(office: Office, code: str, tmp_path: Path) -> None:
    kind, site, who = office.kinds[code], office.site, boss(office)
    made = three_cases(office, kind)
    home = office.list_of(kind)
    with site.store.reading() as connection:
        page = boards.make_board(site, connection, who, basis_of(site, connection, who, home, None))
    assert (page.total, page.void) == (3, 0)
    assert [number.definition.code for number in page.numbers] == list(kind.figures)
    shown = {number.definition.code: number for number in page.numbers}
    if "closure_rate" in shown:
        rate = shown["closure_rate"]
        assert (rate.figure.part, rate.figure.whole, rate.shown) == (1, 3, "33.3%")
    if not kind.state_by_code[machine.work_of(kind)].clockless:
        assert sum(light.count or 0 for light in page.lights) >= 1
    path = tmp_path / "ledger.xlsx"
    exporting.export(site, who, Asked(kind.form, home), path)
    assert_ledger(office, kind, path, len(made))


def assert_ledger(office: Office, kind: Kind, path: Path, count: int) -> None:
    """The ledger has the form's columns and the kind's own; read again it says nothing new."""
    site, who, home = office.site, boss(office), office.list_of(kind)
    lines = cells(path)
    text = {str(value) for line in lines for value in line if value is not None}
    assert {field.label for field in kind.fields if field.column} <= text
    own = {line["number"]: line["fields"] for line in consulting.cases_in(site, who, home)}
    assert len(own) == count
    assert set(own) <= text
    again = importing.preview(site, who, home, "台账.xlsx", path.read_bytes())
    assert {field.code for field in kind.fields if field.column} <= set(again.mapping)
    assert {row.number for row in again.rows} == set(own)
    for row in again.rows:
        assert row.standing == "same", (row.problems, row.differences)


@pytest.mark.parametrize("code", CODES)
def test_a_sheet_made_from_its_template_is_taken_in(office: Office, code: str) -> None:
    kind, site, who = office.kinds[code], office.site, boss(office)
    home, out = office.list_of(kind), io.BytesIO()
    importing.template(site, who, home, out)
    content, asked = filled(office, kind, out)
    made = importing.preview(site, who, home, "清单.xlsx", content)
    assert [row.standing for row in made.rows] == ["new", "new"], [r.problems for r in made.rows]
    assert {field.code for field in asked} <= set(made.mapping)
    assert importing.carry_out(site, who, made).counts["new"] == 2
    lines = consulting.cases_in(site, who, home)
    assert {line["number"] for line in lines} == {"A-2024-0001", "A-2024-0002"}
    wanted = {field.code: clean_value(field.field(), written(field), site.tree) for field in asked}
    for line in lines:
        assert {code: line["fields"].get(code) for code in wanted} == wanted
    again = importing.preview(site, who, home, "清单.xlsx", content)
    assert [row.standing for row in again.rows] == ["same", "same"]
    report = verify(site)
    assert report.sound, report.faults[:5]


def filled(office: Office, kind: Kind, out: io.BytesIO) -> tuple[bytes, list[CaseField]]:
    """Fill a template with two rows after its example; gives the sheet and the own fields filled."""
    book = openpyxl.load_workbook(out)
    page, form = book.worksheets[0], get_form(kind.form)
    at = next(row for row in range(1, 9) if page.cell(row, 1).value == EXAMPLE_MARK)
    unit = office.site.tree.by_code[HANDLER].name
    keys = [column.key for column in form.columns]
    heads = {
        str(page.cell(row, place).value or "").lstrip("*"): place
        for row in range(1, at) for place in range(len(keys) + 1, page.max_column + 1)
    }  # fmt: skip
    asked = list(kind.fields)
    assert {field.label for field in asked} <= set(heads)
    for number in (1, 2):
        for place, key in enumerate(keys, 1):
            value = page.cell(at, place).value
            if key in ("number", "task_number"):
                value = f"A-2024-000{number}"
            elif key in ("unit", "supervising_unit"):
                value = unit
            elif key == "ordinal":
                value = number
            page.cell(at + number, place).value = value
        for field in asked:
            page.cell(at + number, heads[field.label]).value = written(field)
    sheet = io.BytesIO()
    book.save(sheet)
    return sheet.getvalue(), asked
