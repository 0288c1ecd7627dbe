"""A small sound kind for tests to break, and a plain re-reading of the shipped documents."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

DRILL = """\
code = "drill"
version = 1
wording = { zh = "演练清单", en = "Drill" }
number_patterns = ['\\d+']
form = "drill_table"
figures = ["closure_rate"]

[[states]]
code = "listed"
zh = "已列入"
en = "Listed"
phase = "open"
waits_for = "supervisor"
clockless = "尚未交办。"

[[states]]
code = "working"
zh = "办理中"
en = "Working"
phase = "open"
work = true

[[states]]
code = "checked"
zh = "已自查"
en = "Checked"
phase = "open"

[[states]]
code = "signed"
zh = "已签字"
en = "Signed"
phase = "open"

[[states]]
code = "done"
zh = "办结"
en = "Done"
phase = "closed"

[[states]]
code = "dropped"
zh = "作废"
en = "Dropped"
phase = "void"

[[clocks]]
code = "finish"
zh = "办结时限"
en = "Finish"
slot = "finish"
length = 10
unit = "workdays"
met_by = ["closed"]
extension = { max_days = 5 }

[[steps]]
code = "register"
zh = "列入"
en = "List"
from = []
to = "listed"
roles = ["supervisor"]
by = "office"
effect = "register"
fields = [{ code = "number", zh = "编号", en = "Number" }]

[[steps]]
code = "hand"
zh = "交办"
en = "Hand over"
from = ["listed"]
to = "working"
roles = ["supervisor"]
by = "office"
effect = "assign"
starts = ["finish"]
marks = ["handed_over"]
fields = [{ code = "units", zh = "单位", en = "Units", type = "units" }]

[[steps]]
code = "note"
zh = "记录"
en = "Note"
from = ["working"]
roles = ["officer"]
meets = ["noted"]
sort = "note"
fields = [
  { code = "clean", zh = "无需整改", en = "Clean", type = "flag" },
  { code = "verdict", zh = "是否属实", en = "Verdict", type = "choice", words = "verdicts" },
]

[[steps]]
code = "check"
zh = "自查"
en = "Check"
from = ["working"]
to = "checked"
roles = ["officer"]
requires = ["noted"]
evidence = [{ stage = "after" }]

[[steps]]
code = "sign"
zh = "签字"
en = "Sign"
from = ["checked"]
to = "signed"
roles = ["head"]
signs = true
other_than = ["check"]

[[steps]]
code = "finish"
zh = "核查办结"
en = "Finish"
from = ["signed"]
to = "done"
roles = ["supervisor"]
by = "superior"
signs = true
other_than = ["check"]

[[steps]]
code = "back"
zh = "退回"
en = "Return"
from = ["checked", "signed"]
to = "working"
roles = ["head"]
sort = "back"
loop_reason = "时限照常计算。"
fields = [{ code = "reason", zh = "理由", en = "Reason", required = true }]

[[steps]]
code = "drop"
zh = "作废"
en = "Drop"
from = ["*"]
to = "dropped"
roles = ["supervisor"]
by = "office"
sort = "end"
fields = [{ code = "reason", zh = "理由", en = "Reason", required = true }]
"""


def changed(old: str, new: str, text: str = DRILL) -> str:
    """Give the text with the one place of ``old`` replaced."""
    assert text.count(old) == 1, f"{text.count(old)} places of {old!r}"
    return text.replace(old, new)


def block(code: str, table: str = "steps", text: str = DRILL) -> str:
    """Give the text of one table of the document, e.g. the step ``check``."""
    blocks = text.split("\n[[")
    (found,) = (b for b in blocks if b.startswith(f'{table}]]\ncode = "{code}"'))
    return "\n[[" + found


def within(part: str, old: str, new: str) -> str:
    """Give the drill with one place inside one of its tables replaced."""
    return changed(part, changed(old, new, part))


def head(code: str, table: str = "steps") -> str:
    """Give the first lines of a table, the place of a fault of the whole of it."""
    return f'[[{table}]]\ncode = "{code}"'


def line_of(needle: str, text: str) -> int:
    """Give the line (from 1) of the one place of a needle."""
    assert text.count(needle) == 1, f"{text.count(needle)} places of {needle!r}"
    return text[: text.index(needle)].count("\n") + 1


def shipped_texts() -> dict[str, str]:
    """Give the texts of the packaged documents by file name."""
    here = files("ecoissues.kinds")
    found = [item for item in here.iterdir() if item.name.endswith(".toml")]
    return {item.name: item.read_text(encoding="utf-8") for item in sorted(found, key=str)}


def inherited_steps(tables: dict[str, Any], table: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of the base, of its base and so on; of two with one code the nearest stands."""
    found: dict[str, dict[str, Any]] = {}
    while "extends" in table:
        table = tables[table["extends"] + ".toml"]
        for step in table["steps"]:
            found.setdefault(step["code"], step)
    return list(found.values())


def _leads_from(step: dict[str, Any], phases: dict[str, str]) -> bool:
    """Whether a shared step can be taken at all in a kind with these states."""
    return any(
        source in phases or source == "*" or source.removeprefix("@") in phases.values()
        for source in step["from"]
    )


def plain_kinds() -> dict[str, dict[str, Any]]:
    """Re-read the shipped kinds without the product's code: common steps in, states spelled out."""
    tables = {name: tomllib.loads(text) for name, text in shipped_texts().items()}
    kinds = {table["code"]: table for table in tables.values() if "code" in table}
    for kind in kinds.values():
        phases = {state["code"]: state["phase"] for state in kind["states"]}
        own = {step["code"] for step in kind["steps"]}
        shared = inherited_steps(tables, kind)
        clocks = kind.get("clocks", [])
        without = [] if kind.get("planned") or "milestones" in kind else ["plan", "reach"]
        if not any("extension" in clock for clock in clocks):
            without += ["ask_extension", "extend", "refuse_extension"]
        if not any("suspension" in clock for clock in clocks):
            without += ["ask_suspension", "suspend", "refuse_suspension", "resume"]
        if not clocks:
            without.append("recount")
        if "placed_states" not in kind:
            without.append("advance")
        kind["steps"] = [
            *kind["steps"],
            *(
                dict(step)
                for step in shared
                if step["code"] not in own
                and step.get("effect") not in without
                and _leads_from(step, phases)
            ),
        ]
        fields = {field["code"]: field for field in kind.get("fields", ())}
        for step in kind["steps"]:
            asked = [fields[ask["field"]] | ask for ask in step.get("asks", ())]
            step["fields"] = [*step.get("fields", ()), *asked]
            wanted = step["from"]
            step["from"] = [
                code
                for code, phase in phases.items()
                if code in wanted or f"@{phase}" in wanted or ("*" in wanted and phase != "void")
            ]
    return kinds
