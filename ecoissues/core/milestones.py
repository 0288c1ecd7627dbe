"""Milestones of a case: its plan in parts with a day each, and which parts are reached.

The plan is one field (a list of mappings: code, title, content, due_on), each day reached a field
of its own beside it, so that a corrected plan keeps what was reached and a struck event takes its
day back. Both stand in the log like any other field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from ecoissues.core.errors import Refused
from ecoissues.core.kind_fields import MILESTONES, REACHED, Milestone


class Mile(Struct, frozen=True):
    """One milestone of a case as it stands. ``due_on`` None: no day stated."""

    code: str
    title: str
    content: str
    due_on: date | None
    done_on: date | None

    def is_late(self, today: date) -> bool:
        """Whether its day has passed and it was not reached, or was reached after it."""
        return self.due_on is not None and self.due_on < (self.done_on or today)


def miles_of(fields: Mapping[str, Any]) -> list[Mile]:
    """Give the milestones of a case from its fields, in the order of the plan."""
    return [
        Mile(
            str(item["code"]), str(item["title"]), str(item.get("content", "")),
            _day(item.get("due_on")), _day(fields.get(f"{REACHED}{item['code']}")),
        )
        for item in fields.get(MILESTONES) or ()
    ]  # fmt: skip


def summary(miles: Sequence[Mile]) -> str:
    """Say how far a plan has come: ``已完成 1/4，下一节点：二季度（2026-06-30）``; "" without one."""
    if not miles:
        return ""
    rest = [mile for mile in miles if mile.done_on is None]
    said = f"已完成 {len(miles) - len(rest)}/{len(miles)}"
    if rest:
        first = min(rest, key=lambda mile: mile.due_on or date.max)
        said += f"，下一节点：{first.title}" + (f"（{first.due_on}）" if first.due_on else "")
    return said


_LINE = re.compile(
    r"(?P<title>[^：:\s]+)\s*(?:[：:]\s*(?P<content>.*?))?\s*(?P<due>\d{4}\s*[-./年]\S.*)?"
)


def read_lines(text: str) -> list[tuple[str, str, str]]:
    """Read a plan as people write it, a line for each: ``一季度：联合巡河 2026-03-31``.

    Out: (title, content, day as written); content and day may be "". Raises ValueError with the
    line that cannot be read.
    """
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(line)
        found.append((match["title"], (match["content"] or "").strip(), match["due"] or ""))
    return found


def written(items: Iterable[Mapping[str, Any]]) -> str:
    """Write a plan as ``read_lines`` reads it."""
    return "\n".join(
        " ".join(
            filter(None, (
                f"{item['title']}：{item['content']}" if item.get("content") else item["title"],
                item.get("due_on"),
            ))
        )
        for item in items
    )  # fmt: skip


def usual_plan(known: Sequence[Milestone], year: int) -> list[dict[str, Any]]:
    """Give the plan a kind's document proposes for a year."""
    return [_item(each.code, each.zh, "", f"{year}-{each.due}" if each.due else "") for each in known]


def settled_plan(
    items: Sequence[Mapping[str, Any]], known: Sequence[Milestone], year: int
) -> list[dict[str, Any]]:
    """Give a plan with the codes and days of the kind's own milestones filled in.

    Refused ``milestone_order``: one that comes after another is due before it.
    """
    own = {each.zh: each for each in known}
    plan = []
    for item in items:
        mine = own.get(item["title"])
        due = item.get("due_on") or (f"{year}-{mine.due}" if mine and mine.due else "")
        code = mine.code if mine else item["title"]
        plan.append(_item(code, item["title"], item.get("content", ""), due))
    days = {item["code"]: item.get("due_on", "") for item in plan}
    for mine in known:
        for before in mine.after:
            if days.get(mine.code) and days.get(before) and days[mine.code] < days[before]:
                raise Refused(
                    "milestone_order",
                    f"节点“{mine.zh}”的日期早于须先完成的节点，请核对日期。未作任何改动。",
                    errors={MILESTONES: f"“{mine.zh}”早于须先完成的节点。"},
                )
    return plan


def check_reached(
    miles: Sequence[Mile], named: str, known: Sequence[Milestone]
) -> Mile:
    """Give the milestone named by code or title, if it may be reached now.

    Refused: ``unknown_milestone``, ``milestone_reached``, ``milestone_too_early`` (an earlier one
    that the kind demands stands open).
    """
    found = next((mile for mile in miles if named in (mile.code, mile.title)), None)
    if found is None:
        names = "、".join(mile.title for mile in miles) or "尚未设定节点"
        sentence = f"没有名为“{named[:30]}”的节点；现有：{names}。未作任何改动。"
        raise Refused("unknown_milestone", sentence, errors={"milestone": "请选择已设定的节点。"})
    if found.done_on is not None:
        sentence = f"节点“{found.title}”已于 {found.done_on} 完成，不必重复。未作任何改动。"
        raise Refused("milestone_reached", sentence)
    before = {code for each in known if each.code == found.code for code in each.after}
    waiting = [mile.title for mile in miles if mile.code in before and mile.done_on is None]
    if waiting:
        sentence = f"节点“{found.title}”须在“{'、'.join(waiting)}”之后完成。未作任何改动。"
        raise Refused("milestone_too_early", sentence)
    return found


def _item(code: str, title: str, content: str, due: str) -> dict[str, Any]:
    item = {"code": code, "title": title}
    if content:
        item["content"] = content
    if due:
        item["due_on"] = due
    return item


def _day(text: Any) -> date | None:
    return date.fromisoformat(text) if text else None
