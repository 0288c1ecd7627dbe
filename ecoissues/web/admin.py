"""The administrator's pages: accounts, units, settings and clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ecoissues.core.errors import NotFound, Refused
from ecoissues.core.vocabulary import ROLES, UNIT_KINDS
from ecoissues.services import administration
from ecoissues.web import here
from ecoissues.web.errors import status_of
from ecoissues.web.guards import guard

pages = Blueprint("admin", __name__)


def _answer(
    act: Callable[[], Any], done: str, target: str, again: Callable[..., ResponseReturnValue]
) -> ResponseReturnValue:
    """Do something and go on, or show the form again with what is wrong and what was filled in."""
    try:
        act()
    except Refused as refused:
        errors = refused.facts.get("errors") or {}
        made = current_app.make_response(again(refused.sentence, errors))
        made.status_code = status_of(refused)
        return made
    flash(done, "success")
    return redirect(target, 303)


@pages.get("/admin")
@guard("user.manage")
def start() -> ResponseReturnValue:
    """Go to the accounts."""
    return redirect("/admin/users", 303)


@pages.get("/admin/users")
@guard("user.read")
def users() -> ResponseReturnValue:
    """Show all accounts and the form for a new one."""
    return _users()


def _users(sentence: str = "", errors: dict[str, str] | None = None) -> str:
    site = here.site()
    return render_template(
        "admin/users.html", users=administration.list_users(site, here.actor()), roles=ROLES,
        units=list(site.tree.by_id.values()), sentence=sentence, errors=errors or {},
        given=request.form if request.method == "POST" else {},
    )  # fmt: skip


@pages.post("/admin/users")
@guard("user.manage")
def add_user() -> ResponseReturnValue:
    """Add an account."""
    given = request.form
    name = given.get("name", "").strip()
    return _answer(
        lambda: administration.add_user(
            here.site(), name, given.get("role", ""), given.get("unit", ""),
            given.get("password", ""), given.get("display", ""), _profile(), here.actor().name,
        ),
        f"已新增账号 {name}。", "/admin/users", _users,
    )  # fmt: skip


@pages.get("/admin/users/<name>")
@guard("user.manage")
def user(name: str) -> ResponseReturnValue:
    """Show one account to change."""
    return _user(name)


def _user(name: str, sentence: str = "", errors: dict[str, str] | None = None) -> str:
    site = here.site()
    found = [u for u in administration.list_users(site, here.actor()) if u["name"] == name]
    if not found:
        raise NotFound(f"没有账号“{name[:40]}”。")
    return render_template(
        "admin/user.html", user=found[0], roles=ROLES, units=list(site.tree.by_id.values()),
        sentence=sentence, errors=errors or {},
    )  # fmt: skip


@pages.post("/admin/users/<name>")
@guard("user.manage")
def change_user(name: str) -> ResponseReturnValue:
    """Change an account; it acts with the person's next request."""
    given = request.form
    return _answer(
        lambda: administration.change_user(
            here.site(), here.actor(), name, given.get("role", ""), given.get("unit", ""),
            given.get("display", ""), given.get("active") == "1",
        ),
        f"账号 {name} 已更新，立即生效。", "/admin/users",
        lambda sentence, errors: _user(name, sentence, errors),
    )  # fmt: skip


@pages.post("/admin/users/<name>/password")
@guard("user.manage")
def reset_password(name: str) -> ResponseReturnValue:
    """Give an account a new password; its sessions end."""
    return _answer(
        lambda: administration.reset_password(
            here.site(), here.actor(), name, request.form.get("password", ""), _profile()
        ),
        f"账号 {name} 的密码已重置，原有登录全部失效。", "/admin/users",
        lambda sentence, errors: _user(name, sentence, errors),
    )  # fmt: skip


def _profile() -> str:
    return str(current_app.config["PASSWORD_PROFILE"])


@pages.get("/admin/units")
@guard("user.manage")
def units() -> ResponseReturnValue:
    """Show the tree of units."""
    return _units()


def _units(sentence: str = "", errors: dict[str, str] | None = None) -> str:
    site = here.site()
    site.refresh()
    ordered = sorted(site.tree.by_id.values(), key=lambda unit: _place(unit.path))
    return render_template(
        "admin/units.html", kinds=UNIT_KINDS, sentence=sentence, errors=errors or {},
        units=[(unit, unit.path.count("/") - 2) for unit in ordered],
        given=request.form if request.method == "POST" else {},
    )  # fmt: skip


def _place(path: str) -> list[int]:
    return [int(piece) for piece in path.split("/") if piece]


@pages.post("/admin/units")
@guard("user.manage")
def add_unit() -> ResponseReturnValue:
    """Add a unit."""
    given = request.form
    return _answer(
        lambda: administration.add_unit(
            here.site(), here.actor(), given.get("code", "").strip(), given.get("name", ""),
            given.get("short", ""), given.get("kind", ""), given.get("parent", ""),
        ),
        f"已新增单位 {given.get('name', '')}。", "/admin/units", _units,
    )  # fmt: skip


@pages.get("/admin/settings")
@guard("user.manage")
def settings() -> ResponseReturnValue:
    """Show settings and clock."""
    return _settings()


def _settings(sentence: str = "", errors: dict[str, str] | None = None) -> str:
    site, actor = here.site(), here.actor()
    values: Any = administration.read_settings(site, actor)
    if request.method == "POST":
        values = {**values, **request.form}
    return render_template(
        "admin/settings.html", settings=administration.SETTINGS, values=values,
        clock=administration.clock_state(site, actor), sentence=sentence, errors=errors or {},
    )  # fmt: skip


@pages.post("/admin/settings")
@guard("user.manage")
def change_settings() -> ResponseReturnValue:
    """Change the settings."""
    return _answer(
        lambda: administration.change_settings(here.site(), here.actor(), request.form),
        "设置已保存。", "/admin/settings", _settings,
    )  # fmt: skip


@pages.post("/admin/clock")
@guard("user.manage")
def accept_clock() -> ResponseReturnValue:
    """Declare the clock right."""
    return _answer(
        lambda: administration.accept_clock(here.site(), here.actor()),
        "已确认服务器时钟，恢复写入。", "/admin/settings", _settings,
    )  # fmt: skip
