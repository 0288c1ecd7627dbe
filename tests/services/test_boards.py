"""The board: numbers equal the rows they open, on every day; the overlap is told; scope holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from ecoissues.core.errors import NotFound, Refused
from ecoissues.core.policy import Actor
from ecoissues.services import boards, evidence, figure_settings, listing
from ecoissues.services.basis import basis_of
from ecoissues.services.behind import Behind, rows_behind, shown_rows
from ecoissues.services.boards import BoardPage
from ecoissues.services.exporting import natural
from ecoissues.services.site import Site
from tests.services.small_site import PDF, Clock, actor, complaint, make_site, step

DAY = date(2024, 6, 10)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    """Eight cases of two districts over a month; two joint, one closed, one void."""
    made = make_site(database_url, tmp_path, clock)
    supervisor = actor(made, "supervisor")
    ids = []
    for number in range(8):
        clock.set(date(2024, 6, 10 + number))
        day = clock.now.date().isoformat()
        case = complaint(made, f"D3CQ2024061{number:05d}", received_on=day)
        units = ["500119-STHJ", "500119-STHJ,500112-STHJ", "500112-STHJ"][number % 3]
        step(made, supervisor, case, "transfer", {"units": units})
        ids.append(case)
    officer, head = (actor(made, role, "500119-STHJ") for role in ("officer", "head"))
    clock.set(date(2024, 6, 20))
    step(made, officer, ids[0], "accept")
    step(made, officer, ids[0], "report_result", {"verdict": "不属实", "result": "未发现。"})
    step(made, officer, ids[0], "apply_close", {"verdict": "不属实", "statement": "未发现。"})
    step(made, head, ids[0], "sign_close")
    file = evidence.prepare(made, "核查.pdf", "document", PDF)
    other = actor(made, "supervisor", name="second")
    step(made, other, ids[0], "close", {"verification": "核实。"}, file)
    step(made, supervisor, ids[2], "void_entry", {"reason": "录入错误"})
    yield made
    made.close()


def board(site: Site, who: Actor, day: date | None = None, **more: str) -> BoardPage:
    with site.store.reading() as connection:
        basis = basis_of(site, connection, who, "c3", day, **more)
        return boards.make_board(site, connection, who, basis)


def opened(site: Site, who: Actor, href: str) -> int:
    """Open an address of the board and count its rows."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(href).query).items()}
    with site.store.reading() as connection:
        if href.startswith("/cases"):
            return listing.count(connection, site, who, listing.Filter.read(query))
        day = date.fromisoformat(query["as_of"]) if "as_of" in query else None
        basis = basis_of(
            site, connection, who, query["list"], day, query.get("known_at"),
            query.get("unit", ""), query.get("batch", ""),
        )  # fmt: skip
        asked = Behind(**{name: query[name] for name in Behind.__struct_fields__ if name in query})
        found = rows_behind(site, connection, basis, asked)
        shown = [row for page in (1, 2) for row in shown_rows(site, connection, basis, found.ids, page, 5)]
        assert [row["id"] for row in shown] == found.ids
    return len(found.ids)


@pytest.mark.parametrize("unit", ["500000", "500119"])
@pytest.mark.parametrize("day", [None, date(2024, 6, 12), date(2024, 6, 19)])
def test_every_number_opens_exactly_its_rows(
    site: Site, clock: Clock, unit: str, day: date | None
) -> None:
    clock.set(date(2024, 6, 25))
    leader = actor(site, "leader", unit)
    page = board(site, leader, day)
    assert opened(site, leader, page.total_href) == page.total
    assert opened(site, leader, page.void_href) == page.void
    for number in page.numbers:
        assert opened(site, leader, number.part_href) == number.figure.part
        assert opened(site, leader, number.rest_href) == number.rest
    for light in page.lights:
        assert light.count is not None
        assert opened(site, leader, light.href) == light.count
    for place in (*page.ranking.places, *page.ranking.few):
        assert opened(site, leader, place.href) == place.group.whole


def test_the_board_moves_with_its_day_and_says_what_it_stands_on(site: Site) -> None:
    leader = actor(site, "leader", "500000")
    early, now = board(site, leader, date(2024, 6, 12)), board(site, leader)
    assert (early.total, early.void) == (3, 0)
    assert (now.total, now.void) == (7, 1)
    closure = now.numbers[0]
    assert (closure.figure.part, closure.figure.whole, closure.shown) == (1, 7, "14.3%")
    assert closure.sentence == (
        "截至2024年6月20日，第三轮督察群众举报共7件，办结1件，办结率14.3%"
        "（口径：(办结 + 已回头看) ÷ 转办总数，第1版）。"
    )
    assert len(now.trend) == 12
    assert (now.trend[-1].part, now.trend[-1].whole) == (1, 7)


def test_joint_cases_count_in_each_district_and_the_board_says_why(site: Site) -> None:
    page = board(site, actor(site, "leader", "500000"))
    summed = sum(place.group.whole for place in (*page.ranking.places, *page.ranking.few))
    assert summed == 10
    assert page.ranking.overlap == (
        "各区县（部门）合计 10 大于总数 7：多家合办的事项在每家各计一次，共多计 3 件次。"
    )


def test_small_units_are_set_apart_and_ties_share_a_rank(site: Site) -> None:
    page = board(site, actor(site, "leader", "500000"))
    assert [place.group.whole >= boards.FEWEST_RANKED for place in page.ranking.places] == [True]
    assert [place.rank for place in page.ranking.few] == [0]


def test_late_entries_show_only_from_the_day_they_are_known(site: Site, clock: Clock) -> None:
    leader = actor(site, "leader", "500000")
    clock.set(date(2024, 6, 28))
    before = board(site, leader, date(2024, 6, 20))
    case = complaint(site, "D3CQ202406199999", received_on="2024-06-19")
    step(
        site, actor(site, "supervisor"), case, "void_entry", {"reason": "重复录入"},
    )  # fmt: skip
    clock.set(date(2024, 6, 29))
    assert board(site, leader, date(2024, 6, 20), known="2024-06-25").total == before.total


def test_a_district_leader_sees_his_part_by_unit(site: Site) -> None:
    page = board(site, actor(site, "leader", "500119"))
    assert page.total == 6
    assert page.ranking.by == "unit"


def test_what_cannot_be_asked(site: Site) -> None:
    leader = actor(site, "leader", "500119")
    with pytest.raises(Refused) as refused:
        board(site, leader, date(2024, 7, 1))
    assert refused.value.code == "future_day"
    with pytest.raises(NotFound):
        board(site, leader, unit="500112")
    with pytest.raises(NotFound):
        board(site, leader, batch="第九十九批")
    with pytest.raises(Refused) as refused:
        board(site, leader, date(2024, 6, 20), known="2024-06-15")
    assert refused.value.code == "as_of_after_known_at"


def test_numbers_sort_as_people_count() -> None:
    assert sorted(["第10项", "第2项", "一", "2-1"], key=natural) == ["2-1", "一", "第2项", "第10项"]


def test_the_ranking_follows_the_setting_of_the_list(site: Site) -> None:
    who = actor(site, "leader", "500000")
    whole = board(site, who).ranking
    assert "大于总数" in whole.overlap
    figure_settings.set_joint_counting(site, "c3", "half")
    half = board(site, who).ranking
    shown = {place.group.key: place.group.shown_whole for place in (*half.places, *half.few)}
    assert sum(map(float, shown.values())) == board(site, who).total
    assert any(text.endswith(".5") for text in shown.values())
    assert "均分" in half.overlap
    figure_settings.set_joint_counting(site, "c3", "own_row")
    own = board(site, who).ranking
    assert "joint" not in {place.group.key for place in (*own.places, *own.few)}
    assert "合办 0/3。" in own.overlap
