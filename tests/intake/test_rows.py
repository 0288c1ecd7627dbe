"""Whole rows: problems and notes, comparison with standing cases, the marked copy."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import openpyxl
import pytest

from ecoissues.intake.body import dropped_lines
from ecoissues.intake.compare import difference
from ecoissues.intake.layout import find_layout
from ecoissues.intake.limits import PASTED
from ecoissues.intake.marked import marked_copy
from ecoissues.intake.regions import RegionNames
from ecoissues.intake.rows import IntakeRow, Needs, counted, read_rows
from ecoissues.intake.sheet import Cell, RawSheet, Remark, read_sheet

HEADER: list[Cell] = ["序号", "受理编号", "批次", "交办问题基本情况", "行政区域", "污染类型", "是否属实", "是否办结",
          "责任人被处理情况", "备注"]  # fmt: skip


def read(*rows: list[Cell], needs: Needs | None = None, header: list[Cell] | None = None) -> Any:
    sheet = RawSheet("t", "", [], [header or HEADER, *rows])
    return list(read_rows(sheet, find_layout(sheet.rows), needs))


def test_a_full_row() -> None:
    needs = Needs(regions=RegionNames({"南川区": "500119"}), patterns=(r"[DX]\d[A-Z]{2}\d{12}",))
    (row,) = read(
        ["1", "d3cq202405290040*", "22", " 某厂夜间排烟 ", "南川", "大气、其他", "是", "阶段办结",
         "约谈2人", "/"],
        needs=needs,
    )  # fmt: skip
    values = row.values
    outcomes = values.pop("outcomes")
    assert [(o.sort, o.count) for o in outcomes] == [("talk", 2)]
    assert values == {
        "ordinal": "1",
        "number": "D3CQ202405290040",
        "key": True,
        "weight": "key",
        "batch": "第22批",
        "content": "某厂夜间排烟",
        "region": "南川",
        "regions": ("500119",),
        "types": ("air", "other"),
        "types_text": "大气、其他",
        "verdict": "substantiated",
        "finished": "phase_closed",
        "accountability": "约谈2人",
        "channel": "call",
        "received_on": date(2024, 5, 29),
    }
    assert not row.refused
    assert [n.code for n in row.notes] == ["channel_from_number", "received_from_number"]


def test_missing_number_and_content_refuse_with_the_cure() -> None:
    first, second = read(["1", "", "十", "异味", "甲县"], ["2", "D2", "", "/", "甲县"])
    assert [(p.field, p.code) for p in first.problems] == [("number", "number_missing")]
    assert "批次+序号" in first.problems[0].sentence
    assert [p.code for p in second.problems] == ["content_missing"]
    assert counted([first, second]) == (0, 2)


def test_the_user_may_number_by_batch_and_ordinal() -> None:
    (row,) = read(["3", "", "第十批", "异味"], needs=Needs(number_from_ordinal=True))
    assert row.values["number"] == "第十批-3"
    assert not row.refused
    assert [n.code for n in row.notes] == ["number_made"]


def test_unusual_values_are_noted_never_refused() -> None:
    (row,) = read(
        ["1", "2145", "", "粉尘大…", "甲县", "群众身边", "待核", "另册", "", ""],
        needs=Needs(patterns=(r"D\d+",), regions=RegionNames({"乙县": "2"})),
    )
    assert not row.refused
    assert {n.code for n in row.notes} == {
        "number_unusual", "content_cut", "type_unknown", "verdict_unknown", "finished_unknown",
        "region_unknown",
    }  # fmt: skip
    assert row.values["types"] == ("other",)
    assert row.values["finished_text"] == "另册"


def test_finished_may_stand_in_the_remark() -> None:
    header: list[Cell] = ["序号", "受理编号", "行政区域", "交办问题基本情况", "备注"]
    (row,) = read(["48", "2017043052", "甲县", "养猪", "已办结"], header=header)
    assert row.values["finished"] == "closed"


def test_rectification_rows() -> None:
    header: list[Cell] = [
        "任务序号",
        "具体问题",
        "责任单位",
        "整改目标",
        "整改时限",
        "完成情况",
        "状态",
        "公示起",
    ]
    rows = read(
        ["序号8(市序号9)", "渗滤液外排", "甲局", "达标", "2025年12月底", "已建", "达到序时进度",
         "2025.11.21"],
        ["第6项", "管网未通", "乙镇", "通水", "2025-06-30", "", "", ""],
        header=header,
    )  # fmt: skip
    first, second = (row.values for row in rows)
    assert (first["number"], first["superior_number"]) == ("8", "9")
    assert first["content"] == first["problem"] == "渗滤液外排"
    assert first["deadline_text"] == "2025年12月底"
    assert "deadline_on" not in first
    assert (first["progress"], first["notice_from"]) == ("on_schedule", date(2025, 11, 21))
    assert (second["number"], second["deadline_on"]) == ("6", date(2025, 6, 30))


def test_required_fields_of_the_kind() -> None:
    (row,) = read(["1", "D1", "", "异味"], needs=Needs(required=("region",)))
    assert [(p.field, p.code) for p in row.problems] == [("region", "region_missing")]


def test_duplicates_in_every_spelling() -> None:
    rows = read(
        ["1", "D3CQ202405290040", "", "甲"],
        ["2", "d3cq202405290040", "", "乙"],
        ["3", "Ｄ３ＣＱ２０２４０５２９００４０＊", "", "丙"],
        ["4", "D3CQ 20240529 0041*", "", "丁"],
        ["5", "D3CQ202405290040 *", "", "戊"],
    )
    assert [row.refused for row in rows] == [False, True, True, False, True]
    assert "第 2 行" in rows[1].problems[0].sentence


def test_a_damaged_long_number_refuses_the_row() -> None:
    sheet = RawSheet("t", "", [], [["受理编号", "举报内容"], ["110101199003071000", "异味"]])
    sheet.remarks = [Remark(2, 0, "digits_lost", ""), Remark(2, 1, "control_removed", "1")]
    (row,) = read_rows(sheet, find_layout(sheet.rows))
    assert [p.code for p in row.problems] == ["number_damaged"]
    assert [n.code for n in row.notes] == ["control_removed"]


def test_difference() -> None:
    row = IntakeRow(2, {"number": "D1", "content": "某厂 排烟", "types": ("water", "air"),
                        "received_on": date(2024, 5, 1), "ordinal": "9"})  # fmt: skip
    standing = {"number": "D1", "content": "某厂排烟", "types": ["air", "water"], "ordinal": "1",
                "received_on": "2024-05-01", "verdict": "partly"}  # fmt: skip
    assert difference(row, None).standing == "new"
    assert difference(row, standing).standing == "same"
    changed = difference(row, standing | {"content": "某店", "received_on": None})
    assert changed.standing == "changed"
    assert changed.fields == {
        "content": ("某店", "某厂 排烟"),
        "received_on": (None, date(2024, 5, 1)),
    }
    assert difference(row, standing | {"content": "某店"}, ["types"]).standing == "same"


def test_the_same_file_twice_differs_nowhere() -> None:
    rows = read(["1", "D1", "", "异味", "甲县", "水", "否", "是", "罚款1万元", "a"])
    again = read(["1", "D1", "", "异味", "甲县", "水", "否", "是", "罚款1万元", "a"])
    assert difference(again[0], rows[0].values).standing == "same"


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
def test_marked_copy_marks_the_wrong_cells_and_no_others() -> None:
    sheet = RawSheet("t", "", [], [
        ["第七批"], HEADER,
        ["1", "D1", "", "=1+1"],
        [],
        ["2", "D1", "", "重复"],
        ["3", "", "", date(2024, 5, 1)],
        ["4", "D4", "", ""],
    ])  # fmt: skip
    layout = find_layout(sheet.rows)
    rows = list(read_rows(sheet, layout))
    target = io.BytesIO()
    assert marked_copy(target, sheet, layout, rows) == 3
    page = openpyxl.load_workbook(io.BytesIO(target.getvalue())).active
    red = {
        cell.coordinate: cell.comment.text if cell.comment else None
        for line in page.iter_rows()
        for cell in line
        if cell.fill.fgColor.rgb == "FFFFC7CE"
    }
    assert set(red) == {"B5", "B6", "D7"}
    assert all(red.values())
    assert "重复" in str(red["B5"])
    assert page["K2"].value == "错误说明"
    assert "受理编号" in page["K6"].value
    assert page["K3"].value is None
    assert (page["D3"].value, page["D3"].data_type) == ("=1+1", "s")
    back = read_sheet(target.getvalue())
    assert back.rows[2][:4] == ["1", "D1", "", "=1+1"]
    assert back.rows[5][3] == date(2024, 5, 1)


def test_the_example_row_of_our_template_is_no_case() -> None:
    """The import template carries one filled example; importing it as it is registers nothing."""
    text = "序号\t受理编号\t交办问题基本情况\n示例\tD3CQ202405300001\t某厂废水\n1\tD3CQ202405300002\t某店油烟"
    sheet = read_sheet(text.encode(), "粘贴的内容", PASTED)
    layout = find_layout(sheet.rows)
    assert [row.values["number"] for row in read_rows(sheet, layout, Needs())] == [
        "D3CQ202405300002"
    ]
    assert [note.code for note in dropped_lines(sheet, layout)] == ["example_row"]
