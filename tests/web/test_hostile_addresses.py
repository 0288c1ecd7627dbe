"""Addresses no page of ours makes: a sentence or a plain 404, never an error of the program."""

from __future__ import annotations

import pytest

from tests.web.conftest import World

HUGE = "9" * 25
#: Instants that are none on the log's own clock, or whose year before is none.
INSTANTS = ("0001-01-01", "0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00")


@pytest.mark.parametrize(
    "address",
    ["/cases/{}", "/cases/{}/files/1", "/cases/1/files/{}", "/cases/{}/steps/transfer", "/bulletins/{}"],
)
def test_a_number_no_row_can_have_names_nothing(world: World, address: str) -> None:
    client = world.client("city")
    for number in (HUGE, str(2**63), str(2**63 - 1)):
        assert client.get(address.format(number)).status_code == 404


@pytest.mark.parametrize("number", ["²", HUGE, "-1", "１", ""])
def test_a_number_that_is_none_is_left_out(world: World, number: str) -> None:
    case = world.register("CQ-C", "E1", by="city")
    client = world.client("city")
    for address in ("/cases?page={}", f"/cases/{case}/steps/void_entry?event={{}}",
                    "/indicators/new?year={}", "/board/rows?account=cases&page={}",
                    "/board/rows?figure=closure_rate&by=month&key={}"):  # fmt: skip
        answer = client.get(address.format(number), follow_redirects=True)
        assert answer.status_code in (200, 422), address
    auditor = world.client("auditor")
    for address in ("/log?before={}", "/log/changes?before={}"):
        assert auditor.get(address.format(number)).status_code == 200


@pytest.mark.parametrize("instant", INSTANTS)
def test_an_instant_that_cannot_be_meant_is_refused(world: World, instant: str) -> None:
    world.register("CQ-C", "E1", by="city")
    client = world.client("city")
    for page in ("/board", "/dispatch", "/board/compare", "/board/groups", "/board/rows"):
        answer = client.get(page, query_string={"list": "CQ-C", "known_at": instant, "account": "cases"})
        assert answer.status_code == 422
        assert "无法识别" in answer.text


def test_a_version_that_is_none_is_asked_for_again(world: World) -> None:
    case = world.register("CQ-C", "E1", by="city")
    client, address = world.client("city"), f"/cases/{case}/steps/void_entry"
    for version in ("²", HUGE):
        answer = world.post(client, address, address, version=version, reason="误录")
        assert answer.status_code == 422
        assert "版本号" in answer.text


def test_a_nul_is_refused_wherever_it_is_sent(world_on_both: World) -> None:
    """PostgreSQL holds no such text, and said so as an error of the program."""
    client = world_on_both.client("city")
    for address in ("/cases?batch=%00", "/cases?state=%00", "/editions/%00", "/board?list=CQ-C&batch=%00",
                    "/cases?%00=1"):  # fmt: skip
        assert client.get(address).status_code == 400, address
    assert world_on_both.client("auditor").get("/log?actor=%00").status_code == 400
    stranger = world_on_both.client()
    answer = world_on_both.post(stranger, "/sign-in", "/sign-in", name="\x00", password="x")
    assert answer.status_code == 400
