"""The verbs about days: the known make-up days, a new year loaded, proposals accepted, a scan."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call


@pytest.fixture
def own_site(small_site: Path, tmp_path: Path) -> Path:
    """A copy that a test may write to."""
    folder = tmp_path / "own"
    shutil.copytree(small_site, folder)
    return folder


@pytest.mark.parametrize(
    ("day", "count", "due"),
    [
        ("2026-02-12", 5, "2026-02-26"),
        ("2026-02-13", 1, "2026-02-14"),
        ("2026-04-30", 5, "2026-05-11"),
        ("2026-09-18", 3, "2026-09-22"),
        ("2026-09-30", 5, "2026-10-13"),
    ],
)
def test_workdays_are_added_with_or_without_a_site(
    call: Call, day: str, count: int, due: str
) -> None:
    result = call("workdays", "add", day, str(count), "--json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["due"], answer["provisional"]) == (0, due, False)
    assert [one["number"] for one in answer["days"] if one["number"]] == list(range(1, count + 1))
    assert call("workdays", "add", day, str(count)).stdout.strip() == due


def test_a_day_of_an_unannounced_year_is_provisional(call: Call) -> None:
    answer = json.loads(call("workdays", "add", "2026-12-31", "5", "--json").stdout)
    assert (answer["due"], answer["provisional"]) == ("2027-01-07", True)
    assert call("workdays", "add", "2026-12-32", "5").exit_code == 2
    assert call("workdays", "add", "2026-12-31", "0").exit_code == 2


def test_a_calendar_is_loaded_once_and_shown(call: Call, own_site: Path, tmp_path: Path) -> None:
    file = tmp_path / "2027.toml"
    file.write_text(
        'year = 2027\nversion = 1\nstatus = "official"\nnotice = "试验"\n'
        "holidays = [2027-01-01]\nmakeup = []\n", "utf-8",
    )  # fmt: skip
    at = ("--data", str(own_site))
    first = json.loads(call("calendar", "load", str(file), "--json", *at).stdout)
    again = json.loads(call("calendar", "load", str(file), "--json", *at).stdout)
    assert (first["changed"], again["changed"]) == (True, False)
    shown = json.loads(call("calendar", "status", "--json", *at).stdout)
    assert shown["calendars"][-1]["year"] == 2027
    added = json.loads(call("workdays", "add", "2026-12-31", "5", "--json", *at).stdout)
    assert (added["due"], added["provisional"]) == ("2027-01-08", False)
    file.write_text(file.read_text("utf-8").replace("2027-01-01", "2027-01-04"), "utf-8")
    refused = call("calendar", "load", str(file), *at)
    assert refused.exit_code == 1
    assert "[bad_calendar]" in refused.stderr
    assert call("calendar", "load", "nowhere.toml", *at).exit_code == 1


def test_proposals_are_listed_and_nothing_is_accepted_unnamed(
    ask: Callable[..., Any], call: Call, own_site: Path
) -> None:
    assert ask("proposals") == []
    assert call("proposals", "accept", "--as", "cq.supervisor", "--data", str(own_site)).exit_code == 2
    done = call("proposals", "accept", "--all", "--as", "cq.supervisor", "--data", str(own_site))
    assert done.exit_code == 0


def test_a_scan_is_done_once_a_day(call: Call, own_site: Path) -> None:
    at = ("--data", str(own_site), "--json")
    first = json.loads(call("remind", *at).stdout)
    again = json.loads(call("remind", *at).stdout)
    assert (first["repeated"], again["repeated"], again["reminders"]) == (False, True, 0)
    assert call("remind", "--on", "2099-01-01", *at).exit_code == 1


def test_an_address_is_set_and_taken_away(call: Call, own_site: Path) -> None:
    at = ("--data", str(own_site))
    assert call("user", "mail", "cq.officer", "a@example.cn", *at).exit_code == 0
    assert call("user", "mail", "cq.officer", "nonsense", *at).exit_code == 1
    assert call("user", "mail", "cq.officer", *at).exit_code == 0
