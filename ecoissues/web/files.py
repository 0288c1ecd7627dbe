"""The page of one case, its evidence files, and the complainant's box."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from flask import Blueprint, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue

from ecoissues.core.errors import NotFound
from ecoissues.services import casefile, complainants, thumbnails
from ecoissues.web import here
from ecoissues.web.guards import guard

pages = Blueprint("files", __name__)

#: Types a browser may show by itself; everything else is only ever saved.
_SHOWN: Final = frozenset({"image/jpeg", "image/png", "image/webp"})


@pages.get("/cases/<int:case_id>")
@guard("case.read")
def show_case(case_id: int) -> ResponseReturnValue:
    """Show one case."""
    found = casefile.case_file(here.site(), here.actor(), case_id)
    if here.wants_json():
        return here.json_answer(
            {"id": found.id, "number": found.number, "list": found.list_code,
             "version": found.version, "state": found.state, "phase": found.phase,
             "steps": [b.step for b in found.buttons if not b.blocked]}
        )  # fmt: skip
    return _case_page(found)


def _case_page(
    found: casefile.CaseFile, person: dict[str, str] | None = None
) -> ResponseReturnValue:
    masked = complainants.find_masked(here.site(), here.actor(), found.id)
    page = render_template("cases/case.html", case=found, masked=masked, person=person)
    return page


@pages.post("/cases/<int:case_id>/complainant")
@guard("complainant.reveal")
def reveal(case_id: int) -> ResponseReturnValue:
    """Show the complainant's data once; the reason is on record before."""
    reason = request.form.get("reason", "")
    person = complainants.reveal(here.site(), here.actor(), case_id, reason)
    return _case_page(casefile.case_file(here.site(), here.actor(), case_id), person)


@pages.get("/cases/<int:case_id>/files/<int:file_id>")
@guard("case.read")
def download(case_id: int, file_id: int) -> ResponseReturnValue:
    """Give a piece of evidence; pictures may be looked at, anything else is saved."""
    file, content = casefile.file_content(here.site(), here.actor(), case_id, file_id)
    inline = "show" in request.args and file.media_type in _SHOWN
    return _file_answer(content, file.media_type, file.name, inline=inline)


@pages.get("/cases/<int:case_id>/files/<int:file_id>/small")
@guard("case.read")
def small(case_id: int, file_id: int) -> ResponseReturnValue:
    """Give a small picture of a piece of evidence."""
    file, content = casefile.file_content(here.site(), here.actor(), case_id, file_id)
    if not file.is_picture:
        raise NotFound("该附件不是图片。")
    return _file_answer(thumbnails.shrink(content), "image/jpeg", file.name, inline=True)


def _file_answer(content: bytes, media_type: str, name: str, *, inline: bool) -> Response:
    response = make_response(content)
    response.headers["Content-Type"] = media_type
    sort = "inline" if inline else "attachment"
    response.headers["Content-Disposition"] = f"{sort}; filename*=UTF-8''{quote(name, safe='')}"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    # Content never changes under its id, but whoever signs in next on this machine must ask anew.
    response.headers["Cache-Control"] = "private, no-cache"
    g.cacheable = True
    return response
