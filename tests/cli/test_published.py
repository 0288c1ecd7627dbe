"""Editions, bulletins, rankings and indicators from the command line, as an office's script would."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.cli.conftest import Call

Run = Callable[..., Result]


@pytest.fixture
def run(call: Call, small_site: Path, tmp_path: Path) -> Run:
    """Call a verb on a copy of the small site that the test may write to."""
    folder = tmp_path / "site"
    shutil.copytree(small_site, folder)

    def verb(*words: str) -> Result:
        more = ["--data", str(folder)]
        place = words.index("--") if "--" in words else len(words)
        return call(*words[:place], *more, *words[place:])

    return verb


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def a_list(run: Run) -> str:
    rows = answer(run("lists", "--json"))
    return str(max(rows, key=lambda row: row["total"])["code"])


def test_an_edition_and_its_bridge(run: Run) -> None:
    code = a_list(run)
    made = answer(run("edition", "publish", code, "--as-of", "2024-12-31", "--json"))
    assert made["sound"] is True
    shown = answer(run("edition", "show", made["code"].lower(), "--json"))
    assert shown == made
    found = answer(run("edition", "compare", made["code"], "--json"))
    assert found["rows_sound"] is True
    for figure in found["figures"]:
        assert figure["then"] == figure["now"]
        assert figure["complete"] is True
    assert [row["code"] for row in answer(run("edition", "list", "--json"))] == [made["code"]]
    early = answer(
        run("edition", "publish", code, "--as-of", "2024-12-31", "--known-at", "2025-01-02", "--json")
    )
    for figure in answer(run("edition", "compare", early["code"], "--json"))["figures"]:
        parts = sum(row["part"] for row in figure["rows"])
        assert figure["now"]["part"] - figure["then"]["part"] == parts == figure["difference"]["part"]
    told = run("edition", "compare", early["code"]).stdout + run("edition", "list").stdout
    assert "_" not in told  # steps and sorts by their names, not by their codes
    assert "T0" not in told  # the office's own time, not the log's
    assert run("edition", "show", "2222-2222").exit_code == 1
    assert run("verify").exit_code == 0


def test_a_bulletin_to_a_file(run: Run, tmp_path: Path) -> None:
    key = run("bulletin", "new", "monthly", a_list(run), "--as-of", "2024-12-31").stdout.strip()
    code = run("bulletin", "publish", key).stdout.strip()
    out = tmp_path / "通报.docx"
    assert run("bulletin", "write", code, str(out)).exit_code == 0
    assert out.read_bytes().startswith(b"PK")
    assert answer(run("bulletin", "list", "--json"))[0]["edition"] == code
    assert {one["code"] for one in answer(run("bulletin", "templates", "--json"))} == {
        "daily", "weekly", "monthly", "special"
    }  # fmt: skip
    assert run("bulletin", "new", "nothing", a_list(run)).exit_code == 1


def test_a_ranking(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "scheme.toml"
    file.write_text(
        'code = "index"\ntitle = "管控指数"\nminimum = 1\n[[criteria]]\n'
        f'list = "{a_list(run)}"\nfigure = "closure_rate"\nweight = 40\n', "utf-8"
    )  # fmt: skip
    assert run("ranking", "define", str(file)).exit_code == 0
    found = answer(run("ranking", "show", "index", "--period", "2024-Q4", "--json"))
    assert found["lines"]
    unit = found["lines"][-1]["unit"]
    assert run("ranking", "entry", "index", "2024-Q4", unit, "+2", "示范榜").stdout.strip() == "1"
    assert run("ranking", "entry", "index", "2024-Q4", unit, "--", "-1.5", "扣分").exit_code == 0
    assert run("ranking", "cancel", "index", "2", "有误").exit_code == 0
    again = answer(run("ranking", "show", "index", "--period", "2024-Q4", "--weight", "1=9", "--json"))
    line = next(one for one in again["lines"] if one["unit"] == unit)
    assert (line["bonus"], line["deduction"], again["heads"][0]["weight"]) == ("+2", "", "9")
    assert run("ranking", "publish", "index", "--period", "2024-Q4").exit_code == 0
    assert run("ranking", "show", "index", "--period", "x").exit_code == 1
    assert run("ranking", "show", "index", "--period", "2024-Q4", "--weight", "x").exit_code == 2


def test_the_indicator_sheet(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "indicators.toml"
    file.write_text(
        'year = 2024\n[[indicators]]\ncode = "RIVER"\nname = "黑臭水体"\nmeasure = "条"\ntarget = 30\n',
        "utf-8",
    )
    assert run("indicators", "define", str(file)).exit_code == 0
    root = next(
        row["unit"] for row in answer(run("lists", "--json")) if row["level"] == "municipal"
    )
    assert run("indicators", "set", "RIVER", "2024-03", root, "61").exit_code == 0
    line = answer(run("indicators", "show", "--month", "2024-03", "--json"))["lines"][0]
    assert (line["whole"]["standing"], line["whole"]["distance"]) == ("achieved", "高于目标 103.3%")
    code = run("indicators", "publish", "--month", "2024-03").stdout.strip()
    table = tmp_path / "values.csv"
    table.write_text(f"指标,单位,月份,数值\nRIVER,{root},2024-03,62\n", "utf-8")
    assert run("indicators", "import", str(table)).exit_code == 0
    (change,) = answer(run("indicators", "compare", code, "--json"))["changes"]
    assert (change["then"], change["now"], change["reason"]) == ("61", "62", "corrected")
