"""What the import verb tells: every refused row with its reason, what was read otherwise."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.conftest import Call

SHEET = """受理编号,反映内容,行政区,污染类型,是否属实,责任追究,心情
D3CQ202406060001,某河污水直排,南川区,水,属实,责令改正1件,好
D3CQ202406060001,同一编号又一行,南川区,水,属实,,
D3CQ202406060003,,南川区,水,属实,,
"""
TWICE = "第 3 行 D3CQ202406060001：编号 D3CQ202406060001 与第 2 行重复"
EMPTY = "第 4 行 D3CQ202406060003：缺少“交办问题基本情况”"


def test_an_import_says_why_it_refused_a_row_in_the_preview_and_after(
    call: Call, small_site: Path, tmp_path: Path
) -> None:
    data = tmp_path / "site"
    shutil.copytree(small_site, data)
    sheet = tmp_path / "sheet.csv"
    sheet.write_bytes(SHEET.encode("gbk"))
    place = ("--data", str(data))
    made = call("lists", "add", "sheets", "--title", "试导", "--kind", "complaint", *place)
    assert made.exit_code == 0, made.output
    words = ("import", "sheets", str(sheet), *place)
    looked = call(*words, "--dry-run")
    assert looked.exit_code == 0
    done = call(*words)
    assert done.exit_code == 1
    for result in (looked, done):
        assert TWICE in result.stdout
        assert EMPTY in result.stdout
        assert "“心情”" in result.stdout
        assert "责任追究" not in result.stdout
    assert "受理日期按编号推定为 2024-06-06" in looked.stdout
    assert "受理日期按编号推定" not in done.stdout
    assert "新增 1，拒绝 2" in done.stderr
