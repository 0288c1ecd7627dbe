"""A case through its pages: registration, steps, refusals, conflicts, evidence, corrections."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from ecoissues.storage import tables as t
from tests.web.conftest import World

UNIT = "南川区生态环境局"


def picture() -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(out, format="JPEG")
    out.seek(0)
    return out


def version_of(client: FlaskClient, case_id: int) -> int:
    answer = client.get(f"/cases/{case_id}", headers={"Accept": "application/json"})
    return int(answer.get_json()["version"])


def take(world: World, client: FlaskClient, case_id: int, step: str, **values: Any) -> Any:
    form = f"/cases/{case_id}/steps/{step}"
    values.setdefault("version", version_of(client, case_id))
    return world.post(client, form, form, **values)


def transferred(world: World, number: str = "D3CQ202611180001") -> int:
    case_id = world.register("NC-C", number)
    client = world.client("supervisor")
    answer = take(
        world, client, case_id, "transfer", **{"units-unit": [UNIT], "units-party": ["lead"]}
    )
    assert answer.status_code == 303, answer.text
    return case_id


def test_a_whole_life_by_forms_alone(world: World) -> None:
    """Register, transfer, accept, work, apply, sign, approve, close by another, look back."""
    boss, officer, head = (world.client(n) for n in ("supervisor", "officer", "head"))
    page = "/lists/NC-C/register"
    answer = world.post(
        boss, page, page, number="D3CQ202611180007*", received_on="2026年11月18日",
        content="某养殖场夜间偷排粪污", types=["livestock", "water"], **{"types-first": "water"},
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    case_id = int(answer.headers["Location"].rsplit("/", 1)[1])
    assert "D3CQ202611180007" in boss.get("/cases").text
    units = {"units-unit": [UNIT], "units-party": ["lead"]}
    assert take(world, boss, case_id, "transfer", **units).status_code == 303
    assert take(world, officer, case_id, "accept").status_code == 303
    work = {
        "note": "已到现场",
        "verdict": "substantiated",
        "files-after": (picture(), "整改后.jpg"),
    }
    assert take(world, officer, case_id, "log_work", **work).status_code == 303
    apply = {"verdict": "substantiated", "remains": "管网改造", "promised_on": "2027-03-31"}
    assert take(world, officer, case_id, "apply_phase_close", **apply).status_code == 303
    assert take(world, head, case_id, "sign_phase_close").status_code == 303
    approve = {"promised_on": "2027-03-31"}
    assert take(world, boss, case_id, "approve_phase_close", **approve).status_code == 303
    final = {"verdict": "substantiated", "statement": "全部完成"}
    assert take(world, officer, case_id, "apply_final", **final).status_code == 303
    assert take(world, head, case_id, "sign_final").status_code == 303
    other = world.client("supervisor2")
    closing = {"verification": "现场核查属实", "files-document": (picture(), "核查表.jpg")}
    assert take(world, other, case_id, "close", **closing).status_code == 303
    rebound = {"reason": "反弹", "promised_on": "2027-06-30"}
    assert take(world, other, case_id, "rebound", **rebound).status_code == 303
    text = officer.get(f"/cases/{case_id}").text
    for word in ("核查办结", "反弹重办", "整改后.jpg", "办理中", "水、畜禽养殖"):
        assert word in text
    assert re.search(r"等待：<b>经办人 · 南川区生态环境局</b>", text)


def test_a_refused_form_comes_back_with_its_words_and_files(world: World) -> None:
    case_id = transferred(world)
    officer = world.client("officer")
    take(world, officer, case_id, "accept")
    answer = take(
        world, officer, case_id, "log_work", verdict="partly", investigation="查到暗管",
        **{"files-after": (picture(), "现场.jpg")},
    )  # fmt: skip
    assert answer.status_code == 422
    assert "<title>错误：" in answer.text
    assert 'href="#f-note"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "查到暗管" in answer.text
    assert "现场.jpg" in answer.text
    kept = re.findall(r'name="kept" value="([^"]+)"', answer.text)
    again = take(
        world, officer, case_id, "log_work", note="补上", verdict="partly", kept=kept,
        investigation="查到暗管",
    )  # fmt: skip
    assert again.status_code == 303
    assert "现场.jpg" in officer.get(f"/cases/{case_id}").text


def test_a_kept_file_of_somebody_else_is_not_taken(world: World) -> None:
    case_id = transferred(world)
    officer, boss = world.client("officer"), world.client("supervisor")
    take(world, officer, case_id, "accept")
    refused = take(world, officer, case_id, "log_work", **{"files-after": (picture(), "甲.jpg")})
    kept = re.findall(r'name="kept" value="([^"]+)"', refused.text)
    assert kept
    take(world, boss, case_id, "add_evidence", kept=kept)
    assert "甲.jpg" not in boss.get(f"/cases/{case_id}").text


def test_who_comes_second_sees_both_sides_and_can_send_again(world: World) -> None:
    case_id = transferred(world)
    officer, boss = world.client("officer"), world.client("supervisor")
    take(world, officer, case_id, "accept")
    seen = version_of(officer, case_id)
    take(world, boss, case_id, "chase", note="请抓紧")
    answer = take(world, officer, case_id, "log_work", version=seen, note="我的记录")
    assert answer.status_code == 409
    for word in ("他人已先办理", "请抓紧", "我的记录", "仍然提交"):
        assert word in answer.text
    fresh = re.search(r'name="version" value="(\d+)"', answer.text)
    assert fresh
    sent = take(world, officer, case_id, "log_work", version=fresh.group(1), note="我的记录")
    assert sent.status_code == 303


def test_a_step_that_is_gone_keeps_the_words_on_the_page(world: World) -> None:
    case_id = transferred(world)
    officer, boss = world.client("officer"), world.client("supervisor")
    token = world.token(officer, f"/cases/{case_id}/steps/ask_return")
    seen = version_of(officer, case_id)
    take(world, boss, case_id, "reject", reason="不属受理范围")
    answer = officer.post(
        f"/cases/{case_id}/steps/ask_return",
        data={"csrf_token": token, "version": seen, "reason": "不属本单位"},
    )
    assert answer.status_code == 409
    assert "不属本单位" in answer.text
    assert "不予受理" in answer.text


def test_programs_get_codes(world: World) -> None:
    case_id = transferred(world)
    officer, stranger = world.client("officer"), world.client("stranger")
    token = world.token(officer, f"/cases/{case_id}/steps/accept")
    ask = {"Accept": "application/json"}
    here = f"/cases/{case_id}/steps"
    sent = {"csrf_token": token, "version": version_of(officer, case_id)}
    first = officer.post(f"{here}/accept", data=sent, headers=ask)
    assert (first.status_code, first.get_json()["code"]) == (200, "ok")
    second = officer.post(f"{here}/log_work", data={**sent, "note": "x"}, headers=ask)
    assert (second.status_code, second.get_json()["code"]) == (409, "stale")
    wrong = officer.post(f"{here}/accept", data={**sent, "version": 3}, headers=ask)
    assert (wrong.status_code, wrong.get_json()["code"]) == (422, "wrong_state")
    role = officer.post(f"{here}/chase", data={**sent, "version": 3}, headers=ask)
    assert (role.status_code, role.get_json()["code"]) == (403, "not_allowed")
    other = world.token(stranger, "/")
    away = stranger.post(f"{here}/log_work", data={"csrf_token": other, "version": 3}, headers=ask)
    assert (away.status_code, away.get_json()["code"]) == (404, "not_found")
    body = {"version": 3, "values": {"note": "由程序记录"}}
    json_sent = officer.post(f"{here}/log_work", json=body, headers={**ask, "X-CSRFToken": token})
    assert (json_sent.status_code, json_sent.get_json()["seq"]) == (200, 4)


def test_the_same_key_twice_writes_once(world: World) -> None:
    case_id = transferred(world)
    officer = world.client("officer")
    token = world.token(officer, f"/cases/{case_id}/steps/accept")
    sent = {"csrf_token": token, "version": 2, "key": "abc"}
    for _ in range(2):
        answer = officer.post(f"/cases/{case_id}/steps/accept", data=sent)
        assert answer.status_code == 303
    assert version_of(officer, case_id) == 3


def test_chasing_takes_one_press_from_the_list(world: World) -> None:
    case_id = transferred(world)
    boss = world.client("supervisor")
    assert f'formaction="/cases/{case_id}/steps/chase"' in boss.get("/cases").text
    answer = world.post(
        boss, "/cases", f"/cases/{case_id}/steps/chase", **{"return": "/cases?list=NC-C"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/cases?list=NC-C")
    assert "催办" in boss.get(f"/cases/{case_id}").text


def test_another_districts_case_and_its_files_do_not_exist(world: World) -> None:
    case_id = transferred(world)
    officer = world.client("officer")
    take(world, officer, case_id, "accept")
    take(world, officer, case_id, "log_work", note="x", **{"files-after": (picture(), "a.jpg")})
    stranger = world.client("stranger")
    with world.site.store.reading() as connection:
        file_id = connection.execute(select(t.evidence.c.id)).scalar_one()
    for path in ("", "/steps/accept", f"/files/{file_id}", f"/files/{file_id}/small"):
        assert stranger.get(f"/cases/{case_id}{path}").status_code == 404, path
    other = world.register("NC-C", "D3CQ202611180099")
    assert officer.get(f"/cases/{other}/files/{file_id}").status_code == 404


def test_evidence_is_saved_never_run(world: World) -> None:
    case_id = transferred(world)
    officer = world.client("officer")
    take(world, officer, case_id, "accept")
    take(
        world, officer, case_id, "log_work", note="x", **{"files-after": (picture(), "照片 1.jpg")}
    )
    found = re.search(rf"/cases/{case_id}/files/(\d+)\"", officer.get(f"/cases/{case_id}").text)
    assert found
    answer = officer.get(f"/cases/{case_id}/files/{found.group(1)}")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    small = officer.get(f"/cases/{case_id}/files/{found.group(1)}/small")
    assert small.mimetype == "image/jpeg"
    assert len(small.data) < 5000
    evil = take(
        world, officer, case_id, "log_work", note="x",
        **{"files-document": (io.BytesIO(b"<script>alert(1)</script>"), "x.html")},
    )  # fmt: skip
    assert evil.status_code == 422
    assert "不是可接受的类型" in evil.text


def test_a_correction_is_asked_approved_and_shown_struck(world: World) -> None:
    case_id = transferred(world)
    officer, boss = world.client("officer"), world.client("supervisor")
    take(world, officer, case_id, "accept")
    take(world, officer, case_id, "log_work", note="写错的记录", verdict="substantiated")
    form = f"/cases/{case_id}/steps/ask_correction?event=4"
    page = officer.get(form).text
    assert "写错的记录" in page
    assert 'name="right-verdict"' in page
    asked = world.post(
        officer, form, f"/cases/{case_id}/steps/ask_correction", version=4, event="4",
        correction="amend", reason="笔误", **{"right-note": "写错的记录", "right-verdict": "partly"},
    )  # fmt: skip
    assert asked.status_code == 303, asked.text
    assert "更正申请待处理" in boss.get(f"/cases/{case_id}").text
    done = take(world, boss, case_id, "correct", event="5")
    assert done.status_code == 303, done.text
    text = officer.get(f"/cases/{case_id}").text
    assert "已更正" in text
    assert "部分属实" in text
    assert "笔误" in text
    struck = take(
        world, officer, case_id, "ask_correction", event="4", correction="strike", reason="重复"
    )
    assert struck.status_code == 303
    assert take(world, boss, case_id, "correct", event="7").status_code == 303
    assert "已撤销" in officer.get(f"/cases/{case_id}").text


def test_an_instruction_waits_until_it_is_answered(world: World) -> None:
    case_id = transferred(world)
    leader, officer = world.client("leader"), world.client("officer")
    take(world, leader, case_id, "instruct", instruction="请于周五前报进展")
    assert "批示待答复" in officer.get("/").text
    assert "领导批示待处理" in officer.get(f"/cases/{case_id}").text
    assert take(world, officer, case_id, "answer", event="3", answer="已办").status_code == 303
    assert "领导批示待处理" not in officer.get(f"/cases/{case_id}").text


def test_a_late_entry_needs_a_supervisor_and_a_reason(world: World) -> None:
    case_id = world.register("NC-C", "D3CQ202611100001", received_on="2026-11-01")
    boss = world.client("supervisor")
    units = {"units-unit": [UNIT], "units-party": ["lead"]}
    answer = take(world, boss, case_id, "transfer", on="2026-11-20", **units)
    assert answer.status_code == 303
    officer = world.client("officer")
    late = take(world, officer, case_id, "accept", on="2026-11-10")
    assert late.status_code in (403, 422)
    bad = take(world, officer, case_id, "accept", on="明天")
    assert bad.status_code == 422
    assert 'id="f-on-error"' in bad.text


def test_merging_picks_a_likely_duplicate(world: World) -> None:
    first = world.register("NC-C", "D3CQ202611180001", site="凤咀江畔")
    second = world.register("NC-C", "D3CQ202611180002", site="凤咀江畔")
    boss = world.client("supervisor")
    page = boss.get(f"/cases/{second}/steps/merge").text
    assert 'value="NC-C/D3CQ202611180001"' in page
    answer = take(
        world, boss, second, "merge", reason="同一点位",
        **{"target_case-pick": "NC-C/D3CQ202611180001"},
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    assert "D3CQ202611180002" in boss.get(f"/cases/{first}").text
    assert "已并入主件" in boss.get(f"/cases/{second}").text


def test_the_complainant_is_masked_and_revealed_with_a_reason_on_record(world: World) -> None:
    boss, page = world.client("supervisor"), "/lists/NC-C/register"
    answer = world.post(
        boss, page, page, number="X3CQ202611180001", received_on="2026-11-18", content="噪声扰民",
        types=["noise"], **{"person-name": "甄某某", "person-phone": "13800001234"},
    )  # fmt: skip
    case_id = int(answer.headers["Location"].rsplit("/", 1)[1])
    here = f"/cases/{case_id}"
    assert "甄**" in boss.get(here).text
    assert "138****1234" in boss.get(here).text
    assert world.post(boss, here, f"{here}/complainant", reason="").status_code == 422
    shown = world.post(boss, here, f"{here}/complainant", reason="回访核实办理结果")
    assert "13800001234" in shown.text
    with world.site.store.reading() as connection:
        rows = connection.execute(select(t.reveals.c.actor, t.reveals.c.reason)).all()
    assert [tuple(row) for row in rows] == [("supervisor", "回访核实办理结果")]
    leader = world.client("leader")
    assert "甄" not in leader.get(here).text
    sent = {"csrf_token": world.token(leader, here), "reason": "想看看"}
    assert leader.post(f"{here}/complainant", data=sent).status_code == 403


def test_texts_are_shown_never_run(world: World) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    case_id = world.register("NC-C", "D3CQ202611180003", content=evil, site=evil[:60])
    boss = world.client("supervisor")
    for page in (f"/cases/{case_id}", "/cases?columns=number,title,site", "/"):
        text = boss.get(page).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text


@pytest.mark.parametrize("number", ["D3CQ202611180001", "d3cq202611180001*", " D3CQ202611180001 "])
def test_a_number_opens_its_case(world: World, number: str) -> None:
    case_id = world.register("NC-C", "D3CQ202611180001")
    answer = world.client("supervisor").get("/go", query_string={"q": number})
    assert answer.headers["Location"] == f"/cases/{case_id}"
