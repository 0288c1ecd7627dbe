"""Values that people hand in: cleaned, normalised, or refused with a sentence for their field.

Blanks, full-width digits and line ends from pasted text are put right, never refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from ecoissues.core.errors import Refused
from ecoissues.core.kind_fields import Field
from ecoissues.core.measures import MOST, read_fen, read_number, read_people, read_place
from ecoissues.core.measures import Bad as Bad
from ecoissues.core.milestones import read_lines
from ecoissues.core.units import UnitTree
from ecoissues.core.vocabulary import OUTCOMES, PARTIES, WORDLISTS, find_key

SHORT, LONG = 200, 20_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_DATE = re.compile(r"^(\d{4})\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*日?$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_MONTH = re.compile(r"^(\d{4})\s*[-./年]?\s*(\d{1,2})\s*月?$")


def clean_text(raw: object, limit: int = SHORT) -> str:
    """Give a text without control characters and outer blanks, in NFC, with \\n line ends."""
    value = unicodedata.normalize("NFC", str(raw)).replace("\r\n", "\n").replace("\r", "\n")
    value = _CONTROL.sub("", value).encode("utf-8", "ignore").decode("utf-8").strip()
    if len(value) > limit:
        raise Bad(f"内容有 {len(value)} 字，超过上限 {limit} 字，请删减。")
    return value


def clean_number(raw: object) -> tuple[str, bool]:
    """Give a case number (half-width, no blanks) and whether it carried the mark ``*`` (重点)."""
    value, before = str(raw), ""
    while value != before:  # taking a blank out may bring an accent to its letter
        before = value
        value = re.sub(r"\s+", "", _CONTROL.sub("", unicodedata.normalize("NFKC", value))).upper()
    key = value.endswith("*") or value.startswith("*")
    value = value.strip("*")
    if not value:
        raise Bad("请填写编号。")
    if len(value) > 64:
        raise Bad("编号超过 64 个字符，请核对。")
    if "/" in value:
        raise Bad("编号中不能有“/”，请核对。")
    return value, key


def clean_date(raw: object) -> date:
    """Read a day in any written form: 2026-3-5, 2026年3月5日, ２０２６／３／５, 20260305."""
    if isinstance(raw, date):
        return raw
    value = unicodedata.normalize("NFKC", str(raw)).strip()
    match = _DATE.match(value) or _COMPACT.match(value)
    if not match:
        raise Bad(f"“{value[:20]}”不是日期，请写成 2026-03-05 的样子。")
    try:
        day = date(*(int(part) for part in match.groups()))
    except ValueError:
        raise Bad(f"“{value[:20]}”不是真实存在的日期，请核对。") from None
    if not 1990 <= day.year <= 2100:
        raise Bad(f"“{value[:20]}”的年份不在合理范围内，请核对。")
    return day


def _choice(field: Field, value: object) -> str:
    shown = clean_text(value)
    if field.options:
        for option in field.options:
            if shown in (option.code, option.zh, option.en):
                return option.code
        allowed = [option.zh for option in field.options]
    elif field.words in WORDLISTS:
        key = find_key(field.words, shown)
        if key is not None:
            return key
        allowed = [words[0] for words in WORDLISTS[field.words].values()]
    else:  # clocks, regions …: checked by whoever knows them
        return shown
    raise Bad(f"“{shown[:20]}”不在可选范围内；可选：{'、'.join(allowed)}。")


def _pieces(raw: object) -> list[Any]:
    if isinstance(raw, list | tuple):
        return [piece for piece in raw if piece not in ("", None)]
    return [piece for piece in re.split(r"[,,、;;\n]", str(raw)) if piece.strip()]


def _units(raw: object, tree: UnitTree) -> list[list[str]]:
    parties: dict[str, str] = {}
    for piece in _pieces(raw):
        pair = piece if isinstance(piece, list | tuple) else _split(str(piece), "")
        if len(pair) != 2:
            raise Bad("承办单位请写成“单位代码:承办方式”。")
        code, party = pair
        shown = clean_text(code)
        unit = tree.by_code.get(shown) or next(
            (unit for unit in tree.by_code.values() if shown in (unit.name, unit.short)), None
        )
        if unit is None:
            raise Bad(f"没有单位“{shown[:30]}”，请填写单位代码或全称。")
        if party and party not in (*PARTIES, "accused"):
            raise Bad(f"“{party}”不是承办方式；可选：{'、'.join(PARTIES)}。")
        given = party or ("joint" if "lead" in parties.values() else "lead")
        if unit.code in parties:
            raise Bad(f"单位“{unit.name}”写了两次，请只留一次。")
        parties[unit.code] = given
    if parties and list(parties.values()).count("lead") != 1:
        raise Bad("请指定且只指定一个责任单位，其余为合办单位。")
    return sorted(
        ([code, party] for code, party in parties.items()),
        key=lambda item: (["lead", "joint", "supervising", "accused"].index(item[1]), item[0]),
    )


def _split(value: str, default: str) -> tuple[str, str]:
    code, _, party = value.strip().partition(":")
    return code, party or default


def _outcomes(raw: object) -> list[dict[str, Any]]:
    outcomes = []
    for piece in _pieces(raw):
        if isinstance(piece, Mapping):
            sort, count, amount = piece.get("sort"), piece.get("count", 1), piece.get("amount", 0)
        else:
            sort, _, rest = str(piece).strip().partition(":")
            count, _, amount = rest.partition(":")
        key = find_key("outcomes", clean_text(sort))
        if key is None:
            shown = "、".join(words[0] for words in OUTCOMES.values())
            raise Bad(f"“{str(sort)[:20]}”不是处理结果；可选：{shown}。")
        try:
            outcome: dict[str, Any] = {"sort": key, "count": int(count or 1), "amount": int(amount or 0)}
        except (ValueError, TypeError, OverflowError):
            raise Bad("处理结果的次数和金额（分）须为整数。") from None
        if outcome["count"] < 1 or outcome["amount"] < 0:
            raise Bad("处理结果的次数须大于零，金额不得为负。")
        if max(outcome["count"], outcome["amount"]) > MOST:
            raise Bad("处理结果的次数或金额超出合理范围。")
        outcomes.append(outcome)
    return outcomes


def clean_value(field: Field, raw: Any, tree: UnitTree) -> Any:
    """Give the value of one field as it is stored, or raise Bad with the sentence to show.

    Dates and months become ISO texts; choices become keys; units become [[code, party], …] with
    exactly one lead; outcomes [{sort, count, amount (fen)}, …]; flags booleans; numbers ints or
    floats; amounts (given in yuan) integer fen; people and events ints; a place {longitude,
    latitude, text}; milestones [{title, content, due_on}, …]; a case stays "LIST/NUMBER" or
    "LIST/NUMBER/PART".
    """
    match field.type:
        case "date":
            return clean_date(raw).isoformat()
        case "month":
            found = _MONTH.match(unicodedata.normalize("NFKC", str(raw)).strip())
            if not found or not 1 <= int(found.group(2)) <= 12:
                raise Bad("月份请写成 2026-03 的样子。")
            return f"{found.group(1)}-{int(found.group(2)):02d}"
        case "choice":
            return _choice(field, raw)
        case "choices":
            return list(dict.fromkeys(_choice(field, piece) for piece in _pieces(raw)))
        case "flag":
            return _flag(raw)
        case "number":
            return read_number(raw, unit=field.unit)
        case "event":
            return int(read_number(raw, whole=True))
        case "amount":
            return read_fen(raw)
        case "people":
            return read_people(raw)
        case "place":
            return read_place(raw)
        case "milestones":
            return _milestones(raw)
        case "units":
            return _units(raw, tree)
        case "outcomes":
            return _outcomes(raw)
        case "long_text":
            return clean_text(raw, LONG)
        case _:
            return clean_text(raw)


def _flag(raw: object) -> bool:
    value = unicodedata.normalize("NFKC", str(raw)).strip().lower()
    if value in ("1", "true", "yes", "on", "y", "是", "有", "√", "✓"):
        return True
    if value in ("0", "false", "no", "off", "n", "否", "无", "×", "不是", "没有"):
        return False
    raise Bad(f"“{value[:20]}”请写“是”或“否”。")


def _milestones(raw: object) -> list[dict[str, str]]:
    """Read a plan: lines ``名称：内容 日期``, or a list of mappings title, content, due_on."""
    if isinstance(raw, list | tuple):
        rows = [(str(m.get("title", "")), str(m.get("content", "")), str(m.get("due_on") or ""))
                for m in raw if isinstance(m, Mapping)]  # fmt: skip
    else:
        try:
            rows = read_lines(clean_text(raw, LONG))
        except ValueError as error:
            raise Bad(f"“{str(error)[:30]}”看不懂，请写成“名称：内容 日期”，一行一个。") from None
    plan: dict[str, dict[str, str]] = {}
    for title, content, due in rows:
        name = clean_text(title, 40)
        if not name:
            raise Bad("节点须有名称。")
        if name in plan:
            raise Bad(f"节点“{name}”写了两次。")
        plan[name] = {"title": name}
        if content.strip():
            plan[name]["content"] = clean_text(content)
        if due:
            plan[name]["due_on"] = clean_date(due).isoformat()
    return list(plan.values())


def clean_values(
    fields: tuple[Field, ...], raw: Mapping[str, Any], tree: UnitTree, where: str
) -> dict[str, Any]:
    """Clean all values of a step's form; empty ones are left out.

    Refused ``invalid`` with ``errors`` {field: sentence} naming every bad field at once (also
    missing ones and ones the step does not know); nothing is written then.
    """
    errors: dict[str, str] = {}
    values: dict[str, Any] = {}
    known = {field.code for field in fields}
    for code in sorted(raw.keys() - known):
        errors[code] = f"“{where}”没有名为“{code[:40]}”的栏目，请核对。"
    for field in fields:
        given = raw.get(field.code)
        if given is None or given == "" or given == [] or str(given).strip() == "":
            if field.required:
                errors[field.code] = f"请填写“{field.zh}”。"
            continue
        try:
            value = clean_value(field, given, tree)
        except Bad as bad:
            errors[field.code] = f"{field.zh}：{bad}"
            continue
        if value in ("", [], {}) and field.required:
            errors[field.code] = f"请填写“{field.zh}”。"
        else:
            values[field.code] = value
    if errors:
        first = "".join(list(errors.values())[:3])
        raise Refused("invalid", f"“{where}”有 {len(errors)} 处需要更正：{first}未作任何改动。",
                      errors=errors)  # fmt: skip
    return values
