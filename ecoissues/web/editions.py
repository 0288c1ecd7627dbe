"""Editions: the list, one edition as published, today's numbers beside it, and publishing one."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ecoissues.core import policy
from ecoissues.core.bulletins import filled
from ecoissues.core.errors import Refused
from ecoissues.core.indicators import STANDINGS
from ecoissues.core.instants import SHANGHAI
from ecoissues.core.short_codes import read_code
from ecoissues.core.values import Bad, clean_date
from ecoissues.core.vocabulary import EDITION_SORTS
from ecoissues.services import edition_bridges, editions, publishing
from ecoissues.services.publishing import Asked
from ecoissues.web import here, navigation
from ecoissues.web.guards import guard

pages = Blueprint("editions", __name__)
#: Rows of a bridge on a page; the command line and JSON give all.
_MOST_ROWS: Final = 500


@pages.app_template_filter("shanghai")
def shanghai(instant: str) -> str:
    """Give an instant of the log as people read it: day and minute in Shanghai."""
    return datetime.fromisoformat(instant).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


@pages.app_template_global()
def publishing_tabs() -> tuple[navigation.Entry, ...]:
    """Give the tabs of the person signed in."""
    return navigation.publishing_tabs(here.actor().role)


@pages.app_template_global()
def may_publish() -> bool:
    """Whether the person signed in may publish numbers: pages then offer it."""
    return policy.may(here.actor(), "edition.publish")


@pages.get("/editions")
@guard("edition.read")
def index() -> ResponseReturnValue:
    """Show the editions in reach, or go to the one whose code was typed."""
    typed = request.args.get("code", "").strip()
    if typed:
        return redirect(f"/editions/{read_code(typed)}", 303)
    sort, list_code = request.args.get("sort", ""), request.args.get("list", "")
    site, actor = here.site(), here.actor()
    found = editions.listed(site, actor, sort if sort in EDITION_SORTS else "", list_code)
    titles = {row.code: row.title for row in site.lists.values()}
    return render_template(
        "editions/list.html", editions=found[:200], more=len(found) - 200, sorts=EDITION_SORTS,
        sort=sort, titles=titles, can_publish=policy.may(actor, "edition.publish"),
    )  # fmt: skip


@pages.get("/editions/<code>")
@guard("edition.read")
def show(code: str) -> ResponseReturnValue:
    """Show an edition as it was published."""
    edition = publishing.find(here.site(), here.actor(), code)
    if here.wants_json():
        return here.json_answer(msgspec.to_builtins(edition))
    board = edition.board
    by = request.args.get("figure", "")
    chosen = next((f for f in board.figures if f.code == by), None) if board else None
    leading = chosen or (board.figures[0] if board and board.figures else None)
    return render_template(
        "editions/edition.html", edition=edition, board=board, leading=leading,
        list_title=(edition.content.get("list") or {}).get("title", ""),
        unit=here.site().tree.by_code.get(edition.content.get("unit", "")),
        standings=STANDINGS, may_write=False,
        put=lambda piece: filled(piece, edition.content["bulletin"]["numbers"]["values"]),
    )  # fmt: skip


@pages.get("/editions/<code>/compare")
@guard("edition.read")
def compare(code: str) -> ResponseReturnValue:
    """Show today's numbers beside the published ones, and the bridge row by row."""
    site, actor, given = here.site(), here.actor(), request.args
    edition = publishing.find(site, actor, code)
    board = edition.board
    if board is None:
        raise Refused("no_figures", f"发布版本 {edition.code} 不含清单指标，没有可逐件比较的数字。")
    found = edition_bridges.compare(site, actor, code, unit=given.get("unit", ""))
    if here.wants_json():
        return here.json_answer(msgspec.to_builtins(found))
    figure = given.get("figure", "")
    chosen = next((f for f in found.figures if f.code == figure), None)
    chosen = chosen or next((f for f in found.figures if f.changed), found.figures[0])
    groups = next(f.groups for f in board.figures if f.code == chosen.code)
    return render_template(
        "editions/compare.html", edition=edition, found=found, chosen=chosen, groups=groups,
        unit=given.get("unit", ""), most=_MOST_ROWS,
    )  # fmt: skip


@pages.get("/editions/new")
@guard("edition.publish")
def new() -> ResponseReturnValue:
    """Show what is about to be published, and ask to confirm."""
    return _new()


def _new(sentence: str = "", status: int = 200) -> ResponseReturnValue:
    site, actor, given = here.site(), here.actor(), request.values
    lists = [row for row in site.lists.values() if row.unit_path.startswith(actor.scope_path)]
    units = [unit for unit in site.tree.tops() if unit.path.startswith(actor.scope_path)]
    page = render_template(
        "editions/new.html", lists=lists, units=units, given=given, sentence=sentence,
        today=site.today(),
    )  # fmt: skip
    return page, status


@pages.post("/editions")
@guard("edition.publish")
def publish() -> ResponseReturnValue:
    """Publish, and show the edition with its code."""
    given = request.form
    try:
        day = clean_date(given["as_of"]) if given.get("as_of", "").strip() else None
        asked = Asked(
            given.get("list", ""), day, given.get("known_at", "").strip(), given.get("unit", ""),
            given.get("batch", "").strip(), given.get("title", ""),
        )  # fmt: skip
        code = publishing.publish(here.site(), here.actor(), asked)
    except Bad as bad:
        return _new(str(bad), 422)
    except Refused as refused:
        return _new(refused.sentence, 422)
    flash(f"已发布，代码 {code}；内容已冻结，不能再改。", "success")
    return redirect(f"/editions/{code}", 303)
