"""Bulletins: the list, a new one, editing with the numbers beside it, publishing, the Word file."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import msgspec
from flask import Blueprint, Response, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ecoissues.core.bulletins import Section, Text, filled, typed_numbers
from ecoissues.core.errors import Refused
from ecoissues.core.values import Bad, clean_date
from ecoissues.services import bulletins, publishing
from ecoissues.web import here
from ecoissues.web.errors import status_of
from ecoissues.web.guards import guard
from ecoissues.web.numbers import whole

pages = Blueprint("bulletins", __name__)
_DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def _sent(content: bytes, name: str) -> Response:
    answer = Response(content, mimetype=_DOCX)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}.docx"
    return answer


@pages.get("/bulletins")
@guard("bulletin.write")
def index() -> ResponseReturnValue:
    """Show drafts and published bulletins of the office."""
    return _index()


def _index(sentence: str = "", status: int = 200) -> ResponseReturnValue:
    site, actor = here.site(), here.actor()
    lists = [row for row in site.lists.values() if row.unit_path.startswith(actor.scope_path)]
    page = render_template(
        "bulletins/list.html", bulletins=bulletins.listed(site, actor), lists=lists,
        templates=bulletins.templates(site), sentence=sentence, given=request.form,
        today=site.today(),
    )  # fmt: skip
    return page, status


@pages.post("/bulletins")
@guard("bulletin.write")
def create() -> ResponseReturnValue:
    """Begin a bulletin from a template."""
    given = request.form
    try:
        day = clean_date(given["as_of"]) if given.get("as_of", "").strip() else None
        key = bulletins.create(
            here.site(), here.actor(), given.get("template", ""), given.get("list", ""), day
        )
    except Bad as bad:
        return _index(str(bad), 422)
    except Refused as refused:
        return _index(refused.sentence, status_of(refused))
    return redirect(f"/bulletins/{key}", 303)


@pages.get("/bulletins/<int:key>")
@guard("bulletin.write")
def edit(key: int) -> ResponseReturnValue:
    """Show a bulletin: its text with fields, the numbers, and how it reads."""
    return _edit(key)


def _edit(key: int, refused: Refused | None = None, text: Text | None = None) -> ResponseReturnValue:
    found, numbers = bulletins.read(here.site(), here.actor(), key)
    shown = text or found.text
    theirs = refused.facts.get("theirs") if refused else None
    page = render_template(
        "bulletins/edit.html", bulletin=found, text=shown, numbers=numbers, refused=refused,
        typed=typed_numbers(shown), theirs=theirs and msgspec.convert(theirs, Text),
        put=lambda piece: filled(piece, numbers.values),
    )  # fmt: skip
    return page, status_of(refused) if refused else 200


def _text(given: Any) -> Text:
    columns = [given.getlist(name) for name in ("heading", "text", "table", "chart")]
    sections = tuple(
        Section(heading.strip(), body.replace("\r\n", "\n").strip(), table, chart)
        for heading, body, table, chart in zip(*columns, strict=False)
        if heading.strip() or body.strip()
    )
    names = ("head", "number", "title", "to", "copies")
    head, number, title, to, copies = (given.get(name, "").strip() for name in names)
    return Text(head, number, title, to, copies, sections)


@pages.post("/bulletins/<int:key>")
@guard("bulletin.write")
def save(key: int) -> ResponseReturnValue:
    """Keep the edited text, or keep it and read the numbers anew."""
    text = _text(request.form)
    refresh = request.form.get("act") == "refresh"
    version = whole(request.form.get("version"))
    try:
        bulletins.save(here.site(), here.actor(), key, version, text, refresh=refresh)
    except Refused as refused:
        return _edit(key, refused, text)
    flash("已保存，数字已更新为现在已知的情况。" if refresh else "已保存。", "success")
    return redirect(f"/bulletins/{key}", 303)


@pages.post("/bulletins/<int:key>/publish")
@guard("edition.publish")
def publish(key: int) -> ResponseReturnValue:
    """Publish as an edition what stands on the page: text not yet saved is saved before."""
    version, confirmed = whole(request.form.get("version")), request.form.get("confirmed") == "1"
    text = _text(request.form) if "title" in request.form else None
    try:
        if text is not None:
            bulletins.save(here.site(), here.actor(), key, version, text)
            version += 1
        code = bulletins.publish(here.site(), here.actor(), key, version, confirmed=confirmed)
    except Refused as refused:
        return _edit(key, refused, text)
    flash(f"已发布，代码 {code}；文字和数字已冻结。", "success")
    return redirect(f"/editions/{code}", 303)


@pages.get("/bulletins/<int:key>.docx")
@guard("bulletin.write")
def draft_file(key: int) -> ResponseReturnValue:
    """Send the Word document of a draft, marked as one."""
    return _sent(bulletins.draft_file(here.site(), here.actor(), key), f"草稿{key}")


@pages.get("/editions/<code>.docx")
@guard("edition.read")
def word_file(code: str) -> ResponseReturnValue:
    """Send the Word document of a published bulletin."""
    edition = publishing.find(here.site(), here.actor(), code)
    return _sent(bulletins.word_file(edition), f"{edition.title}_{edition.code}")
