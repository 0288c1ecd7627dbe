"""The menu: which entries a role sees, from the permissions it holds."""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

from ecoissues.core import policy


class Entry(NamedTuple):
    """One entry of the menu: ``key`` is what a page calls itself in ``{% set here %}``."""

    key: str
    label: str
    href: str


_ENTRIES: Final = (
    (Entry("desk", "工作台", "/"), "desk.read"),
    (Entry("cases", "事项", "/cases"), "case.read"),
    (Entry("lists", "清单", "/lists"), "list.read"),
    (Entry("board", "驾驶舱", "/board"), "board.read"),
    (Entry("dispatch", "调度表", "/dispatch"), "figure.read"),
    (Entry("editions", "发布", "/editions"), "edition.read"),
    (Entry("deadlines", "时限", "/deadlines"), "case.read"),
    (Entry("imports", "导入", "/imports"), "case.import"),
    (Entry("log", "日志", "/log"), "log.read"),
    (Entry("admin", "系统管理", "/admin"), "user.manage"),
)


#: The parts of "发布" under one entry of the menu.
_TABS: Final = (
    (Entry("editions", "发布版本", "/editions"), "edition.read"),
    (Entry("bulletins", "通报简报", "/bulletins"), "bulletin.write"),
    (Entry("rankings", "排名评分", "/rankings"), "ranking.read"),
    (Entry("indicators", "生态报表", "/indicators"), "indicator.read"),
)


@cache
def publishing_tabs(role: str) -> tuple[Entry, ...]:
    """Give the tabs of the pages under "发布" that a role may open."""
    return tuple(entry for entry, permission in _TABS if policy.holds(role, permission))


@cache
def entries(role: str) -> tuple[Entry, ...]:
    """Give the menu of a role."""
    return tuple(entry for entry, permission in _ENTRIES if policy.holds(role, permission))


def start_page(role: str) -> str:
    """Give the address a role begins at: its desk, else the first page it may open."""
    menu = entries(role)
    return menu[0].href if menu else "/guide"
