"""The kinds of a running site: documents picked up while it runs, versions in use kept for good.

Each process looks at the folder at most once a second; when a file has come, gone or changed, all
documents are read and proven anew. A broken one is told and left out, and what stood before goes
on. A version that has cases acts as it did with the first of them (its text is in the database):
a file that says otherwise under the same number is refused (``version_changed``).
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import Connection, RootTransaction
from sqlalchemy.exc import DBAPIError

from ecoissues.core.errors import Refused
from ecoissues.core.kind_changes import kind_digest, kind_text
from ecoissues.core.kind_documents import BadKind, Finding, Problem
from ecoissues.core.kind_registry import Existing, Kinds, Reading, read_documents, with_moving_steps
from ecoissues.core.kinds import Kind
from ecoissues.exports.catalogue import load_forms
from ecoissues.figures.registry import packaged_definitions
from ecoissues.storage import kind_versions
from ecoissues.storage.engine import Store
from ecoissues.storage.kind_versions import Kept, Version

#: How often the folder is looked at, in seconds.
EVERY: Final = 1.0

#: What a folder looks like from outside: name, time of change (ns), size and inode of each file.
_Signature = tuple[tuple[str, int, int, int], ...]


def _signature(folder: Path) -> _Signature:
    found = []
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            state = path.stat()
        except OSError:  # taken away meanwhile
            continue
        found.append((path.name, state.st_mtime_ns, state.st_size, state.st_ino))
    return tuple(found)


class KindLibrary:
    """The kinds of one process; threads may share it.

    In: the site's database and folder of documents; ``existing`` gives what documents may name.
    A packaged document that is not sound is our own fault: BadKind is raised at once.
    """

    def __init__(
        self, store: Store, folder: Path, existing: Callable[[], Existing] = Existing
    ) -> None:
        self.folder = folder
        self._store = store
        self._existing = existing
        self.generation = 0  # moves whenever kinds or faults may have changed
        self._lock = threading.Lock()
        self._next = 0.0
        self._seen: _Signature | None = None
        self._kinds = Kinds()
        self._texts: dict[Version, Kind] = {}  # as the documents say, without the moving steps
        self._files: dict[Version, str] = {}
        self._faults: list[Finding] = []
        self._fixed: set[Version] = set()  # kept and with cases, as another transaction saw
        self._unkept: dict[Version, Kept] = {}
        self._writing: dict[Version, weakref.ref[RootTransaction]] = {}
        own = {path.name for path in folder.glob("*.toml")}
        seen, reading = _signature(folder), read_documents(folder, existing())
        self._first: tuple[_Signature, Reading] | None = (seen, reading)
        for fault in reading.findings:
            if fault.file not in own:
                raise BadKind(fault)

    @property
    def kinds(self) -> Kinds:
        """Every kind in force by (code, version)."""
        self.look()
        return self._kinds

    @property
    def faults(self) -> list[Finding]:
        """What is wrong with documents of the folder, as of the last look."""
        self.look()
        return self._faults

    def file_of(self, version: Version) -> str:
        """Name the file of the site's folder or the package that holds a version, "" if none."""
        return self._files.get(version, "")

    def document(self, code: str, version: int) -> Kind:
        """Give a kind as its document says (for comparing versions). Refused ``kind_missing``."""
        self.get(code, version)
        return self._texts[code, version]

    def get(self, code: str, version: int) -> Kind:
        """Give the version a case is pinned to. Refused ``kind_missing``.

        A version that another process has just taken up is looked for at once.
        """
        found = self.kinds.get((code, version))
        if found is None:
            self.look(at_once=True)
            found = self._kinds.get((code, version))
        if found is None:
            raise Refused(
                "kind_missing",
                f"清单类型 {code} 第 {version} 版的文件不在本站，请放回 kinds 文件夹后再试。数据没有改动。",
                kind=code, version=version,
            )  # fmt: skip
        return found

    def look(self, *, at_once: bool = False) -> None:
        """Take up what has changed in the folder, if it is time (or ``at_once``)."""
        if not at_once and time.monotonic() < self._next:
            return
        if self._seen is not None and not at_once:
            if not self._lock.acquire(blocking=False):
                return  # another thread is at it; what stands serves meanwhile
        else:
            self._lock.acquire()
        try:
            seen = _signature(self.folder)
            if seen != self._seen or at_once:
                self._take_up()
                self._seen = seen
            self._next = time.monotonic() + EVERY
        finally:
            self._lock.release()

    def _take_up(self) -> None:
        first, self._first = self._first, None
        if first is not None and first[0] == _signature(self.folder):
            reading = first[1]  # read a moment ago, when the site was opened
        else:
            reading = read_documents(self.folder, self._existing())
        texts: dict[Version, Kind] = dict(reading.kinds)
        files = {version: document.name for version, document in reading.documents.items()}
        faults = list(reading.findings)
        broken = {fault.file for fault in faults}
        for version, kind in self._texts.items():
            # What stood goes on while its file is broken; one that is gone is given up.
            if version not in texts and self._files.get(version) in broken:
                texts[version], files[version] = kind, self._files[version]
        held = set()
        with self._store.reading() as connection:
            kept = kind_versions.read_kept(connection)
            in_lists = kind_versions.versions_of_lists(connection) if kept else set()
            for version, one in kept.items():
                now = texts.get(version)
                if now is not None and kind_digest(now) == one.digest:
                    continue
                used = kind_versions.has_cases(connection, version)
                if not (used if now is not None else used or version in in_lists or one.file in broken):
                    continue
                decoded = _decoded(version, one, faults)
                if decoded is None:
                    continue
                held.add(version)
                texts[version] = decoded
                files.setdefault(version, one.file if one.file in broken else "")
                if now is not None:
                    faults.append(reading.documents[version].finding(version_changed(version)))
        self._put(texts, files, faults)
        own = {path.name for path in self.folder.glob("*.toml")}
        self._unkept = {
            version: one
            for version in reading.kinds
            if version not in held and files[version] in own
            and (one := _kept(texts[version], files[version])) != kept.get(version)
        }  # fmt: skip

    def _put(
        self, texts: dict[Version, Kind], files: dict[Version, str], faults: list[Finding]
    ) -> None:
        kinds = Kinds()
        for version in sorted(texts):
            # The same object as before where nothing changed: its workflow engine stays built.
            if self._texts.get(version) == texts[version]:
                texts[version] = self._texts[version]
                kinds[version] = self._kinds[version]
            else:
                kinds[version] = with_moving_steps(texts[version])
                self._fixed.discard(version)
        self._texts, self._files = texts, files
        self._kinds, self._faults = kinds, faults
        self.generation += 1

    def settle(self, at: str) -> None:
        """Look, and keep what was taken up, so that every process can go on with it later.

        For doors, before they begin: it writes, and must stand in no transaction.
        """
        self.look()
        if not self._unkept:
            return
        unkept, self._unkept = self._unkept, {}
        try:
            with self._store.writing() as connection:
                standing = kind_versions.read_kept(connection)
                for version, one in unkept.items():
                    same = standing.get(version) == one
                    text = version in standing and standing[version].digest != one.digest
                    if not same and not (text and kind_versions.has_cases(connection, version)):
                        kind_versions.keep(connection, version, one, at)
        except DBAPIError:
            pass  # another process keeps the same, or the database is away: it is tried again

    def pin(self, connection: Connection, kind: Kind, at: str) -> None:
        """Keep a version as it is, in the transaction that gives it a case.

        Refused ``version_changed`` when another process has begun with another text meanwhile.
        """
        version = (kind.code, kind.version)
        if version in self._fixed:
            return
        transaction = connection.get_transaction()
        writing = self._writing.get(version)
        text = self._texts.get(version)
        if text is None or (writing is not None and writing() is transaction):
            return  # kept by an earlier case of this very transaction
        own = _kept(text, self._files.get(version, ""))
        standing = kind_versions.find_digest(connection, version)
        used = standing is not None and kind_versions.has_cases(connection, version)
        if used and standing == own.digest:
            self._fixed.add(version)  # seen from another transaction: it was committed
        elif used:
            self._next, self._seen = 0.0, None
            raise Refused(
                "version_changed", f"{version_changed(version).sentence}请重新提交。未作任何改动。"
            )
        else:
            kind_versions.keep(connection, version, own, at)
            if transaction is not None:
                self._writing[version] = weakref.ref(transaction)

    def pin_used(self, connection: Connection, at: str) -> None:
        """Keep every version that has cases and is not kept yet (after an upgrade)."""
        self.look()
        kept = kind_versions.read_kept(connection)
        for version in kind_versions.used_versions(connection):
            if version in self._texts and version not in kept:
                own = _kept(self._texts[version], self._files.get(version, ""))
                kind_versions.keep(connection, version, own, at)


def _kept(kind: Kind, file: str) -> Kept:
    return Kept(kind_digest(kind), kind_text(kind), file)


def _decoded(version: Version, kept: Kept, faults: list[Finding]) -> Kind | None:
    """Read a version kept; one that cannot be read is told, and stops no other."""
    try:
        return msgspec.json.decode(kept.document, type=Kind)
    except msgspec.DecodeError as error:
        sentence = f"数据库中保存的 {version[0]} 第 {version[1]} 版读不出来（{error}）。"
        faults.append(Finding(kept.file, 1, "version_unreadable", sentence))
        return None


def existing_in(data: Path) -> Existing:
    """Give the figures and forms that a kind's document may name, with those of a data folder."""
    figures = frozenset(packaged_definitions().by_code)
    try:
        return Existing(figures, frozenset(load_forms([data / "forms"])))
    except Refused:  # a form of the office is broken: that is told where forms are used
        return Existing(figures, None)


def version_changed(version: Version) -> Problem:
    """Say that a document differs from the version in use under the same number."""
    code, number = version
    sentence = f"{code} 第 {number} 版已有事项在办，内容不能再改；请把 version 改为 {number + 1} 另存一份。"
    return Problem("version_changed", sentence, ("version",))
