"""Accounts: signing in and out, sessions that can be revoked, and who is behind one.

Passwords are Argon2id hashes (OWASP: 19 MiB, two passes, one lane). A session is a row of its own;
the cookie holds its secret, the table only a digest, and the account is read anew per request, so
a changed role or a deactivation acts at once.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import Final

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from ecoissues.core.errors import Refused
from ecoissues.core.instants import instant_text
from ecoissues.core.policy import Actor
from ecoissues.core.vocabulary import ROLES
from ecoissues.services import throttling
from ecoissues.services.site import Site, Stamp
from ecoissues.storage import tables as t
from ecoissues.storage.prepared import Prepared
from ecoissues.storage.reference import find_user, get_setting, list_users

MOST_FAILURES: Final = 5
LOCKED_FOR: Final = timedelta(minutes=15)
IDLE: Final = timedelta(minutes=30)
IDLE_DEMO: Final = timedelta(hours=8)
_TOUCH_EVERY: Final = timedelta(seconds=60)
LONGEST_PASSWORD: Final = 256

#: (passes, KiB, lanes): the second is for tests only.
_PROFILES: Final = {"full": (2, 19 * 1024, 1), "test": (1, 8, 1)}

_REFUSAL: Final = (
    "用户名或密码不正确，或该账号因连续输错 5 次已暂停登录 15 分钟。"
    "请核对后重试；忘记密码请联系系统管理员。"
)


class Account(msgspec.Struct, frozen=True):
    """A person who may sign in, with the unit they belong to."""

    id: int
    name: str
    display: str
    role: str
    unit_code: str
    unit_name: str
    unit_path: str
    scope_path: str
    is_demo: bool = False

    @property
    def actor(self) -> Actor:
        """The same person as the policy knows them."""
        return Actor(
            user_id=self.id, name=self.name, display=self.display, role=self.role,
            unit_code=self.unit_code, unit_path=self.unit_path, scope_path=self.scope_path,
        )  # fmt: skip


class DemoAccount(msgspec.Struct, frozen=True):
    """What the sign-in page of a demonstration shows of an account."""

    name: str
    display: str
    role: str
    unit: str
    level: str


@cache
def _hasher(profile: str) -> PasswordHasher:
    passes, kibibytes, lanes = _PROFILES[profile]
    return PasswordHasher(time_cost=passes, memory_cost=kibibytes, parallelism=lanes)


@cache
def _nobody(profile: str) -> str:
    """A hash that no password fits: unknown names take as long as known ones."""
    return _hasher(profile).hash(secrets.token_hex(16))


def hash_password(password: str, profile: str = "full") -> str:
    """Give the Argon2id hash of a password; ``profile`` "test" is cheap and for tests only."""
    if not 8 <= len(password) <= LONGEST_PASSWORD:
        raise Refused("bad_password", f"密码须为 8 至 {LONGEST_PASSWORD} 个字符，未作任何改动。")
    return _hasher(profile).hash(password)


def _fits(stored: str, password: str, profile: str) -> bool:
    try:
        return _hasher(profile).verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def sign_in(
    site: Site, name: str, password: str, profile: str = "full", address: str | None = None
) -> str:
    """Check name and password; give the secret of a new session.

    In: ``address`` the client's network address (None: not over the network). Refused
    ``bad_credentials`` with one sentence for unknown, wrong, locked and deactivated, and in about
    the same time; ``too_many_sign_ins`` as ``throttling.enter``, before anything is looked at. Five
    failures in a row lock the account for a quarter of an hour.
    """
    network = throttling.network_of(address)
    throttling.enter(site, network)
    now = site.now()
    with site.store.reading() as connection:
        user = find_user(connection, name.strip()[:40])
    stored = user["password"] if user else _nobody(profile)
    fits = _fits(stored, password[:LONGEST_PASSWORD], profile)
    if user is None or not user["active"]:
        raise Refused("bad_credentials", _REFUSAL)
    with site.store.writing() as connection:
        if not _admitted(connection, int(user["id"]), fits, now):
            token = ""
        else:
            token = _begin(connection, int(user["id"]), now)
            throttling.give_back(connection, network)
    if not token:
        raise Refused("bad_credentials", _REFUSAL)
    return token


def _admitted(connection: Connection, user_id: int, fits: bool, now: datetime) -> bool:
    """Count a failure or clear the count; whether the account may come in."""
    users = t.users
    query = select(users.c.failures, users.c.locked_until).where(users.c.id == user_id)
    if connection.dialect.name != "sqlite":
        query = query.with_for_update()
    failures, locked_until = connection.execute(query).one()
    if locked_until and instant_text(now) < locked_until:
        return False
    failures = 0 if fits else failures + 1
    locked = failures >= MOST_FAILURES
    connection.execute(
        update(users)
        .where(users.c.id == user_id)
        .values(
            failures=0 if locked else failures,
            locked_until=instant_text(now + LOCKED_FOR) if locked else None,
        )
    )
    return fits


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _begin(connection: Connection, user_id: int, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    at = instant_text(now)
    old = instant_text(now - timedelta(days=2))
    connection.execute(delete(t.login_sessions).where(t.login_sessions.c.seen_at < old))
    connection.execute(
        insert(t.login_sessions).values(
            token=_digest(token), user_id=user_id, started_at=at, seen_at=at
        )
    )
    return token


_OF_SESSION = Prepared(
    select(
        t.users.c.id, t.users.c.name, t.users.c.display, t.users.c.role,
        t.units.c.code, t.units.c.name, t.units.c.path, t.units.c.scope_path,
        t.users.c.is_demo, t.login_sessions.c.seen_at,
    )
    .select_from(
        t.login_sessions.join(t.users, t.users.c.id == t.login_sessions.c.user_id).join(
            t.units, t.units.c.id == t.users.c.unit_id
        )
    )
    .where(t.login_sessions.c.token == bindparam("digest"), t.users.c.active)
)  # fmt: skip


def find_signed_in(site: Site, token: str) -> Account | None:
    """Give the account behind a session's secret; None when it was revoked or stood idle too long.

    The idle time is half an hour (setting ``idle_minutes``), eight hours for demo accounts.
    """
    return arrive(site, token)[0]


def arrive(site: Site, token: str) -> tuple[Account | None, Stamp]:
    """Give the account behind a session's secret, and the site's stamp, in one reading.

    Every request begins here, so units and lists that another process has changed are noticed.
    """
    digest, now = _digest(token), site.now()
    with site.store.reading() as connection:
        stamp = site.stamp(connection)
        rows = _OF_SESSION.run(connection, {"digest": digest})
        if not rows:
            return None, stamp
        user_id, name, display, role, code, unit, path, scope, is_demo, seen_at = rows[0]
        account = Account(user_id, name, display, role, code, unit, path, scope, bool(is_demo))
        idle = now - datetime.fromisoformat(seen_at)
        if idle < _TOUCH_EVERY:
            return account, stamp
        minutes = get_setting(connection, "idle_minutes", "")
    longest = IDLE_DEMO if account.is_demo else IDLE
    if minutes.isdigit():
        longest = timedelta(minutes=int(minutes))
    if idle > longest:
        sign_out(site, token)
        return None, stamp
    with site.store.writing() as connection:
        connection.execute(
            update(t.login_sessions)
            .where(t.login_sessions.c.token == digest)
            .values(seen_at=instant_text(now))
        )
    return account, stamp


def sign_out(site: Site, token: str) -> None:
    """End a session for good, also for a copy of its cookie."""
    with site.store.writing() as connection:
        connection.execute(
            delete(t.login_sessions).where(t.login_sessions.c.token == _digest(token))
        )


def end_sessions(connection: Connection, user_id: int) -> None:
    """End every session of an account (new password, deactivation), in the caller's transaction."""
    connection.execute(delete(t.login_sessions).where(t.login_sessions.c.user_id == user_id))


def find_demo(site: Site) -> tuple[list[DemoAccount], str]:
    """Give the demonstration's accounts and their shared password; nothing on an ordinary site.

    Accounts named by a unit's code carry that unit's history and are not offered to visitors.
    """
    with site.store.reading() as connection:
        password = get_setting(connection, "demo_password", "")
        if not password:
            return [], ""
        users = [user for user in list_users(connection) if user["is_demo"] and user["active"]]
        users = [user for user in users if not user["name"][0].isdigit()]
    root = site.tree.root
    shown = [
        DemoAccount(
            user["name"], user["display"], user["role"], user["unit_name"],
            _level(site, user["unit_path"], root.path),
        )
        for user in users
    ]  # fmt: skip
    roles = list(ROLES)
    shown.sort(key=lambda user: (user.level != "municipal", roles.index(user.role), user.name))
    return shown, password if shown else ""


def _level(site: Site, path: str, root: str) -> str:
    """A unit belongs to the city itself unless it stands in a district."""
    ids = [int(part) for part in path[len(root) :].split("/") if part]
    top = site.tree.by_id[ids[0]] if ids else site.tree.root
    return "district" if top.kind == "district" else "municipal"
