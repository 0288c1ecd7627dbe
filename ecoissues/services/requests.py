"""Requests that wait for another person: asked for, answered, withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecoissues.core.errors import Forbidden, Refused

if TYPE_CHECKING:
    from ecoissues.services.effects import Making

#: Requests that their asker may take back; an instruction or an order must be answered.
WITHDRAWABLE = frozenset({"extension", "suspension", "correction"})


def pending(making: Making, sort: str) -> dict[str, Any]:
    """Give the waiting request a step answers, and mark it settled.

    Refused ``no_request``: there is none of that sort under the number given.
    """
    seq = making.values["event"]
    ask = making.life.pending.get(seq)
    if ask is None or ask["sort"] != sort:
        raise Refused("no_request", f"第 {seq} 条不是待处理的申请，可能已经处理。未作任何改动。")
    making.facts["settles"] = seq
    return ask


def keep_asked(making: Making, sort: str) -> None:
    """What is asked for stands beside the case's own values until it is approved."""
    making.facts["asks"] = sort
    making.facts["asked"] = dict(making.values)


def withdraw(making: Making) -> None:
    """Take a request back: its asker, or another person of the asker's unit."""
    seq = making.values["event"]
    ask = making.life.pending.get(seq)
    if ask is None or ask["sort"] not in WITHDRAWABLE:
        raise Refused("no_request", f"第 {seq} 条不是可以撤回的申请，可能已经处理。未作任何改动。")
    if ask["event"].unit != making.actor.unit_code and ask["actor"] != making.actor.name:
        raise Forbidden("只有申请单位可以撤回这份申请。未作任何改动。", "not_asker")
    making.facts["settles"] = seq


def refuse_second(making: Making, sort: str, name: str) -> None:
    """Refuse ``request_waiting`` while one of the sort waits already."""
    if any(ask["sort"] == sort for ask in making.life.pending.values()):
        raise Refused("request_waiting", f"已有一份{name}申请待审批，未作任何改动。")
