"""A ledger that this system wrote, imported again: nothing is new, changed or refused, whatever the kind."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from ecoissues.core.kind_registry import load_kinds
from ecoissues.core.kinds import Kind
from ecoissues.core.life import Life
from ecoissues.exports.catalogue import get_form
from ecoissues.services import exporting, importing
from ecoissues.services.exporting import Asked
from ecoissues.storage import tables as t
from tests.services import machine
from tests.services.machine import CITY, OFFICES, Office, shortest_way

CODES = sorted(load_kinds().codes())


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    made = Office(sqlite_url, tmp_path)
    yield made
    made.site.close()


def a_life(office: Office, connection: Connection, kind: Kind, state: str, seed: str) -> int:
    """Bring a case into a state by its shortest way, forms filled at random."""
    rng = random.Random(seed)
    first, *rest = shortest_way(kind, state)
    values = office.form(first, Life(), rng)
    for code in ("number", "parent_case", "units"):
        values.pop(code, None)
    case_id = office.register(connection, office.list_of(kind), values)
    for step in rest:
        life = office.life(connection, case_id)
        units = {"units": machine.HANDLER} if step.effect == "assign" else {}
        office.take(connection, case_id, step.code, values=office.form(step, life, rng, **units))
    return case_id


def every_sort(office: Office, connection: Connection, kind: Kind) -> None:
    """A case in each state that counts, one with a later day, parts of a number, one placed."""
    made = [
        a_life(office, connection, kind, state.code, f"{kind.code}{state.code}")
        for state in kind.states
        if state.phase != "void"
    ]
    by_effect = {step.effect: step.code for step in kind.steps}
    work = machine.walk(office, connection, kind, machine.work_of(kind))
    if "extend" in by_effect and office.case(connection, work).due_finish:
        office.go(connection, work, by_effect["extend"])
    office.go(connection, made[0], by_effect["place"])
    home = office.list_of(kind)
    for part in (1, 2):
        office.register(connection, home, {"number": "F2024-77"}, part=part)


@pytest.mark.slow
@pytest.mark.parametrize("code", CODES)
def test_its_ledger_taken_in_again_changes_nothing(
    office: Office, code: str, tmp_path: Path
) -> None:
    kind, site = office.kinds[code], office.site
    who = office.person("supervisor", OFFICES[CITY])
    with site.store.writing() as connection:
        every_sort(office, connection, kind)
        cases = connection.execute(select(t.cases.c.list_id)).scalars().all()
        placed = connection.execute(select(t.case_placements.c.list_id)).scalar_one()
    assert get_form(kind.form)
    for list_code in (office.list_of(kind), site.lists[placed].code):
        path = tmp_path / f"{list_code}.xlsx"
        exporting.export(site, who, Asked(kind.form, list_code), path)
        for _ in range(2):
            made = importing.preview(site, who, list_code, path.name, path.read_bytes())
            wrong = [
                (row.number, row.standing, row.differences, row.problems)
                for row in made.rows
                if row.standing != "same"
            ]
            assert not wrong, wrong[:3]
            counts = importing.carry_out(site, who, made).counts
            assert counts == {"new": 0, "changed": 0, "same": len(made.rows), "refused": 0,
                              "left_out": 0}  # fmt: skip
            assert counts["same"] == (len(cases) if list_code == office.list_of(kind) else 1)
    with site.store.reading() as connection:
        assert connection.execute(select(func.count()).select_from(t.cases)).scalar() == len(cases)
