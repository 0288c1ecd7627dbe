"""The command line as a door: help, options, exit codes, JSON keys, and no traceback."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
import pytest

import ecoissues.demo.documents
from ecoissues.cli import main
from ecoissues.cli.verbs import VERBS
from tests.cli.conftest import Call
from tests.demo.small_document import small_document

PROMISED = {
    *("demo", "serve", "db", "user", "kinds", "lists", "cases", "figure", "act", "import"),
    *("export", "deadline", "events", "verify"),
}
FIGURE_KEYS = {"code", "version", "as_of", "known_at", "part", "whole", "percent", "groups"}


def commands() -> Iterator[list[str]]:
    """Every command that can be called, as words."""
    context = click.Context(main)
    waiting: list[tuple[list[str], click.Command]] = [([], main)]
    while waiting:
        words, command = waiting.pop()
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                waiting.append(([*words, name], inner))
        yield words


def test_the_promised_verbs_are_there() -> None:
    assert set(VERBS) >= PROMISED


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_help_gives_an_example_that_names_its_own_command(words: list[str], call: Call) -> None:
    result = call(*words, "--help")
    assert result.exit_code == 0
    shown = " ".join(result.stdout.split())
    assert "示例：ecoissues " + " ".join(words[:1]) in shown


def test_a_wrong_verb_is_answered_with_the_nearest(call: Call) -> None:
    result = call("figur", "closure_rate")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "是不是要 figure" in result.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["figure"], 2),
        (["figure", "closure_rate", "--list", "x", "--as-of", "昨天"], 2),
        (["figure", "closure_rate", "--list", "no-such-list"], 1),
        (["figure", "no_such_rate", "--list", "nc-issues"], 1),
        (["cases", "nc-issues", "--phase", "sleeping"], 2),
        (["kinds", "show", "no_such_kind"], 1),
        (["deadline", "NOPE", "--list", "nc-issues"], 1),
        (["act", "X1", "accept", "--list", "nc-issues", "--as", "nobody"], 1),
        (["act", "X1", "accept", "--list", "nc-issues", "--as", "nc.officer", "--set", "novalue"], 2),
        (["user", "add", "x", "--role", "king", "--unit", "500119"], 2),
        (["demo", "--remove"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)  # fmt: skip
def test_errors_are_sentences_with_the_right_exit_code(
    words: list[str], code: int, call: Call, small_site: Path
) -> None:
    result = call(*words, "--data", str(small_site))
    assert (result.exit_code, result.stdout) == (code, "")
    assert "Traceback" not in result.stderr
    assert result.stderr.strip()


def test_a_folder_without_a_site_says_what_to_do(call: Call, tmp_path: Path) -> None:
    result = call("lists", "--data", str(tmp_path / "nothing"))
    assert result.exit_code == 1
    assert "db upgrade" in result.stderr
    assert not (tmp_path / "nothing").exists()


def test_options_may_stand_before_or_after_the_verb_or_in_the_environment(
    call: Call, small_site: Path
) -> None:
    words = ["figure", "closure_rate", "--list", "nc-issues", "--as-of", "2024-12-31"]
    database = f"sqlite:///{small_site / 'ecoissues.db'}"
    answers = {
        call("--data", str(small_site), *words).stdout,
        call(*words, "--data", str(small_site)).stdout,
        call("--database", database, "--data", str(small_site), *words).stdout,
        call(*words, env={"ECOISSUES_DATA": str(small_site)}).stdout,
        call(*words, env={"ECOISSUES_DATA": str(small_site), "DATABASE_URL": database}).stdout,
    }
    assert len(answers) == 1
    assert "33 / 40" in answers.pop()


def test_lists_and_cases_have_their_promised_keys(ask: Callable[..., Any]) -> None:
    lists = ask("lists")
    assert {"code", "title", "kind", "level", "unit", "total"} <= set(lists[0])
    totals = {row["code"]: row["total"] for row in lists}
    assert totals["nc-municipal-2"] == 10
    closed = ask("cases", "nc-issues", "--as-of", "2024-12-31", "--phase", "closed")
    still_open = ask("cases", "nc-issues", "--as-of", "2024-12-31", "--phase", "open")
    assert (len(closed), len(still_open)) == (33, 7)
    assert {row["phase"] for row in closed} == {"closed"}


def test_a_figure_opens_into_exactly_its_rows(ask: Callable[..., Any]) -> None:
    words = ["figure", "closure_rate", "--list", "nc-issues", "--as-of", "2024-12-31"]
    found = ask(*words)
    assert set(found) >= FIGURE_KEYS
    assert (found["part"], found["whole"], found["percent"]) == (33, 40, "82.5%")
    part = ask(*words, "--members", "part")["members"]
    rest = ask(*words, "--members", "rest")["members"]
    assert (len(part), len(rest), len({*part, *rest})) == (33, 7, 40)
    assert all(isinstance(number, str) for number in part)


@pytest.mark.parametrize(
    "by", ["district", "unit", "type", "phase", "outcome", "month", "weight", "due"]
)
def test_a_figure_in_groups(by: str, ask: Callable[..., Any]) -> None:
    found = ask(
        "figure", "closure_rate", "--list", "cq-central-3", "--as-of", "2024-06-30", "--by", by
    )
    assert found["groups"]
    assert all({"key", "part", "whole", "percent"} <= set(group) for group in found["groups"])


def test_a_figure_by_a_choice_of_the_kind(ask: Callable[..., Any], call: Call, small_site: Path) -> None:
    words = ["figure", "closure_rate", "--list", "cq-central-3", "--as-of", "2024-06-30"]
    found = ask(*words, "--field", "channel")
    assert {group["key"]: group["label"] for group in found["groups"]}["call"] == "来电"
    assert sum(group["whole"] for group in found["groups"]) == found["whole"]
    for field in ("content", "nothing"):  # a text is no choice
        refused = call(*words, "--field", field, "--data", str(small_site))
        assert refused.exit_code == 1
        assert "channel" in refused.stderr


def test_places_and_shares_that_sum_to_a_hundred(
    ask: Callable[..., Any], call: Call, small_site: Path
) -> None:
    words = ["figure", "closure_rate", "--list", "nc-issues", "--as-of", "2024-12-31"]
    printed = {places: ask(*words, "--places", places)["percent"] for places in ("0", "1", "2")}
    assert printed == {"0": "83%", "1": "82.5%", "2": "82.50%"}
    for by in ("month", "phase", "district", "weight"):
        found = ask(*words, "--by", by, "--hundred", "--places", "2")
        shares = [Fraction(group["share"].removesuffix("%")) for group in found["groups"]]
        assert sum(shares) == 100
        assert "最大余数" in found["note"]
    refused = call(
        "figure", "closure_rate", "--list", "cq-central-3", "--as-of", "2024-06-30",
        "--by", "type", "--hundred", "--data", str(small_site),
    )  # fmt: skip
    assert "shares_exceed" in refused.stderr or "凑足" in refused.stderr
    assert refused.exit_code == 1


def test_known_at_before_the_late_entries(ask: Callable[..., Any]) -> None:
    words = ["figure", "closure_rate", "--list", "nc-issues", "--as-of", "2024-12-31"]
    assert ask(*words, "--known-at", "2025-01-02")["part"] == 30
    assert ask(*words, "--known-at", "2025-02-01")["part"] == ask(*words)["part"] == 33


def test_the_proof_of_a_deadline_counts_every_day(ask: Callable[..., Any]) -> None:
    number = ask("cases", "cq-central-3", "--as-of", "2024-06-30")[0]["number"]
    report = next(
        clock
        for clock in ask("deadline", number, "--list", "cq-central-3")["clocks"]
        if clock["clock"] == "report"
    )
    counted = [day for day in report["days"] if day["number"]]
    assert len(counted) == report["proof"]["rule"]["length"] == 10
    assert counted[-1]["date"] == report["original"]


@pytest.mark.parametrize("arguments", [["list"], ["show", "{kind}"], ["check"]], ids=" ".join)
def test_kinds_need_no_site(arguments: list[str], call: Call) -> None:
    codes = [kind["code"] for kind in json.loads(call("kinds", "list", "--json").stdout)]
    for code in codes:
        words = [word.format(kind=code) for word in arguments]
        assert call("kinds", *words).exit_code == 0


def test_a_broken_kind_is_refused_with_file_and_line(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('code = "mine"\nversion = 1\nstates = "none"\n', "utf-8")
    result = call("kinds", "check", str(file))
    assert result.exit_code == 1
    assert "mine.toml:" in result.stdout


# ---- what writes, on a copy ----


@pytest.fixture
def copied(small_site: Path, tmp_path: Path) -> Path:
    """A copy of the small site that a test may write to."""
    folder = tmp_path / "copy"
    with closing(sqlite3.connect(small_site / "ecoissues.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(small_site, folder)
    return folder


def test_a_user_acts_and_the_figure_moves(call: Call, copied: Path, tmp_path: Path) -> None:
    def run(*words: str, code: int = 0) -> str:
        result = call(*words, "--data", str(copied))
        assert result.exit_code == code, result.stderr
        return result.stdout or result.stderr

    def signed() -> int:
        found = json.loads(run("cases", "cq-daily", "--phase", "open", "--json"))
        return sum(row["state"] == "in_progress" for row in found)

    waiting = [
        row["number"]
        for row in json.loads(run("cases", "cq-daily", "--phase", "open", "--json"))
        if row["state"] == "transferred" and row["unit"] == "500119-STHJ"
    ]
    before = signed()
    refused = run("act", waiting[0], "accept", "--list", "cq-daily", "--as", "nc.leader", code=1)
    assert "未做任何改动" in refused
    words = ["--list", "cq-daily", "--as", "nc.officer"]
    taken = json.loads(run("act", waiting[0], "accept", *words, "--json"))
    assert (taken["state"], signed()) == ("in_progress", before + 1)
    paper = tmp_path / "note.pdf"
    paper.write_bytes(b"%PDF-1.4\n%%EOF\n")
    noted = ["--set", "note=现场核查", "--evidence", f"document={paper}"]
    assert (
        json.loads(run("act", waiting[0], "log_work", *words, *noted, "--json"))["seq"]
        > taken["seq"]
    )
    assert "核验通过" in run("verify")


def test_verify_names_a_break_and_says_so_by_its_exit_code(call: Call, copied: Path) -> None:
    with closing(sqlite3.connect(copied / "ecoissues.db")) as connection:
        connection.execute("DROP TRIGGER eco_events_fixed")
        connection.execute("UPDATE events SET actor = 'somebody' WHERE pos = 40")
        connection.commit()
    result = call("verify", "--json", "--data", str(copied))
    assert result.exit_code == 1
    codes = {fault["code"] for fault in json.loads(result.stdout)["faults"]}
    assert "digest" in codes


def test_a_site_begins_gets_a_user_and_its_demonstration_once(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ["--data", str(tmp_path / "new")]
    assert call("db", "upgrade", *folder).exit_code == 0
    small = small_document()
    monkeypatch.setattr(ecoissues.demo.documents, "site_document", lambda: small)
    assert call("demo", *folder).exit_code == 0
    again = call("demo", *folder)
    assert again.exit_code == 0
    assert "未重复装入" in again.stderr
    assert "nc.officer" in call("demo", "--accounts", *folder).stdout
    added = call(
        "user", "add", "zhang", "--role", "officer", "--unit", "500119-STHJ", *folder, "--json"
    )
    assert json.loads(added.stdout)["name"] == "zhang"
    mixed = call("demo", "--remove", "--confirm=demo", *folder)
    assert (mixed.exit_code, "demo_mixed" in mixed.stderr) == (1, True)


def test_the_demonstration_is_refused_beside_ordinary_accounts(call: Call, tmp_path: Path) -> None:
    folder = ["--data", str(tmp_path / "real")]
    call("db", "upgrade", *folder)
    call("user", "add", "zhang", "--role", "officer", "--unit", "500119-STHJ", *folder)
    assert call("demo", *folder).exit_code == 1
    quiet = call("demo", "--if-empty", *folder)
    assert quiet.exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cases"], "缺少参数“清单”。"),
        (["cases", "X", "--as-of", "20"], "选项 --as-of 不对：“20”不是日期"),
        (["figure", "closure_rate"], "缺少选项 --list。"),
        (["figure", "closure_rate", "--list"], "选项 --list 后面缺少取值"),
        (["cases", "--bogus"], "没有选项 --bogus。"),
        (["cases", "a", "b"], "多出了 b。"),
        (["casess"], "是不是要 cases？"),
        (["kinds", "chek"], "没有命令“chek”。是不是要 check？"),
        (["figure", "closure_rate", "--list", "x", "--by", "y"], "可取 district、unit、type"),
    ],
)
def test_an_error_of_typing_is_answered_in_chinese(call: Call, words: list[str], said: str) -> None:
    done = call(*words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert "错误：" in done.stderr
    assert not {"Usage", "Error", "Missing", "Invalid", "Try "} & set(done.stderr.split())


def test_a_verb_names_the_argument_it_finds_wrong(call: Call, small_site: Path) -> None:
    place = ("--data", str(small_site))
    done = call("import", "cq-central-3", "none.csv", *place)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "参数“文件” 不对：没有文件 none.csv。" in done.stderr
    words = ("act", "1", "accept", "--list", "cq-central-3", "--as", "cq.officer", "--set", "z")
    done = call(*words, *place)
    assert done.exit_code == 2
    assert "选项 --set 不对：“z”" in done.stderr


def test_a_field_no_step_knows_is_named(call: Call, small_site: Path, tmp_path: Path) -> None:
    data = tmp_path / "site"
    shutil.copytree(small_site, data)
    words = ("act", "X1", "register", "--list", "cq-central-3", "--as", "cq.supervisor")
    done = call(*words, "--set", "colour=red", "--data", str(data))
    assert done.exit_code == 1
    assert "没有名为“colour”的栏目" in done.stderr
