"""The indicator sheet with the issue lists on one page, entering and importing, publishing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ecoissues.core import policy
from ecoissues.core.errors import Refused
from ecoissues.core.indicators import STANDINGS, Indicator
from ecoissues.core.periods import period_of, read_period
from ecoissues.services import figure_words, indicator_editions, indicator_values
from ecoissues.services import indicators as service
from ecoissues.services.indicator_values import Given
from ecoissues.web import here, numbers
from ecoissues.web.errors import status_of
from ecoissues.web.guards import guard

pages = Blueprint("indicators", __name__)


def _month() -> str:
    asked = request.values.get("month", "").strip()
    return read_period(asked).name if asked else period_of(here.site().today()).name


@pages.get("/indicators")
@guard("indicator.read")
def index() -> ResponseReturnValue:
    """Show the sheet of a month and the issue lists: one page for leaders."""
    return _sheet()


def _sheet(sentence: str = "", status: int = 200) -> ResponseReturnValue:
    site, actor, month = here.site(), here.actor(), _month()
    unit = request.values.get("unit", "")
    sheet, issues = indicator_editions.read(site, actor, month, unit)
    period = read_period(month)
    node = site.tree.by_code[sheet.unit]
    below = [u for u in site.tree.by_id.values() if u.parent_id == node.id]
    opened = request.values.get("open", "")
    page = render_template(
        "indicators/sheet.html", sheet=sheet, issues=issues, standings=STANDINGS, month=month,
        previous=period.previous.name, following=period_of(period.last.replace(day=28)).name,
        opened=opened, sentence=sentence, given=request.form, below=below, unit=unit,
        units=[node, *below],
        may_fill=policy.may(actor, "indicator.fill"),
        may_write=policy.may(actor, "indicator.write"),
        may_publish=policy.may(actor, "edition.publish"),
    )  # fmt: skip
    return page, status


def _answer(act: Callable[[], Any], done: Callable[[Any], str]) -> ResponseReturnValue:
    try:
        flash(done(act()), "success")
    except Refused as refused:
        return _sheet(refused.sentence, status_of(refused))
    unit, opened = request.form.get("unit", ""), request.form.get("open", "")
    return redirect(f"/indicators?month={_month()}&unit={unit}&open={opened}", 303)


@pages.post("/indicators/values")
@guard("indicator.fill")
def enter() -> ResponseReturnValue:
    """Enter one value."""
    given = request.form
    one = Given(
        given.get("indicator", ""), given.get("month", ""), given.get("of", ""),
        given.get("value", ""), given.get("note", ""),
    )  # fmt: skip
    return _answer(
        lambda: indicator_values.enter(here.site(), here.actor(), [one]), lambda _: "已填报。"
    )


@pages.post("/indicators/import")
@guard("indicator.fill")
def import_values() -> ResponseReturnValue:
    """Import values from a sheet."""
    file = request.files.get("file")
    content, name = (file.read(), file.filename or "") if file else (b"", "")
    if not content:
        return _sheet("请选择要导入的表格。没有保存。", 422)
    return _answer(
        lambda: indicator_values.import_sheet(here.site(), here.actor(), content, name[:80]),
        lambda count: f"已导入 {count} 个数值。",
    )


@pages.post("/indicators/publish")
@guard("edition.publish")
def publish() -> ResponseReturnValue:
    """Publish the sheet as an edition."""
    try:
        code = indicator_editions.publish(
            here.site(), here.actor(), _month(), request.form.get("unit", "")
        )
    except Refused as refused:
        return _sheet(refused.sentence, status_of(refused))
    flash(f"已发布，代码 {code}；报表已冻结。", "success")
    return redirect(f"/editions/{code}", 303)


@pages.get("/editions/<code>/values")
@guard("edition.read")
def compare(code: str) -> ResponseReturnValue:
    """Show which values of a published sheet are others today."""
    found = indicator_editions.compare(here.site(), here.actor(), code)
    return render_template("indicators/compare.html", found=found)


@pages.get("/indicators/new")
@guard("indicator.write")
def new() -> ResponseReturnValue:
    """Show the form of an indicator; with ``code`` and ``year`` filled with the one to change."""
    site, actor = here.site(), here.actor()
    year = numbers.whole(request.args.get("year"), site.today().year)
    with site.store.reading() as connection:
        kept = service.reachable(site, connection, actor, year)
    code = request.args.get("code", "")
    one = next((k.one for k in kept if k.one.code == code), Indicator("", "", "", ""))
    return _form(one, year)


def _form(one: Indicator, year: int, sentence: str = "", status: int = 200) -> ResponseReturnValue:
    site, actor = here.site(), here.actor()
    lists = [
        (row, [(c, figure_words.figure_name(c)) for c in site.kind_of(row.kind, row.kind_version).figures])
        for row in site.lists.values()
    ]
    units = [u for u in site.tree.by_id.values() if u.path.startswith(actor.scope_path)]
    targets = "\n".join(f"{site.tree.by_code[code].short} {text}" for code, text in one.targets.items())
    page = render_template(
        "indicators/form.html", one=one, year=year, lists=lists, units=units, sentence=sentence,
        targets=request.form.get("targets", targets),
    )  # fmt: skip
    return page, status


@pages.post("/indicators")
@guard("indicator.write")
def define() -> ResponseReturnValue:
    """Enter an indicator or its next version."""
    given: Any = {name: request.form.get(name, "").strip() for name in request.form}
    year = numbers.whole(request.form.get("year"))
    code, _, figure = given.get("figure", "").partition("|")
    one = Indicator(
        given.get("code", ""), given.get("name", ""), given.get("measure", ""),
        given.get("target", ""), given.get("direction", "high"), given.get("monthly", "level"),
        given.get("schedule", "flat"), given.get("rollup", "none"), given.get("source", ""),
        given.get("owner", ""), code, figure, given.get("take", "rate"),
    )  # fmt: skip
    try:
        targets = service.read_targets(here.site(), given.get("targets", ""))
        version = service.define(
            here.site(), here.actor(), year, service.with_targets(one, targets)
        )
    except Refused as refused:
        return _form(one, year, refused.sentence, status_of(refused))
    flash(f"已保存“{one.name}”第 {version} 版。", "success")
    return redirect("/indicators", 303)
