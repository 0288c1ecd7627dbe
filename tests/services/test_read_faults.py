"""One test for each fault of the services that reading found, so that it stays found."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ecoissues.core.errors import NotFound, Refused
from ecoissues.services import bulletins, casefile, complainants, loading, registering
from ecoissues.services.evidence import prepare
from ecoissues.services.site import Site
from tests.services.small_site import COMPLAINT, PDF, Clock, actor, complaint, make_site, step

HANDLER = "500119-STHJ"


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = make_site(database_url, tmp_path, Clock())
    yield made
    made.close()


def refusal(call: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value


def at_work(site: Site, number: str) -> int:
    """Give a complaint that its handler has accepted."""
    case = complaint(site, number)
    step(site, actor(site, "supervisor"), case, "transfer", {"units": HANDLER})
    step(site, actor(site, "officer", HANDLER), case, "accept")
    return case


def test_a_picture_with_a_palette_keeps_its_colours(site: Site) -> None:
    """Screenshots are such pictures; they were kept as shades of the palette's numbers."""
    out, red = io.BytesIO(), (200, 30, 30)
    Image.new("RGB", (40, 40), red).quantize(16).save(out, "PNG")
    kept = prepare(site, "截图.png", "after", out.getvalue())
    with Image.open(io.BytesIO(site.blobs.get(kept.sha256))) as picture:
        assert picture.convert("RGB").getpixel((5, 5)) == red


PARTIES = [[HANDLER, "lead"], ["500119", "accused"]]


def test_a_unit_complained_of_in_the_same_form_does_not_handle(site: Site) -> None:
    """Only units complained of before were looked at."""
    case, city = complaint(site, "D1"), actor(site, "supervisor")
    assert refusal(lambda: step(site, city, case, "transfer", {"units": PARTIES})).code == (
        "accused_unit"
    )
    asked = registering.Registration({**COMPLAINT, "number": "D2", "units": PARTIES})
    assert refusal(lambda: registering.register(site, city, "c3", asked)).code == "accused_unit"
    other = [["500112-STHJ", "lead"], ["500119", "accused"]]
    step(site, city, case, "transfer", {"units": other})
    mine = [[HANDLER, "lead"], ["500119", "supervising"]]  # calling it otherwise lifts nothing
    again = refusal(lambda: step(site, city, case, "forward", {"units": mine}))
    assert again.code == "accused_unit"


@pytest.mark.parametrize("units", [[[HANDLER]], [[HANDLER, "lead", "x"]], [[]], [[[HANDLER], "lead"]]])
def test_units_of_another_shape_are_refused(site: Site, units: Any) -> None:
    case = complaint(site, "D1")
    call = lambda: step(site, actor(site, "supervisor"), case, "transfer", {"units": units})  # noqa: E731
    assert refusal(call).code == "invalid"


@pytest.mark.parametrize(
    "outcomes", ["罚款:1:99999999999999999999", [{"sort": "fined", "count": [1]}],
                 [{"sort": "fined", "count": 1e400}], [{"sort": "fined", "amount": {"a": 1}}]],
)  # fmt: skip
def test_outcomes_of_no_size_are_refused(site: Site, outcomes: Any) -> None:
    case = at_work(site, "D1")
    values = {"note": "查", "outcomes": outcomes}
    call = lambda: step(site, actor(site, "officer", HANDLER), case, "log_work", values)  # noqa: E731
    assert refusal(call).code == "invalid"


def test_a_reason_that_is_too_long_is_refused(site: Site) -> None:
    case, city, long = complaint(site, "D1"), actor(site, "supervisor"), "字" * 20_001
    site.clock.set(date(2024, 6, 20))  # type: ignore[attr-defined]
    day = date(2024, 6, 10)
    late = refusal(lambda: step(site, city, case, "transfer", {"units": HANDLER},
                                effective_on=day, late_reason=long))  # fmt: skip
    assert (late.code, *late.facts["errors"]) == ("invalid", "late_reason")
    asked = registering.Registration({**COMPLAINT, "number": "D2"}, effective_on=day, late_reason=long)
    assert refusal(lambda: registering.register(site, city, "c3", asked)).code == "invalid"
    assert refusal(lambda: complainants.reveal(site, city, case, long)).code == "invalid"


def test_a_part_no_case_can_have(site: Site) -> None:
    complaint(site, "D1")
    city = actor(site, "supervisor")
    with site.store.reading() as connection:
        for part in ("9" * 25, "-1", "²"):
            with pytest.raises(NotFound):
                loading.load_case(connection, site, city, f"c3/D1/{part}")
    asked = registering.Registration({**COMPLAINT, "number": "D1"}, part=10**30)
    assert refusal(lambda: registering.register(site, city, "c3", asked)).code == "invalid"


def test_an_objection_is_not_dated_back_into_its_period(site: Site) -> None:
    city, officer = actor(site, "supervisor"), actor(site, "officer", HANDLER)
    case = complaint(site, "D1")
    step(site, city, case, "transfer", {"units": HANDLER})
    for who, code in ((officer, "ask_return"), (city, "consent_return")):
        step(site, who, case, code, {"reason": "不属本单位"})
    step(site, city, case, "transfer", {"units": HANDLER})
    with site.store.reading() as connection:
        due = casefile.open_case(connection, site, city, case).life.clocks["objection"].current
    assert due is not None
    site.clock.set(due + timedelta(2))  # type: ignore[attr-defined]

    def ask(day: date | None) -> Any:
        return step(site, officer, case, "ask_return", {"reason": "迟"}, effective_on=day)

    assert refusal(lambda: ask(None)).code == "after_expiry"
    assert refusal(lambda: ask(due)).code == "after_expiry"


def test_what_follows_is_corrected_on_the_main_case_alone(site: Site) -> None:
    """Striking one companion left the case standing elsewhere than the case it follows."""
    main, follower = at_work(site, "D1"), at_work(site, "D2")
    city, officer = actor(site, "supervisor"), actor(site, "officer", HANDLER)
    step(site, city, follower, "merge", {"target_case": "c3/D1", "reason": "重复"})
    step(site, officer, main, "apply_close", {"verdict": "不属实", "statement": "已办"})
    with site.store.reading() as connection:
        opened = casefile.open_case(connection, site, city, follower)
    assert "follows" in opened.standing[-1].facts
    asked = {"event": opened.life.seq, "correction": "strike", "reason": "试"}
    assert refusal(lambda: step(site, city, follower, "ask_correction", asked)).code == (
        "no_such_event"
    )


def test_the_way_of_a_case_names_a_unit_once(site: Site) -> None:
    case, city = complaint(site, "D1"), actor(site, "supervisor")
    step(site, city, case, "transfer", {"units": HANDLER})
    step(site, city, case, "forward", {"units": f"{HANDLER}、500119-CGJ"})
    path = casefile.case_file(site, city, case).path
    assert path == ["重庆（2024-06-10）", "南川环境局（2024-06-10）"]


def test_bulletins_of_others_push_no_own_off_the_list(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest of all offices were taken first, and the scope was looked at afterwards."""
    monkeypatch.setattr(bulletins, "_MOST_LISTED", 2)
    complaint(site, "D1")
    district, city = actor(site, "supervisor", "500119-DCB"), actor(site, "supervisor")
    own = bulletins.create(site, district, "daily", "c3")
    for _ in range(2):
        bulletins.create(site, city, "daily", "c3")
    assert [one.id for one in bulletins.listed(site, district)] == [own]


def test_an_unmerged_case_goes_on_in_its_own_round(site: Site) -> None:
    """A return of the main case for rework had wiped who handled the other and what it had shown."""
    main, follower = at_work(site, "D1"), at_work(site, "D2")
    city, officer = actor(site, "supervisor"), actor(site, "officer", HANDLER)
    head, handler = actor(site, "head", HANDLER), actor(site, "supervisor", name="handler")
    paper = prepare(site, "核查.pdf", "document", PDF)
    done = {"verdict": "不属实", "statement": "已办"}
    step(site, handler, follower, "report_result", {"verdict": "不属实", "result": "已办"}, paper)
    step(site, officer, follower, "apply_close", done)
    step(site, head, follower, "sign_close")
    step(site, city, follower, "merge", {"target_case": "c3/D1", "reason": "重复"})
    step(site, officer, main, "apply_close", done)
    step(site, head, main, "return_for_rework", {"reason": "不足"})
    step(site, city, follower, "unmerge", {"reason": "并非重复"})
    verify = {"verification": "看过现场"}
    assert refusal(lambda: step(site, handler, follower, "close", verify)).code == "same_person"
    other = actor(site, "supervisor", name="other")
    assert step(site, other, follower, "close", verify).state == "closed"
