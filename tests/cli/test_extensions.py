"""Extensions as an office types them: in time, late, twice, by the wrong person, over a holiday."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert

from ecoissues.cli import main
from ecoissues.core.instants import instant_text
from ecoissues.services import starting
from ecoissues.services.recording import CLOCK_ACCEPTED
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.reference import put_setting
from tests.services.clocked_site import HANDLER, at, clocked_site
from tests.services.small_site import PDF, Clock

PEOPLE = (("officer", "officer", HANDLER), ("head", "head", HANDLER),
          ("district", "supervisor", "500119-DCB"), ("city", "supervisor", "500000-DCB"),
          ("city2", "supervisor", "500000-DCB"))  # fmt: skip


@dataclass
class Office:
    """A site on which verbs are typed, and its clock."""

    site: Site
    clock: Clock
    folder: Path
    url: str

    def go(self, when: str) -> None:
        self.clock.now = at(when)
        with self.site.store.writing() as connection:
            put_setting(connection, CLOCK_ACCEPTED, instant_text(self.clock.now))

    def call(self, *words: str) -> Result:
        place = ("--data", str(self.folder), "--database", self.url)
        return CliRunner().invoke(main, [*words, *place])

    def act(self, who: str, step: str, *given: str) -> Result:
        return self.call("act", "一号", step, "--list", "clocked", "--as", who, *given)

    def done(self, who: str, step: str, *given: str) -> int:
        result = self.act(who, step, *given, "--json")
        assert result.exit_code == 0, result.stderr
        return int(json.loads(result.stdout)["seq"])

    def refused(self, who: str, step: str, *given: str) -> str:
        result = self.act(who, step, *given)
        assert result.exit_code == 1, result.output
        return result.stderr.rsplit("[", 1)[1].strip("]\n")

    def ask(self, new_due: str, clock: str = "finish") -> list[str]:
        paper = self.folder / "依据.pdf"
        paper.write_bytes(PDF)
        return ["--set", f"clock={clock}", "--set", f"new_due={new_due}", "--set", "reason=工程量大。",
                "--evidence", str(paper)]  # fmt: skip

    def overdue(self, day: str, known: str = "") -> int:
        words = ["figure", "overdue_finish", "--list", "clocked", "--as-of", day, "--json"]
        result = self.call(*words, *(["--known-at", known] if known else []))
        assert result.exit_code == 0, result.stderr
        return int(json.loads(result.stdout)["part"])


@pytest.fixture
def office(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    clock = Clock(at("2026-02-12 09:00"))
    site = clocked_site(database_url, tmp_path, clock)
    with site.store.writing() as connection:
        for name, role, unit in PEOPLE:
            unit_id = site.tree.by_code[unit].id
            row = {"name": name, "display": name, "role": role, "unit_id": unit_id}
            connection.execute(insert(t.users).values(**row, password="x"))
    opened: Callable[..., Site] = lambda data, url=None: Site(url or database_url, data, clock)  # noqa: E731
    monkeypatch.setattr(starting, "open_site", opened)
    made = Office(site, clock, tmp_path, database_url)
    made.done("city", "register", "--set", "content=某河段水质异常。")
    made.done("city", "hand", "--set", f"units={HANDLER}")
    yield made
    assert made.call("verify").exit_code == 0
    site.close()


def finish(office: Office) -> dict[str, Any]:
    result = office.call("deadline", "一号", "--list", "clocked", "--json")
    clocks: list[dict[str, Any]] = json.loads(result.stdout)["clocks"]
    return next(one for one in clocks if one["clock"] == "finish")


def test_on_the_last_day_yes_the_day_after_no(office: Office) -> None:
    assert finish(office)["due"] == "2026-04-13"
    office.go("2026-04-14 00:00")
    assert office.refused("officer", "ask_extension", *office.ask("2026-04-30")) == "after_expiry"
    late = (*office.ask("2026-04-30"), "--on", "2026-04-13", "--late-reason", "补记")
    assert office.refused("officer", "ask_extension", *late) == "after_expiry"
    assert finish(office)["due"] == "2026-04-13"


def test_approved_after_expiry_it_was_overdue_as_known_then(office: Office) -> None:
    office.go("2026-04-13 23:59")
    seq = office.done("officer", "ask_extension", *office.ask("2026-04-30"))
    office.go("2026-04-20 10:00")
    assert office.overdue("2026-04-19") == 1
    office.done("district", "extend", "--set", f"event={seq}")
    assert office.overdue("2026-04-19") == 0
    assert office.overdue("2026-04-19", "2026-04-19") == 1
    assert office.overdue("2026-04-20") == 0
    assert (finish(office)["original"], finish(office)["due"]) == ("2026-04-13", "2026-04-30")
    office.go("2026-05-01 09:00")
    assert office.overdue("2026-05-01") == 1
    assert office.overdue("2026-04-30") == 0


def test_twice_a_third_time_and_by_the_wrong_people(office: Office) -> None:
    seq = office.done("officer", "ask_extension", *office.ask("2026-04-30"))
    assert office.refused("officer", "ask_extension", *office.ask("2026-05-08")) == "request_waiting"
    for name in ("officer", "head"):
        assert office.refused(name, "extend", "--set", f"event={seq}") == "not_allowed"
    office.done("district", "extend", "--set", f"event={seq}")
    assert office.refused("district", "extend", "--set", f"event={seq}") == "no_request"
    again = office.done("officer", "ask_extension", *office.ask("2026-05-20"))
    office.done("city", "extend", "--set", f"event={again}")
    assert office.refused("officer", "ask_extension", *office.ask("2026-05-28")) == (
        "extension_used_up"
    )
    # This clock's extensions are for the office that keeps the list.
    report = office.done("officer", "ask_extension", *office.ask("2026-03-02", "report"))
    assert office.refused("district", "extend", "--set", f"event={report}") == "not_office"
    office.done("city", "extend", "--set", f"event={report}")


def test_refused_and_withdrawn_leave_the_day(office: Office) -> None:
    first = office.done("officer", "ask_extension", *office.ask("2026-04-30"))
    answer = ("--set", f"event={first}", "--set", "reason=理由不足。")
    office.done("district", "refuse_extension", *answer)
    second = office.done("officer", "ask_extension", *office.ask("2026-04-29"))
    office.done("officer", "withdraw_request", "--set", f"event={second}")
    assert (finish(office)["original"], finish(office)["due"]) == ("2026-04-13", "2026-04-13")


def test_over_a_holiday_the_ledger_holds_both_days(office: Office) -> None:
    seq = office.done("officer", "ask_extension", *office.ask("2026-05-02"))
    office.done("district", "extend", "--set", f"event={seq}")
    # 2 May is a day off: this rule rolls, to the first workday after the holiday.
    assert (finish(office)["original"], finish(office)["due"]) == ("2026-04-13", "2026-05-06")
    out = office.folder / "台账.csv"
    result = office.call("export", "issue_ledger", "--list", "clocked", "--out", str(out))
    assert result.exit_code == 0, result.stderr
    lines = list(csv.reader(out.read_text("utf-8-sig").splitlines()))
    row = next(line for line in lines if "一号" in line)
    assert {"2026-05-06", "2026-04-13"} <= set(row), lines
