"""Sorts of action, told from the documents alone: what a step that was accepted did."""

from __future__ import annotations

from collections import Counter
from typing import Final

from ecoissues.core.kinds import Kind, Step

_OVER: Final = ("closed", "reviewed")
#: Effects that are a sort of action by themselves.
EFFECTS: Final = (
    "chase", "instruct", "answer", "classify", "place", "unplace", "merge", "unmerge",
    "ask_extension", "extend", "refuse_extension", "ask_suspension", "suspend",
    "refuse_suspension", "resume", "withdraw_request", "order", "answer_order", "escalate",
    "ask_correction", "refuse_correction", "plan", "reach", "ask_move", "move_on", "refuse_move",
)  # fmt: skip
#: Every sort that random histories must hold often enough.
SORTS: Final = (
    "register", "split", "transfer", "reassign", "sign_for", "log", "evidence", "report", "reply",
    "sign", "phase_close", "complete", "close", "review", "reopen", "return", "rework", "reject",
    "amend", "strike", "late", "followed", "move_kind", *EFFECTS,
)  # fmt: skip
#: Roles that must have acted often enough, beside every sort.
ROLES: Final = ("officer", "head", "supervisor", "leader")


def sorts_of(kind: Kind, step: Step, before: str, after: str, *, files: bool) -> set[str]:
    """Give the sorts a step counts as. In: the states before and after it; whether files came."""
    was, now = kind.phase_of(before) if before else "", kind.phase_of(after)
    found = {step.effect} & set(EFFECTS)
    if step.effect == "assign":
        found.add("transfer" if step.to else "reassign")
    if step.sort == "note" and not (step.effect or step.marks):
        found.add("log")
    marks = {"signed_for": "sign_for", "reported": "report", "replied": "reply"}
    found |= {name for mark, name in marks.items() if mark in step.marks}
    found |= {"evidence"} if files else set()
    found |= {"sign"} if step.signs else set()
    if before == after or step.effect in ("merge", "unmerge"):
        return found
    if step.sort == "back" and now == "open":
        found.add("rework" if kind.state_by_code[after].work else "return")
    reached = {"phase_closed": "phase_close", "completed": "complete", "reviewed": "review",
               "void": "reject"}  # fmt: skip
    if now != was and now in reached:
        found.add(reached[now])
    if now in _OVER and was not in _OVER:
        found.add("close")
    if was in _OVER and now not in (*_OVER, "void"):
        found.add("reopen")
    return found


def faults_of(counted: Counter[str]) -> list[str]:
    """Say what histories hold too little of: of every sort and role half as many as histories,
    and 25 accepted events each on average."""
    played = counted["histories"]
    least = played // 2
    found = [f"{sort}: {counted[sort]}" for sort in SORTS if counted[sort] < least]
    found += [f"role {role}" for role in ROLES if counted[f"role {role}"] < least]
    if counted["events"] < 25 * played:
        found.append(f"events: {counted['events']}")
    return found
