"""The daily scan: once per light and per day, chased ever more rarely, told without a name."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar

import apprise
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from ecoissues.core.calendar_documents import gather_calendars
from ecoissues.core.errors import Refused
from ecoissues.core.reminding import CHASES, Watch, reminder_of
from ecoissues.services import contacting, delivering, reminding
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage import tables_notices as n
from tests.services.clocked_site import HANDLER, Walk, at, clocked_site
from tests.services.small_site import Clock

CALENDARS = gather_calendars()
DAY = timedelta(1)


@pytest.fixture
def clock() -> Clock:
    return Clock(at("2026-03-02 09:00"))


@pytest.fixture
def site(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    made = clocked_site(database_url, tmp_path, clock)
    people = (("o1", "officer", HANDLER), ("h1", "head", HANDLER),
              ("d1", "supervisor", "500119-DCB"), ("c1", "supervisor", "500000-DCB"),
              ("other", "officer", "500112-STHJ"))  # fmt: skip
    with made.store.writing() as connection:
        for name, role, unit in people:
            unit_id = made.tree.by_code[unit].id
            connection.execute(
                insert(t.users).values(
                    name=name, display=name, role=role, unit_id=unit_id, password="x"
                )
            )
    yield made
    made.close()


@pytest.fixture
def walk(site: Site, clock: Clock) -> Walk:
    made = Walk(site, clock)
    made.hand()  # report is due on 2026-03-09, yellow from 03-04, orange from 03-06
    made.take(made.officer, "start")
    return made


def rules(site: Site) -> list[str]:
    with site.store.reading() as connection:
        r = n.reminders.c
        query = select(r.rule).where(r.clock == "report").order_by(r.day, r.rule)
        return list(connection.execute(query).scalars())


def outbox(site: Site, channel: str = "desk") -> list[Any]:
    with site.store.reading() as connection:
        o = n.outbox.c
        query = select(n.outbox).where(o.channel == channel).order_by(o.day, o.recipient)
        return list(connection.execute(query).all())


def test_each_light_is_told_once_and_a_day_is_scanned_once(site: Site, walk: Walk) -> None:
    assert reminding.scan(site).reminders == 0
    for day in ("04", "05", "06", "07", "09"):
        walk.go(f"2026-03-{day} 07:30")
        reminding.scan(site)
        again = reminding.scan(site)
        assert (again.repeated, again.reminders) == (True, 0)
    assert rules(site) == ["soon", "urgent", "today"]
    assert {row.recipient for row in outbox(site)} == {"o1", "h1"}


def test_missed_days_are_caught_up_and_only_the_last_chase_goes_out(
    site: Site, walk: Walk
) -> None:
    walk.go("2026-03-18 07:30")
    reminding.scan(site)
    assert rules(site) == ["chase-7"]
    told = {row.recipient: row.body for row in outbox(site)}
    assert set(told) == {"o1", "h1", "d1", "c1"}
    assert "已逾期 9 天；请决定是否督办" in told["d1"]
    assert "督办" not in told["o1"]
    for body in told.values():
        assert "水质" not in body  # numbers and days, no content


def test_a_clock_back_reminds_nobody_twice(site: Site, walk: Walk, clock: Clock) -> None:
    walk.go("2026-03-10 00:30")
    first = reminding.scan(site)
    clock.now = at("2026-03-09 23:58")
    second = reminding.scan(site)
    assert (first.reminders, second.day, rules(site)) == (1, "2026-03-09", ["today", "chase-1"])
    clock.now = at("2026-03-10 00:31")
    assert reminding.scan(site).repeated


def test_a_clock_ten_years_ahead_scans_nothing(site: Site, walk: Walk, clock: Clock) -> None:
    clock.now = at("2036-03-10 07:30")
    with pytest.raises(Refused) as refused:
        reminding.scan(site)
    assert refused.value.code == "clock_unsound"
    assert outbox(site) == []
    with pytest.raises(Refused) as writing:
        walk.take(walk.officer, "report_back")
    assert writing.value.code == "clock_unsound"


def test_two_schedulers_send_once(site: Site, walk: Walk) -> None:
    walk.go("2026-03-10 07:30")
    barrier, found = threading.Barrier(2), []

    def run() -> None:
        barrier.wait()
        found.append(reminding.scan(site))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.repeated for one in found) == [False, True]
    assert len(outbox(site)) == 4


def test_a_met_clock_and_a_closed_case_are_left_alone(site: Site, walk: Walk) -> None:
    walk.take(walk.officer, "report_back")
    walk.go("2026-03-20 07:30")
    reminding.scan(site)
    assert rules(site) == []


def test_a_forgotten_suspension_is_told(site: Site, walk: Walk) -> None:
    values = {"clock": "finish", "reason": "等待鉴定。"}
    seq = walk.take(walk.officer, "ask_suspension", values, walk.paper()).seq
    walk.take(walk.district, "suspend", {"event": seq})
    walk.go("2026-03-23 07:30")
    reminding.scan(site, date(2026, 3, 22))
    assert all("中止" not in row.body for row in outbox(site))
    reminding.scan(site)
    assert any("中止已满规定天数" in row.body for row in outbox(site))


def test_an_order_is_chased_until_it_is_answered(site: Site, walk: Walk) -> None:
    walk.take(walk.officer, "report_back")  # no clock asks for anything in these days
    seq = walk.take(
        walk.district, "supervise", {"requirement": "限期答复。", "answer_by": "2026-03-05"}
    ).seq
    for day in (3, 4, 5, 6, 7, 8, 9, 10, 11, 12):
        walk.go(f"2026-03-{day:02d} 07:30")
        reminding.scan(site)
    with site.store.reading() as connection:
        r = n.reminders.c
        query = select(r.day, r.rule).where(r.clock == f"order:{seq}").order_by(r.day)
        told = [tuple(row) for row in connection.execute(query)]
    assert told == [
        ("2026-03-04", "soon"), ("2026-03-05", "today"), ("2026-03-06", "chase-1"),
        ("2026-03-08", "chase-3"), ("2026-03-12", "chase-7"),
    ]  # fmt: skip
    last = {row.recipient: row.body for row in outbox(site) if row.day == "2026-03-12"}
    assert set(last) == {"o1", "h1", "d1", "c1"}
    assert "督办答复 2026-03-05，已逾期 7 天；请决定是否通报" in last["d1"]
    assert "通报" not in last["o1"]
    walk.take(walk.officer, "answer_order", {"event": seq, "answer": "已完成整改。"})
    walk.go("2026-03-19 07:30")
    assert reminding.scan(site).reminders == 0


def test_the_desk_shows_a_person_s_own(site: Site, walk: Walk) -> None:
    walk.go("2026-03-10 07:30")
    reminding.scan(site)
    from tests.services.small_site import actor

    (digest,) = contacting.read_digests(site, actor(site, "officer", HANDLER, "o1"))
    assert digest.lines == [(walk.case, "chase", "clocked/一号，反馈时限 2026-03-09，已逾期 1 天")]
    assert contacting.read_digests(site, actor(site, "officer", "500112-STHJ", "other")) == []


class _Smtp(socketserver.StreamRequestHandler):
    """Takes any mail and keeps it."""

    received: ClassVar[list[str]] = []

    def handle(self) -> None:
        self.wfile.write(b"220 test\r\n")
        data = False
        for raw in self.rfile:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            if data:
                if line == ".":
                    data = False
                    self.wfile.write(b"250 kept\r\n")
                else:
                    self.received[-1] += line + "\n"
            elif line.upper().startswith("DATA"):
                data = True
                self.received.append("")
                self.wfile.write(b"354 go on\r\n")
            elif line.upper().startswith("QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")


def test_mail_goes_out_once_and_fails_with_patience(
    site: Site, walk: Walk, clock: Clock, tmp_path: Path
) -> None:
    contacting.set_mail(site, "o1", "o1@example.cn")
    settings = '[mail]\nhost = "127.0.0.1"\nport = {}\nsender = "desk@example.cn"\n'
    (tmp_path / "notify.toml").write_text(settings.format(9), "utf-8")
    walk.go("2026-03-10 07:30")
    reminding.scan(site)
    assert delivering.deliver(site) == delivering.Delivered(0, 1)
    assert delivering.deliver(site) == delivering.Delivered(0, 0)  # not before its time
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Smtp) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        (tmp_path / "notify.toml").write_text(settings.format(server.server_address[1]), "utf-8")
        clock.now += timedelta(minutes=6)
        assert delivering.deliver(site) == delivering.Delivered(1, 0)
        clock.now += timedelta(days=2)
        assert delivering.deliver(site) == delivering.Delivered(0, 0)
        server.shutdown()
    (mail,) = _Smtp.received
    _Smtp.received.clear()
    assert "To: o1@example.cn" in mail
    assert "Message-ID: <reminder-2026-03-10-" in mail


def test_a_group_is_off_by_default_and_hears_counts_only(
    site: Site, walk: Walk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []

    def notify(_self: Any, **said: Any) -> bool:
        sent.append(said)
        return True

    monkeypatch.setattr(apprise.Apprise, "notify", notify)
    token = "dingtalk://" + "a" * 24
    (tmp_path / "notify.toml").write_text(
        'link = "https://desk.example.cn"\n'
        f'[[groups]]\nname = "关"\nurl = "{token}"\n'
        f'[[groups]]\nname = "开"\nurl = "{token}"\nunit = "500119"\nenabled = true\n',
        "utf-8",
    )
    walk.go("2026-03-10 07:30")
    reminding.scan(site)
    assert [row.recipient for row in outbox(site, "group")] == ["开"]
    assert delivering.deliver(site).sent == 1
    (said,) = sent
    assert said["body"] == "2026-03-10：逾期 1 件。\nhttps://desk.example.cn"


@pytest.mark.parametrize("url", ["dingtalk://" + "a" * 24, "wecombot://" + "b" * 36,
                                 "feishu://" + "c" * 36])  # fmt: skip
@pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")
def test_the_library_knows_the_messengers(url: str) -> None:
    assert apprise.Apprise().add(url)


def test_broken_settings_send_nothing(site: Site, walk: Walk, tmp_path: Path) -> None:
    (tmp_path / "notify.toml").write_text("[mail]\nhots = 1\n", "utf-8")
    with pytest.raises(Refused, match="bad_notify"):
        reminding.scan(site)


def test_an_inactive_account_is_told_nothing(site: Site, walk: Walk) -> None:
    with site.store.writing() as connection:
        connection.execute(update(t.users).where(t.users.c.name == "o1").values(active=False))
    walk.go("2026-03-10 07:30")
    reminding.scan(site)
    assert "o1" not in {row.recipient for row in outbox(site)}


@given(st.dates(date(2020, 1, 1), date(2028, 12, 31)), st.integers(1, 400))
def test_chases_come_ever_more_rarely(due: date, until: int) -> None:
    watch = Watch(due, 3, 1)
    found = [reminder_of(watch, due + DAY * late, CALENDARS) for late in range(1, until + 1)]
    told = {one.rule for one in found if one}
    assert all(found)
    assert len(told) <= len(CHASES) + until // CHASES[-1]
