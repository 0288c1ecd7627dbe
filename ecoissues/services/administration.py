"""Running a site: accounts, units, lists, settings, the clock. Touches no case.

Every change acts at once: accounts are read anew with each request, and whoever is deactivated or
given another password loses every session in the same transaction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from ecoissues.core import policy
from ecoissues.core.errors import NotFound, Refused
from ecoissues.core.instants import instant_text
from ecoissues.core.pinyin import search_key
from ecoissues.core.policy import Actor
from ecoissues.core.units import Unit
from ecoissues.core.vocabulary import JOINT_COUNTINGS, LEVELS, ROLES, UNIT_KINDS
from ecoissues.services import changes, throttling
from ecoissues.services.accounts import end_sessions, hash_password
from ecoissues.services.recording import CLOCK_ACCEPTED
from ecoissues.services.site import Site
from ecoissues.storage import reference
from ecoissues.storage import tables as t

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,39}")
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,31}")
_LIST_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,39}")


class Setting(msgspec.Struct, frozen=True):
    """A setting an administrator may change: whole numbers within bounds."""

    name: str
    label: str
    hint: str
    default: int
    least: int
    most: int


SETTINGS: Final = (
    Setting("stale_days", "久未更新的天数", "在办事项超过这些天没有新记录的，列入工作台“久未更新”。", 15, 1, 365),
    Setting("idle_minutes", "登录闲置时间（分钟）", "超过这一时间没有操作的，须重新登录。", 30, 5, 720),
    Setting(throttling.SETTING, "同一地址登录失败上限", "同一网络地址 15 分钟内登录失败达到这一次数的，暂不受理该地址的登录；多人共用一个出口地址的单位可调高。",
            throttling.MOST_FAILURES, 10, 1000),
)  # fmt: skip


class ClockState(msgspec.Struct, frozen=True):
    """The server's clock beside the end of the log; ``sound``: writing goes on."""

    now: str
    last: str
    sound: bool
    accepted: str


def add_user(
    site: Site,
    name: str,
    role: str,
    unit_code: str,
    password: str,
    display: str = "",
    profile: str = "full",
    by: str = "console",
) -> int:
    """Add an account; gives its id. For the command line and the page. ``by``: who adds it.

    Refused ``bad_name``, ``bad_role``, ``unit_unknown``, ``bad_password``, ``user_exists``,
    ``role_unit`` (a supervisor works in a supervision office, else his scope would be one unit).
    """
    shown = (display or name).strip()[:40]
    if not _NAME.fullmatch(name):
        raise Refused("bad_name", "账号须为 2 至 40 位字母、数字、点、横线，以字母或数字开头。未新增。")
    unit = _check_place(site, role, unit_code)
    hashed = hash_password(password, profile)
    with site.store.writing() as connection:
        if reference.find_user(connection, name) is not None:
            raise Refused("user_exists", f"账号“{name}”已存在，未新增。")
        row = {
            "name": name, "display": shown, "role": role, "unit_id": unit.id, "password": hashed,
        }  # fmt: skip
        key = connection.execute(insert(t.users).values(**row)).inserted_primary_key
        after = {"role": role, "unit": unit.code, "display": shown}
        changes.note(site, connection, by, "account.added", name, path=unit.path, after=after)
    assert key is not None
    return int(key[0])


def _check_place(site: Site, role: str, unit_code: str) -> Unit:
    if role not in ROLES:
        raise Refused("bad_role", f"没有角色“{role[:20]}”；可选：{'、'.join(ROLES)}。未作任何改动。")
    unit = site.tree.by_code.get(unit_code)
    if unit is None:
        site.refresh()
        unit = site.tree.by_code.get(unit_code)
    if unit is None:
        raise Refused("unit_unknown", f"没有单位代码“{unit_code[:32]}”。未作任何改动。")
    if role == "supervisor" and unit.kind != "office":
        raise Refused(
            "role_unit", f"督察员须属于督察办；“{unit.name}”不是督察办。未作任何改动。"
        )
    return unit


def list_users(site: Site, actor: Actor) -> list[dict[str, Any]]:
    """Give every account of the administrator's own units, without its password."""
    policy.require(actor, "user.read")
    with site.store.reading() as connection:
        users = reference.list_users(connection)
    return [
        {name: user[name] for name in user if name != "password"}
        for user in users
        if user["unit_path"].startswith(actor.scope_path)
    ]


def change_user(
    site: Site, actor: Actor, name: str, role: str, unit_code: str, display: str, active: bool
) -> None:
    """Change an account's role, unit, shown name or whether it may sign in; it acts at once.

    Refused ``own_account`` (nobody locks himself out), ``last_administrator``.
    """
    policy.require(actor, "user.manage")
    unit = _check_place(site, role, unit_code)
    with site.store.writing() as connection:
        user = _get_user(connection, actor, name)
        _check_scope(actor, unit.path)
        if user["name"] == actor.name and (not active or role != user["role"]):
            raise Refused("own_account", "不能停用自己的账号或改变自己的角色，请由另一位管理员办理。")
        if user["role"] == "administrator" and (role != "administrator" or not active):
            _check_other_administrator(connection, user["id"])
        values = {
            "role": role, "unit_id": unit.id, "active": active,
            "display": display.strip()[:40] or user["display"],
        }  # fmt: skip
        connection.execute(update(t.users).where(t.users.c.id == user["id"]).values(**values))
        if not active:
            end_sessions(connection, user["id"])
        changes.note(
            site, connection, actor.name, "account.changed", name, path=unit.path,
            before={"role": user["role"], "unit": user["unit_code"], "display": user["display"],
                    "active": bool(user["active"])},
            after={"role": role, "unit": unit.code, "display": values["display"], "active": active},
        )  # fmt: skip


def reset_password(
    site: Site, actor: Actor, name: str, password: str, profile: str = "full"
) -> None:
    """Give an account a new password, unlock it and end all its sessions."""
    policy.require(actor, "user.manage")
    hashed = hash_password(password, profile)
    with site.store.writing() as connection:
        user = _get_user(connection, actor, name)
        connection.execute(
            update(t.users)
            .where(t.users.c.id == user["id"])
            .values(password=hashed, failures=0, locked_until=None)
        )
        end_sessions(connection, user["id"])
        changes.note(
            site, connection, actor.name, "password.reset", name, path=user["unit_path"]
        )


def _get_user(connection: Connection, actor: Actor, name: str) -> dict[str, Any]:
    user = reference.find_user(connection, name)
    if user is None or not user["unit_path"].startswith(actor.scope_path):
        raise NotFound(f"没有账号“{name[:40]}”，或不在您的管辖范围内。")
    return user


def _check_scope(actor: Actor, unit_path: str) -> None:
    """An administrator runs the accounts of his own units only: a district not the city's."""
    if not unit_path.startswith(actor.scope_path):
        raise NotFound("没有找到该单位，或不在您的管辖范围内。")


def _check_other_administrator(connection: Connection, user_id: int) -> None:
    u = t.users.c
    query = select(func.count()).where(u.role == "administrator", u.active, u.id != user_id)
    if not connection.execute(query).scalar():
        raise Refused("last_administrator", "这是最后一个可用的管理员账号，不能停用或改变角色。")


def add_unit(
    site: Site, actor: Actor, code: str, name: str, short: str, kind: str, parent_code: str
) -> Unit:
    """Add a unit below another; units are never moved or renamed (design 3a), only added.

    Refused ``bad_code``, ``bad_unit``, ``unit_unknown``, ``unit_exists``.
    """
    policy.require(actor, "user.manage")
    if not _CODE.fullmatch(code):
        raise Refused("bad_code", "单位代码须为 2 至 32 位字母、数字、横线。未新增。")
    if kind not in UNIT_KINDS or not name.strip():
        raise Refused("bad_unit", "请填写单位名称并选择类别。未新增。")
    parent = site.tree.by_code.get(parent_code)
    if parent is None:
        raise Refused("unit_unknown", f"没有上级单位代码“{parent_code[:32]}”。未新增。")
    full = name.strip()[:80]
    brief = (short.strip() or full)[:40]
    with site.store.writing() as connection:
        last = connection.execute(select(func.max(t.units.c.position))).scalar() or 0
        keys = dict.fromkeys([search_key(full), search_key(brief)])
        unit = reference.add_unit(
            connection, code, full, brief, kind, parent, pinyin=" ".join(keys)[:200],
            position=last + 1,
        )  # fmt: skip
        changes.note(
            site, connection, actor.name, "unit.added", code, path=unit.path,
            after={"name": full, "kind": kind, "parent": parent.code},
        )  # fmt: skip
    site.refresh()
    return unit


class NewList(msgspec.Struct, frozen=True):
    """What else may be said of a new list; empty means the usual.

    ``version`` of the kind (0: the newest); ``unit``: code of the unit that keeps it (that of the
    actor); ``level``: municipal or district (that of the unit); ``counting`` of joint cases: a key
    of ``JOINT_COUNTINGS``; ``legal_basis`` and ``note``: texts.
    """

    version: int = 0
    unit: str = ""
    level: str = ""
    counting: str = "whole"
    legal_basis: str = ""
    note: str = ""


def _owner_of(site: Site, actor: Actor, code: str) -> Unit:
    """Give the unit that keeps a new list: the one named, else that the actor works for."""
    if not code:
        return next(u for u in site.tree.by_id.values() if u.path == actor.scope_path)
    unit = site.tree.by_code.get(code)
    if unit is None:
        raise Refused("unit_unknown", f"没有单位代码“{code[:32]}”。未新增。")
    if unit.kind == "office" and unit.parent_id is not None:
        unit = site.tree.by_id[unit.parent_id]  # an office keeps the lists of whom it works for
    _check_scope(actor, unit.path)
    return unit


def add_list(
    site: Site, actor: Actor, code: str, title: str, kind: str, more: NewList | None = None
) -> None:
    """Add a list of a kind's newest version, kept by the actor's office, unless ``more`` differs.

    Refused ``bad_code``, ``list_exists``, ``unknown_kind``, ``unit_unknown``, ``bad_level``,
    ``bad_counting``, ``kind_missing``; NotFound for a unit outside the actor's scope; Forbidden
    without ``list.create``.
    """
    policy.require(actor, "list.create")
    more = more or NewList()
    if not _LIST_CODE.fullmatch(code) or not title.strip():
        raise Refused("bad_code", "清单代码须为 2 至 40 位字母、数字、横线，并填写名称。未新增。")
    found = site.kind_of(kind, more.version) if more.version else site.kinds.current(kind)
    owner = _owner_of(site, actor, more.unit)
    level = more.level or ("municipal" if owner.parent_id is None else "district")
    if level not in LEVELS:
        raise Refused("bad_level", f"级别须为 {'、'.join(LEVELS)} 之一。未新增。")
    if more.counting not in JOINT_COUNTINGS:
        raise Refused("bad_counting", f"合办计数须为 {'、'.join(JOINT_COUNTINGS)} 之一。未新增。")
    with site.store.writing() as connection:
        lists = t.lists.c
        if connection.execute(select(lists.id).where(lists.code == code)).first():
            raise Refused("list_exists", f"清单代码“{code}”已存在，未新增。")
        last = connection.execute(select(func.max(lists.position))).scalar() or 0
        row = {
            "code": code, "title": title.strip()[:120], "kind": found.code,
            "kind_version": found.version, "level": level, "unit_id": owner.id,
            "joint_counting": more.counting, "legal_basis": more.legal_basis.strip()[:2000],
            "note": more.note.strip()[:2000], "position": last + 1,
        }  # fmt: skip
        connection.execute(insert(t.lists).values(**row))
        after = {"title": row["title"], "kind": f"{found.code}/{found.version}",
                 "unit": owner.code, "counting": more.counting}  # fmt: skip
        changes.note(
            site, connection, actor.name, "list.added", code, path=owner.path, after=after
        )
    site.refresh()


def read_settings(site: Site, actor: Actor) -> dict[str, int]:
    """Give the settings in force by name."""
    policy.require(actor, "user.manage")
    with site.store.reading() as connection:
        found = {
            one.name: reference.get_setting(connection, one.name, str(one.default))
            for one in SETTINGS
        }
    return {name: int(value) for name, value in found.items() if value.isdecimal()}


def change_settings(site: Site, actor: Actor, given: Mapping[str, str]) -> None:
    """Change the settings given; all or none. Refused ``bad_setting`` with ``errors`` by name."""
    policy.require(actor, "user.manage")
    errors, values = {}, {}
    for one in SETTINGS:
        if one.name not in given:
            continue
        text = str(given[one.name]).strip()
        if text.isdecimal() and one.least <= int(text) <= one.most:
            values[one.name] = str(int(text))
        else:
            errors[one.name] = f"{one.label}须为 {one.least} 至 {one.most} 的整数。"
    if errors:
        raise Refused("bad_setting", "设置没有保存，请更正后再提交。", errors=errors)
    with site.store.writing() as connection:
        before = {
            one.name: reference.get_setting(connection, one.name, str(one.default))
            for one in SETTINGS
        }
        for name, value in values.items():
            reference.put_setting(connection, name, value)
        if before != values:
            changes.note(
                site, connection, actor.name, "settings.changed", "settings", before=before,
                after=values,
            )  # fmt: skip


def clock_state(site: Site, actor: Actor) -> ClockState:
    """Compare the server's clock with the end of the log (see ``recording``)."""
    policy.require(actor, "user.manage")
    now = site.now()
    with site.store.reading() as connection:
        last = str(connection.execute(select(t.head.c.recorded_at)).scalar() or "")
        accepted = reference.get_setting(connection, CLOCK_ACCEPTED, "")
    apart = (now - datetime.fromisoformat(last)).total_seconds() if last else 0.0
    return ClockState(instant_text(now), last, -300 <= apart <= 30 * 86_400, accepted)


def accept_clock(site: Site, actor: Actor) -> None:
    """Declare the server's clock right after it was checked, so that writing goes on."""
    policy.require(actor, "user.manage")
    with site.store.writing() as connection:
        before = reference.get_setting(connection, CLOCK_ACCEPTED, "")
        now = instant_text(site.now())
        reference.put_setting(connection, CLOCK_ACCEPTED, now)
        changes.note(
            site, connection, actor.name, "clock.accepted", "clock",
            before={"accepted_at": before}, after={"accepted_at": now},
        )  # fmt: skip
