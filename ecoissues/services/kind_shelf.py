"""The kinds of a site as its administrator keeps them: which there are, who uses them, installing.

A document is installed by being put into the site's folder ``kinds``; every process takes it up
within a second (``kind_library``). Nothing here touches a case.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Final

import msgspec

from ecoissues.core import policy
from ecoissues.core.errors import NotFound, Refused
from ecoissues.core.kind_changes import Change, changes_between, kind_digest
from ecoissues.core.kind_documents import Document, Finding
from ecoissues.core.kind_registry import read_text
from ecoissues.core.kinds import Kind
from ecoissues.core.policy import Actor
from ecoissues.services import changes, proposals
from ecoissues.services.kind_library import version_changed
from ecoissues.services.site import Site
from ecoissues.storage import kind_versions

#: The largest document taken, in bytes: the largest one shipped has some 20 kB.
MOST_BYTES: Final = 1_000_000
_SAFE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Line(msgspec.Struct, frozen=True):
    """One version of a kind: who uses it. ``own``: it stands in the site's own folder."""

    code: str
    version: int
    title: str
    title_en: str
    states: int
    steps: int
    newest: bool
    own: bool
    file: str
    lists: list[tuple[str, str]]
    cases: int


class Installed(msgspec.Struct, frozen=True):
    """What became of a document: its kind, or what is wrong with it (then nothing was stored)."""

    findings: list[Finding]
    code: str = ""
    version: int = 0
    file: str = ""


def list_kinds(site: Site, actor: Actor) -> list[Line]:
    """Give every version of every kind, newest first within a code."""
    policy.require(actor, policy.Permission.KIND_READ)
    site.refresh()
    with site.store.reading() as connection:
        used = kind_versions.used_versions(connection)
    own = {path.name for path in site.library.folder.glob("*.toml")}
    kinds = site.kinds
    found = []
    for code, version in sorted(kinds, key=lambda key: (key[0], -key[1])):
        kind, file = site.library.document(code, version), site.library.file_of((code, version))
        lists = [(row.code, row.title) for row in site.lists.values()
                 if (row.kind, row.kind_version) == (code, version)]  # fmt: skip
        found.append(
            Line(code, version, kind.wording.zh, kind.wording.en, len(kind.states),
                 len(kind.steps), kinds.current(code).version == version, file in own, file, lists,
                 used.get((code, version), 0))
        )  # fmt: skip
    return found


def get_kind(site: Site, actor: Actor, code: str, version: int = 0) -> Kind:
    """Give a kind as its document says (0: the newest version). NotFound."""
    policy.require(actor, policy.Permission.KIND_READ)
    known = [number for found, number in site.kinds if found == code]
    if not known or (version and version not in known):
        which = f"第 {version} 版" if known else ""
        raise NotFound(f"没有清单类型 {code[:40]}{which}。")
    return site.library.document(code, version or max(known))


def compare(site: Site, actor: Actor, code: str, old: int, new: int) -> list[Change]:
    """Give what changed from one version to another. NotFound for a version there is not."""
    return changes_between(get_kind(site, actor, code, old), get_kind(site, actor, code, new))


def check(site: Site, actor: Actor, name: str, text: str) -> list[Finding]:
    """Prove a document, nothing is stored; [] if it is sound and may be installed."""
    policy.require(actor, policy.Permission.KIND_CHECK)
    return _examine(site, name, text)[1]


def install(site: Site, actor: Actor, name: str, text: str) -> Installed:
    """Prove a document and put it into the site's folder; it acts in every process at once.

    Out: its kind, or the findings (then nothing was stored). A version that has cases is never
    changed (finding ``version_changed``), nor one that comes with the program (``version_shipped``).
    """
    policy.require(actor, policy.Permission.KIND_INSTALL)
    kind, findings = _examine(site, name, text)
    if kind is None:
        return Installed(findings)
    file = site.library.file_of((kind.code, kind.version))
    own = site.library.folder / (file or f"{kind.code}-{kind.version}.toml")
    _put(own, text)
    site.library.look(at_once=True)
    site.settle()
    with site.store.writing() as connection:
        used = kind_versions.has_cases(connection, (kind.code, kind.version))
        changes.note(
            site, connection, actor.name, "kind.installed", kind.code,
            after={"version": kind.version, "file": own.name, "digest": kind_digest(kind)},
        )  # fmt: skip
    if used:  # a version given back to its cases: what its rules propose may differ
        proposals.refresh(site)
    return Installed([], kind.code, kind.version, own.name)


def _examine(site: Site, name: str, text: str) -> tuple[Kind | None, list[Finding]]:
    shown = Path(name.replace("\\", "/")).name[:80] or "document.toml"
    kind, findings = read_text(shown, text, site.library.folder, site.existing())
    if findings:
        return None, findings
    if kind is None or not _SAFE.fullmatch(kind.code):
        sentence = "这不是清单类型文件（没有 code），共用步骤文件请直接放入 kinds 文件夹。"
        return None, [Finding(shown, 1, "not_a_kind", sentence)]
    fault = _standing_fault(site, Document(shown, text), kind)
    return (None, [fault]) if fault else (kind, [])


def _standing_fault(site: Site, document: Document, kind: Kind) -> Finding | None:
    """Tell why a sound document cannot take its place beside those that stand."""
    version = (kind.code, kind.version)
    standing = site.kinds.get(version)
    if standing is None or kind_digest(site.library.document(*version)) == kind_digest(kind):
        return None
    file = site.library.file_of(version)
    if file and not (site.library.folder / file).exists():
        problem = version_changed(version)
        sentence = f"{kind.code} 第 {kind.version} 版随系统提供，不能改写；请把 version 改为更大的数。"
        return document.finding(
            msgspec.structs.replace(problem, reason="version_shipped", sentence=sentence)
        )
    with site.store.reading() as connection:
        if kind_versions.has_cases(connection, version):
            return document.finding(version_changed(version))
    return None


def _put(path: Path, text: str) -> None:
    """Write a document whole at once: no process ever reads half of it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.parent / f".{path.name}.{secrets.token_hex(4)}"
        with fresh.open("w", encoding="utf-8", newline="\n") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
    except OSError as error:
        raise Refused(
            "not_written", f"文件夹 {path.parent.name} 写不进去（{error.strerror}），没有安装。"
        ) from None
