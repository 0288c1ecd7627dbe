"""The clocks of a case as its page shows them, each with its proof day by day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

import msgspec

from ecoissues.core.clock_rules import UNIT_WORDS, instant_of, shown_instant
from ecoissues.core.faces import ClockFace, Move
from ecoissues.core.kinds import Clock, Kind
from ecoissues.core.life import Life
from ecoissues.core.lights import light
from ecoissues.core.proofs import DAY_MARKS, explain
from ecoissues.services.site import Site

_OPS: Final = {
    "set": "设定", "reset": "重新设定", "extend": "批准延期", "suspend": "批准中止", "resume": "恢复",
    "recount": "改定",
}  # fmt: skip
_BECAUSE: Final = {"calendar": "，因放假安排公布或变更", "rule": "，因计时规则变更"}
#: What stands in a day's cell beside its number: shape, never colour alone.
_SIGNS: Final = {"weekend": "休", "holiday": "假", "paused": "停", "makeup": "班", "rolled": "顺",
                 "extended": "延", "timed": "时", "counted": "", "stated": "期"}  # fmt: skip
_MARKS: Final = {**{mark: words[0] for mark, words in DAY_MARKS.items()}, "extended": "延期"}
_Days = list[tuple[date, str, int]]


class Cell(msgspec.Struct, frozen=True):
    """One day of the small calendar; ``mark`` "" lies outside the proof; ``was``: the
    original due day, where another is in force."""

    day: str
    label: str
    mark: str = ""
    sign: str = ""
    number: int = 0
    due: bool = False
    was: bool = False


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
    inner: bool
    rule: str
    changes: list[str]
    weeks: list[list[Cell]]
    days: list[str]
    remaining: str


def faces_of(
    site: Site, kind: Kind, life: Life, names: Mapping[str, str] | None = None
) -> list[Face]:
    """Give the clocks of a standing in the kind's order. ``names``: people by sign-in name."""
    order = {clock.code: place for place, clock in enumerate(kind.clocks)}
    faces = sorted(life.clocks.values(), key=lambda face: order.get(face.code, 99))
    return [_face(site, kind, face, names or {}) for face in faces]


def _face(site: Site, kind: Kind, face: ClockFace, names: Mapping[str, str]) -> Face:
    clock = kind.clock_by_code.get(face.code)
    today, met = site.today(), face.met_on is not None
    days = _days(face)
    base = face.proof.get("base", "")
    return Face(
        code=face.code, name=clock.zh if clock else face.code,
        original=_shown(face.original, face.original_at, "—"),
        current=_shown(face.current, face.current_at, "中止"),
        met_on=str(face.met_on or ""), verdict=_verdict(face, bool(clock and clock.waits)), light=_light(site, clock, face),
        provisional=face.provisional, waits=bool(clock and clock.waits),
        inner=face.slot == "inner", rule=_rules(face),
        changes=[_change(move, names) for move in face.moves],
        weeks=_weeks(days, face.current or face.before, face.original, base),
        days=[f"{day} {_WEEKDAYS[day.weekday()]} {_MARKS[mark]}"
              + (f"，第 {number} 天" if number else "") for day, mark, number in days],
        remaining=_remaining(site, face, today, met),
    )  # fmt: skip


def _shown(day: date | None, at: str, none: str) -> str:
    if at:
        return shown_instant(at)
    return day.isoformat() if day else none


def _light(site: Site, clock: Clock | None, face: ClockFace) -> str:
    if face.met_on is not None or face.current is None:
        return ""
    warn, urgent = (clock.warn_workdays, clock.urgent_workdays) if clock else (3, -1)
    return light(
        face.current, site.today(), warn, site.calendars, urgent_workdays=urgent,
        due_at=face.current_at, now=site.now(),
    )  # fmt: skip


def _change(move: Move, names: Mapping[str, str]) -> str:
    """Say one change: when it took effect, what it did, who did it."""
    event = move.event
    fact: dict[str, Any] = next((f for f in (event.facts if event else {}).get("clocks", {}).values()
                 if f["op"] == move.op and f.get("due") == (str(move.due) if move.due else None)),
                {})  # fmt: skip
    due = shown_instant(fact["due_at"]) if fact.get("due_at") else str(move.due or "中止计时")
    text = f"{_OPS[move.op]}：{due}{_BECAUSE.get(fact.get('because', ''), '')}"
    if event is None:
        return text
    return f"{event.effective_on} {text}（{names.get(event.actor, event.actor)}，第 {event.seq} 条）"


def _days(face: ClockFace) -> _Days:
    """Unfold the proof in force: counted days, or the original's with the days granted on top."""
    proof = face.current_proof or face.proof
    if not proof:
        return []
    found = [(day.date, day.mark, day.number or 0) for day in explain(proof)]
    granted = proof.get("extends")
    if not granted or "rule" not in face.proof:
        return found
    counted = [(day.date, day.mark, day.number or 0) for day in explain(face.proof)]
    last, due = counted[-1][0], date.fromisoformat(proof["due"])
    more = range(1, (due - last).days + 1)
    return counted + [(last + timedelta(at), "extended", 0) for at in more]


def _rules(face: ClockFace) -> str:
    """Say the rule of the original day, then how the day in force came about."""
    first = _rule(face.proof)
    now = face.current_proof
    if not now or now == face.proof:
        return first
    return first + _moved(now)


_WEEKDAYS: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


def _verdict(face: ClockFace, waits: bool) -> str:
    if face.met_on is None:
        return ""
    if waits:  # a notice or objection period is sat out: to end after it is no lateness
        return "已期满" if face.current and face.met_on >= face.current else "未期满"
    if face.met_original:
        return "按原时限完成"
    return "按延期后时限完成" if face.met_current else "逾期完成"


def _remaining(site: Site, face: ClockFace, today: date, met: bool) -> str:
    if met or face.current is None:
        return ""
    if face.current_at:
        left = int((instant_of(face.current_at) - site.now()).total_seconds() // 60)
        if left < 0:
            return f"已超时 {_minutes(-left)}"
        if left < 1440:
            return f"还有 {_minutes(left)}"
    days = (face.current - today).days
    if days < 0:
        return f"已逾期 {-days} 天"
    return "今天到期" if days == 0 else f"还有 {days} 天"


def _minutes(count: int) -> str:
    hours, minutes = divmod(count, 60)
    return (f"{hours} 小时 " if hours else "") + f"{minutes} 分钟"


def _moved(proof: dict[str, Any]) -> str:
    if proof.get("extends"):
        text = f"经批准由 {proof['extends']} 延至 {proof['due']}"
        if proof.get("rolled_from"):
            text += f"（所批 {proof['rolled_from']} 为休息日，顺延）"
        return f"{text}。"
    paused = proof.get("days", "").count("p") or len(proof.get("pauses", ()))
    if paused and "days" in proof:
        return f"中止 {paused} 天不计，现时限 {proof['due']}。"
    if proof.get("resumes"):
        pause = proof["resumes"]
        return f"自 {pause['from']} 中止，{pause['to']} 恢复，由 {pause['due']} 顺延至 {proof['due']}。"
    return f"现时限 {proof['due']}。"


def _rule(proof: dict[str, Any]) -> str:
    """Say the rule and the calendars of a proof in one sentence."""
    if not proof:
        return ""
    if "rule" not in proof:
        words = f"（原文“{proof['words']}”）" if proof.get("words") else ""
        return f"为载明或承诺的日期{words}，自 {proof['base']} 起，不逐日推算。"
    rule = proof["rule"]
    if "due_at" in proof:
        text = f"自 {shown_instant(proof['base_at'])} 起 {rule['length']} {UNIT_WORDS[rule['unit']][0]}"
    else:
        first = "当日" if rule.get("counts_first") else "次日"
        text = f"自 {proof['base']} {first}起 {rule['length']} {UNIT_WORDS[rule['unit']][0]}"
    if proof.get("received"):
        text += f"，{_received(proof)}收到，在办公时间（{rule['receipt']}）以外，自下一工作日起算"
    if rule.get("roll"):
        text += "，末日为休息日的顺延至下一工作日"
    return text + _sources(proof) + "。"


def _received(proof: dict[str, Any]) -> str:
    return shown_instant(proof["received_at"]) if proof.get("received_at") else str(proof["received"])


def _sources(proof: dict[str, Any]) -> str:
    """Name the calendars and the document of the rule, each with its version."""
    known = {year: version for year, version in proof.get("calendars", {}).items() if version}
    unknown = [year for year, version in proof.get("calendars", {}).items() if not version]
    named = [f"{year} 年放假安排第 {version} 版" for year, version in known.items()]
    by = proof.get("by")
    if by:
        named.append(f"规则见类型文件 {by['kind']} 第 {by['version']} 版")
    text = f"（{'、'.join(named)}）" if named else ""
    if unknown:
        text += f"；{'、'.join(unknown)} 年放假安排尚未公布，为暂定期限"
    return text


def _weeks(
    days: _Days, due: date | None, original: date | None, began: str
) -> list[list[Cell]]:
    """Lay the days out in weeks from Monday; a proof of over half a year is listed only."""
    if not days or len(days) > 190:
        return []
    base = date.fromisoformat(began)
    marks = {day: (mark, number) for day, mark, number in days}
    start = min(base, days[0][0]) if len(days) > 1 else days[0][0]
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
            was = day == original and original != due
            week.append(Cell(day.isoformat(), label, mark, sign, number, day == due, was))
        weeks.append(week)
        cursor += timedelta(days=7)
    return weeks
