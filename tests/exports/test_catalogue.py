"""The registry of forms, and the office's own replacing a packaged one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecoissues.core.errors import NotFound, Refused
from ecoissues.exports.catalogue import get_form, load_forms

OWN = """
code = "complaint_table"
version = 7
zh = "本单位一览表"
en = "Own"
title = "本单位一览表"
sheet = "一览表"
[[columns]]
key = "number"
header = "编号"
width = 20
"""


def test_packaged_forms() -> None:
    forms = load_forms()
    assert {
        "complaint_table",
        "rectification_ledger",
        "issue_ledger",
        "batch_notice",
        "dispatch_table",
    } <= set(forms)
    assert [column.header for column in forms["complaint_table"].columns] == [
        "序号",
        "受理编号",
        "交办问题基本情况",
        "行政区域",
        "问题类型",
        "调查核实情况",
        "是否属实",
        "办结目标",
        "处理和整改情况",
        "是否办结",
        "责任人被处理情况",
    ]


def test_own_form_replaces_packaged_one(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN, encoding="utf-8")
    forms = load_forms([tmp_path, tmp_path / "missing"])
    assert get_form("complaint_table", forms).zh == "本单位一览表"
    assert "issue_ledger" in forms


def test_unknown_code_names_the_choices() -> None:
    with pytest.raises(NotFound) as missing:
        get_form("nothing")
    assert "complaint_table" in missing.value.sentence


def test_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(OWN.encode("gb18030"))
    with pytest.raises(Refused) as refused:
        load_forms([tmp_path])
    assert refused.value.facts["file"] == "own.toml"
