"""How a site tells people: ``notify.toml`` in its data folder. Without it, only in the desk.

Groups of commercial messengers are off unless the file says ``enabled = true``; they get counts
and a link, never a case.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

import msgspec

from ecoissues.core.errors import Refused

FILE: Final = "notify.toml"


class Mail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mail server; the password stands in a file of its own beside this one."""

    host: str
    sender: str
    port: int = 25
    tls: bool = False
    starttls: bool = False
    user: str = ""
    password_file: str = ""


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group of a messenger. ``url``: as the library apprise writes them (``dingtalk://…``,
    ``wecombot://…``, ``feishu://…``), or the file that holds it; ``unit``: whose cases it counts."""

    name: str
    url: str = ""
    url_file: str = ""
    unit: str = ""
    enabled: bool = False


class Notify(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything the file may say. ``link``: the address of the site, for messages."""

    link: str = ""
    mail: Mail | None = None
    groups: tuple[Group, ...] = ()


def read_notify(folder: Path) -> Notify:
    """Read the file of a data folder; none means nothing goes out.

    Refused ``bad_notify``: not TOML, an unknown key, a missing one.
    """
    path = folder / FILE
    if not path.exists():
        return Notify()
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Notify)
    except (OSError, ValueError) as error:  # TOML, Unicode and validation errors are ValueErrors
        raise Refused("bad_notify", f"通知设置 {FILE} 有误（{error}），没有发出任何消息。") from None


def secret_of(folder: Path, name: str) -> str:
    """Read a secret from its file in the data folder, without line ends.

    Refused ``bad_notify``: it cannot be read.
    """
    try:
        return (folder / name).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise Refused("bad_notify", f"无法读取 {FILE} 所指的文件 {name}。") from None
