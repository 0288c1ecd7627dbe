"""The list of cases: filters in the address, sorting by heading, columns, pages of fifty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from ecoissues.core import policy
from ecoissues.core.kind_fields import MILESTONES
from ecoissues.services import finding, rows
from ecoissues.services.case_fields import PREFIX
from ecoissues.services.listing import Filter
from ecoissues.services.rows import SORTS, Page
from ecoissues.web import filters, here, numbers, row_markup
from ecoissues.web.guards import guard

pages = Blueprint("cases", __name__)

_DAYS = ("moved", "received", "closed", "reported", "promised")
#: Classes of the cells of some columns: the wide ones are cut short, days are kept in one piece.
_CELLS = {"title": "wide", "remains": "wide", **dict.fromkeys(_DAYS, "nowrap")}
_VIEW = ("sort", "columns", "page")


def _given() -> dict[str, str]:
    """Give the address's values; boxes ticked several times become one list."""
    return {key: ",".join(x for x in values if x) for key, values in request.args.lists()}


def _is_untidy() -> bool:
    """Whether a form has put empty or repeated values into the address."""
    return any(len(values) != 1 or not values[0] for _, values in request.args.lists())


@pages.get("/cases")
@guard("case.read")
def show_list() -> ResponseReturnValue:
    """Show one page of the cases of a filter, or only its rows when htmx asks."""
    given = _given()
    asked = Filter.read(given)
    view = {key: given.get(key, "") for key in _VIEW}
    if rows.chosen_columns(view["columns"]) == rows.DEFAULT:
        view["columns"] = ""  # what is shown anyway need not stand in the address
    address = asked.address("/cases", **view)
    if _is_untidy() and not here.is_fragment():
        return redirect(address, 303)
    if here.wants_json():
        return here.json_answer(_as_json(_page(asked, view)))
    fragment = here.is_fragment()
    listed = here.kept(
        ("cases", here.actor(), address, fragment), lambda: _listed(asked, view, fragment)
    )
    if fragment:
        answer = make_response(listed)
        answer.headers["HX-Push-Url"] = address
    else:
        answer = make_response(
            render_template(
                "cases/list.html", listed=listed, number=_number(view), may_chase=_may_chase()
            )
        )
    answer.headers["Vary"] = "HX-Request"
    return answer


def _number(view: Mapping[str, str]) -> int:
    return max(numbers.whole(view["page"], 1), 1)


def _may_chase() -> bool:
    return here.actor().role == "supervisor"


def _page(asked: Filter, view: Mapping[str, str]) -> Page:
    return rows.read_page(
        here.site(), here.actor(), asked,
        sort=view["sort"], columns=view["columns"], number=_number(view),
    )  # fmt: skip


def _listed(asked: Filter, view: Mapping[str, str], fragment: bool) -> Markup:
    """Make what the list shows: its rows only, or the filters above them too."""
    shown = _shown(_page(asked, view), asked, view)
    if fragment:
        return Markup(render_template("cases/rows.html", fragment=True, **shown))  # noqa: S704
    controls = filters.controls(here.site(), here.actor(), asked)
    text = render_template("cases/listed.html", controls=controls, view=view, **shown)
    return Markup(text)  # noqa: S704  # the template has escaped every value


def _shown(page: Page, asked: Filter, view: Mapping[str, str]) -> dict[str, Any]:
    site, actor = here.site(), here.actor()
    view = {key: text for key, text in view.items() if key != "page"}

    def of_page(number: int) -> str:
        return asked.address("/cases", **view, page=str(number) if number > 1 else "")

    cells = [
        (page.offered[name], _CELLS.get(name, ""))
        for name in page.columns
        if name not in ("number", "state", "due")
    ]
    may_chase = _may_chase()
    return {
        "page": page,
        "asked": asked,
        "chips": filters.chips(site, asked, view),
        "headings": list(_headings(page, asked, view)),
        "body": row_markup.rows(page, cells, may_chase=may_chase),
        "previous": of_page(page.number - 1) if page.number > 1 else "",
        "following": of_page(page.number + 1) if page.number < page.pages else "",
        "note": filters.basis_note(site, page.basis, asked) if page.basis else "",
        "may_chase": may_chase,
        "may_export": policy.may(actor, "case.export"),
        "export_query": urlencode({**asked.values, **{k: x for k, x in view.items() if x}}),
        "back_to": asked.address("/cases", **view, page=str(page.number)),
        "register": filters.registrable(site, actor, asked),
        "columns": page.offered,
    }


def _headings(page: Page, asked: Filter, view: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Give (heading, address that sorts by it or "", aria-sort or "") in the order of the cells."""
    sort = page.sort or "due"
    order = [name for name in page.columns if name not in ("number", "state", "due")]
    for name in ("number", *order, "state", "due"):
        if name not in page.columns and name != "number":
            continue
        columns = view.get("columns", "")
        if name not in SORTS and name.removeprefix(PREFIX) in (name, MILESTONES):
            yield page.offered[name], "", ""
            continue
        falling = sort == name
        target = asked.address("/cases", columns=columns, sort=f"-{name}" if falling else name)
        direction = "ascending" if falling else "descending" if sort == f"-{name}" else ""
        yield page.offered[name], target, direction


def _as_json(page: Page) -> dict[str, object]:
    return {
        "total": page.total, "page": page.number, "pages": page.pages,
        "cases": [
            {"id": row.id, "number": row.number, "title": row.title, "state": row.state,
             "phase": row.phase, "due": row.due or None, "light": row.light or None}
            for row in page.rows
        ],
    }  # fmt: skip


@pages.get("/go")
@guard("case.read")
def go() -> ResponseReturnValue:
    """Open the case with this number; several or none: the list that finds the words."""
    typed = request.args.get("q", "").strip()[:120]
    if not typed:
        return redirect("/cases", 303)
    ids = finding.by_number(here.site(), here.actor(), typed)
    if len(ids) == 1:
        return redirect(f"/cases/{ids[0]}", 303)
    if len(ids) > 1:
        flash(f"编号“{typed}”在 {len(ids)} 个清单或分解件中出现，请选择。", "info")
    return redirect(Filter.read({"q": typed}).address(), 303)


@pages.get("/units.json")
@guard("list.read")
def find_units() -> ResponseReturnValue:
    """Give units that fit what was typed, for the unit picker."""
    typed = request.args.get("q", "")[:40]
    return here.json_answer({"units": finding.units(here.site(), typed)})
