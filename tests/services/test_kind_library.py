"""Documents picked up while the site runs, versions in use kept, uploads proven first."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ecoissues.core.errors import Forbidden, Refused
from ecoissues.services import administration, kind_library, kind_shelf, registering
from ecoissues.services.site import Site
from ecoissues.services.verifying import verify
from ecoissues.storage.tables_kinds import kind_versions
from tests.services.small_kinds import example, newer, put
from tests.services.small_site import actor, make_site

CODE = "summer_dust"


@pytest.fixture
def site(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(kind_library, "EVERY", 0.0)
    made = make_site(database_url, tmp_path)
    yield made
    made.close()


def other_process(site: Site) -> Site:
    return Site(site.store.url, site.data, site.clock)


def with_case(site: Site, number: str = "A-1", code: str = "dust") -> None:
    if code not in site.list_ids:
        administration.add_list(site, actor(site, "supervisor"), code, "扬尘", CODE)
    values = {"number": number, "received_on": "2024-06-08", "content": "工地扬尘。"}
    registering.register(site, actor(site, "supervisor"), code, registering.Registration(values))


def test_a_document_put_into_the_folder_acts_at_once(site: Site) -> None:
    assert CODE not in site.kinds.codes()
    unchanged = site.kinds.current("complaint")
    put(site.data / "kinds", "dust.toml", example())
    assert site.kinds.current(CODE).version == 1
    put(site.data / "kinds", "dust-2.toml", newer())
    assert site.kinds.current(CODE).version == 2
    assert site.kinds[CODE, 1].version == 1
    # Whoever holds one goes on with it: the object is the same, its engine stays built.
    assert site.kinds.current("complaint") is unchanged


def test_the_folder_is_looked_at_once_a_second(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(sqlite_url, tmp_path)
    looks: list[Path] = []
    seen = kind_library._signature

    def look(folder: Path) -> Any:
        looks.append(folder)
        return seen(folder)

    monkeypatch.setattr(kind_library, "_signature", look)
    now = [site.library._next - 0.5]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    for _ in range(50):
        assert site.kinds
    assert looks == []
    now[0] += 1
    for _ in range(50):
        assert site.kinds
    assert len(looks) == 1
    site.close()


def test_a_broken_document_is_told_and_what_stood_goes_on(site: Site) -> None:
    folder = site.data / "kinds"
    put(folder, "dust.toml", example())
    assert site.kinds.current(CODE)
    put(folder, "dust.toml", example().replace('to = "closed"', 'to = "shut"'))
    assert site.kinds.current(CODE).version == 1
    fault = site.kind_faults[0]
    assert (fault.file, fault.reason) == ("dust.toml", "unknown_state")
    assert fault.line > 1
    put(folder, "dust.toml", example())
    assert site.kind_faults == []
    (folder / "dust.toml").unlink()
    assert CODE not in site.kinds.codes()


def test_a_process_that_never_saw_the_sound_one_goes_on_with_it(site: Site) -> None:
    folder = site.data / "kinds"
    put(folder, "dust.toml", example())
    site.settle()
    put(folder, "dust.toml", example().replace('to = "closed"', 'to = "shut"'))
    restarted = other_process(site)
    assert restarted.kinds.current(CODE).version == 1
    assert [fault.file for fault in restarted.kind_faults] == ["dust.toml"]
    restarted.close()
    put(folder, "dust.toml", example().replace("length = 15", "length = 20"))
    site.settle()
    administration.add_list(site, actor(site, "supervisor"), "dust", "扬尘", CODE)
    (folder / "dust.toml").unlink()
    restarted = other_process(site)  # a list without cases goes on too
    assert restarted.kinds.current(CODE).clock_by_code["finish"].length == 20
    restarted.close()


def test_a_version_with_cases_is_never_changed(site: Site) -> None:
    folder = site.data / "kinds"
    put(folder, "dust.toml", example())
    changed = example().replace("length = 15", "length = 20")
    put(folder, "dust.toml", changed)  # no case yet: this is how a document is made
    assert site.kinds.current(CODE).clock_by_code["finish"].length == 20
    assert site.kind_faults == []
    with_case(site)
    put(folder, "dust.toml", example())
    restarted = other_process(site)
    for running in (site, restarted):
        assert running.kinds[CODE, 1].clock_by_code["finish"].length == 20
        (fault,) = running.kind_faults
        assert (fault.reason, fault.line) == ("version_changed", 2)
        assert "version 改为 2" in fault.sentence
    restarted.close()
    put(folder, "dust.toml", f"# 只加说明\n{changed}")
    assert site.kind_faults == []


def test_cases_go_on_when_their_file_is_gone(site: Site) -> None:
    put(site.data / "kinds", "dust.toml", example())
    with_case(site)
    (site.data / "kinds" / "dust.toml").unlink()
    running = other_process(site)
    assert running.kinds[CODE, 1] == site.kinds[CODE, 1]
    with_case(running, "A-2")
    assert verify(running).faults == []
    with pytest.raises(Refused, match="kind_missing"):
        running.kind_of(CODE, 7)
    running.close()


def test_two_processes_never_begin_with_two_texts(site: Site) -> None:
    """One has the old text still in memory while the other registers under the new one."""
    folder = site.data / "kinds"
    put(folder, "dust.toml", example())
    slow = other_process(site)
    administration.add_list(slow, actor(slow, "supervisor"), "dust", "扬尘", CODE)
    put(folder, "dust.toml", example().replace("length = 15", "length = 20"))
    site.refresh()
    with_case(site)
    slow.library._next = float("inf")
    with pytest.raises(Refused, match="version_changed"):
        with_case(slow, "A-2")
    with_case(slow, "A-2")
    assert slow.kinds[CODE, 1].clock_by_code["finish"].length == 20
    slow.close()


def test_what_is_kept_is_covered_by_the_verifier(site: Site) -> None:
    put(site.data / "kinds", "dust.toml", example())
    with_case(site)
    with site.store.writing() as connection:
        text = connection.execute(select(kind_versions.c.document)).scalar_one()
        connection.execute(kind_versions.update().values(document=text.replace("15", "16")))
    assert [fault.code for fault in verify(site).faults] == ["kind_document"]


def test_a_document_is_proven_before_it_is_installed(site: Site) -> None:
    admin = actor(site, "administrator", "500000")
    broken = example().replace('evidence = [{ stage = "after" }]\n', "")
    refused = kind_shelf.install(site, admin, "dust.toml", broken)
    assert [one.reason for one in refused.findings] == ["close_without_evidence"]
    assert refused.findings[0].walk
    assert CODE not in site.kinds.codes()
    done = kind_shelf.install(site, admin, "C:\\x\\..\\dust.toml", example())
    assert (done.code, done.version, done.file) == (CODE, 1, "summer_dust-1.toml")
    assert site.kinds.current(CODE)
    with_case(site)
    other = example().replace("length = 15", "length = 20")
    refused = kind_shelf.install(site, admin, "dust.toml", other)
    assert [(one.reason, one.line) for one in refused.findings] == [("version_changed", 2)]
    assert kind_shelf.install(site, admin, "dust.toml", example()).findings == []
    assert kind_shelf.install(site, admin, "dust.toml", newer()).version == 2
    lines = {(line.code, line.version): line for line in kind_shelf.list_kinds(site, admin)}
    assert (lines[CODE, 1].newest, lines[CODE, 1].cases, lines[CODE, 2].newest) == (False, 1, True)
    assert lines[CODE, 1].lists == [("dust", "扬尘")]


def test_a_shipped_version_cannot_be_replaced(site: Site) -> None:
    admin = actor(site, "administrator", "500000")
    text = example().replace('code = "summer_dust"', 'code = "complaint"')
    (fault,) = kind_shelf.install(site, admin, "c.toml", text).findings
    assert fault.reason == "version_shipped"
    (fault,) = kind_shelf.install(site, admin, "c.toml", "steps = []\n").findings
    assert fault.reason == "not_a_kind"


def test_only_an_administrator_installs(site: Site) -> None:
    for role, unit in (("supervisor", "500000-DCB"), ("auditor", "500000"), ("leader", "500000")):
        with pytest.raises(Forbidden):
            kind_shelf.install(site, actor(site, role, unit), "dust.toml", example())


def test_a_list_takes_what_is_said_of_it(site: Site) -> None:
    put(site.data / "kinds", "dust.toml", example())
    put(site.data / "kinds", "dust-2.toml", newer())
    admin = actor(site, "administrator", "500000")
    more = administration.NewList(1, "500119-DCB", "", "half", "方案〔2024〕1 号", "试行")
    administration.add_list(site, admin, "nc", "南川扬尘", CODE, more)
    row = site.get_list("nc")
    assert (row.kind_version, row.unit_code, row.level) == (1, "500119", "district")
    assert (row.joint_counting, row.legal_basis, row.note) == ("half", "方案〔2024〕1 号", "试行")
    administration.add_list(site, admin, "city", "全市扬尘", CODE)
    assert (site.get_list("city").kind_version, site.get_list("city").level) == (2, "municipal")
    district = dataclasses.replace(actor(site, "administrator", "500119"))
    with pytest.raises(Refused, match="not_found"):
        administration.add_list(
            site, district, "x1", "外区", CODE, administration.NewList(unit="500112")
        )
    for wrong, code in (({"level": "odd"}, "bad_level"), ({"counting": "odd"}, "bad_counting"),
                        ({"unit": "odd"}, "unit_unknown"), ({"version": 9}, "kind_missing")):  # fmt: skip
        with pytest.raises(Refused, match=code):
            administration.add_list(
                site, admin, "x1", "错", CODE, administration.NewList(**wrong)
            )
