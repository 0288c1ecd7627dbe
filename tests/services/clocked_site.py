"""A kind with every sort of clock, and a case of it walked along: for tests of deadlines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from ecoissues.core.events import live
from ecoissues.core.instants import instant_text
from ecoissues.core.life import Life, fold
from ecoissues.core.policy import Actor
from ecoissues.services import registering
from ecoissues.services.evidence import Prepared, prepare
from ecoissues.services.recording import CLOCK_ACCEPTED
from ecoissues.services.site import Site
from ecoissues.storage import log
from ecoissues.storage import tables as t
from ecoissues.storage.reference import put_setting
from tests.services.small_site import PDF, Clock, actor, make_site, step

HANDLER = "500119-STHJ"

KIND = """
code = "clocked"
version = 1
extends = "common"
wording = { zh = "计时试验", en = "Clocks on trial" }
on_time_clock = "finish"

[[states]]
code = "registered"
zh = "已登记"
en = "Registered"
phase = "open"
clockless = "尚未交办。"
[[states]]
code = "handed"
zh = "已交办"
en = "Handed over"
phase = "open"
[[states]]
code = "working"
zh = "办理中"
en = "Working"
phase = "open"
work = true
[[states]]
code = "done"
zh = "已整改"
en = "Rectified"
phase = "open"
[[states]]
code = "signed"
zh = "已签字"
en = "Signed"
phase = "open"
[[states]]
code = "closed"
zh = "销号"
en = "Closed"
phase = "closed"
[[states]]
code = "mistaken"
zh = "误录"
en = "Mistaken"
phase = "void"

[[clocks]]
code = "accept"
zh = "受理时限"
en = "Accept"
slot = "inner"
length = 15
met_by = ["handed_over"]
[[clocks]]
code = "quick"
zh = "响应时限"
en = "Answer"
slot = "inner"
length = 90
unit = "minutes"
receipt = "08:30-17:30"
met_by = ["step:start"]
[[clocks]]
code = "objection"
zh = "异议期限"
en = "Objection"
slot = "inner"
length = 5
unit = "workdays"
met_by = ["step:start"]
[[clocks]]
code = "report"
zh = "反馈时限"
en = "Report"
slot = "report"
length = 5
unit = "workdays"
urgent_workdays = 1
met_by = ["reported"]
extension = { max_days = 3, times = 1, unit = "workdays", by = "office" }
[[clocks]]
code = "finish"
zh = "办结时限"
en = "Finish"
slot = "finish"
length = 60
roll = true
met_by = ["closed"]
extension = { max_days = 30, times = 2 }
suspension = { max_days = 20, times = 1 }

[[steps]]
code = "register"
zh = "登记"
en = "Register"
from = []
to = "registered"
roles = ["supervisor"]
by = "office"
effect = "register"
starts = ["accept"]
fields = [
  { code = "number", zh = "编号", en = "Number", required = true },
  { code = "content", zh = "内容", en = "Content", type = "long_text", required = true },
]
[[steps]]
code = "hand"
zh = "交办"
en = "Hand over"
from = ["registered"]
to = "handed"
roles = ["supervisor"]
by = "office"
effect = "assign"
starts = ["report", "finish"]
resets = ["objection", "quick"]
marks = ["handed_over"]
fields = [
  { code = "units", zh = "单位", en = "Units", type = "units", required = true },
]
[[steps]]
code = "object"
zh = "提出异议"
en = "Object"
from = ["handed"]
to = "registered"
roles = ["officer"]
sort = "back"
before_clock = "objection"
loop_reason = "外层时限照常计算。"
fields = [
  { code = "reason", zh = "理由", en = "Reason", type = "long_text", required = true },
]
[[steps]]
code = "start"
zh = "开始办理"
en = "Start"
from = ["handed"]
to = "working"
roles = ["officer"]
[[steps]]
code = "report_back"
zh = "反馈"
en = "Report"
from = ["working", "done", "signed"]
roles = ["officer"]
marks = ["reported"]
sort = "note"
[[steps]]
code = "rectify"
zh = "报告已整改"
en = "Rectify"
from = ["working"]
to = "done"
roles = ["officer"]
evidence = [{ stage = "document" }]
[[steps]]
code = "sign"
zh = "签字"
en = "Sign"
from = ["done"]
to = "signed"
roles = ["head"]
signs = true
other_than = ["rectify"]
[[steps]]
code = "close"
zh = "核查销号"
en = "Close"
from = ["signed"]
to = "closed"
roles = ["supervisor"]
by = "superior"
signs = true
other_than = ["rectify"]
[[steps]]
code = "void_entry"
zh = "作废"
en = "Void"
from = ["*"]
to = "mistaken"
roles = ["supervisor"]
by = "office"
sort = "end"
fields = [
  { code = "reason", zh = "理由", en = "Reason", type = "long_text", required = true },
]
"""


def clocked_site(url: str, folder: Path, clock: Clock) -> Site:
    """Give a site with the list ``clocked`` of a kind with every sort of clock."""
    (folder / "kinds").mkdir(exist_ok=True)
    (folder / "kinds" / "clocked.toml").write_text(KIND, "utf-8")
    site = make_site(url, folder, clock)
    owner = site.tree.by_code["500000"].id
    row = {"code": "clocked", "title": "计时试验", "kind": "clocked", "kind_version": 1,
           "level": "municipal", "unit_id": owner}  # fmt: skip
    with site.store.writing() as connection:
        connection.execute(insert(t.lists).values(**row))
    site.refresh()
    return site


class Walk:
    """A case on its way, each step by the person whose it is."""

    def __init__(self, site: Site, clock: Clock, number: str = "一号") -> None:
        self.site, self.clock = site, clock
        self.officer, self.head = (actor(site, r, HANDLER) for r in ("officer", "head"))
        self.city = actor(site, "supervisor")
        self.district = actor(site, "supervisor", "500119-DCB")
        asked = registering.Registration({"number": number, "content": "某河段水质异常。"})
        self.case = registering.register(site, self.city, "clocked", asked).case_id

    def go(self, when: str) -> None:
        """Let time pass to an instant in Shanghai; an administrator has accepted the leap."""
        self.clock.now = at(when)
        with self.site.store.writing() as connection:
            put_setting(connection, CLOCK_ACCEPTED, instant_text(self.clock.now))

    def paper(self) -> Prepared:
        return prepare(self.site, "依据.pdf", "document", PDF)

    def take(
        self, who: Actor, code: str, values: Mapping[str, Any] | None = None, *files: Prepared,
        **more: Any,
    ) -> Any:  # fmt: skip
        return step(self.site, who, self.case, code, values, *files, **more)

    def hand(self, unit: str = HANDLER) -> Any:
        return self.take(self.city, "hand", {"units": unit})

    def ask(self, new_due: str, clock: str = "finish", **more: Any) -> int:
        values = {"clock": clock, "new_due": new_due, "reason": "工程量大。"}
        return int(self.take(self.officer, "ask_extension", values, self.paper(), **more).seq)

    def close(self) -> None:
        self.take(self.officer, "start")
        self.take(self.officer, "rectify", None, self.paper())
        self.take(self.head, "sign")
        self.take(self.city, "close")

    def life(self, day: date | None = None) -> Life:
        with self.site.store.reading() as connection:
            return fold(live(log.events_of(connection, self.case)), day)

    def due(self, clock: str = "finish") -> str:
        return str(self.life().clocks[clock].current)


def at(text: str) -> datetime:
    """An instant written in Shanghai time: 2026-02-12 09:00."""
    return datetime.fromisoformat(f"{text}:00+08:00").astimezone(UTC)
