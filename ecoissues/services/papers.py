"""Papers of one case for printing: the transfer order (转办单) and the report (办理情况报告).

They hold what the offices' own forms hold: number, units, content, deadline with its proof, boxes
to sign. Complainants' data stands in no paper (信访工作条例 2022, articles 30 and 46).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from ecoissues.core.errors import NotFound
from ecoissues.core.instants import day_of
from ecoissues.core.life import Life
from ecoissues.core.policy import Actor, require
from ecoissues.core.vocabulary import MARKS, PARTIES, ROLES, word
from ecoissues.services import casefile
from ecoissues.services.casefile import CaseFile, Opened
from ecoissues.services.clock_faces import Face
from ecoissues.services.ledger_rows import outcome_words
from ecoissues.services.site import Site
from ecoissues.services.timeline import Entry

TITLES: Final[dict[str, str]] = {"transfer": "转办单", "report": "办理情况报告", "deadlines": "时限计算说明"}


class Line(msgspec.Struct, frozen=True):
    """One row of a paper; ``tall`` rows may break over pages."""

    label: str
    text: str
    tall: bool = False


class Sign(msgspec.Struct, frozen=True):
    """A box to sign; ``stated``: who did it in the system and when, empty for nobody yet."""

    label: str
    stated: str = ""


class Paper(msgspec.Struct, frozen=True):
    """A paper ready to be shown."""

    title: str
    list_title: str
    number: str
    is_demo: bool
    lines: list[Line]
    signs: list[Sign]
    foot: list[str]


def paper(site: Site, actor: Actor, case_id: int, sort: str) -> Paper:
    """Make one paper of a case. NotFound for a case outside the scope or an unknown paper."""
    require(actor, "print.read")
    record = int(sort[7:]) if sort.startswith("record-") and sort[7:].isdecimal() else 0
    if sort not in TITLES and not record:
        raise NotFound("没有这种打印件。")
    file = casefile.case_file(site, actor, case_id)
    with site.store.reading() as connection:
        opened = casefile.open_case(connection, site, actor, case_id)
    number = file.number if not file.key or file.number.endswith("*") else f"{file.number}*"
    if record:
        title, lines, signs = _record(site, file, opened, record)
    else:
        makers = {"transfer": _transfer, "report": _report, "deadlines": _deadlines}
        title, (lines, signs) = TITLES[sort], makers[sort](site, file, opened)
    return Paper(
        title, file.list_title, number, file.is_demo,
        [line for line in lines if line.text], signs, _foot(site, file, opened),
    )  # fmt: skip


def _fields(life: Life, *codes: str) -> str:
    return next((str(life.fields[code]) for code in codes if life.fields.get(code)), "")


def _units(site: Site, life: Life, part: str) -> str:
    return "、".join(site.tree.by_code[code].name for code, own in life.parties if own == part)


def _basic(file: CaseFile, code: str) -> str:
    return next((shown.text for shown in file.basics if shown.code == code), "")


def _clock_lines(faces: Iterable[Face]) -> Iterable[Line]:
    """A deadline is never printed without the rule it was counted by."""
    for face in faces:
        if face.waits or face.current in ("—", ""):
            continue
        moved = f"（原时限 {face.original}）" if face.current != face.original else ""
        met = f"；{face.met_on} {face.verdict}" if face.met_on else ""
        yield Line(face.name, f"{face.current}{moved}{met}\n{face.rule}")


def _head(site: Site, file: CaseFile, opened: Opened) -> list[Line]:
    life = opened.life
    return [
        Line("编号", file.number + ("（重点）" if file.key else "")),
        Line("批次", _fields(life, "batch")),
        Line("受理日期", _fields(life, "received_on")),
        Line("受理方式", _basic(file, "channel")),
        Line("问题类型", "、".join(word("types", each) for each in life.types)),
        Line("行政区域", _basic(file, "region")),
        Line("点位或企业", _fields(life, "site")),
        Line(PARTIES["lead"][0], _units(site, life, "lead")),
        Line(PARTIES["joint"][0], _units(site, life, "joint")),
        Line(PARTIES["supervising"][0], _units(site, life, "supervising")),
    ]


def _transfer(site: Site, file: CaseFile, opened: Opened) -> tuple[list[Line], list[Sign]]:
    life = opened.life
    handed = life.marks.get("handed_over")
    lines = [
        *_head(site, file, opened),
        Line("交办问题", _fields(life, "content", "problem"), tall=True),
        Line("目标", _fields(life, "goal"), tall=True),
        Line("措施", _fields(life, "measures"), tall=True),
        Line("转办要求", _fields(life, "instruction"), tall=True),
        Line("转办日期", str(handed) if handed else "尚未转办"),
        *_clock_lines(file.clocks),
    ]
    return lines, [
        Sign("转办单位（盖章）", _who(file, opened, "handed_over")),
        Sign("签收单位（盖章）", _who(file, opened, "signed_for")),
    ]


def _report(site: Site, file: CaseFile, opened: Opened) -> tuple[list[Line], list[Sign]]:
    life = opened.life
    said = {
        "investigation": "调查核实情况", "result": "办理结果", "handling": "处理和整改情况",
        "situation": "整改情况", "statement": "办结说明", "remains": "剩余工作",
        "verification": "核查情况", "reply": "答复群众",
    }  # fmt: skip
    lines = [
        *_head(site, file, opened),
        Line("交办问题", _fields(life, "content", "problem"), tall=True),
        Line("目标", _fields(life, "goal"), tall=True),
        Line("是否属实", word("verdicts", life.verdict) if life.verdict else ""),
        *(Line(label, _fields(life, code), tall=True) for code, label in said.items()),
        Line("承诺完成日期", _fields(life, "promised_on")),
        Line("处理处罚和问责", outcome_words(life.outcomes) or _fields(life, "accountability")),
        Line("附件", f"{len(file.files)} 份" if file.files else ""),
        Line("办理状态", _standing(file, life)),
        *_clock_lines(file.clocks),
    ]
    signing = [event.seq for event in opened.standing if _signs(opened, event.step)]
    signed = [entry for entry in file.history if entry.seq in signing]
    heads = [entry for entry in signed if entry.role == ROLES["head"][0]]
    closed = [entry for entry in signed if entry.role == ROLES["supervisor"][0]]
    return lines, [
        Sign("经办人"),
        Sign("单位负责人（签字、盖章）", _stated(heads[0]) if heads else ""),
        Sign("督察办核查意见", _stated(closed[0]) if closed else ""),
    ]


def _deadlines(site: Site, file: CaseFile, opened: Opened) -> tuple[list[Line], list[Sign]]:
    """Print how each deadline came about: rule, changes, and every day of it."""
    lines = [
        Line("编号", file.number), Line("办理状态", _standing(file, opened.life)),
        Line(PARTIES["lead"][0], _units(site, opened.life, "lead")),
    ]  # fmt: skip
    for face in file.clocks:
        text = [f"现时限 {face.current}，原时限 {face.original}" + ("，暂定" if face.provisional else "")]
        if face.met_on:
            text.append(f"{face.met_on} {face.verdict}")
        lines.append(Line(face.name, "\n".join([*text, face.rule, *face.changes, *face.days]), tall=True))
    return lines, [Sign("核对人")]


def _record(
    site: Site, file: CaseFile, opened: Opened, seq: int
) -> tuple[str, list[Line], list[Sign]]:
    """Print the paper of one record (催办, 督办, 通报 …); NotFound for one that has none."""
    event = next((event for event in opened.standing if event.seq == seq), None)
    step = opened.kind.step_by_code.get(event.step) if event else None
    if event is None or step is None or not step.paper:
        raise NotFound("该条记录没有可以打印的文书。")
    entry = next(entry for entry in file.history if entry.seq == seq)
    lines = [
        Line("编号", file.number),
        Line(PARTIES["lead"][0], _units(site, opened.life, "lead")),
        Line("交办问题", _fields(opened.life, "content", "problem"), tall=True),
        *_clock_lines(file.clocks),
        *(Line(shown.label, shown.text, tall=True) for shown in entry.shown),
        Line("作出日期", entry.effective_on),
    ]
    return step.paper, lines, [Sign(f"{entry.unit}（盖章）", _stated(entry)), Sign("签收单位")]


def _standing(file: CaseFile, life: Life) -> str:
    marks = [f"{name}（{life.marks[mark]}）" for mark, (name, _) in MARKS.items() if mark in life.marks]
    return "；".join([file.state_name, *marks])


def _signs(opened: Opened, code: str) -> bool:
    step = opened.kind.step_by_code.get(code)
    return step is not None and step.signs


def _stated(entry: Entry) -> str:
    return f"系统记载：{entry.actor}，{entry.effective_on}"


def _who(file: CaseFile, opened: Opened, mark: str) -> str:
    """Say who set a mark, as the history names people."""
    marked = {event.seq for event in opened.standing if mark in event.facts.get("marks", ())}
    return next((_stated(entry) for entry in file.history if entry.seq in marked), "")


def _foot(site: Site, file: CaseFile, opened: Opened) -> list[str]:
    last = opened.events[-1]
    return [
        f"打印日期 {site.today()}；内容截至第 {last.seq} 条记录（{day_of(last.recorded_at)} 记载），"
        f"摘要 {last.digest[:16]}。",
        "本件不含举报人信息。",
    ]
