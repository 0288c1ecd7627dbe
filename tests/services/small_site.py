"""A small site for tests of the services: one city, two districts, three lists, plain actors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from ecoissues.core.policy import Actor
from ecoissues.services import gate, registering
from ecoissues.services.evidence import Prepared
from ecoissues.services.site import Site
from ecoissues.storage import reference
from ecoissues.storage import tables as t

NOW = datetime(2024, 6, 10, 2, 0, tzinfo=UTC)

_UNITS = (
    ("500000", "重庆市", "重庆", "municipality", ""),
    ("500000-DCB", "重庆市督察办", "市督察办", "office", "500000"),
    ("500119", "南川区", "南川", "district", "500000"),
    ("500119-DCB", "南川区督察办", "南川督察办", "office", "500119"),
    ("500119-STHJ", "南川区生态环境局", "南川环境局", "bureau", "500119"),
    ("500119-CGJ", "南川区城市管理局", "南川城管局", "bureau", "500119"),
    ("500112", "渝北区", "渝北", "district", "500000"),
    ("500112-STHJ", "渝北区生态环境局", "渝北环境局", "bureau", "500112"),
)
#: code -> (title, kind, level, unit)
LISTS: Mapping[str, tuple[str, str, str, str]] = {
    "c3": ("第三轮督察群众举报", "complaint", "municipal", "500000"),
    "tasks": ("督察整改任务", "rectification", "municipal", "500000"),
    "issues": ("南川区督察问题清单", "issue_list", "district", "500119"),
}


class Clock:
    """A clock that tests move."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def set(self, day: date, hour: int = 2) -> None:
        """Go to ``hour`` UTC of a day."""
        self.now = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def make_site(url: str, folder: Path, clock: Clock | None = None) -> Site:
    """Give a site with units and lists and no case."""
    site = Site(url, folder, clock or Clock())
    with site.store.writing() as connection:
        known: dict[str, Any] = {}
        for code, name, short, kind, parent in _UNITS:
            known[code] = reference.add_unit(
                connection, code, name, short, kind, known.get(parent)
            )
        for code, (title, kind, level, unit) in LISTS.items():
            row = {
                "code": code, "title": title, "kind": kind, "kind_version": site.kinds.current(kind).version,
                "level": level, "unit_id": known[unit].id,
            }  # fmt: skip
            connection.execute(insert(t.lists).values(**row))
    site.refresh()
    return site


def actor(
    site: Site, role: str, unit: str = "500000-DCB", name: str = "", channel: str = "web"
) -> Actor:
    """Give somebody of a unit; his name tells role and unit apart unless given."""
    row = site.tree.by_code[unit]
    return Actor(
        1, name or f"{role}-{unit}", name or role, role, unit, row.path, row.scope_path, channel
    )


COMPLAINT: Mapping[str, Any] = {
    "received_on": "2024-06-07", "content": "某镇某养殖场废水直排小河,气味难闻。",
    "types": "水、畜禽养殖", "channel": "来电", "batch": "第一批",
}  # fmt: skip


def complaint(site: Site, number: str, **more: Any) -> int:
    """Register a complaint; gives its id."""
    asked = registering.Registration({**COMPLAINT, "number": number, **more})
    return registering.register(site, actor(site, "supervisor"), "c3", asked).case_id


def step(
    site: Site,
    who: Actor,
    case_id: int,
    code: str,
    values: Mapping[str, Any] | None = None,
    *files: Prepared,
    **more: Any,
) -> gate.Taken:
    """Take a step on the version that stands."""
    request = gate.Request(code, None, values or {}, files, **more)
    return gate.take_step(site, who, case_id, request)


PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


def hand_over_twelve(site: Site) -> None:
    """Register twelve complaints and hand them to two districts in turn."""
    for number in range(12):
        units = "500119-STHJ" if number % 2 else "500112-STHJ"
        case = complaint(site, f"D3CQ20240607{number:04d}")
        step(site, actor(site, "supervisor"), case, "transfer", {"units": units})
