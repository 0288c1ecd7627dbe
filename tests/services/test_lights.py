"""Four lights, day by day: the filter, the row, the page of the case and the board say the same."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from ecoissues.core.errors import Refused
from ecoissues.core.lights import ORDER
from ecoissues.services import board_pages, casefile, exporting, listing, rows
from ecoissues.services.board_pages import Asked
from ecoissues.services.listing import Filter
from ecoissues.services.site import Site
from tests.services.small_site import Clock, actor, complaint, make_site, step

BUREAU = "500119-STHJ"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    made = make_site(database_url, tmp_path, clock)
    yield made
    made.close()


def hand_over(site: Site, number: str) -> int:
    case = complaint(site, number)
    step(site, actor(site, "supervisor"), case, "transfer", {"units": [[BUREAU, "lead"]]})
    return case


def seen(site: Site, light: str) -> set[int]:
    page = rows.read_page(site, actor(site, "supervisor"), Filter({"list": "c3", "light": light}))
    assert all(row.light == light for row in page.rows)
    return {row.id for row in page.rows}


def test_each_running_case_has_one_light_wherever_it_is_looked_at(
    site: Site, clock: Clock
) -> None:
    cases = []
    for day in (10, 13, 17):
        clock.set(date(2024, 6, day))
        cases.append(hand_over(site, f"D3CQ202406{day}0001"))
    order = []
    for day in range(14):
        clock.set(date(2024, 6, 17) + timedelta(day))
        found = {light: seen(site, light) for light in ORDER}
        assert sorted(case for ids in found.values() for case in ids) == cases
        boss = actor(site, "supervisor")
        for light, ids in found.items():
            for case in ids:
                assert casefile.case_file(site, boss, case).light == light
        board = board_pages.read_board(site, boss, Asked("c3"))
        assert board is not None
        assert [(one.key, one.count) for one in board[1].lights] == [
            (light, len(found[light])) for light in ORDER
        ]
        past = board_pages.read_board(site, boss, Asked("c3", date(2024, 6, 16)))
        assert past is not None
        assert sum(one.count or 0 for one in past[1].lights) == 2
        order.append(next(light for light, ids in found.items() if cases[0] in ids))
    # Due on 20 June: yellow from three workdays before, orange on the last two days.
    assert order == ["yellow", "yellow", "orange", "orange", *["red"] * 10]


def test_the_exported_ledger_holds_the_light(site: Site, clock: Clock, tmp_path: Path) -> None:
    hand_over(site, "D3CQ202406100001")
    clock.set(date(2024, 6, 19))
    for day, words in ((None, "紧急"), (date(2024, 6, 17), "临期")):
        path = tmp_path / "台账.csv"
        asked = exporting.Asked("issue_ledger", "c3", day)
        exporting.export(site, actor(site, "supervisor"), asked, path)
        lines = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
        place = next(line.index("时限灯") for line in lines if "时限灯" in line)
        assert [line[place] for line in lines if "D3CQ202406100001" in line] == [words]


def test_desk_and_list_count_what_is_urgent(site: Site, clock: Clock) -> None:
    hand_over(site, "D3CQ202406100001")
    clock.set(date(2024, 6, 19))
    boss = actor(site, "supervisor")
    with site.store.reading() as connection:
        counted = listing.counts(
            connection, site, boss,
            [Filter({"due": due}) for due in ("overdue", "today", "urgent", "soon", "later")],
        )  # fmt: skip
    assert counted == [0, 0, 1, 1, 0]
    with pytest.raises(Refused, match="bad_filter"):
        Filter.read({"light": "blue"})
