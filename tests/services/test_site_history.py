"""A site's earlier matters are shown and advise; they block nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from ecoissues.core.kinds import Kind
from ecoissues.core.life import Life
from ecoissues.services.casefile import case_file
from ecoissues.services.site_history import history_of_name
from ecoissues.services.stepform import prepare_form
from tests.services import machine
from tests.services.machine import CITY, DISTRICT, FOREIGN, HANDLER, OFFICES, STRANGER, Office


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    made = Office(database_url, tmp_path)
    yield made
    made.site.close()


@pytest.fixture
def kind(office: Office) -> Kind:
    return next(kind for kind in office.kinds.values() if kind.advice)


def known(office: Office, connection: Connection, kind: Kind, name: str, unit: str = HANDLER) -> int:
    return office.register(
        connection, office.list_of(kind), {kind.site_field: name, "units": unit}
    )


def test_earlier_matters_are_counted_listed_and_advise(office: Office, kind: Kind) -> None:
    who, made = office.person("supervisor", OFFICES[CITY]), list[int]()
    for place in range(4):
        with office.site.store.writing() as connection:
            made.append(known(office, connection, kind, "某汽修厂" if place % 2 else "某 汽修厂"))
            known(office, connection, kind, "某砖厂")
            known(office, connection, kind, "某汽修厂", STRANGER)  # a namesake in another district
        found = case_file(office.site, who, made[-1]).same_site
        assert found is not None
        assert (found.count, [one.id for one in found.earlier]) == (place, made[-2::-1])
        assert found.advice == kind.advice_for(place)
        assert (str(place) in found.advice) == (place > 0)
        office.later(1)
    said = [kind.advice_for(n) for n in range(4)]
    assert len({text.replace("2", "3") for text in said}) == 3  # first, second, third and more
    assert all("不限制依法处罚" in text for text in said)
    first = case_file(office.site, who, made[0]).same_site
    assert first is not None
    assert not first.earlier  # what came later is no history


def test_void_merged_and_other_scopes_are_no_history(office: Office, kind: Kind) -> None:
    with office.site.store.writing() as connection:
        void = known(office, connection, kind, "某厂")
        end = next(s for s in kind.steps if s.sort == "end" and "*" in s.sources)
        office.take(connection, void, end.code, values=office.form(end, Life()))
        last = known(office, connection, kind, "某厂")
    boss = office.person("supervisor", OFFICES[CITY])
    found = case_file(office.site, boss, last).same_site
    assert found is not None
    assert found.count == 0
    home = office.list_of(kind)
    for unit, seen in ((CITY, 1), (DISTRICT, 1), (FOREIGN, 0)):
        one = history_of_name(
            office.site, office.person("supervisor", OFFICES[unit]), home, " 某 厂 "
        )
        assert one is not None
        assert one.count == seen


def test_advice_stands_on_the_step_and_blocks_none(office: Office, kind: Kind) -> None:
    """The heaviest step is possible at the first matter, the lightest at the third."""
    who = office.person("supervisor", OFFICES[CITY])
    notes = [s for s in kind.steps if s.sort == "note" and not s.effect and "supervisor" in s.roles]
    for _ in range(3):
        with office.site.store.writing() as connection:
            case_id = machine.walk(office, connection, kind, machine.work_of(kind))
            for step in notes:
                if machine.work_of(kind) in kind.sources_of(step):
                    office.take(connection, case_id, step.code)
        form = prepare_form(office.site, who, case_id, notes[-1].code)
        assert form.same_site is not None
        assert form.same_site.advice


def test_a_list_without_a_site_field_has_none(office: Office) -> None:
    plain = next(kind for kind in office.kinds.values() if not kind.site_field)
    who = office.person("supervisor", OFFICES[CITY])
    assert history_of_name(office.site, who, office.list_of(plain), "某厂") is None
    with office.site.store.writing() as connection:
        case_id = office.register(connection, office.list_of(plain))
    assert case_file(office.site, who, case_id).same_site is None
