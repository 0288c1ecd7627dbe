"""Reference data: units, users, lists, batches, settings. Small, read whole, kept in memory."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, bindparam, func, insert, select, update

from ecoissues.core.errors import Refused
from ecoissues.core.units import Unit, UnitTree
from ecoissues.storage import tables as t
from ecoissues.storage.prepared import Prepared


class ListRow(Struct, frozen=True, gc=False):
    """One list (清单) with its owning unit's code and path."""

    id: int
    code: str
    title: str
    kind: str
    kind_version: int
    level: str
    unit_id: int
    unit_code: str
    unit_path: str
    joint_counting: str
    legal_basis: str
    is_demo: bool
    note: str


_STANDING = Prepared(
    select(
        select(t.head.c.pos).where(t.head.c.id == 1).scalar_subquery(),
        select(t.reference.c.version).where(t.reference.c.id == 1).scalar_subquery(),
        select(func.max(t.cases.c.due_at))
        .where(t.cases.c.due_at < bindparam("now"))
        .scalar_subquery(),
    )
)


def standing(connection: Connection, now: str = "") -> tuple[int, int, str]:
    """Give the position of the log, the version of units, lists and settings, and the newest
    instant before ``now`` at which a clock in minutes ran out ("": none has)."""
    ((pos, version, lapsed),) = _STANDING.run(connection, {"now": now})
    return int(pos or 0), int(version), lapsed or ""


def load_tree(connection: Connection) -> UnitTree:
    """Read every unit."""
    columns = [t.units.c[name] for name in Unit.__struct_fields__]
    rows = connection.execute(select(*columns).order_by(t.units.c.position, t.units.c.id)).all()
    return UnitTree(Unit(*row) for row in rows)


def load_lists(connection: Connection) -> dict[int, ListRow]:
    """Read every list by id."""
    rows = connection.execute(
        select(
            t.lists.c.id, t.lists.c.code, t.lists.c.title, t.lists.c.kind, t.lists.c.kind_version,
            t.lists.c.level, t.lists.c.unit_id, t.units.c.code, t.units.c.path,
            t.lists.c.joint_counting, t.lists.c.legal_basis, t.lists.c.is_demo, t.lists.c.note,
        )
        .join(t.units, t.units.c.id == t.lists.c.unit_id)
        .order_by(t.lists.c.position, t.lists.c.id)
    ).all()  # fmt: skip
    return {row[0]: ListRow(*tuple(row)) for row in rows}


def add_unit(
    connection: Connection, code: str, name: str, short: str, kind: str,
    parent: Unit | None, pinyin: str = "", position: int = 0,
) -> Unit:  # fmt: skip
    """Add a unit below ``parent``; an office sees what its parent sees, others see themselves."""
    if connection.execute(select(t.units.c.id).where(t.units.c.code == code)).first():
        raise Refused("unit_exists", f"单位代码“{code}”已存在，未新增。")
    # ids are given here, since the path holds them
    unit_id = (connection.execute(select(func.max(t.units.c.id))).scalar() or 0) + 1
    path = f"{parent.path if parent else '/'}{unit_id}/"
    is_top = parent is None or parent.parent_id is None
    scope_path = parent.path if parent and kind == "office" else path
    top_id = unit_id if is_top else (parent.top_id if parent else unit_id)
    row: dict[str, Any] = {
        "id": unit_id, "code": code, "name": name, "short": short, "kind": kind,
        "parent_id": parent.id if parent else None, "path": path, "scope_path": scope_path,
        "top_id": top_id, "pinyin": pinyin,
    }  # fmt: skip
    connection.execute(insert(t.units).values(**row, position=position))
    return Unit(**row)


def find_user(connection: Connection, name: str) -> dict[str, Any] | None:
    """Find a user with its unit by sign-in name: a plain mapping, or None."""
    row = connection.execute(_users().where(t.users.c.name == name)).mappings().first()
    return dict(row) if row else None


def list_users(connection: Connection) -> list[dict[str, Any]]:
    """Give every user with its unit, in order of the units and roles."""
    query = _users().order_by(t.units.c.path, t.users.c.role, t.users.c.name)
    return [dict(row) for row in connection.execute(query).mappings()]


def _users() -> Any:
    return select(
        t.users,
        t.units.c.code.label("unit_code"),
        t.units.c.name.label("unit_name"),
        t.units.c.kind.label("unit_kind"),
        t.units.c.path.label("unit_path"),
        t.units.c.scope_path,
    ).join(t.units, t.units.c.id == t.users.c.unit_id)


def get_setting(connection: Connection, name: str, default: str) -> str:
    """Read one setting of the site."""
    query = select(t.settings.c.value).where(t.settings.c.name == name)
    value = connection.execute(query).scalar()
    return default if value is None else str(value)


def put_setting(connection: Connection, name: str, value: str) -> None:
    """Write one setting of the site."""
    changed = connection.execute(
        update(t.settings).where(t.settings.c.name == name).values(value=value)
    )
    if not changed.rowcount:
        connection.execute(insert(t.settings).values(name=name, value=value))
