"""Importing: every row taken or refused with a reason, twice is once, nothing silent, no closing."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from ecoissues.core.errors import Forbidden, NotFound, Refused
from ecoissues.core.life import fold
from ecoissues.core.policy import Actor
from ecoissues.figures.doubts import case_doubts
from ecoissues.services import exporting, gate, import_writing, importing
from ecoissues.services.import_plans import Plan
from ecoissues.services.importing import Options, Preview
from ecoissues.services.site import Site
from ecoissues.services.verifying import verify
from ecoissues.storage import log, reference
from ecoissues.storage import tables as t
from tests.services.small_site import Clock, actor, complaint, make_site, step

HEAD = "受理编号,受理方式,受理日期,交办问题基本情况,行政区域,污染类型,调查核实情况,是否属实,是否\n办结,批次"
ROWS = (
    "D3CQ202406070011*,来电,2024-06-07,某镇养殖场粪污直排小河。,南川区,水、畜禽养殖,,,,第三批",
    "D3CQ202406070012,来信,２０２４年６月６日,某路夜市油烟扰民。,南川区、渝北区,油烟,,,,第三批",
    "D3CQ202406050013,,,某工地夜间施工噪声大。,渝北,噪声,现场核实属实。,属实,已办结,第二批",
    ",来电,2024-06-07,没有编号的一行。,南川区,水,,,,第三批",
    "D3CQ202406070015,来电,2024-06-07,,南川区,水,,,,第三批",
    "d3cq202406070011,来电,2024-06-07,与第一行重复。,南川区,水,,,,第三批",
    "D3CQ202409010016,来电,2024-09-01,日期在将来。,南川区,水,,,,第三批",
    "D3CQ202406070017,来电,2024-06-07,区县不认识。,平山县,水,,,,第三批",
    "合计,,,8件,,,,,,",
)


def sheet(*rows: str, head: str = HEAD) -> bytes:
    """A CSV as offices send it: a title above, a line break in a heading."""
    quoted = ",".join(f'"{name}"' for name in head.split(","))
    return "\n".join(["第三批交办清单,,,", quoted, *rows]).encode()


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = make_site(database_url, tmp_path)
    yield made
    made.close()


def look(site: Site, content: bytes, options: Options | None = None) -> Preview:
    return importing.preview(site, actor(site, "supervisor"), "c3", "清单.csv", content, options)


def by_number(made: Preview) -> dict[str, Plan]:
    return {plan.number or f"line {plan.line}": plan for plan in made.rows}


def events(site: Site, number: str) -> list[str]:
    with site.store.reading() as connection:
        case_id = connection.execute(
            select(t.cases.c.id).where(t.cases.c.number == number)
        ).scalar_one()
        return [event.step for event in log.events_of(connection, case_id)]


def counted(site: Site) -> int:
    with site.store.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(t.events)).scalar_one())


def test_a_preview_says_what_every_row_would_do_and_touches_nothing(site: Site) -> None:
    made = look(site, sheet(*ROWS))
    assert made.counts == {"new": 4, "changed": 0, "same": 0, "refused": 4}
    problems = [(plan.line, plan.problems[0].code) for plan in made.rows if plan.problems]
    assert problems == [
        (6, "number_missing"), (7, "content_missing"), (8, "duplicate_in_file"), (9, "future_day"),
    ]  # fmt: skip
    assert all(plan.problems[0].sentence.endswith("。") for plan in made.rows if plan.problems)
    assert any(note.code == "total_row" for note in made.notes)
    assert counted(site) == 0


def test_a_commit_registers_transfers_and_never_closes(site: Site) -> None:
    made = look(site, sheet(*ROWS))
    result = importing.carry_out(site, actor(site, "supervisor"), made.token)
    assert result.counts == {"new": 4, "changed": 0, "same": 0, "refused": 4, "left_out": 0}
    states = {row.number: row.state for row in result.rows if row.case_id}
    assert states == {
        "D3CQ202406070011": "已转办", "D3CQ202406070012": "已转办",
        "D3CQ202406050013": "已登记", "D3CQ202406070017": "已登记",
    }  # fmt: skip
    assert events(site, "D3CQ202406070012") == ["register", "transfer"]
    assert events(site, "D3CQ202406050013") == ["register", "import"]
    with site.store.reading() as connection:
        rows = {
            row.number: row
            for row in connection.execute(
                select(t.cases, t.batches.c.name.label("batch")).outerjoin(
                    t.batches, t.batches.c.id == t.cases.c.batch_id
                )
            )
        }
        parties = connection.execute(
            select(t.case_parties.c.party).where(
                t.case_parties.c.case_id == rows["D3CQ202406070012"].id
            )
        ).scalars()
        assert sorted(parties) == ["joint", "lead"]
        stated = log.events_of(connection, rows["D3CQ202406050013"].id)
    assert rows["D3CQ202406070011"].weight == "key"
    assert rows["D3CQ202406070011"].batch == "第三批"
    assert rows["D3CQ202406070012"].received_on == "2024-06-06"
    assert rows["D3CQ202406050013"].phase == "open"
    life = fold(stated)
    assert life.fields["stated_finished"] == "closed"
    (doubt,) = case_doubts(life)  # told, since nobody here has closed it
    assert doubt[0] == "closed_undated"
    assert "“办结”" in doubt[1]
    assert life.verdict == "substantiated"
    assert life.registered_on == date(2024, 6, 5)
    assert "表格导入" in stated[0].facts["late"]["reason"]
    assert stated[1].facts["imported"] == {"sheet": "清单.csv", "line": 5}
    assert verify(site).faults == []


def test_the_same_file_twice_adds_nothing(site: Site) -> None:
    supervisor = actor(site, "supervisor")
    importing.carry_out(site, supervisor, look(site, sheet(*ROWS)))
    before = counted(site)
    again = look(site, sheet(*ROWS))
    assert again.counts == {"new": 0, "changed": 0, "same": 4, "refused": 4}
    result = importing.carry_out(site, supervisor, again)
    assert result.counts["same"] == 4
    assert counted(site) == before


def test_a_changed_row_is_an_event_and_shows_both_values(site: Site) -> None:
    supervisor = actor(site, "supervisor")
    importing.carry_out(site, supervisor, look(site, sheet(*ROWS)))
    changed = ROWS[0].replace("小河。,南川区", "大河。,南川区").replace(",,,,第三批", ",已查实。,部分属实,,第三批")
    made = look(site, sheet(changed, ROWS[1]))
    plan = by_number(made)["D3CQ202406070011"]
    assert plan.standing == "changed"
    assert plan.differences == {
        "content": ("某镇养殖场粪污直排小河。", "某镇养殖场粪污直排大河。"),
        "investigation": (None, "已查实。"),
        "verdict": (None, "partly"),
    }
    importing.carry_out(site, supervisor, made)
    assert events(site, "D3CQ202406070011")[-1] == "import"
    assert look(site, sheet(changed, ROWS[1])).counts["same"] == 2
    assert verify(site).faults == []


def test_only_accepted_lines_are_written(site: Site) -> None:
    made = look(site, sheet(*ROWS))
    result = importing.carry_out(site, actor(site, "supervisor"), made, accept={3})
    assert result.counts == {"new": 1, "changed": 0, "same": 0, "refused": 4, "left_out": 3}


def test_a_ledger_of_ours_comes_back_unchanged(site: Site, tmp_path: Path) -> None:
    supervisor = actor(site, "supervisor")
    importing.carry_out(site, supervisor, look(site, sheet(*ROWS)))
    case = complaint(site, "D3CQ202406070099*", units="500119-STHJ", goal="污水不外排")
    step(site, supervisor, case, "transfer", {"units": "500119-STHJ"})
    officer = actor(site, "officer", "500119-STHJ")
    step(site, officer, case, "accept")
    step(site, officer, case, "report_result", {"verdict": "属实", "result": "已责令整改。"})
    path = tmp_path / "ledger.xlsx"
    asked = exporting.Asked("complaint_table", "c3")
    assert exporting.export(site, supervisor, asked, path).rows == 5
    made = importing.preview(site, supervisor, "c3", "ledger.xlsx", path.read_bytes())
    assert {plan.number: plan.differences for plan in made.rows} == {
        plan.number: {} for plan in made.rows
    }
    assert made.counts == {"new": 0, "changed": 0, "same": 5, "refused": 0}


def test_a_chosen_mapping_is_remembered_for_the_same_headers(site: Site) -> None:
    supervisor = actor(site, "supervisor")
    head = "甲,受理日期,乙,行政区域,污染类型"
    rows = ("D3CQ202406070021,2024-06-07,某处异味。,南川区,大气",)
    assert look(site, sheet(*rows, head=head)).counts["refused"] == 1
    options = Options(mapping={"number": 0, "content": 2})
    made = look(site, sheet(*rows, head=head), options)
    assert made.counts["new"] == 1
    importing.carry_out(site, supervisor, made)
    later = ("D3CQ202406070022,2024-06-07,另一处异味。,南川区,大气",)
    assert look(site, sheet(*later, head=head)).counts["new"] == 1


def test_numbers_from_batch_and_ordinal_when_the_importer_agrees(site: Site) -> None:
    head, row = "序号,批次,交办问题基本情况,污染类型", "7,第三批,某处垃圾堆放。,垃圾"
    assert look(site, sheet(row, head=head)).rows[0].problems[0].code == "number_missing"
    made = look(site, sheet(row, head=head), Options(number_from_ordinal=True))
    assert made.rows[0].number == "第三批-7"
    assert made.counts["new"] == 1


def test_who_may_import_and_whose_upload(site: Site) -> None:
    for who in (actor(site, "officer", "500119-STHJ"), actor(site, "supervisor", "500119-DCB")):
        with pytest.raises(Forbidden):
            importing.preview(site, who, "c3", "a.csv", sheet(*ROWS))
    made = look(site, sheet(*ROWS))
    with pytest.raises(NotFound):
        importing.carry_out(site, actor(site, "supervisor", name="other"), made.token)
    with pytest.raises(Refused) as refused:
        look(site, b"no table at all")
    assert refused.value.code == "header_missing"


def test_a_void_case_is_not_brought_back_by_a_sheet(site: Site) -> None:
    case = complaint(site, "D3CQ202406070012")
    step(site, actor(site, "supervisor"), case, "void_entry", {"reason": "录入错误"})
    plan = by_number(look(site, sheet(ROWS[1])))["D3CQ202406070012"]
    assert [problem.code for problem in plan.problems] == ["case_void"]


def test_the_marked_copy_marks_every_wrong_cell_and_no_other(site: Site) -> None:
    made = look(site, sheet(*ROWS))
    out = io.BytesIO()
    supervisor = actor(site, "supervisor")
    assert importing.marked(site, supervisor, made.token, Options(), out) == 4
    page = openpyxl.load_workbook(io.BytesIO(out.getvalue())).active
    red = {cell.coordinate for row in page for cell in row if cell.fill.fgColor.rgb == "FFFFC7CE"}
    assert red == {"A6", "D7", "A8", "C9"}
    assert page["A6"].comment is not None


def test_the_template_comes_back_without_a_case(site: Site) -> None:
    out = io.BytesIO()
    supervisor = actor(site, "supervisor")
    importing.template(site, supervisor, "c3", out)
    made = importing.preview(site, supervisor, "c3", "模板.xlsx", out.getvalue())
    assert made.rows == []
    assert {"number", "content", "region", "types"} <= set(made.mapping)


def book(**sheets: list[list[Any]]) -> bytes:
    """A workbook with these sheets in this order."""
    made, out = openpyxl.Workbook(), io.BytesIO()
    made.remove(made.worksheets[0])
    for name, rows in sheets.items():
        page = made.create_sheet(name)
        for row in rows:
            page.append(row)
    made.save(out)
    return out.getvalue()


def test_the_sheet_with_a_header_is_read_and_the_others_are_named(site: Site) -> None:
    head = ["受理编号", "受理日期", "举报内容", "行政区域"]
    content = book(
        填表说明=[["请逐项填写"], ["红色为必填"]],
        第九批=[head, ["D3CQ202406050901", "2024-06-05", "某厂异味。", "南川区"]],
        第十批=[head, ["D3CQ202406061001", "2024-06-06", "某厂噪声。", "南川区"]],
    )
    made = look(site, content)
    assert [plan.number for plan in made.rows] == ["D3CQ202406050901"]
    assert (made.sheet, made.sheets) == ("第九批", ["填表说明", "第九批", "第十批"])
    left = next(note.sentence for note in made.notes if note.code == "sheets_left")
    assert "“第十批”" in left
    other = look(site, content, Options(sheet="第十批"))
    assert [plan.number for plan in other.rows] == ["D3CQ202406061001"]
    done = importing.carry_out(site, actor(site, "supervisor"), other.token, options=other.options)
    assert done.counts["new"] == 1
    with pytest.raises(Refused) as refused:
        look(site, content, Options(sheet="填表说明"))
    assert refused.value.code == "header_missing"
    with pytest.raises(Refused) as missing:
        look(site, content, Options(sheet="第十一批"))
    assert missing.value.code == "sheet_missing"


def test_a_day_of_receipt_nobody_can_read_is_not_replaced_by_today(site: Site) -> None:
    head = "受理编号,受理日期,交办日期,举报内容,行政区域"
    rows = (
        "0016,2024年2月30日,,日期不存在。,南川区", "0017,5月30日,2024-06-01,另有交办日期。,南川区",
        "D3CQ202406050018,30/05/2024,,编号里有日期。,南川区", "0019,,,没有写日期。,南川区",
    )  # fmt: skip
    made = importing.preview(
        site, actor(site, "supervisor"), "c3", "表.csv", "\n".join([head, *rows]).encode()
    )
    refused, handed, numbered, silent = made.rows
    assert [problem.code for problem in refused.problems] == ["received_unclear"]
    assert "2024年2月30日" in refused.problems[0].sentence
    assert (handed.standing, handed.day) == ("new", date(2024, 6, 1))
    assert (numbered.standing, numbered.day) == ("new", date(2024, 6, 5))
    assert (silent.standing, silent.day) == ("new", site.today())


def test_a_district_is_known_without_the_city_before_its_name(site: Site) -> None:
    with site.store.writing() as connection:
        reference.add_unit(
            connection, "500000-GX", "西部科学城重庆高新区", "重庆高新区", "district", site.tree.root
        )
    site.refresh()
    head = "受理编号,受理日期,举报内容,行政区域,责任单位"
    rows = ("0021,2024-06-05,甲。,高新区,", "0022,2024-06-05,乙。,南川区、高新区,", "0023,2024-06-05,丙。,,高新区")
    made = importing.preview(
        site, actor(site, "supervisor"), "c3", "表.csv", "\n".join([head, *rows]).encode()
    )
    units = [[code for code, _ in plan.units] for plan in made.rows]
    assert units == [["500000-GX"], ["500119", "500000-GX"], ["500000-GX"]]
    assert not any("不在单位表中" in note.sentence for plan in made.rows for note in plan.notes)


def test_tasks_of_rectification_find_their_fields(site: Site) -> None:
    head = "任务序号,整改任务,责任单位,整改目标,整改措施,整改时限,完成情况"
    row = "序号8(市序号9),某园区雨污分流不彻底。,南川区,雨天无溢流,\"1.排查\n2.改造\",2024年12月底,正在排查"
    supervisor = actor(site, "supervisor")
    made = importing.preview(site, supervisor, "tasks", "任务.csv", sheet(row, head=head))
    plan = made.rows[0]
    assert (plan.number, plan.standing) == ("8", "new")
    assert plan.values["superior_number"] == "9"
    assert plan.values["deadline_text"] == "2024年12月底"
    assert plan.facts["fields"]["situation"] == "正在排查"
    result = importing.carry_out(site, supervisor, made)
    assert result.rows[0].state == "已交办"


def test_a_district_list_needs_a_source_and_a_deadline_before_it_is_handed_over(
    database_url: str, tmp_path: Path
) -> None:
    made = make_site(database_url, tmp_path, Clock())
    office = actor(made, "supervisor", "500119-DCB")
    head = "问题编号,来源,问题描述,责任单位,类型"
    rows = ("QD2024-0001,自查发现,某河岸垃圾。,南川区城市管理局,垃圾", "QD2024-0002,,某处油污。,,水")
    found = importing.preview(made, office, "issues", "清单.csv", sheet(*rows, head=head))
    assert [plan.standing for plan in found.rows] == ["new", "refused"]
    assert found.rows[1].problems[0].code == "channel_missing"
    assert importing.carry_out(made, office, found).rows[0].state == "已录入"
    made.close()


def test_a_changed_sheet_and_steps_on_its_cases_do_not_wait_for_each_other(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both hold cases first and the end of the log last; a deadlock would cost the chunk its round."""
    supervisor = actor(site, "supervisor")
    plain = [f"D3CQ2024060700{n:02},来电,2024-06-07,某处{n}污水直排。,南川区,水,,,,第三批" for n in range(20, 40)]
    importing.carry_out(site, supervisor, look(site, sheet(*plain)))
    made = look(site, sheet(*reversed([row.replace("直排", "漫流") for row in plain])))
    assert made.counts["changed"] == 20
    again: list[int] = []
    write = import_writing.write_chunk

    def one_by_one(*given: Any) -> Any:  # the chunk itself is called by its name in ``importing``
        again.append(1)
        return write(*given)

    monkeypatch.setattr(import_writing, "write_chunk", one_by_one)
    ids = sorted(plan.case_id for plan in made.rows)
    failed: list[BaseException] = []

    def chase() -> None:
        try:
            for case_id in ids + ids[::-1]:
                take_note(site, supervisor, case_id)
        except BaseException as error:  # shown below
            failed.append(error)

    other = threading.Thread(target=chase)
    other.start()
    result = importing.carry_out(site, supervisor, made)
    other.join()
    assert failed == []
    assert result.counts["changed"] == 20
    assert not again, "the chunk was tried again row by row"


def take_note(site: Site, who: Actor, case_id: int) -> None:
    """Take a step on a case whatever its version is by now."""
    gate.take_step(site, who, case_id, gate.Request("chase", None, {}))


def test_a_row_that_somebody_overtook_is_not_taken_unseen(site: Site) -> None:
    """The sheet put an older text over what an officer had written since the preview."""
    number, officer = "D3CQ202406070011", actor(site, "officer", "500119-STHJ")
    rows = [f"{number},来电,2024-06-07,某镇养殖场粪污直排小河。,南川区,水,,,,第三批",
            "D3CQ202406070012,来信,2024-06-06,某路夜市油烟扰民。,渝北区,油烟,,,,第三批"]  # fmt: skip
    importing.carry_out(site, actor(site, "supervisor"), look(site, sheet(*rows)))
    rows[0] = rows[0].replace("水,,", "水,表中的旧情况。,")
    seen = look(site, sheet(*rows))
    case = by_number(seen)[number].case_id
    step(site, actor(site, "supervisor"), case, "forward", {"units": "500119-STHJ"})
    step(site, officer, case, "accept")
    step(site, officer, case, "log_work", {"note": "查", "investigation": "新的情况。"})
    token = {"seen": seen.seen}
    for what, more in ((seen, {}), (seen.token, token)):
        found = {row.number: row for row in importing.carry_out(
            site, actor(site, "supervisor"), what, **more).rows}  # type: ignore[arg-type]  # fmt: skip
        assert (found[number].outcome, found[number].code) == ("refused", "row_moved")
        assert found["D3CQ202406070012"].outcome == "same"
    assert "import" not in events(site, number)[2:]
    again = importing.carry_out(site, actor(site, "supervisor"), look(site, sheet(*rows)))
    assert again.counts["changed"] == 1


def test_an_outage_is_not_called_a_clash(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> Any:
        raise OperationalError("INSERT", {}, Exception("server closed the connection"))

    made = look(site, sheet(*ROWS[:2]))
    monkeypatch.setattr(import_writing, "_write", away)
    done = importing.carry_out(site, actor(site, "supervisor"), made)
    assert [row.code for row in done.rows] == ["database_away", "database_away"]
