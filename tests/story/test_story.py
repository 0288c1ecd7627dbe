"""The story of the main job, told in a real browser: no step is taken by any other door.

A complaint is registered, transferred, worked on with a photograph, phase-closed, closed by another
supervisor, and comes back; after each turn the leaders' board has moved, and the ledger shows it.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from PIL import Image
from playwright.sync_api import Page
from sqlalchemy import insert

from ecoissues.figures.registry import packaged_definitions
from ecoissues.services import starting
from ecoissues.services.accounts import hash_password
from ecoissues.services.site import Site
from ecoissues.storage import tables as t

LIST, NUMBER = "story", "D3CQ202611200001"
PASSWORD = "a-story-password"
PEOPLE = {
    "one": ("supervisor", "500000-DCB"),
    "two": ("supervisor", "500000-DCB"),
    "officer": ("officer", "500119-STHJ"),
    "head": ("head", "500119-STHJ"),
    "leader": ("leader", "500000"),
}
PHOTO_SIZE = (640, 480)


def office(tree: Any) -> str:
    return next(str(u.code) for u in tree.by_id.values() if u.kind == "office" and u.top_id == u.id)


@pytest.fixture
def site_data(tmp_path: Path) -> Path:
    data = tmp_path / "site"
    data.mkdir()
    site = starting.open_site(data)
    starting.upgrade(site)
    tree, city_office = site.tree, office(site.tree)
    with site.store.writing() as connection:
        kind = site.kinds.current("complaint")
        row = {"code": LIST, "title": "中央督察群众举报(故事)", "kind": kind.code,
               "kind_version": kind.version, "level": "municipal", "unit_id": tree.root.id}  # fmt: skip
        connection.execute(insert(t.lists).values(**row))
        for name, (role, code) in PEOPLE.items():
            unit = tree.by_code[city_office if code.endswith("-DCB") else code]
            connection.execute(
                insert(t.users).values(
                    name=name, display=f"测试{name}", role=role, unit_id=unit.id,
                    password=hash_password(PASSWORD, "test"),
                )
            )  # fmt: skip
    _check_units(site)
    site.close()
    return data


def _check_units(site: Site) -> None:
    assert "500119-STHJ" in site.tree.by_code


class Story:
    """One browser window per person; each works by clicking what is on the page."""

    def __init__(self, open_page: Any, url: str) -> None:
        self.url = url
        self._open = open_page
        self._pages: dict[str, Page] = {}
        self.case = ""

    def as_(self, name: str) -> Page:
        page = self._pages.get(name)
        if page is None:
            page = self._pages[name] = self._open(self.url)
            page.goto(f"{self.url}/sign-in")
            page.fill("#name", name)
            page.fill("#password", PASSWORD)
            page.get_by_role("button", name="登录").click()
            page.wait_for_load_state()
            assert "/sign-in" not in page.url
        return page

    def take(self, name: str, step: str, *, files: Any = None, **values: str) -> Page:
        """Open the case, press the step's button, fill its form, send it."""
        page = self.as_(name)
        page.goto(self.case)
        page.get_by_role("link", name=step, exact=True).click()
        for field, value in values.items():
            control = page.locator(f"#f-{field}")
            if control.evaluate("e => e.tagName") == "SELECT":
                control.select_option(label=value)
            else:
                control.fill(value)
        if files:
            stage, content = files
            page.set_input_files(f"#f-files-{stage}", content)
        page.locator("#step-form button.btn-primary").click()
        page.wait_for_load_state()
        assert not page.title().startswith("错误"), page.locator("main").inner_text()[:800]
        assert page.url.startswith(self.case), page.url
        return page

    def board(self) -> dict[str, str]:
        """Read the leader's big numbers: name -> text of part and whole."""
        page = self.as_("leader")
        page.goto(f"{self.url}/board?list={LIST}")
        found = {}
        for code in ("closure_rate", "handled_rate", "report_rate"):
            name = packaged_definitions().get(code).wording.zh
            tile = page.locator(".tile", has=page.get_by_role("heading", name=name, exact=True))
            match = re.search(r"(\d+)\s*/\s*(\d+)", tile.locator(".tile-small").inner_text())
            assert match, f"{name} is not on the board"
            found[code] = f"{match[1]}/{match[2]}"
        return found


def photo() -> dict[str, Any]:
    out = io.BytesIO()
    Image.new("RGB", PHOTO_SIZE, (40, 120, 60)).save(out, "JPEG")
    return {"name": "整改后现场.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def paper(name: str) -> dict[str, Any]:
    body = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
    return {"name": name, "mimeType": "application/pdf", "buffer": body}


def test_the_main_job(site_data: Path, live_site: Any, open_page: Any, tmp_path: Path) -> None:
    url = live_site(f"sqlite:///{site_data / 'ecoissues.db'}", data=site_data).url
    story = Story(open_page, url)
    rate, handled, reported = "closure_rate", "handled_rate", "report_rate"

    page = story.as_("one")
    page.goto(f"{url}/lists")
    page.get_by_role("link", name="登记", exact=True).click()
    page.fill("#f-number", f"{NUMBER}*")
    page.fill("#f-received_on", page.locator("footer").inner_text().split("今天 ")[1][:10])
    page.fill("#f-content", "某镇某建材厂夜间生产粉尘大,污水直排河道。")
    page.get_by_role("checkbox", name="水", exact=True).check()
    page.get_by_role("checkbox", name="大气", exact=True).check()
    page.get_by_role("button", name="保存", exact=True).click()
    page.wait_for_load_state()
    assert not page.title().startswith("错误"), page.locator("main").inner_text()[:800]
    page.goto(f"{url}/go?q={NUMBER}")
    assert re.search(r"/cases/\d+$", page.url), page.url
    story.case = page.url
    assert "重点" in page.locator("main").inner_text()
    assert story.board()[rate] == "0/1"

    page.get_by_role("link", name="转办", exact=True).click()
    page.fill("#f-units-u1", "500119-STHJ")
    page.locator("#step-form button.btn-primary").click()
    page.wait_for_load_state()
    assert "已转办" in page.locator("main").inner_text()

    story.take("officer", "签收")
    story.take("officer", "记录办理", note="到现场核查,责令停产整改。", verdict="属实",
               files=("after", photo()))  # fmt: skip
    story.take("officer", "反馈结果", result="已责令停产并清理河道。", verdict="属实")
    assert story.board()[reported] == "1/1"
    today = story.as_("one").locator("footer").inner_text().split("今天 ")[1][:10]
    promised = f"{int(today[:4]) + 1}{today[4:]}"
    story.take("officer", "申请阶段性办结", remains="管网改造尚未完工", promised_on=promised,
               verdict="属实")  # fmt: skip
    story.take("head", "阶段性办结签字")
    story.take("one", "批准阶段性办结")
    assert story.board() == {rate: "0/1", handled: "1/1", reported: "1/1"}

    story.take("officer", "申请最终办结", statement="管网完工,现场达标。", verdict="属实")
    story.take("head", "最终办结签字")
    page = story.as_("one")
    page.goto(story.case)
    story.take("two", "核查办结", verification="两次到场核查,问题已解决。",
               files=("document", paper("核查记录.pdf")))  # fmt: skip
    assert story.board()[rate] == "1/1"

    page = story.take("one", "反弹重办", reason="夜间再次直排。", promised_on=promised)
    assert "办理中" in page.locator("main").inner_text()
    assert story.board() == {rate: "0/1", handled: "0/1", reported: "1/1"}

    _history_tells_all(page)
    _ledger_shows_it(story.as_("one"), url, tmp_path)


def _history_tells_all(page: Page) -> None:
    text = page.locator("main").inner_text()
    steps = ("登记", "转办", "签收", "记录办理", "反馈结果", "申请阶段性办结", "阶段性办结签字",
             "批准阶段性办结", "申请最终办结", "最终办结签字", "核查办结", "反弹重办")  # fmt: skip
    for step in steps:
        assert step in text, step


def _ledger_shows_it(page: Page, url: str, folder: Path) -> None:
    with page.expect_download() as waiting:
        page.goto(f"{url}/cases?list={LIST}")
        page.locator("a[href^='/exports/cases.xlsx']").first.click()
    target = folder / "ledger.xlsx"
    waiting.value.save_as(target)
    book = openpyxl.load_workbook(target)
    cells = [str(cell.value) for row in book.worksheets[0].iter_rows() for cell in row if cell.value]
    book.close()
    assert NUMBER in cells or f"{NUMBER}*" in cells
    assert any("未办结" in cell for cell in cells)
    assert any("办结率" in cell and "0" in cell for cell in cells)  # the foot states the figure
