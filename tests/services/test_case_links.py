"""What the page of a case shows of others: nothing of those outside the reader's scope."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ecoissues.services import casefile
from ecoissues.services.registering import Registration, register
from ecoissues.services.site import Site
from tests.services.small_site import COMPLAINT, actor, complaint, make_site, step

HANDLER, ACCUSED = "500119-STHJ", "500112-STHJ"


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = make_site(database_url, tmp_path)
    yield made
    made.close()


def test_a_merged_complaint_about_the_handler_is_hidden_from_him(site: Site) -> None:
    boss = actor(site, "supervisor")
    main = complaint(site, "D3CQ202406070001")
    other = complaint(site, "D3CQ202406070002", content="某局包庇该厂，请查处。")
    step(site, boss, main, "transfer", {"units": HANDLER})
    step(site, boss, other, "transfer", {"units": f"{ACCUSED},{HANDLER}:accused"})
    step(site, boss, other, "merge", {"target_case": "c3/D3CQ202406070001", "reason": "同一问题"})
    (shown,) = casefile.case_file(site, boss, main).followers
    assert (shown[0], "包庇" in shown[2]) == (other, True)
    assert casefile.case_file(site, actor(site, "officer", HANDLER), main).followers == []
    # The other way round the number of the main case stands in the follower's own log.
    told = casefile.case_file(site, actor(site, "officer", ACCUSED), other)
    assert told.main_case == (main, "D3CQ202406070001")


def test_a_case_derived_for_another_district_is_hidden(site: Site) -> None:
    boss = actor(site, "supervisor")
    main = complaint(site, "D3CQ202406070001")
    step(site, boss, main, "transfer", {"units": HANDLER})
    asked = Registration({**COMPLAINT, "number": "D3CQ202406070003"}, parent_id=main)
    other = register(site, boss, "c3", asked).case_id
    step(site, boss, other, "transfer", {"units": ACCUSED})
    assert casefile.case_file(site, boss, main).derived == [(other, "D3CQ202406070003")]
    assert casefile.case_file(site, actor(site, "officer", HANDLER), main).derived == []
