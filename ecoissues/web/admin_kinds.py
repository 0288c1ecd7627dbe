"""The administrator's pages about list kinds, and adding a list."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ecoissues.core import policy
from ecoissues.core.errors import Refused
from ecoissues.core.kind_changes import CHANGES, SORTS
from ecoissues.core.vocabulary import JOINT_COUNTINGS, LEVELS
from ecoissues.services import administration, kind_facts, kind_pictures, kind_shelf
from ecoissues.services.administration import NewList
from ecoissues.web import here, numbers
from ecoissues.web.errors import status_of
from ecoissues.web.guards import guard

pages = Blueprint("admin_kinds", __name__)

_PASTED: Final = "粘贴的文件.toml"


@pages.get("/admin/kinds")
@guard("kind.read")
def kinds() -> ResponseReturnValue:
    """Show the list kinds with the lists that use them, and what is wrong with documents."""
    return _kinds()


def _kinds(checked: str = "", findings: Any = None, text: str = "") -> str:
    site, actor = here.site(), here.actor()
    lines = kind_shelf.list_kinds(site, actor)
    return render_template(
        "admin/kinds.html", lines=lines, faults=site.kind_faults, checked=checked,
        findings=findings, text=text, may_install=policy.may(actor, "kind.install"),
    )  # fmt: skip


def _document() -> tuple[str, str]:
    """Give name and text of the document sent: the file, else what was pasted."""
    file = request.files.get("file")
    if file is not None and file.filename:
        content = file.read(kind_shelf.MOST_BYTES + 1)
        if len(content) > kind_shelf.MOST_BYTES:
            raise Refused("too_large", "文件超过 1 MB，不会是清单类型文件；没有安装。")
        return file.filename[:80], content.decode("utf-8-sig", "replace")
    return _PASTED, request.form.get("text", "").replace("\r\n", "\n")


@pages.post("/admin/kinds")
@guard("kind.check")
def check_kind() -> ResponseReturnValue:
    """Check a document; nothing is stored."""
    name, text = _document()
    return _kinds(name, kind_shelf.check(here.site(), here.actor(), name, text), text)


@pages.post("/admin/kinds/install")
@guard("kind.install")
def install_kind() -> ResponseReturnValue:
    """Check a document and install it; it acts at once, without a restart."""
    name, text = _document()
    done = kind_shelf.install(here.site(), here.actor(), name, text)
    if done.findings:
        return _kinds(name, done.findings, text), 422
    flash(f"已安装清单类型 {done.code} 第 {done.version} 版，立即生效，不需重启。", "success")
    return redirect(f"/admin/kinds/{done.code}/{done.version}", 303)


@pages.get("/admin/kinds/<code>/<int:version>")
@guard("kind.read")
def kind(code: str, version: int) -> ResponseReturnValue:
    """Show one kind: drawn, and all that its document says."""
    site, actor = here.site(), here.actor()
    found = kind_shelf.get_kind(site, actor, code, version)
    lines = [line for line in kind_shelf.list_kinds(site, actor) if line.code == code]
    older = max((line.version for line in lines if line.version < version), default=0)
    return render_template(
        "admin/kind.html", kind=found, facts=kind_facts.facts_of(found), picture=kind_pictures.draw(found), lines=lines, older=older,
        line=next(line for line in lines if line.version == version),
        may_create=policy.may(actor, "list.create"), may_move=policy.may(actor, "kind.move"),
    )  # fmt: skip


@pages.get("/admin/kinds/<code>/<int:version>/changes")
@guard("kind.read")
def changes(code: str, version: int) -> ResponseReturnValue:
    """Show what changed since another version (``since``; the one before)."""
    site, actor = here.site(), here.actor()
    new = kind_shelf.get_kind(site, actor, code, version)
    known = sorted(number for found, number in site.kinds if found == code and number != version)
    before = [number for number in known if number < version] or known
    since = numbers.whole(request.args.get("since"), before[-1] if before else version)
    return render_template(
        "admin/kind_changes.html", kind=new, since=since, known=known, sorts=SORTS, words=CHANGES,
        found=kind_shelf.compare(site, actor, code, since, version),
    )  # fmt: skip


@pages.get("/lists/new")
@guard("list.create")
def new_list() -> ResponseReturnValue:
    """Show the form for a new list."""
    return _new_list()


def _new_list(sentence: str = "", errors: dict[str, str] | None = None) -> str:
    site, actor = here.site(), here.actor()
    units = [
        unit for unit in site.tree.by_id.values()
        if policy.within(unit.path, actor.scope_path)
        and unit.kind in ("municipality", "district", "department")
    ]  # fmt: skip
    own = next((unit.code for unit in units if unit.path == actor.scope_path), "")
    given = request.form if request.method == "POST" else request.args
    return render_template(
        "admin/list.html", lines=kind_shelf.list_kinds(site, actor), units=units, own=own,
        levels=LEVELS, countings=JOINT_COUNTINGS, sentence=sentence, errors=errors or {},
        given=given, is_admin=not policy.may(actor, "list.read"),
    )  # fmt: skip


@pages.post("/lists/new")
@guard("list.create")
def add_list() -> ResponseReturnValue:
    """Add a list."""
    given = request.form
    code, _, number = given.get("kind", "").partition("/")
    more = NewList(
        int(number) if number.isdecimal() else 0, given.get("unit", ""), given.get("level", ""),
        given.get("counting") or "whole", given.get("legal_basis", ""), given.get("note", ""),
    )  # fmt: skip
    try:
        administration.add_list(
            here.site(), here.actor(), given.get("code", "").strip(), given.get("title", ""), code,
            more,
        )  # fmt: skip
    except Refused as refused:
        return _new_list(refused.sentence, refused.facts.get("errors")), status_of(refused)
    flash(f"已新增清单“{given.get('title', '')}”。", "success")
    readable = policy.may(here.actor(), "list.read")
    return redirect("/lists" if readable else "/admin/kinds", 303)
