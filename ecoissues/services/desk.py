"""The first page of each role: what must be done, what is late, what came back, as counted links.

Each count is made of the very filter its link carries (``listing``), so the two are equal.
"""

from __future__ import annotations

from typing import Final

import msgspec

from ecoissues.core.policy import Actor
from ecoissues.services import contacting, listing, rows
from ecoissues.services.contacting import Digest
from ecoissues.services.listing import Filter
from ecoissues.services.rows import Row
from ecoissues.services.site import Site

_LIVE: Final = "open,phase_closed,completed"


class Queue(msgspec.Struct, frozen=True):
    """One pile of work: its name, its filter, how many, and how urgent (red, orange, yellow or "")."""

    key: str
    label: str
    asked: Filter
    urgency: str = ""
    hint: str = ""
    total: int = 0

    @property
    def href(self) -> str:
        """The address of its list."""
        return self.asked.address("/cases", sort="due" if self.urgency else "moved")


class Desk(msgspec.Struct):
    """The queues, and the cases to begin with."""

    queues: list[Queue]
    first: list[Row]
    first_title: str
    first_href: str
    stale_days: int
    lists: int
    reminded: Digest | None = None


def _queue(key: str, label: str, urgency: str = "", hint: str = "", **values: str) -> Queue:
    return Queue(key, label, Filter(values), urgency, hint)


def queues_of(actor: Actor, days: int) -> list[Queue]:
    """Give the queues of a role, in the order of the page."""
    own = {"mine": "yes"} if actor.role in ("officer", "head") else {}
    stale = f"{days} 天以上没有新的办理记录"
    late = [
        _queue("overdue", "已逾期", "red", "超过现行时限", due="overdue", **own),
        _queue("today", "今日到期", "red", "", due="today", **own),
        _queue("urgent", "紧急", "orange", "橙灯，含今日到期", due="urgent", **own),
        _queue("soon", "临期", "yellow", "含今日到期", due="soon", **own),
    ]
    rest = [
        _queue("back", "退回、返工", "", "被退回或发现反弹，须重新办理", back="yes", **own),
        _queue("stale", "久未更新", "", stale, stale="yes", **own),
    ]
    asks = [
        _queue("extension", "延期待审批", "yellow", "", pending="extension"),
        _queue("suspension", "中止待审批", "yellow", "", pending="suspension"),
        _queue("correction", "更正待审批", "", "", pending="correction"),
        _queue("move", "转入待审批", "", "转入其他清单的申请", pending="move"),
    ]
    told = [
        _queue("order", "督办待答复", "yellow", "", pending="order", **own),
        _queue("instruction", "批示待答复", "yellow", "", pending="instruction", **own),
    ]
    match actor.role:
        case "officer":
            first = [_queue("unsigned", "待签收", "yellow", "已转办，尚未签收", signed="no", **own),
                     _queue("turn", "待我办理", "", "轮到经办人", turn="me", **own)]  # fmt: skip
            return [*first, *late, *rest, *told]
        case "head":
            first = [_queue("sign", "待我签字", "yellow", "轮到单位负责人", turn="me", **own),
                     _queue("unsigned", "待签收", "yellow", "已转办，尚未签收", signed="no", **own)]  # fmt: skip
            return [*first, *late, *rest, *told]
        case "supervisor":
            first = [_queue("turn", "待我办理", "yellow", "转办、审批、核查、公示", turn="me"),
                     _queue("unsigned", "未签收", "", "已转办，单位尚未签收", signed="no")]  # fmt: skip
            return [*first, *late, *asks, *told, *rest]
        case _:
            return [*told, *late, *rest]


def read_desk(site: Site, actor: Actor) -> Desk:
    """Read the desk of an actor: every count is its list's, and the cases to begin with."""
    with site.store.reading() as connection:
        days = listing.stale_days(connection)
        asked = queues_of(actor, days)
        totals = listing.counts(connection, site, actor, [queue.asked for queue in asked])
    queues = [
        msgspec.structs.replace(queue, total=total)
        for queue, total in zip(asked, totals, strict=True)
    ]
    begin = next(
        (queue for name in _BEGIN for queue in queues if queue.key == name and queue.total),
        queues[0],
    )
    page = rows.read_page(site, actor, begin.asked, columns="number,title,unit,state,due,waits")
    own_lists = sum(row.unit_path.startswith(actor.scope_path) for row in site.lists.values())
    newest = contacting.read_digests(site, actor, 1)
    return Desk(
        queues, page.rows[:8], begin.label, begin.href, days, own_lists,
        newest[0] if newest else None,
    )  # fmt: skip


#: Which queue the cases to begin with are taken from: the first of these that holds any.
_BEGIN: Final = ("overdue", "today", "urgent", "soon", "sign", "unsigned", "turn", "instruction", "back")
