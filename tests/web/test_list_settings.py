"""The settings of a list: its office says how joint cases count, every process sees it at once."""

from __future__ import annotations

from ecoissues.services.basis import basis_of
from ecoissues.services.changes import Wanted, read_changes
from ecoissues.services.site import Site
from tests.web.conftest import World


def test_the_office_sets_how_joint_cases_count(world: World) -> None:
    office = world.client("supervisor")
    code = next(
        row.code for row in world.site.lists.values()
        if f"/lists/{row.code}/settings" in office.get("/lists").text
    )  # fmt: skip
    path = f"/lists/{code}/settings"
    page = office.get(path)
    assert page.status_code == 200
    assert "还没有发布过数字" in page.text
    assert 'value="whole" checked' in page.text
    other = Site(world.site.store.url, world.site.data, world.clock)
    assert other.get_list(code).joint_counting == "whole"
    values = {"counting": "plus", "legal_basis": "方案〔2026〕1 号", "note": "试行"}
    assert world.post(office, path, path, **values).status_code == 303
    row = world.site.get_list(code)
    assert (row.joint_counting, row.legal_basis, row.note) == ("plus", "方案〔2026〕1 号", "试行")
    found = read_changes(world.site, world.actor("auditor"), Wanted(sort="list.changed")).records
    assert ("counting", "各计一件", "主办件数（+合办件数）") in found[0].values
    with other.store.reading() as connection:  # a process that has the list in memory sees it too
        basis = basis_of(other, connection, world.actor("supervisor"), code)
    assert basis.row.joint_counting == "plus"
    other.close()
    wrong = world.post(office, path, path, **{**values, "counting": "third", "note": "留着"})
    assert wrong.status_code == 422
    assert "未作改动" in wrong.text
    assert "留着" in wrong.text
    assert world.site.get_list(code).joint_counting == "plus"
    for name in ("officer", "leader", "auditor", "administrator"):
        assert world.client(name).get(path).status_code == 403


def test_nobody_sets_the_lists_of_another_office(world: World) -> None:
    office = world.client("supervisor")
    shown = office.get("/lists").text
    for row in world.site.lists.values():
        mine = f"/lists/{row.code}/settings" in shown
        assert office.get(f"/lists/{row.code}/settings").status_code == (200 if mine else 404)
