"""An outsider recounts every figure from ``ecoissues events --jsonl`` alone.

Nothing here knows the program's own reading of the log: plain dictionaries, folded by the rules
that the log's description gives (events not struck, as amended, by effective day).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call

KEYS = {
    *("seq", "list", "placements", "number", "part", "case_seq", "step", "from", "to", "phase"),
    *("effective_on", "recorded_at", "actor", "role", "district", "units", "types", "verdict"),
    *("due", "outcomes", "merged_into", "digest", "previous"),
}
Line = dict[str, Any]


@pytest.fixture(scope="module")
def lines(small_site: Path) -> list[Line]:
    from click.testing import CliRunner

    from ecoissues.cli import main

    result = CliRunner().invoke(main, ["events", "--jsonl", "--data", str(small_site)])
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


def standing(lines: list[Line], list_code: str, day: str, known: str = "") -> dict[str, Line]:
    """Give the last moving event of each case of a list by a day, among those known by an instant."""
    cases: dict[tuple[str, str, int], dict[int, Line]] = {}
    for line in lines:
        if known and line["recorded_at"] > known:
            continue
        events = cases.setdefault((line["list"], line["number"], line["part"]), {})
        change = line["facts"].get("amended")
        if line["step"] == "strike":
            for seq in line["facts"]["struck"]:
                events.pop(seq, None)
        if line["step"] == "amend" and change and change["seq"] in events:
            target = events[change["seq"]]
            day_of = change.get("effective_on") or target["effective_on"]
            facts = {**target["facts"], **change.get("facts", {})}
            events[change["seq"]] = {**target, "effective_on": day_of, "facts": facts}
        events[line["case_seq"]] = line
    found: dict[str, Line] = {}
    for (home, number, part), events in cases.items():
        placed, own = {home}, dict[str, str]()
        last = None
        for _, line in sorted(events.items()):
            if line["effective_on"] > day:
                continue
            facts = line["facts"]
            if "placed" in facts:
                placed.add(facts["placed"])
                own.pop(facts["placed"], None)
            if "placement" in facts:
                own[facts["placement"]["list"]] = facts["placement"]["phase"]
            if line["from"] != line["to"] and line["step"] not in ("amend", "strike"):
                last = line
        if last is not None and list_code in placed:
            phase = last["phase"] if last["phase"] == "void" else own.get(list_code, last["phase"])
            found[f"{number}/{part}"] = {**last, "phase": phase}
    return found


def phases(lines: list[Line], list_code: str, day: str, known: str = "") -> Counter[str]:
    return Counter(line["phase"] for line in standing(lines, list_code, day, known).values())


def test_each_line_has_what_was_promised_and_the_order_of_the_log(lines: list[Line]) -> None:
    assert all(set(line) >= KEYS for line in lines)
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    recorded = [line["recorded_at"] for line in lines]
    assert recorded == sorted(recorded)


def test_each_event_is_chained_to_the_one_before_in_its_case(lines: list[Line]) -> None:
    last: dict[tuple[str, str, int], Line] = {}
    for line in lines:
        key = (line["list"], line["number"], line["part"])
        before = last.get(key)
        assert line["previous"] == (before["digest"] if before else "")
        assert line["case_seq"] == (before["case_seq"] + 1 if before else 1)
        assert line["from"] == (before["to"] if before else "")
        last[key] = line


def test_the_digest_of_each_event_can_be_made_anew(lines: list[Line]) -> None:
    """SHA-256 of the canonical JSON of the covered members; facts as their own canonical text."""

    def canonical(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    for line in lines:
        covered = {
            "list": line["list"], "number": line["number"], "part": line["part"],
            "seq": line["case_seq"], "step": line["step"], "from_state": line["from"],
            "to_state": line["to"], "phase": line["phase"], "actor": line["actor"],
            "role": line["role"], "unit": line["unit"], "effective_on": line["effective_on"],
            "recorded_at": line["recorded_at"], "channel": line["channel"],
            "facts": canonical(line["facts"]), "previous": line["previous"],
        }  # fmt: skip
        assert hashlib.sha256(canonical(covered).encode()).hexdigest() == line["digest"]


@pytest.mark.parametrize(
    "day", ["2023-06-30", "2024-06-30", "2024-12-31", "2025-09-01", "2026-11-01"]
)
def test_phases_recounted_are_the_program_s_own(
    lines: list[Line], day: str, ask: Callable[..., Any]
) -> None:
    for row in ask("lists"):
        words = ["figure", "closure_rate", "--list", row["code"], "--as-of", day, "--by", "phase"]
        figure = ask(*words)
        ours = {group["key"]: group["part"] for group in figure["groups"] if group["part"]}
        assert phases(lines, row["code"], day) == ours, row["code"]


def test_what_was_known_then_is_recounted_too(lines: list[Line], ask: Callable[..., Any]) -> None:
    words = ["figure", "closure_rate", "--list", "nc-issues", "--as-of", "2024-12-31"]
    then = phases(lines, "nc-issues", "2024-12-31", "2025-01-02T15:59:59.999999Z")
    assert then["closed"] == ask(*words, "--known-at", "2025-01-02")["part"] == 30


def test_the_list_of_cases_knows_no_more_than_the_figure(ask: Callable[..., Any]) -> None:
    words = ["cases", "nc-issues", "--as-of", "2024-12-31", "--phase", "closed"]
    assert len(ask(*words, "--known-at", "2025-01-02")) == 30
    assert len(ask(*words)) > 30


def test_the_members_of_a_figure_are_the_recounted_cases(
    lines: list[Line], ask: Callable[..., Any]
) -> None:
    words = ["figure", "closure_rate", "--list", "cq-central-3", "--as-of", "2024-06-30"]
    closed = {
        key.removesuffix("/0")
        for key, line in standing(lines, "cq-central-3", "2024-06-30").items()
        if line["phase"] in ("closed", "reviewed")
    }
    assert set(ask(*words, "--members", "part")["members"]) == closed


def test_one_list_alone(lines: list[Line], call: Call, small_site: Path) -> None:
    result = call("events", "--jsonl", "--list", "cq-tasks", "--data", str(small_site))
    of_list = [line for line in lines if line["list"] == "cq-tasks"]
    assert [json.loads(line) for line in result.stdout.splitlines()] == of_list
