"""Broken documents: each is refused with the right reason code, on the right line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecoissues.core.kind_registry import check_file, check_text, read_kinds
from tests.core.broken_fields import COMMON, FIELD_FAULTS
from tests.core.broken_placements import OWN, PLACED, PLACEMENT_FAULTS
from tests.core.kind_samples import DRILL, block, changed, head, line_of, within

CHECK, SIGN, FINISH, BACK, DROP = map(block, ("check", "sign", "finish", "back", "drop"))
HAND, NOTE, REGISTER = map(block, ("hand", "note", "register"))


SIDE = """
[[steps]]
code = "shortcut"
zh = "直接办结"
en = "Shortcut"
from = ["working"]
to = "done"
roles = ["supervisor"]
by = "office"
"""
ASK = """
[[steps]]
code = "ask"
zh = "申请延期"
en = "Ask"
from = ["working"]
roles = ["officer"]
effect = "ask_extension"
sort = "note"
fields = [
  { code = "clock", zh = "时限", en = "Clock", type = "choice", words = "clocks" },
  { code = "new_due", zh = "延至", en = "To", type = "date" },
]

[[steps]]
code = "grant"
zh = "批准延期"
en = "Grant"
from = ["working"]
roles = ["supervisor"]
by = "superior"
effect = "extend"
sort = "note"
fields = [{ code = "event", zh = "申请", en = "Request", type = "event" }]
"""
REOPEN = """
[[steps]]
code = "reopen"
zh = "重办"
en = "Reopen"
from = ["done"]
to = "working"
roles = ["supervisor"]
by = "superior"
sort = "back"
loop_reason = "反弹即重办。"
fields = [{ code = "reason", zh = "理由", en = "Reason", required = true }]
"""
WAIT = """
[[clocks]]
code = "notice"
zh = "公示期"
en = "Notice"
slot = "wait"
length = 5
waits = true
"""
LOST = '\n[[states]]\ncode = "lost"\nzh = "孤立"\nen = "Lost"\nphase = "open"\n'
TRAP = LOST + (
    '\n[[steps]]\ncode = "fall"\nzh = "陷入"\nen = "Fall"\nfrom = ["working"]\nto = "lost"\n'
    'roles = ["head"]\n'
)
UNMET = within(CHECK, 'requires = ["noted"]', 'requires = ["noted", "seen"]') + (
    '\n[[steps]]\ncode = "see"\nzh = "查看"\nen = "See"\nfrom = ["done"]\nroles = ["supervisor"]\n'
    'by = "superior"\nsort = "note"\nmeets = ["seen"]\n'
)

#: Case -> (document, reason, text that stands once in the document, on the line to be named).
BROKEN: dict[str, tuple[str, str, str]] = {
    "not toml": (changed("version = 1", "version = = 1"), "bad_toml", "version = = 1"),
    "unclosed": (DRILL + "x = [1,\n", "bad_toml", "x = [1,"),
    "unknown key": (within(SIGN, "signs =", "sings ="), "unknown_key", "sings"),
    "unknown key in field": (
        within(NOTE, 'words = "verdicts"', 'wordz = "verdicts"'),
        "unknown_key",
        "wordz",
    ),
    "unknown key on top": (changed("version = 1", "verison = 1"), "unknown_key", "verison"),
    "missing key": (within(SIGN, 'zh = "签字"\n', ""), "missing_key", head("sign")),
    "text for number": (changed("length = 10", 'length = "十天"'), "wrong_type", "十天"),
    "number for text": (within(SIGN, 'zh = "签字"', "zh = 7"), "wrong_type", "zh = 7"),
    "one for many": (within(SIGN, '["head"]', '"head"'), "wrong_type", 'roles = "head"'),
    "unknown base": (
        changed("version = 1", 'version = 1\nextends = "nothing"'),
        "unknown_base",
        "nothing",
    ),
    "duplicate state": (
        changed('[[states]]\ncode = "dropped"', '[[states]]\ncode = "done"').replace(
            'to = "dropped"', 'to = "done"'
        ),
        "duplicate_code",
        'code = "done"\nzh = "作废"',
    ),
    "duplicate step": (within(NOTE, 'code = "note"', 'code = "sign"'), "duplicate_code", ""),
    "duplicate field": (within(NOTE, 'code = "clean"', 'code = "verdict"'), "duplicate_code", ""),
    "bad code": (
        changed('code = "finish"\nzh = "核', 'code = "Finish!"\nzh = "核'),
        "bad_code",
        "!",
    ),
    "empty wording": (within(SIGN, 'en = "Sign"', 'en = " "'), "empty_wording", 'zh = "签字"'),
    "unknown phase": (changed('phase = "void"', 'phase = "gone"'), "unknown_phase", '"gone"'),
    "unknown phase group": (
        within(DROP, '["*"]', '["@gone"]'),
        "unknown_phase",
        "@gone",
    ),
    "unknown state from": (within(SIGN, '"checked"', '"chekced"'), "unknown_state", "chekced"),
    "unknown state to": (within(SIGN, '"signed"', '"singed"'), "unknown_state", "singed"),
    "unknown role": (within(SIGN, '"head"', '"haed"'), "unknown_role", "haed"),
    "unknown waiting role": (
        changed('waits_for = "supervisor"', 'waits_for = "pilot"'),
        "unknown_role",
        "pilot",
    ),
    "no role": (within(SIGN, '["head"]', "[]"), "step_without_role", "roles = []"),
    "role without right": (
        within(SIGN, '"head"', '"auditor"'),
        "role_without_right",
        '"auditor"',
    ),
    "role without relation": (
        within(FINISH, '"supervisor"', '"officer"'),
        "role_without_relation",
        'roles = ["officer"]\nby = "superior"',
    ),
    "unknown relation": (within(FINISH, '"superior"', '"boss"'), "unknown_relation", '"boss"'),
    "unknown word list": (within(NOTE, '"verdicts"', '"verdict"'), "unknown_words", '"verdict" }'),
    "choice without words": (
        within(NOTE, ', words = "verdicts"', ""),
        "choice_without_words",
        'type = "choice"',
    ),
    "unknown field type": (within(NOTE, '"flag"', '"flagg"'), "unknown_type", "flagg"),
    "unknown effect": (within(HAND, '"assign"', '"asign"'), "unknown_effect", "asign"),
    "effect of the system": (within(HAND, '"assign"', '"amend"'), "unknown_effect", '"amend"'),
    "effect without field": (
        within(HAND, 'type = "units"', 'type = "text"'),
        "effect_without_field",
        'effect = "assign"',
    ),
    "unknown clock": (within(HAND, '["finish"]', '["finnish"]'), "unknown_clock", "finnish"),
    "unknown promised clock": (
        within(HAND, 'starts = ["finish"]', 'promises = { finnish = "day" }'),
        "unknown_clock",
        "finnish",
    ),
    "promise without field": (
        changed(
            "length = 10\n",
            "",
            within(HAND, 'starts = ["finish"]', 'promises = { finish = "day" }'),
        ),
        "unknown_field",
        '"day"',
    ),
    "promise on counted clock": (
        within(REGISTER, "effect =", 'promises = { finish = "number" }\neffect ='),
        "promise_on_counted_clock",
        "promises",
    ),
    "clock without length": (changed("length = 10\n", ""), "clock_without_length", "starts ="),
    "clock never started": (
        within(HAND, 'starts = ["finish"]\n', ""),
        "clock_never_set",
        "[[clocks]]",
    ),
    "unknown on-time clock": (
        changed("version = 1", 'version = 1\non_time_clock = "report"'),
        "unknown_clock",
        "on_time_clock",
    ),
    "unknown clock unit": (changed('"workdays"', '"wdays"'), "unknown_value", "wdays"),
    "unknown slot": (changed('slot = "finish"', 'slot = "end"'), "unknown_slot", 'slot = "end"'),
    "unknown met_by": (changed('["closed"]', '["shut"]'), "unknown_mark", "shut"),
    "mark never set": (changed('["closed"]', '["replied"]'), "mark_never_set", '"replied"'),
    "waits without slot": (
        changed("length = 10", "waits = true\nlength = 10"),
        "wait_mismatch",
        "waits = true",
    ),
    "after a clock that does not wait": (
        within(FINISH, 'by = "superior"', 'by = "superior"\nafter_clock = "finish"'),
        "clock_not_waiting",
        "after_clock",
    ),
    "unknown mark": (within(HAND, "handed_over", "handed_ova"), "unknown_mark", "handed_ova"),
    "unknown four-eyes step": (within(SIGN, '["check"]', '["chekc"]'), "unknown_step", "chekc"),
    "unknown obligation": (within(CHECK, '"noted"', '"notde"'), "unknown_obligation", "notde"),
    "unknown evidence stage": (
        within(CHECK, '"after"', '"aftre"'),
        "unknown_evidence_stage",
        "aftre",
    ),
    "unknown condition": (
        within(CHECK, '"after" }', '"after", unless = ["verdict:maybe"] }'),
        "unknown_condition",
        "maybe",
    ),
    "unknown flag": (
        within(CHECK, '"after" }', '"after", unless = ["field:verdict"] }'),
        "unknown_field",
        "unless",
    ),
    "void without end": (within(DROP, 'sort = "end"\n', ""), "sort_mismatch", head("drop")),
    "back without reason": (
        within(BACK, "required = true", "required = false"),
        "back_without_reason",
        'sort = "back"',
    ),
    "negative bound": (
        within(BACK, "loop_reason", "bound = -1\nloop_reason"),
        "bad_number",
        "bound",
    ),
    "broken pattern": (changed("'\\d+'", "'(\\d+'"), "bad_pattern", "number_patterns"),
    "no registration": (
        within(REGISTER, 'effect = "register"', 'effect = ""'),
        "no_register",
        head("register"),
    ),
    "two registrations": (
        within(NOTE, 'sort = "note"', 'effect = "register"\nsort = "note"'),
        "several_registers",
        'effect = "register"\nsort',
    ),
    "registration from a state": (
        within(REGISTER, "from = []", 'from = ["done"]'),
        "register_from",
        'from = ["done"]',
    ),
    "step from nowhere": (
        within(FINISH, 'from = ["signed"]', "from = []"),
        "step_without_source",
        'from = []\nto = "done"',
    ),
    "work in a closed phase": (
        changed("work = true", "").replace('phase = "closed"', 'phase = "closed"\nwork = true'),
        "work_not_open",
        "work = true",
    ),
    "request decided by its asker": (DRILL + ASK, "decided_by_asker", head("grant")),
    "extension without clock": (
        changed("extension = { max_days = 5 }\n", "") + ASK,
        "extension_without_clock",
        '"ask_extension"',
    ),
    "unreachable state": (DRILL + LOST, "unreachable_state", head("lost", "states")),
    "trap": (DRILL + TRAP, "no_end", head("lost", "states")),
    "step never possible": (UNMET, "dead_step", head("check")),
    "closing without evidence": (
        within(CHECK, '\nevidence = [{ stage = "after" }]', ""),
        "close_without_evidence",
        head("finish"),
    ),
    "evidence that may fall away": (
        within(CHECK, '"after" }', '"after", unless = ["field:clean"] }'),
        "close_without_evidence",
        head("finish"),
    ),
    "only a before-picture": (
        within(CHECK, '"after"', '"before"'),
        "close_without_evidence",
        head("finish"),
    ),
    "closing without signature": (
        within(FINISH, "signs = true\n", "").replace("signs = true\n", ""),
        "close_without_signature",
        head("finish"),
    ),
    "closing by somebody who does not sign": (
        within(FINISH, "signs = true\n", ""),
        "close_unsigned",
        head("finish"),
    ),
    "a head who does not sign": (
        within(SIGN, "signs = true\n", ""),
        "head_without_signature",
        head("sign"),
    ),
    "signed by the handler": (
        within(SIGN, '\nother_than = ["check"]', ""),
        "sign_by_handler",
        head("sign"),
    ),
    "closed by the handler": (
        DRILL.replace('\nother_than = ["check"]', ""),
        "close_without_four_eyes",
        head("finish"),
    ),
    "completed by the handler": (
        changed('zh = "已签字"\nen = "Signed"\nphase = "open"', 'zh = "已签字"\nen = "Signed"\n'
                'phase = "completed"', within(SIGN, '\nother_than = ["check"]', "")),
        "done_by_handler",
        head("sign"),
    ),
    "reopened under the old clock": (
        DRILL + REOPEN,
        "reopened_without_clock",
        head("reopen"),
    ),
    "closing by a side path": (DRILL + SIDE, "close_without_evidence", head("shortcut")),
    "side path after rework": (
        within(BACK, 'to = "working"', 'to = "listed"')
        + '\n[[steps]]\ncode = "wave"\nzh = "放行"\nen = "Wave"\nfrom = ["working"]\n'
        'to = "signed"\nroles = ["supervisor"]\n',
        "close_without_evidence",
        head("finish"),
    ),
    "open state without clock": (
        changed('clockless = "尚未交办。"\n', ""),
        "state_without_clock",
        '[[states]]\ncode = "listed"',
    ),
    "clock met too early": (
        changed('["closed"]', '["handed_over"]'),
        "state_without_clock",
        '[[states]]\ncode = "working"',
    ),
    "loop without reason": (
        within(BACK, 'loop_reason = "时限照常计算。"\n', ""),
        "loop_without_bound",
        head("back"),
    ),
    "clock restarted in a loop": (
        within(BACK, "loop_reason", 'resets = ["finish"]\nloop_reason'),
        "clock_restart_unbounded",
        head("back"),
    ),
    "clock restarted by a note": (
        within(NOTE, "meets", 'resets = ["finish"]\nmeets'),
        "clock_restart_unbounded",
        head("note"),
    ),
    "date moved by the unit itself": (
        changed(
            "length = 10\n",
            "",
            within(HAND, 'starts = ["finish"]\n', ""),
        ).replace(
            'loop_reason = "时限照常计算。"\nfields = [',
            'loop_reason = "时限照常计算。"\npromises = { finish = "day" }\n'
            'fields = [{ code = "day", zh = "日期", en = "Day", type = "date" }, ',
        ),
        "promise_unapproved",
        head("back"),
    ),
    **FIELD_FAULTS,
    **PLACEMENT_FAULTS,
    "clock that nothing waits for": (DRILL + WAIT, "clock_never_set", head("notice", "clocks")),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_document_is_refused_with_reason_and_line(case: str) -> None:
    text, reason, needle = BROKEN[case]
    findings = check_text("drill.toml", text)
    found = {finding.reason: finding for finding in reversed(findings)}
    assert reason in found, findings
    assert found[reason].file == "drill.toml"
    assert found[reason].sentence.endswith("。")
    if needle:
        assert found[reason].line == line_of(needle, text), found[reason]


def test_the_drill_itself_is_sound() -> None:
    assert check_text("drill.toml", DRILL) == []
    assert check_text("drill.toml", OWN) == []
    assert check_text("drill.toml", COMMON + PLACED) == []  # the step comes from the shared ones


def test_broken_documents_are_many_and_of_many_sorts() -> None:
    assert len(BROKEN) >= 90
    assert len({reason for _, reason, _ in BROKEN.values()}) >= 60


@pytest.mark.parametrize(
    ("case", "walk"),
    [
        ("closing by a side path", ("register", "hand", "shortcut")),
        ("closing without signature", ("register", "hand", "note", "check", "sign", "finish")),
        ("trap", ("register", "hand", "fall")),
        ("loop without reason", ("register", "hand", "note", "check", "back")),
    ],
)
def test_the_path_is_the_shortest_that_shows_the_fault(case: str, walk: tuple[str, ...]) -> None:
    text, reason, _ = BROKEN[case]
    found = {finding.reason: finding for finding in check_text("drill.toml", text)}
    if reason == "loop_without_bound":
        assert found[reason].walk[-1] == "back"
    else:
        assert found[reason].walk == walk


def test_kinds_that_are_each_others_children_are_refused(tmp_path: Path) -> None:
    """A circle over several documents is told in each of them, with its way."""
    parent = """  { code = "parent_case", zh = "上级", en = "Parent", type = "case" },\n]"""
    for code, child in (("one", "two"), ("two", "three"), ("three", "one"), ("alone", "one")):
        text = changed("version = 1", f'version = 1\nchildren = "{child}"')
        text = changed('code = "drill"', f'code = "{code}"', text)
        text = text.replace('en = "Number" }]', 'en = "Number" },\n' + parent, 1)
        (tmp_path / f"{code}.toml").write_text(text, encoding="utf-8")
    kinds, findings = read_kinds(tmp_path)
    told = {finding.file: finding for finding in findings}
    assert set(told) == {"one.toml", "two.toml", "three.toml"}
    assert {finding.reason for finding in findings} == {"child_cycle"}
    assert told["one.toml"].walk == ("one", "two", "three", "one")
    assert told["one.toml"].line == 3
    assert ("alone", 1) in kinds
    assert ("one", 1) not in kinds
    (found,) = check_file(tmp_path / "one.toml", tmp_path)
    assert found.reason == "child_cycle"


def test_a_child_must_be_able_to_name_its_parent(tmp_path: Path) -> None:
    (tmp_path / "drill.toml").write_text(DRILL, encoding="utf-8")
    text = changed("version = 1", 'version = 1\nchildren = "drill"').replace('"drill"', '"top"', 1)
    (found,) = check_text("top.toml", text, tmp_path)
    assert (found.reason, found.line) == ("child_without_parent", 3)
