"""The values of one row, field by field."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ecoissues.intake.dates import date_in_number, parse_date
from ecoissues.intake.headers import field_name
from ecoissues.intake.layout import Layout, find_batch, text_of
from ecoissues.intake.numbers import channel_in_number, parse_number
from ecoissues.intake.outcomes import suggest_outcomes
from ecoissues.intake.regions import RegionNames
from ecoissues.intake.sheet import Cell
from ecoissues.intake.text import is_nothing, squeeze, tidy
from ecoissues.intake.words import find_verdict, find_word, split_types

if TYPE_CHECKING:
    from ecoissues.intake.rows import Needs

_DAYS = ("received_on", "handed_over_on", "published_on", "notice_from", "notice_to")
_WORDS = {
    "channel": "channels",
    "finished": "finished",
    "progress": "progress",
    "weight": "weights",
}
_UNITS = ("unit", "joint_units", "lead_unit", "supervising_unit")
_CUT = re.compile(r"(?:\.{3,}|\((?:摘录止|略|下略)\))$")


@dataclass(slots=True)
class Draft:
    """Values under way; problems and notes as (field, code, sentence)."""

    values: dict[str, Any] = field(default_factory=dict)
    problems: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[tuple[str, str, str]] = field(default_factory=list)

    def note(self, of: str, code: str, sentence: str) -> None:
        """Add something to know that refuses nothing."""
        self.notes.append((of, code, sentence))


def read_values(row: Sequence[Cell], layout: Layout, needs: Needs) -> Draft:
    """Read a row's cells by the layout's columns; see ``IntakeRow`` for what comes out."""
    draft = Draft()
    for code, column in layout.columns.items():
        cell = row[column] if column < len(row) else ""
        text = text_of(cell)
        if not text or text.isspace():
            continue
        _READERS.get(code, _read_text)(draft, code, cell)
    _title_facts(draft, layout)
    _number_facts(draft, needs)
    _content_facts(draft, needs)
    _remark_facts(draft)
    _place_facts(draft, needs)
    texts = [draft.values.get(code, "") for code in ("accountability", "handling")]
    if any(texts) and (found := suggest_outcomes(*texts)):
        draft.values["outcomes"] = found
    for code in needs.required:
        if not draft.values.get(code):
            name = field_name(code)
            draft.problems.append((code, f"{code}_missing", f"缺少“{name}”；请补填后再导入。"))
    return draft


def _read_text(draft: Draft, code: str, cell: Cell) -> None:
    text = tidy(text_of(cell))
    if text and not is_nothing(text):
        draft.values[code] = text


def _read_number(draft: Draft, code: str, cell: Cell) -> None:
    number = parse_number(text_of(cell))
    if not number.text:
        return
    draft.values[code] = number.text
    if number.key:
        draft.values["key"] = True
        draft.values.setdefault("weight", "key")
    if number.superior:
        draft.values.setdefault("superior_number", number.superior)
    if number.damaged:
        sentence = f"编号被表格软件改写为 {number.text}；请把该列设为文本格式并重新填写。"
        draft.problems.append((code, "number_damaged", sentence))


def _read_day(draft: Draft, code: str, cell: Cell) -> None:
    day = parse_date(cell)
    if day is not None:
        draft.values[code] = day
    elif not is_nothing(text_of(cell)):
        shown = tidy(text_of(cell))
        draft.values[f"{code}_text"] = shown
        name = field_name(code)
        draft.note(code, "date_unclear", f"“{name}”写作“{shown}”，不是明确的日期，只留作文字")


def _read_word(draft: Draft, code: str, cell: Cell) -> None:
    text = text_of(cell)
    key = find_word(_WORDS[code], text)
    if key is not None:
        if code == "weight" and draft.values.get("key"):
            key = "key"
        draft.values[code] = key
    elif not is_nothing(text):
        draft.values[f"{code}_text"] = tidy(text)
        name = field_name(code)
        draft.note(code, f"{code}_unknown", f"“{name}”的写法“{tidy(text)}”不认识，只留作文字")


def _read_verdict(draft: Draft, code: str, cell: Cell) -> None:
    text = text_of(cell)
    key = find_verdict(text)
    if key is not None:
        draft.values[code] = key
        if find_word("verdicts", squeeze(text)) is None or "推" in text:
            draft.note(code, "verdict_guessed", f"“是否属实”由文字“{tidy(text)[:40]}”推出，请核对")
    elif not is_nothing(text):
        draft.values["verdict_text"] = tidy(text)
        draft.note(code, "verdict_unknown", f"“是否属实”的写法“{tidy(text)[:40]}”不认识")


def _read_types(draft: Draft, code: str, cell: Cell) -> None:
    text = tidy(text_of(cell))
    if is_nothing(text):
        return
    keys, unknown = split_types(text)
    draft.values["types"] = keys
    draft.values["types_text"] = text
    for word in unknown:
        draft.note(code, "type_unknown", f"问题类型“{word}”不在类型表中，归入“其他”，原文保留")


def _read_batch(draft: Draft, code: str, cell: Cell) -> None:
    text = squeeze(text_of(cell))
    if not is_nothing(text):
        draft.values[code] = find_batch(text) or (f"第{text}批" if text.isdigit() else text)


def _read_deadline(draft: Draft, code: str, cell: Cell) -> None:
    _read_text(draft, code, cell)
    day = parse_date(cell)
    if day is not None:
        draft.values["deadline_on"] = day


_READERS: dict[str, Callable[[Draft, str, Cell], None]] = {
    "number": _read_number,
    "task_number": _read_number,
    "ordinal": _read_text,
    "verdict": _read_verdict,
    "types": _read_types,
    "batch": _read_batch,
    "deadline_text": _read_deadline,
    **dict.fromkeys(_DAYS, _read_day),
    **dict.fromkeys(_WORDS, _read_word),
}


def _title_facts(draft: Draft, layout: Layout) -> None:
    if layout.batch and "batch" not in draft.values:
        draft.values["batch"] = layout.batch


def _number_facts(draft: Draft, needs: Needs) -> None:
    """Settle the number, and what a central inspection's number itself states."""
    values = draft.values
    found = next((code for code in needs.number_fields if values.get(code)), None)
    if found is not None:
        values["number"] = values[found]
    elif needs.number_from_ordinal and values.get("ordinal"):
        values["number"] = f"{values.get('batch', '')}-{values['ordinal']}".lstrip("-")
        draft.note("number", "number_made", f"没有编号，按批次和序号编为 {values['number']}")
    else:
        values.pop("number", None)
        name = field_name(needs.number_fields[0])
        sentence = f"缺少“{name}”；请补填，或在导入时选择按“批次+序号”编号。"
        draft.problems.append((needs.number_fields[0], "number_missing", sentence))
        return
    number = values["number"]
    if needs.patterns and not any(re.fullmatch(each, number) for each in needs.patterns):
        draft.note("number", "number_unusual", f"编号 {number} 与常见格式不同，请核对")
    channel = channel_in_number(number)
    if channel and "channel" not in values:
        values["channel"] = channel
        draft.note("channel", "channel_from_number", "受理方式按编号首字母推定")
    day = date_in_number(number)
    if day and "received_on" not in values:
        values["received_on"] = day
        draft.note("received_on", "received_from_number", f"受理日期按编号推定为 {day}")


def _content_facts(draft: Draft, needs: Needs) -> None:
    values = draft.values
    found = next((code for code in needs.content_fields if values.get(code)), None)
    if found is None:
        name = field_name(needs.content_fields[0])
        sentence = f"缺少“{name}”；请补填后再导入。"
        draft.problems.append((needs.content_fields[0], "content_missing", sentence))
        return
    values["content"] = values[found]
    if _CUT.search(squeeze(values["content"][-12:])):
        draft.note(found, "content_cut", "问题内容以省略号结尾，可能不完整，请核对原件")


def _remark_facts(draft: Draft) -> None:
    """Some forms have no column 是否办结 and write it as the remark."""
    remark = draft.values.get("remark", "")
    if remark and "finished" not in draft.values and len(remark) <= 12:
        key = find_word("finished", remark)
        if key is not None and squeeze(remark) not in ("是", "否"):
            draft.values["finished"] = key
            draft.note("finished", "finished_from_remark", f"办结情况取自备注“{remark}”")


def _place_facts(draft: Draft, needs: Needs) -> None:
    values = draft.values
    city = values.get("region_city")
    if city and not values.get("region"):
        values["region"] = city
    if needs.regions is not None and values.get("region"):
        _resolve(draft, "region", "regions", needs.regions)
    if needs.units is not None:
        for code in _UNITS:
            if values.get(code):
                _resolve(draft, code, f"{code}_codes", needs.units)


def _resolve(draft: Draft, code: str, target: str, table: RegionNames) -> None:
    found = table.resolve(draft.values[code])
    if found.codes:
        draft.values[target] = found.codes
    if found.unknown:
        named = "、".join(found.unknown)
        name = field_name(code)
        draft.note(code, f"{code}_unknown", f"“{name}”中的“{named}”不在单位表中")
