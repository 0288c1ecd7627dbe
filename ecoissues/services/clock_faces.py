"""The clocks of a case as its page shows them, each with its proof day by day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import msgspec

from ecoissues.core.deadlines import DAY_MARKS, explain, light
from ecoissues.core.kinds import Kind
from ecoissues.core.life import ClockFace, Life
from ecoissues.services.site import Site

_OPS: Final = {"set": "设定", "reset": "重新设定", "extend": "延期", "suspend": "中止", "resume": "恢复"}
#: What stands in a day's cell beside its number: shape, never colour alone.
_SIGNS: Final = {"weekend": "休", "holiday": "假", "paused": "停", "makeup": "班", "rolled": "顺",
                 "counted": "", "stated": "期"}  # fmt: skip


class Cell(msgspec.Struct, frozen=True):
    """One day of the small calendar; ``mark`` "" lies outside the proof."""

    day: str
    label: str
    mark: str = ""
    sign: str = ""
    number: int = 0
    due: bool = False


class Face(msgspec.Struct, frozen=True):
    """One clock: its days, light, history, rule in words, and the weeks of its proof."""

    code: str
    name: str
    original: str
    current: str
    met_on: str
    verdict: str
    light: str
    provisional: bool
    waits: bool
    rule: str
    changes: list[str]
    weeks: list[list[Cell]]
    days: list[str]
    remaining: str


def faces_of(site: Site, kind: Kind, life: Life) -> list[Face]:
    """Give the clocks of a standing in the kind's order."""
    order = {clock.code: place for place, clock in enumerate(kind.clocks)}
    faces = sorted(life.clocks.values(), key=lambda face: order.get(face.code, 99))
    return [_face(site, kind, face) for face in faces]


def _face(site: Site, kind: Kind, face: ClockFace) -> Face:
    clock = kind.clock_by_code.get(face.code)
    today = site.today()
    warn = clock.warn_workdays if clock else 3
    met = face.met_on is not None
    shown = "" if met or face.current is None else light(face.current, today, warn, site.calendars)
    days = explain(face.proof) if face.proof else []
    due = face.original
    return Face(
        code=face.code, name=clock.zh if clock else face.code,
        original=str(face.original or "—"), current=str(face.current or "中止"),
        met_on=str(face.met_on or ""), verdict=_verdict(face), light=shown,
        provisional=face.provisional, waits=bool(clock and clock.waits),
        rule=_rule(face.proof),
        changes=[f"{_OPS[op]}：{day or '中止计时'}" for op, day in face.history],
        weeks=_weeks([(d.date, d.mark, d.number or 0) for d in days], due, face.proof),
        days=[f"{d.date} {_WEEKDAYS[d.date.weekday()]} {DAY_MARKS[d.mark][0]}"
              + (f"，第 {d.number} 天" if d.number else "") for d in days],
        remaining=_remaining(face, today, met),
    )  # fmt: skip


_WEEKDAYS: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


def _verdict(face: ClockFace) -> str:
    if face.met_on is None:
        return ""
    if face.met_original:
        return "按原时限完成"
    return "按延期后时限完成" if face.met_current else "逾期完成"


def _remaining(face: ClockFace, today: date, met: bool) -> str:
    if met or face.current is None:
        return ""
    days = (face.current - today).days
    if days < 0:
        return f"已逾期 {-days} 天"
    return "今天到期" if days == 0 else f"还有 {days} 天"


def _rule(proof: dict[str, Any]) -> str:
    """Say the rule and the calendars of a proof in one sentence."""
    if not proof:
        return ""
    if "rule" not in proof:
        if proof.get("extends"):
            return f"经批准由 {proof['extends']} 延至 {proof['due']}。"
        return f"为载明或承诺的日期，自 {proof['base']} 起，不逐日推算。"
    rule = proof["rule"]
    unit = "自然日" if rule["unit"] == "days" else "工作日"
    first = "当日" if rule.get("counts_first") else "次日"
    text = f"自 {proof['base']} {first}起 {rule['length']} 个{unit}"
    if rule.get("roll"):
        text += "，末日为休息日的顺延至下一工作日"
    known = {year: version for year, version in proof.get("calendars", {}).items() if version}
    unknown = [year for year, version in proof.get("calendars", {}).items() if not version]
    if known:
        text += "（" + "、".join(f"{y} 年放假安排第 {v} 版" for y, v in known.items()) + "）"
    if unknown:
        text += f";{'、'.join(unknown)} 年放假安排尚未公布，为暂定期限"
    return text + "。"


def _weeks(
    days: list[tuple[date, str, int]], due: date | None, proof: dict[str, Any]
) -> list[list[Cell]]:
    """Lay the days out in weeks from Monday; a proof of over half a year is listed only."""
    if not days or len(days) > 190:
        return []
    base = date.fromisoformat(proof["base"])
    marks = {day: (mark, number) for day, mark, number in days}
    start = min(base, days[0][0]) if "rule" in proof else days[0][0]
    cursor = start - timedelta(days=start.weekday())
    last = days[-1][0]
    weeks = []
    while cursor <= last:
        week = []
        for offset in range(7):
            day = cursor + timedelta(days=offset)
            mark, number = marks.get(day, ("base" if day == base else "", 0))
            label = f"{day.month}月{day.day}日" if day.day == 1 or day == start else str(day.day)
            sign = "起" if mark == "base" else _SIGNS.get(mark, "")
            week.append(Cell(day.isoformat(), label, mark, sign, number, day == due))
        weeks.append(week)
        cursor += timedelta(days=7)
    return weeks
