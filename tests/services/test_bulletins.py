"""Bulletins: numbers stay bound to the edition whatever is recorded later; the Word file is official."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest
from docx import Document

from ecoissues.core.errors import Forbidden, NotFound, Refused, Stale
from ecoissues.services import bulletins, edition_bridges, publishing
from ecoissues.services.site import Site
from tests.services.small_site import Clock, actor, complaint, hand_over_twelve, make_site, step

DAY = date(2024, 6, 16)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    made = make_site(database_url, tmp_path, clock)
    hand_over_twelve(made)
    clock.set(DAY)
    yield made
    made.close()


def words(content: bytes) -> str:
    document = Document(io.BytesIO(content))
    cells = [c.text for t in document.tables for r in t.rows for c in r.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


def test_a_bulletin_from_draft_to_word(site: Site, clock: Clock) -> None:
    who = actor(site, "supervisor")
    key = bulletins.create(site, who, "weekly", "c3")
    found, numbers = bulletins.read(site, who, key)
    assert (found.begins_on, found.as_of) == (date(2024, 6, 10), DAY)
    assert numbers.values["总数"] == "12"
    assert "草稿" in words(bulletins.draft_file(site, who, key))
    text = msgspec.structs.replace(found.text, title="通报：{清单}共{总数}件", number="渝督〔2024〕1号")
    bulletins.save(site, who, key, 1, text)
    with pytest.raises(Stale):
        bulletins.save(site, who, key, 1, text)
    clock.set(date(2024, 6, 20))
    complaint(site, "X3CQ202406070099", received_on="2024-06-15")
    code = bulletins.publish(site, who, key, 2)
    edition = publishing.find(site, who, code)
    content = bulletins.word_file(edition)
    shown = words(content)
    assert "通报：第三轮督察群众举报共12件" in shown
    assert code in shown
    assert "{" not in shown
    assert "南川" in shown
    with pytest.raises(Refused, match="published"):
        bulletins.save(site, who, key, 3, text)
    with pytest.raises(Refused, match="published"):
        bulletins.publish(site, who, key, 3)
    step(site, who, 1, "void_entry", {"reason": "误录"})
    assert words(bulletins.word_file(publishing.find(site, who, code))) == shown
    compared = edition_bridges.compare(site, who, code)
    assert all(one.complete for one in compared.figures)


def test_layout_of_official_documents(site: Site) -> None:
    who = actor(site, "supervisor")
    code = bulletins.publish(site, who, bulletins.create(site, who, "monthly", "c3"), 1)
    content = bulletins.word_file(publishing.find(site, who, code))
    section = Document(io.BytesIO(content)).sections[0]
    sizes = [section.page_width, section.page_height, section.top_margin, section.bottom_margin,
             section.left_margin, section.right_margin]  # fmt: skip
    assert [round((size or 0) / 36000) for size in sizes] == [210, 297, 37, 35, 28, 26]
    archive = zipfile.ZipFile(io.BytesIO(content))
    body = archive.read("word/document.xml").decode()
    for font in ("方正小标宋简体", "仿宋", "黑体"):
        assert f'w:eastAsia="{font}"' in body
    assert re.search(r'w:spacing [^>]*w:line="560"[^>]*w:lineRule="exact"|w:lineRule="exact"[^>]*w:line="560"', body)
    assert 'w:color w:val="E60012"' in body
    assert len([n for n in archive.namelist() if n.startswith("word/charts/")]) == 2
    assert "PAGE" in archive.read("word/footer1.xml").decode()


def test_typed_numbers_need_a_confirmation(site: Site) -> None:
    who = actor(site, "supervisor")
    key = bulletins.create(site, who, "daily", "c3")
    found, _ = bulletins.read(site, who, key)
    bulletins.save(site, who, key, 1, msgspec.structs.replace(found.text, title="办结 99 件"))
    with pytest.raises(Refused, match="typed_number"):
        bulletins.publish(site, who, key, 2)
    code = bulletins.publish(site, who, key, 2, confirmed=True)
    assert publishing.find(site, who, code).content["bulletin"]["typed"] == ["99 件"]


def test_refreshing_reads_what_is_known_now(site: Site, clock: Clock) -> None:
    who = actor(site, "supervisor")
    key = bulletins.create(site, who, "daily", "c3")
    step(site, who, 1, "void_entry", {"reason": "误录"})
    found, numbers = bulletins.read(site, who, key)
    assert numbers.values["总数"] == "12"
    bulletins.save(site, who, key, 1, found.text, refresh=True)
    assert bulletins.read(site, who, key)[1].values["总数"] == "11"


def test_a_template_of_the_site_and_who_may_write(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "bulletins"
    folder.mkdir()
    (folder / "own.toml").write_text(
        'code = "own"\nzh = "快报"\nperiod = "free"\nhead = "快报"\ntitle = "{清单}{总数}件"\n', "utf-8"
    )
    who = actor(site, "supervisor")
    key = bulletins.create(site, who, "own", "c3")
    code = bulletins.publish(site, who, key, 1)
    assert publishing.find(site, who, code).title == "第三轮督察群众举报12件"
    with pytest.raises(NotFound):
        bulletins.create(site, who, "nothing", "c3")
    for role in ("officer", "leader", "auditor"):
        with pytest.raises(Forbidden):
            bulletins.create(site, actor(site, role), "daily", "c3")
    other = actor(site, "supervisor", "500119-DCB")
    with pytest.raises(NotFound):
        bulletins.read(site, other, key)


def test_a_sign_no_document_can_hold_is_left_out(site: Site) -> None:
    """Pasted from elsewhere, it made the Word file of a draft an error, and of an edition too."""
    who = actor(site, "supervisor")
    key = bulletins.create(site, who, "weekly", "c3")
    found, _ = bulletins.read(site, who, key)
    text = msgspec.structs.replace(found.text, title="通报\x0b第\x00一\ud800期", to="各区县：\x01")
    bulletins.save(site, who, key, 1, text)
    assert "通报第一期" in words(bulletins.draft_file(site, who, key))
