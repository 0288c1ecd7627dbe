"""A kind's own fields everywhere: form, list, sort, filter, ledger, template, import, command line."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ecoissues.core.errors import Refused
from ecoissues.core.kind_field_checks import RESERVED
from ecoissues.exports.catalogue import load_forms
from ecoissues.intake.headers import field_codes
from ecoissues.services import (
    casefile,
    consulting,
    exporting,
    import_plans,
    importing,
    ledger_rows,
    projecting,
    registering,
    rows,
)
from ecoissues.services.exporting import Asked
from ecoissues.services.listing import Filter
from ecoissues.services.site import Site
from tests.services.outlet_kind import outlet_site
from tests.services.small_site import actor, step

GIVEN: dict[str, Any] = {
    "received_on": "2024-06-03", "content": "某排口汛期溢流。", "river": "苦竹溪", "sort": "雨水口",
    "area": "1,250.5平方米", "cost": "3.25万元", "people": "120人", "reserve": "是",
    "spot": "106.551556，29.563009 某桥下游二十米",
}  # fmt: skip
STORED = {
    "river": "苦竹溪", "sort": "storm", "area": 1250.5, "cost": 3_250_000, "people": 120,
    "reserve": True,
    "spot": {"longitude": 106.551556, "latitude": 29.563009, "text": "某桥下游二十米"},
}  # fmt: skip


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = outlet_site(database_url, tmp_path)
    yield made
    made.close()


def register(site: Site, number: str, home: str = "river", /, **more: Any) -> int:
    values = {**GIVEN, "number": number, **more}
    asked = registering.Registration({k: v for k, v in values.items() if v is not None})
    return registering.register(site, actor(site, "supervisor"), home, asked).case_id


def page(site: Site, sort: str = "", columns: str = "", **values: str) -> rows.Page:
    asked = Filter.read({"list": "river", **values})
    return rows.read_page(site, actor(site, "supervisor"), asked, sort=sort, columns=columns)


def test_values_are_kept_as_facts_and_shown_in_words(site: Site) -> None:
    case_id = register(site, "A1")
    (line,) = consulting.cases_in(site, consulting.operator(site), "river")
    assert line["fields"] == STORED
    shown = casefile.case_file(site, actor(site, "supervisor"), case_id).basics
    texts = {each.label: each.text for each in shown}
    assert texts["排口类型"] == "雨水口"
    assert texts["面积"] == "1250.5 平方米"
    assert texts["整治投入"] == "32,500 元"
    assert texts["受益人数"] == "120 人"
    assert texts["位置"] == "106.551556,29.563009 某桥下游二十米"
    assert texts["在保护区内"] == "是"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("river", None, "请填写"),
        ("sort", "化粪池", "可选：污水厂排口、雨水口"),
        ("area", "很大", "不是数字，单位为平方米"),
        ("cost", "-5", "不得为负"),
        ("cost", "1.234", "最小到分"),
        ("people", "3.5", "须为整数"),
        ("people", "-1", "不能为负"),
        ("spot", "29.563009,106.551556", "写反了"),
        ("spot", "206.5,29.5 某处", "不在国内"),
        ("reserve", "大概", "“是”或“否”"),
    ],
)
def test_a_wrong_value_is_refused_at_its_field(
    site: Site, field: str, value: str | None, words: str
) -> None:
    with pytest.raises(Refused) as refusal:
        register(site, "A1", "river", **{field: value})
    assert refusal.value.code == "invalid"
    assert list(refusal.value.facts["errors"]) == [field]
    assert words in refusal.value.facts["errors"][field]
    assert consulting.cases_in(site, consulting.operator(site), "river") == []


def test_a_later_step_asks_for_the_field_again(site: Site) -> None:
    from ecoissues.services import stepform

    case_id = register(site, "A1")
    step(site, actor(site, "supervisor"), case_id, "hand", {"units": "500119-STHJ"})
    officer = actor(site, "officer", "500119-STHJ")
    form = stepform.prepare_form(site, officer, case_id, "check")
    assert form.initial["area"] == 1250.5
    assert [field.code for field in form.fields] == ["surveyed", "area"]


def test_the_list_shows_sorts_and_filters_them(site: Site) -> None:
    for number, area, river in (("A1", "9", "苦竹溪"), ("A2", "100", "长江"), ("A3", None, "长江")):
        register(site, number, area=area, river=river, sort="污水厂排口" if number == "A2" else None)
    shown = page(site, columns="number,field.river,field.area")
    assert shown.columns == ("number", "field.river", "field.area")
    assert [row.cells for row in shown.rows] == [
        ["苦竹溪", "9 平方米"], ["长江", "100 平方米"], ["长江", "—"],
    ]  # fmt: skip
    # As numbers, not as texts; empty ones last either way.
    assert [row.number for row in page(site, "field.area").rows] == ["A1", "A2", "A3"]
    assert [row.number for row in page(site, "-field.area").rows] == ["A2", "A1", "A3"]
    for asked, wanted in (
        ({"field.river": "长"}, ["A2", "A3"]),
        ({"field.sort": "sewage"}, ["A2"]),
        ({"field.area": "100"}, ["A2"]),
        ({"field.reserve": "1"}, ["A1", "A2", "A3"]),
        ({"field.reserve": "0"}, []),
        ({"field.spot": "下游"}, ["A1", "A2", "A3"]),
    ):
        found = page(site, **asked)
        assert [row.number for row in found.rows] == wanted, asked
        assert found.total == len(wanted)
        with site.store.reading() as connection:
            ids = rows.ids_in_order(
                connection, site, actor(site, "supervisor"),
                Filter.read({"list": "river", **asked}), "",
            )  # fmt: skip
        assert len(ids) == len(wanted)


@pytest.mark.parametrize("values", [{"field.none": "1"}, {"field.area": "宽"}, {"list": "c3", "field.river": "x"}])
def test_a_filter_that_cannot_be_is_refused(site: Site, values: dict[str, str]) -> None:
    with pytest.raises(Refused) as refusal:
        page(site, **values)
    assert refusal.value.code == "bad_filter"


def test_a_case_is_found_by_their_words(site: Site) -> None:
    register(site, "A1")
    register(site, "A2", river="长江", spot="某码头上游")
    assert [row.number for row in page(site, q="苦竹溪").rows] == ["A1"]
    assert [row.number for row in page(site, q="码头上游").rows] == ["A2"]
    assert [row.number for row in page(site, q="某桥下游").rows] == ["A1"]


def test_the_ledger_has_their_columns_behind_its_own(site: Site, tmp_path: Path) -> None:
    register(site, "A1")
    path = tmp_path / "sheet.xlsx"
    exporting.export(site, actor(site, "supervisor"), Asked("issue_ledger", "river"), path)
    lines = [[cell.value for cell in row] for row in openpyxl.load_workbook(path).active.iter_rows()]
    head = next(place for place, line in enumerate(lines) if "河流" in line)
    names = lines[head][lines[head].index("河流") :]
    assert names == ["河流", "排口类型", "面积（平方米）", "整治投入", "位置", "在保护区内", "节点"]
    (row,) = (line for line in lines if "苦竹溪" in line)
    assert row[lines[head].index("河流") :] == [
        "苦竹溪", "雨水口", 1250.5, 32500, "106.551556,29.563009 某桥下游二十米", "是", None,
    ]  # fmt: skip


def sheet(lines: list[list[Any]]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for line in lines:
        book.active.append(line)
    book.save(out)
    return out.getvalue()


HEAD = ["编号", "受理日期", "问题描述", "受纳水体", "排口类型", "面积(平方米)", "整治投入", "位置", "排查日期"]


def test_a_sheet_brings_them_in_and_out_again(site: Site) -> None:
    who = actor(site, "supervisor")
    good = ["A1", "2024-06-03", "溢流", "苦竹溪", "雨水口", "12.5", "1.5万", "106.5,29.5 桥下", "2024.5.6"]
    bad = ["A2", "2024-06-03", "溢流", "", "化粪池", "宽", "1.5万", "29.5,106.5", "去年"]
    content = sheet([HEAD, good, bad])
    made = importing.preview(site, who, "river", "排口.xlsx", content)
    assert {"river", "sort", "area", "cost", "spot", "surveyed"} <= set(made.mapping)
    assert made.unknown == []
    first, second = made.rows
    assert (first.standing, second.standing) == ("new", "refused")
    said = {problem.field: problem.code for problem in second.problems}
    assert said == {
        "river": "river_missing", "sort": "sort_invalid", "area": "area_invalid",
        "spot": "spot_invalid", "surveyed": "surveyed_invalid",
    }  # fmt: skip
    assert importing.carry_out(site, who, made).counts["new"] == 1
    (line,) = consulting.cases_in(site, consulting.operator(site), "river")
    assert line["fields"] == {
        "river": "苦竹溪", "sort": "storm", "area": 12.5, "cost": 1_500_000,
        "spot": {"longitude": 106.5, "latitude": 29.5, "text": "桥下"}, "surveyed": "2024-05-06",
    }  # fmt: skip
    again = importing.preview(site, who, "river", "排口.xlsx", sheet([HEAD, good]))
    assert [row.standing for row in again.rows] == ["same"]
    changed = [*good[:5], "20", "1.6万", *good[7:]]
    again = importing.preview(site, who, "river", "排口.xlsx", sheet([HEAD, changed]))
    (row,) = again.rows
    assert row.differences == {"area": (12.5, 20), "cost": (1_500_000, 1_600_000)}
    importing.carry_out(site, who, again)
    (line,) = consulting.cases_in(site, consulting.operator(site), "river")
    assert (line["fields"]["area"], line["fields"]["cost"]) == (20, 1_600_000)


def test_the_template_asks_for_all_of_them_and_reads_back(site: Site) -> None:
    out = io.BytesIO()
    importing.template(site, actor(site, "supervisor"), "river", out)
    book = openpyxl.load_workbook(out)
    lines = [[str(cell.value or "") for cell in row] for row in book.worksheets[0].iter_rows(max_row=5)]
    named = {name.lstrip("*") for line in lines for name in line}
    assert {"河流", "排口类型", "面积（平方米）", "受益人数", "位置", "在保护区内", "排查日期"} <= named
    assert "*河流" in {name for line in lines for name in line}
    listed = [str(cell.value) for row in book.worksheets[1].iter_rows() for cell in row]
    assert {"污水厂排口", "雨水口", "是", "否"} <= set(listed)


# ---- milestones and parts ----


def at_work(site: Site, number: str = "A1") -> tuple[int, Any]:
    case_id = register(site, number)
    step(site, actor(site, "supervisor"), case_id, "hand", {"units": "500119-STHJ"})
    return case_id, actor(site, "officer", "500119-STHJ")


def refused(site: Site, who: Any, case_id: int, code: str, values: dict[str, Any]) -> str:
    with pytest.raises(Refused) as refusal:
        step(site, who, case_id, code, values)
    return refusal.value.code


def test_milestones_are_planned_and_reached_in_their_order(site: Site) -> None:
    case_id, officer = at_work(site)
    plan = "一季度：清淤\n二季度：复核 2024-07-15\n回访 2025-03-01"
    step(site, officer, case_id, "plan", {"milestones": plan})
    shown = casefile.case_file(site, officer, case_id)
    assert [(m.code, m.content, str(m.due_on)) for m in shown.miles] == [
        ("q1", "清淤", "2024-03-31"), ("q2", "复核", "2024-07-15"), ("回访", "", "2025-03-01"),
    ]  # fmt: skip
    reach = {"milestone": "二季度", "done_on": "2024-06-09"}
    assert refused(site, officer, case_id, "reach", reach) == "milestone_too_early"
    assert refused(site, officer, case_id, "reach", {**reach, "milestone": "五季度"}) == "unknown_milestone"
    early = {"milestone": "q1", "done_on": "2024-06-11"}
    assert refused(site, officer, case_id, "reach", early) == "future_day"
    step(site, officer, case_id, "reach", {"milestone": "q1", "done_on": "2024-06-08"})
    assert refused(site, officer, case_id, "reach", early) == "milestone_reached"
    shown = casefile.case_file(site, officer, case_id)
    assert shown.plan == "已完成 1/3，下一节点：二季度（2024-07-15）"
    step(site, officer, case_id, "plan", {"milestones": "一季度\n二季度 2024-08-01"})
    shown = casefile.case_file(site, officer, case_id)
    assert [str(m.done_on) for m in shown.miles] == ["2024-06-08", "None"]
    wrong = {"milestones": "一季度 2024-09-30\n二季度 2024-08-01"}
    assert refused(site, officer, case_id, "plan", wrong) == "milestone_order"
    assert refused(site, officer, case_id, "plan", {"milestones": "回访\n回访"}) == "invalid"
    (line,) = consulting.cases_in(site, consulting.operator(site), "river")
    assert line["fields"]["milestones"][0]["done_on"] == "2024-06-08"


def test_a_case_has_parts_and_is_done_after_them(site: Site) -> None:
    from ecoissues.services.evidence import prepare
    from tests.services.small_site import PDF

    case_id, officer = at_work(site)
    part = register(site, "B1", "works", parent_case="river/A1")
    other = register(site, "A2", parent_case="A1")  # of another kind: derived, no part
    shown = casefile.case_file(site, officer, case_id)
    assert [child.id for child in shown.children] == [part]
    assert shown.derived == []  # not yet his unit's
    whole = casefile.case_file(site, actor(site, "supervisor"), case_id)
    assert [each for each, _ in whole.derived] == [other]
    below = casefile.case_file(site, actor(site, "supervisor"), part)
    assert below.parent == (case_id, "A1")
    assert below.is_child
    head = actor(site, "head", "500119-STHJ")
    step(site, officer, case_id, "note", {"clean": "否"})
    step(site, officer, case_id, "check", {}, prepare(site, "a.pdf", "after", PDF))
    step(site, head, case_id, "sign")
    supervisor = actor(site, "supervisor")
    assert refused(site, supervisor, case_id, "finish", {}) == "parts_open"
    step(site, supervisor, part, "drop", {"reason": "重复"})
    step(site, supervisor, case_id, "finish")
    with pytest.raises(Refused) as refusal:
        register(site, "B2", "works", parent_case="river/A1")
    assert refusal.value.code == "parent_ended"


def test_no_own_field_can_stand_in_a_column_of_another() -> None:
    """Columns of import, of search and of the ledger mean one thing each in every kind."""
    columns = {*field_codes(), *import_plans.CARRIED, *projecting.SEARCHED, import_plans.STATED}
    columns |= {code for codes in ledger_rows._FIRST_OF.values() for code in codes}
    forms = load_forms()
    for code in ("issue_ledger", "rectification_ledger", "complaint_table"):
        columns |= {column.key for column in forms[code].columns}
    assert not columns - RESERVED
