"""Rankings: schemes, the table of a period with what-if, signed entries, publishing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ecoissues.core import policy
from ecoissues.core.errors import Refused
from ecoissues.core.periods import period_of, read_period
from ecoissues.core.scoring import Band, Criterion, Scheme
from ecoissues.services import figure_words, rankings
from ecoissues.web import here
from ecoissues.web.errors import status_of
from ecoissues.web.guards import guard

pages = Blueprint("rankings", __name__)
_ROWS = 6


@pages.get("/rankings")
@guard("ranking.read")
def index() -> ResponseReturnValue:
    """Show the schemes."""
    site, actor = here.site(), here.actor()
    return render_template(
        "rankings/list.html", schemes=rankings.schemes(site, actor), this=period_of(site.today()),
        may_write=policy.may(actor, "ranking.write"),
    )  # fmt: skip


@pages.get("/rankings/new")
@guard("ranking.write")
def new() -> ResponseReturnValue:
    """Show the form of a scheme; with ``from``, filled with the one to change."""
    site, actor, old = here.site(), here.actor(), request.args.get("from", "")
    return _form(rankings.get(site, actor, old).scheme if old else Scheme("", "", ()))


def _form(scheme: Scheme, sentence: str = "", status: int = 200) -> ResponseReturnValue:
    site, actor = here.site(), here.actor()
    lists = []
    for row in site.lists.values():
        if row.unit_path.startswith(actor.scope_path) or actor.scope_path.startswith(row.unit_path):
            codes = site.kind_of(row.kind, row.kind_version).figures
            lists.append((row, [(code, figure_words.figure_name(code)) for code in codes]))
    blank = [Criterion("", "", "")] * (_ROWS - len(scheme.criteria))
    bands = [*scheme.bands, *([Band("", "")] * (5 - len(scheme.bands)))]
    page = render_template(
        "rankings/form.html", scheme=scheme, criteria=[*scheme.criteria, *blank], bands=bands,
        lists=lists, sentence=sentence,
    )  # fmt: skip
    return page, status


def _read(given: Any) -> Scheme:
    picked = zip(given.getlist("figure"), given.getlist("weight"), strict=False)
    criteria = tuple(
        Criterion(figure.split("|", 1)[0], figure.split("|", 1)[1], weight.strip())
        for figure, weight in picked
        if "|" in figure
    )
    named = zip(given.getlist("band"), given.getlist("least"), strict=False)
    bands = tuple(Band(name.strip(), least.strip()) for name, least in named if name.strip())
    return Scheme(
        given.get("code", "").strip(), given.get("title", "").strip(), criteria, bands,
        given.get("minimum", 5, int),
    )  # fmt: skip


@pages.post("/rankings")
@guard("ranking.write")
def define() -> ResponseReturnValue:
    """Enter a scheme or its next version."""
    scheme = _read(request.form)
    try:
        version = rankings.define(here.site(), here.actor(), scheme)
    except Refused as refused:
        return _form(scheme, refused.sentence, status_of(refused))
    flash(f"已保存“{scheme.title}”第 {version} 版。", "success")
    return redirect(f"/rankings/{scheme.code}", 303)


@pages.get("/rankings/<code>")
@guard("ranking.read")
def show(code: str) -> ResponseReturnValue:
    """Show the places of a period; with other weights: what if."""
    return _show(code)


def _show(code: str, sentence: str = "", status: int = 200) -> ResponseReturnValue:
    site, actor, given = here.site(), here.actor(), request.values
    asked = given.get("period", "").strip()
    period = read_period(asked) if asked else period_of(site.today()).previous
    weights = {n: given[f"w{n}"].strip() for n in range(20) if given.get(f"w{n}", "").strip()}
    kept, found, entries = rankings.ranking(site, actor, code, period.name, weights)
    usual = rankings.ranking(site, actor, code, period.name)[1] if weights else found
    trying = any(h.weight != o.weight for h, o in zip(found.heads, usual.heads, strict=True))
    month = period_of(period.last)
    page = render_template(
        "rankings/table.html", kept=kept, ranking=found, entries=entries, sentence=sentence,
        trying=trying, usual={line.unit: line.place for line in usual.lines}, given=given,
        periods=[period.previous.name, month.name, period_of(period.last, quarter=True).name],
        owns=policy.may(actor, "ranking.write") and kept.unit_path.startswith(actor.scope_path),
        names={unit.code: unit.short for unit in site.tree.by_id.values()},
        units=[u for u in site.tree.by_id.values() if u.code in {x.unit for x in (*found.lines, *found.apart)}],
    )  # fmt: skip
    return page, status


def _answer(code: str, act: Callable[[], Any], done: str) -> ResponseReturnValue:
    period = request.form.get("period", "")
    try:
        act()
    except Refused as refused:
        return _show(code, refused.sentence, status_of(refused))
    flash(done, "success")
    return redirect(f"/rankings/{code}?period={period}", 303)


@pages.post("/rankings/<code>/entries")
@guard("ranking.write")
def add_entry(code: str) -> ResponseReturnValue:
    """Enter a bonus or a deduction with its reason."""
    given = request.form
    return _answer(
        code,
        lambda: rankings.add_entry(
            here.site(), here.actor(), code, given.get("period", ""), given.get("unit", ""),
            given.get("points", ""), given.get("reason", ""),
        ),
        "已记入加减分。",
    )  # fmt: skip


@pages.post("/rankings/<code>/entries/<int:number>/cancel")
@guard("ranking.write")
def cancel_entry(code: str, number: int) -> ResponseReturnValue:
    """Take an entry back; it stays listed."""
    reason = request.form.get("reason", "")
    return _answer(
        code, lambda: rankings.cancel_entry(here.site(), here.actor(), code, number, reason),
        "已撤销，原记录保留。",
    )  # fmt: skip


@pages.post("/rankings/<code>/publish")
@guard("edition.publish")
def publish(code: str) -> ResponseReturnValue:
    """Publish the ranking of a period as an edition."""
    try:
        made = rankings.publish(here.site(), here.actor(), code, request.form.get("period", ""))
    except Refused as refused:
        return _show(code, refused.sentence, status_of(refused))
    flash(f"已发布，代码 {made}；名次和得分已冻结。", "success")
    return redirect(f"/editions/{made}", 303)
