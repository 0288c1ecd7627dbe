"""Layouts A to I of the published complaint ledgers, and the rectification ledgers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ecoissues.core.errors import Refused
from ecoissues.intake.body import dropped_lines
from ecoissues.intake.headers import field_codes, find_match, names
from ecoissues.intake.layout import find_layout
from ecoissues.intake.rows import read_rows
from ecoissues.intake.sheet import RawSheet, read_sheet

Build = Callable[..., bytes]


def raw(*rows: list[str]) -> RawSheet:
    return RawSheet("t", "", [], [list(row) for row in rows])


FORMS = {
    "A": "序号 受理编号 交办问题基本情况 行政区域 问题类型 调查核实情况 是否属实 办结目标 处理和整改情况 "
    "是否办结 责任人被处理情况",
    "B": "序号 受理编号 批次 交办问题基本情况 行政区域 污染类型 调查核实情况 是否属实 处理和整改情况 是否办结 "
    "问责情况",
    "C": "序号 受理编号 交办问题基本情况 行政区域 污染类型 调查核实情况 是否属实 处理和整改情况 问责情况",
    "D": "序号 受理编号 交办问题基本情况 行政区域 污染类型 调查核实情况 是否属实 处理和整改情况 问责情况 备注",
    "E": "序号 受理编号 交办问题基本情况 行政区域 污染类型 调查核实情况 是否属实 处理类别 处理和整改情况 "
    "责任人被处理情况",
    "F": "序号 受理编号 受理方式 交办问题基本情况 行政区域 污染类型 调查核实情况 是否属实 处理和整改情况 问责情况",
    "G": "序号 交办问题基本情况 涉及区县及部门 调查核实情况 是否属实 处理处罚和问责情况 是否办结 备注",
    "H": "序号 受理编号 行政区域 交办问题基本情况 污染类型 调查核实情况 是否属实 处理和整改情况 问责情况 备注",
    "I": "序号 举报地市 举报县区 受理编号 污染类型 是否属实 调查核实情况 处理和整改情况 问责情况",
    "整改台账": "任务序号 具体问题 主体责任单位 监管(验收)责任单位 整改目标 整改措施 整改时限 完成情况 状态",
    "公示表": "问题序号 具体内容 整改目标 整改措施 完成情况 责任单位 完成时限",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_column_of_every_form_is_found(form: str) -> None:
    headers = FORMS[form].split()
    layout = find_layout([["某市第七批转办情况一览表"], headers, ["1"] * len(headers)])
    assert layout.unknown == []
    assert layout.guessed == frozenset()
    assert len(layout.columns) == len(headers)
    assert layout.header_rows == (2,)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("是否\n办结", "finished"),
        ("*受理编号", "number"),
        (" 受 理 编 号 :", "number"),
        ("交办问题基本情况(摘要)", "content"),
        ("涉及区县\n及部门", "region"),
        ("整改任务/反馈问题", "problem"),
        ("牵头/督导单位", "lead_unit"),
        ("公示天数(自然日,含首尾)", "notice_days"),
        ("监管(验收)责任单位", "supervising_unit"),
        ("处理处罚和问责情况", "accountability"),
    ],
)
def test_header_spellings(header: str, code: str) -> None:
    match = find_match(header)
    assert match is not None
    assert (match.field, match.exact) == (code, True)


#: Headings of one's own making, as an office might write them; nine of ten must be right.
OWN = {
    "信访举报编号": "number", "本批受理编号": "number", "转办批次": "batch", "举报方式": "channel",
    "群众举报内容": "content", "群众反映问题情况": "content", "所在区县": "region", "属地": "region",
    "污染类别": "types", "主要污染类型": "types", "现场核查情况": "investigation",
    "调查核实情况说明": "investigation", "举报是否属实": "verdict", "问题是否属实": "verdict",
    "整改目标要求": "goal", "办结目标": "goal", "处理整改情况": "handling", "办理情况": "handling",
    "是否完成整改": "finished", "办结状态": "finished", "问责处理情况": "accountability",
    "责任人处理情况": "accountability", "备 注": "remark", "是否重点件": "weight",
    "整改责任单位": "unit", "责任单位名称": "unit", "主办单位": "unit", "协办单位": "joint_units",
    "配合部门": "joint_units", "牵头部门": "lead_unit", "验收单位": "supervising_unit",
    "处理方式": "handling_sort", "任务编号": "task_number", "问题描述": "problem",
    "具体整改措施": "measures", "整改完成时限": "deadline_text", "整改进展情况": "situation",
    "序时进度": "progress", "问题来源": "source", "企业名称": "site",
}  # fmt: skip


def test_own_headings_are_suggested_rightly() -> None:
    assert len(OWN) == 40
    found = {header: find_match(header) for header in OWN}
    right = sum(1 for header, code in OWN.items() if (m := found[header]) and m.field == code)
    assert right >= 36, {h: m for h, m in found.items() if not m or m.field != OWN[h]}


def test_the_document_of_names_is_sound() -> None:
    assert len(field_codes()) > 30
    assert set(names().fields.values()) == set(field_codes())
    assert find_match("天气") is None
    assert find_match("") is None


def test_titles_batches_and_days_with_blanks() -> None:
    layout = find_layout(
        [
            ["群众举报转办和边督边改公开情况一览表(第 七 批 201 7 年 8 月 27 日)"] * 4,
            [],
            ["序号", "受理编号", "交办问题基本情况", "行政区域"],
        ]
    )
    assert (layout.batch, str(layout.dated), layout.header_rows) == ("第七批", "2017-08-27", (3,))
    assert layout.title.count("一览表") == 1


def test_two_row_headers(workbook: Build) -> None:
    rows = [
        ["整改台账", "", "", "", "", ""],
        ["任务序号", "具体问题", "责任单位", "", "整改要求", ""],
        ["", "", "主体", "配合", "整改目标", "整改时限"],
        ["1", "某渣场渗滤液外排", "甲局", "乙镇", "达标", "2025年12月底"],
    ]
    merges = [(0, 0, 0, 5), (1, 0, 2, 0), (1, 1, 2, 1), (1, 2, 1, 3), (1, 4, 1, 5)]
    for read in (raw(*rows), read_sheet(workbook(rows, merges))):
        layout = find_layout(read.rows)
        assert layout.header_rows == (2, 3)
        assert layout.columns == {
            "task_number": 0,
            "problem": 1,
            "unit": 2,
            "joint_units": 3,
            "goal": 4,
            "deadline_text": 5,
        }
        assert [row.values["unit"] for row in read_rows(read, layout)] == ["甲局"]


def test_a_name_split_over_two_rows() -> None:
    layout = find_layout([["序号", "受理编号", "是否", "是否"], ["", "", "属实", "办结"], ["1"]])
    assert (layout.columns["verdict"], layout.columns["finished"]) == (2, 3)
    assert layout.header_rows == (1, 2)


def test_rows_that_are_no_cases_are_left_out_and_noted() -> None:
    header = ["序号", "受理编号", "交办问题基本情况", "行政区域"]
    read = raw(
        ["一览表"],
        header,
        ["一、大气问题"],
        ["1", "D1", "扬尘", "甲区"],
        header,
        ["2", "D2", "合计三家企业排污", "乙区"],
        [],
        ["", "", "只有内容的一行", ""],
        ["合计", "2件", "", ""],
        ["注:数据截至6月"],
        ["填表人:", "", "审核人:", "日期:"],
    )
    layout = find_layout(read.rows)
    assert [row.line for row in read_rows(read, layout)] == [4, 6, 8]
    assert [(note.line, note.code) for note in dropped_lines(read, layout)] == [
        (3, "section"),
        (5, "header_repeated"),
        (9, "total_row"),
        (10, "footer"),
        (11, "footer"),
    ]


def test_the_users_mapping_wins() -> None:
    rows = [["序号", "甲", "受理编号"], ["1", "扬尘", "D1"]]
    layout = find_layout(rows, mapping={"content": 1, "ordinal": -1})
    assert layout.columns == {"number": 2, "content": 1}
    assert layout.unknown == [(0, "序号")]
    layout = find_layout(rows, mapping={"remark": 2}, header_rows=[1])
    assert layout.columns == {"ordinal": 0, "remark": 2}


def test_unknown_and_guessed_columns_are_said() -> None:
    layout = find_layout([["受理编号", "行政区域", "天气", "群众反映问题情况"]])
    assert layout.unknown == [(2, "天气")]
    assert layout.guessed == {"content"}
    assert [note.code for note in layout.notes] == ["header_guessed", "header_unknown"]


def test_no_header() -> None:
    with pytest.raises(Refused, match="header_missing"):
        find_layout([["1", "2"], ["a", "b"]])
