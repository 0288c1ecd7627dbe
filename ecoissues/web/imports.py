"""Importing sheets: choose or paste, look at what every row would do, commit, see what became of it."""

from __future__ import annotations

import io
import re
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ecoissues.core.errors import Refused
from ecoissues.core.vocabulary import WORDLISTS, word
from ecoissues.services import importing
from ecoissues.services.import_plans import STATED
from ecoissues.services.importing import PASTED_NAME, Options, Preview, Result
from ecoissues.web import here, numbers
from ecoissues.web.guards import guard

pages = Blueprint("imports", __name__)

#: Rows shown of one preview; the counts speak for all of them.
_SHOWN = 300
_CODE = re.compile(r"[a-z][a-z0-9_]*")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WORDS = {
    "verdict": "verdicts", "progress": "progress", "types": "types", "weight": "weights",
    "finished": "phases", STATED: "phases",
}  # fmt: skip
STANDINGS = {
    "new": "新登记", "changed": "有变化", "same": "无变化", "refused": "不能导入", "left_out": "未选",
}  # fmt: skip


@pages.get("/imports")
@guard("case.import")
def start() -> ResponseReturnValue:
    """Show the form for a file or pasted rows."""
    return _start()


def _start(sentence: str = "", pasted: str = "", code: str = "") -> ResponseReturnValue:
    page = render_template(
        "imports/start.html", lists=importing.own_lists(here.site(), here.actor()), sentence=sentence, pasted=pasted,
        chosen=code or request.args.get("list", ""), limits=importing.LIMITS, pasted_limits=importing.PASTED,
    )  # fmt: skip
    return page, 422 if sentence else 200


@pages.post("/imports")
@guard("case.import")
def upload() -> ResponseReturnValue:
    """Take a file or pasted rows and go on to the preview."""
    code, pasted = request.form.get("list", ""), request.form.get("pasted", "")
    file = request.files.get("file")
    name, content = PASTED_NAME, pasted.encode("utf-8", "replace")
    if file is not None and file.filename:
        name, content = file.filename, file.read()
    if not content.strip():
        return _start("请选择一个文件，或把表格内容粘贴到框中。", pasted, code)
    try:
        made = importing.preview(here.site(), here.actor(), code, name, content)
    except Refused as refused:
        return _start(refused.sentence, pasted, code)
    return redirect(f"/imports/{made.token}", 303)


def read_options(given: Any) -> Options:
    """Read what the importer chose: one column per field (``map-3=content``) and two switches."""
    mapping: dict[str, int] = {}
    known = importing.field_codes()
    columns = {key[4:]: value for key, value in given.items() if key.startswith("map-")}
    for column, code in columns.items():
        if _CODE.fullmatch(code) and column.isdecimal() and code not in mapping:
            mapping[code] = int(column)
    if columns:
        # A field taken from its column and given to none must not come back by itself.
        found = {code: -1 for code in known if code not in mapping}
        mapping = {**found, **mapping}
    return Options(
        mapping=mapping,
        number_from_ordinal=given.get("number_from_ordinal") == "1",
        transfer=not columns or given.get("transfer") == "1",
        sheet=given.get("sheet", "")[:100],
    )


@pages.route("/imports/<token>", methods=["GET", "POST"])
@guard("case.import")
def look(token: str) -> ResponseReturnValue:
    """Show the preview; a post changes the mapping and looks again."""
    options = read_options(request.form if request.method == "POST" else request.args)
    try:
        made, raw, layout, _ = importing.reopen(here.site(), here.actor(), token, options)
    except Refused as refused:
        if refused.code == "not_found":
            raise
        return _start(refused.sentence)
    header = max(layout.header_rows, default=0)
    samples = {
        column: next((str(row[column]) for row in raw.rows[header:] if column < len(row) and row[column]), "")
        for column in layout.headers
    }
    return render_template(
        "imports/preview.html", made=made, home=here.site().get_list(made.list_code),
        rows=_ordered(made), fields=_fields(made),
        chosen={column: code for code, column in made.mapping.items()}, samples=samples,
        standings=STANDINGS, shown=_SHOWN, differences=partial(_differences, made), field_name=partial(_name, made),
        marked=_marked_address(made),
    )  # fmt: skip


def _marked_address(made: Preview) -> str:
    """Give the address of the marked copy under the same mapping and switches."""
    query = {f"map-{column}": code for code, column in made.mapping.items()}
    if made.options.sheet:
        query["sheet"] = made.options.sheet
    if made.options.number_from_ordinal:
        query["number_from_ordinal"] = "1"
    return f"/imports/{made.token}/marked.xlsx?{urlencode(query)}"


def _ordered(made: Preview) -> list[Any]:
    """Refused rows first, then changed, new and same ones; some of each when there are many."""
    found: list[Any] = []
    for standing in ("refused", "changed", "new", "same"):
        rows = [row for row in made.rows if row.standing == standing]
        found += rows[: _SHOWN if standing != "same" else 50]
    return found


def _fields(made: Preview) -> list[tuple[str, str]]:
    """Give (code, name) of what a column may hold: the kind's own fields first."""
    usual = [code for code in importing.field_codes() if code not in made.own]
    return [(code, made.name_of(code)) for code in (*made.own, *usual)]


def _name(made: Preview, code: str) -> str:
    return "表中所写办结情况" if code == STATED else made.name_of(code)


def _differences(made: Preview, row: Any) -> list[tuple[str, str, str]]:
    """Give (field, old, new) as words."""
    site = here.site()

    def shown(code: str, value: Any) -> str:
        return importing.shown_value(site, made, code, value) or _words(code, value)

    return [
        (_name(made, code), shown(code, old), shown(code, new))
        for code, (old, new) in row.differences.items()
    ]


def _words(code: str, value: Any) -> str:
    if value in (None, "", []):
        return "（空）"
    listed = value if isinstance(value, list | tuple) else [value]
    name = _WORDS.get(code)
    if name in WORDLISTS:
        return "、".join(word(str(name), str(one)) for one in listed)
    return "、".join(str(one) for one in listed)[:200]


@pages.post("/imports/<token>/commit")
@guard("case.import")
def commit(token: str) -> ResponseReturnValue:
    """Write the accepted rows and show what became of each."""
    site, actor = here.site(), here.actor()
    options = read_options(request.form)
    made = importing.reopen(site, actor, token, options)[0]
    left = {int(line) for line in request.form.getlist("leave") if line.isdecimal()}
    accept = {row.line for row in made.rows} - left if left else None
    seen = numbers.whole(request.form.get("seen"), made.seen)
    result = importing.carry_out(site, actor, made, accept, seen=seen)
    if here.wants_json():
        return here.json_answer(
            {"counts": result.counts, "rows": msgspec.to_builtins(result.rows)}
        )
    return _result(made, result)


def _result(made: Preview, result: Result) -> ResponseReturnValue:
    order = {"refused": 0, "new": 1, "changed": 2, "left_out": 3, "same": 4}
    rows = sorted(result.rows, key=lambda row: (order[row.outcome], row.line))
    return render_template(
        "imports/result.html", made=made, result=result, rows=rows[: 2 * _SHOWN],
        home=here.site().get_list(made.list_code), standings=STANDINGS,
    )  # fmt: skip


@pages.get("/imports/<token>/marked.xlsx")
@guard("case.import")
def marked(token: str) -> ResponseReturnValue:
    """Give the sheet back with every wrong cell red and commented."""
    out = io.BytesIO()
    importing.marked(here.site(), here.actor(), token, read_options(request.args), out)
    return _file(out.getvalue(), "导入结果_错误已标注.xlsx")


@pages.get("/imports/template.xlsx")
@guard("case.import")
def template() -> ResponseReturnValue:
    """Give the empty sheet of a list."""
    code = request.args.get("list", "")
    out = io.BytesIO()
    importing.template(here.site(), here.actor(), code, out)
    return _file(out.getvalue(), f"{here.site().get_list(code).title}_导入模板.xlsx")


def _file(content: bytes, name: str) -> Response:
    answer = Response(content, mimetype=_XLSX)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return answer
