"""All kinds of a site: the packaged documents and those of an extra folder, each proven sound.

There is no list to edit: every ``*.toml`` beside ``ecoissues/kinds`` and in the folder is read. One
with ``code`` is a kind, the others are bases that kinds extend: ``common.toml`` holds the steps
that every case has.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import msgspec
from msgspec import Struct

from ecoissues.core.errors import Refused
from ecoissues.core.kind_checks import check_kind
from ecoissues.core.kind_documents import (
    BadKind,
    Document,
    Finding,
    Problem,
    decode_base,
    decode_kind,
)
from ecoissues.core.kind_family import child_problem
from ecoissues.core.kind_proof import prove
from ecoissues.core.kinds import Kind, Step


class Kinds(dict[tuple[str, int], Kind]):
    """Kinds by (code, version); a running case keeps its version, a new list takes the current."""

    def current(self, code: str) -> Kind:
        """Give the newest version of a kind. Raises Refused("unknown_kind")."""
        versions = [version for known, version in self if known == code]
        if not versions:
            raise Refused("unknown_kind", f"没有代码为 {code} 的清单类型。", kind=code)
        return self[code, max(versions)]

    def codes(self) -> tuple[str, ...]:
        """Give the codes of all kinds, sorted."""
        return tuple(sorted({code for code, _ in self}))


class Existing(Struct, frozen=True):
    """What documents may name beside themselves; None: not checked."""

    figures: frozenset[str] | None = None
    forms: frozenset[str] | None = None


_UNCHECKED = Existing()

#: The packaged documents; named by place, since ``importlib.resources`` costs a tenth of a start.
_PACKAGED = Path(__file__).parents[1] / "kinds"


def load_kinds(folder: Path | None = None, existing: Existing = _UNCHECKED) -> Kinds:
    """Read, check and prove all kinds; the first fault raises BadKind (code ``bad_kind``).

    In: an extra folder (may be missing); figures and forms that exist.
    """
    kinds, findings = read_kinds(folder, existing)
    for finding in findings:
        raise BadKind(finding)
    return kinds


def read_kinds(
    folder: Path | None = None, existing: Existing = _UNCHECKED
) -> tuple[Kinds, list[Finding]]:
    """Read all kinds like ``load_kinds``, but leave broken ones out and give their faults.

    For a running site: a broken document never takes a sound one with it.
    """
    reading = read_documents(folder, existing)
    return reading.kinds, reading.findings


@dataclass(frozen=True)
class Reading:
    """What was read: sound kinds, the faults of the others, the document of each kind."""

    kinds: Kinds
    findings: list[Finding]
    documents: dict[tuple[str, int], Document]


def read_documents(folder: Path | None = None, existing: Existing = _UNCHECKED) -> Reading:
    """Read all kinds like ``read_kinds`` and say which document each came from."""
    with _without_collecting():
        return _read_all([*_packaged(), *_in_folder(folder)], existing)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Keep the garbage collector off: all that is made stays, and looking at it takes a third."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read_all(documents: Iterable[Document | Finding], existing: Existing) -> Reading:
    shelf = _Shelf(documents)
    kinds = Kinds()
    named: dict[tuple[str, int], Document] = {}
    findings = shelf.findings
    for document in shelf.kinds:
        kind, faults = _examine(document, shelf.bases, existing)
        findings += faults
        if kind is None:
            continue
        key = (kind.code, kind.version)
        if key in kinds:
            sentence = f"清单类型 {kind.code} 第 {kind.version} 版已由 {named[key].name} 定义。"
            findings.append(document.finding(Problem("duplicate_kind", sentence, ("code",))))
            continue
        kinds[key], named[key] = kind, document
    findings += _leave_out_circles(kinds, named, shelf.codes())
    return Reading(kinds, findings, named)


def _leave_out_circles(
    kinds: Kinds, named: dict[tuple[str, int], Document], codes: frozenset[str]
) -> list[Finding]:
    """Leave out the kinds whose children make no sense beside the others; gives the faults."""
    wrong = {
        key: problem
        for key, kind in kinds.items()
        if (problem := child_problem(kind, kinds.values(), codes)) is not None
    }
    for key in wrong:
        del kinds[key]
    return [named[key].finding(problem) for key, problem in wrong.items()]


def check_file(
    path: Path, folder: Path | None = None, existing: Existing = _UNCHECKED
) -> list[Finding]:
    """Check and prove one file; [] if it is sound. Bases: the packaged ones and the folder's.

    A file that cannot be read is a finding too (``unreadable``). OSError is not raised.
    """
    document = _read(path)
    if isinstance(document, Finding):
        return [document]
    return check_text(document.name, document.text, folder, existing)


def check_text(
    name: str, text: str, folder: Path | None = None, existing: Existing = _UNCHECKED
) -> list[Finding]:
    """Check and prove a document given as text, e.g. an upload; [] if it is sound."""
    shelf = _Shelf([Document(name, text)])
    if shelf.kinds:
        beside = _Shelf([*_packaged(), *_in_folder(folder)])
        kind, findings = _examine(shelf.kinds[0], beside.bases, existing)
        if kind is not None and kind.children:
            others = [_examine(other, beside.bases, _UNCHECKED)[0] for other in beside.kinds]
            problem = child_problem(kind, filter(None, others), beside.codes())
            findings = [shelf.kinds[0].finding(problem)] if problem else []
        return findings
    return shelf.findings


class _Shelf:
    """Documents sorted into bases by name, kinds, and the faults of those that cannot be read."""

    def __init__(self, documents: Iterable[Document | Finding]) -> None:
        self.bases: dict[str, Document] = {}
        self.kinds: list[Document] = []
        self.findings: list[Finding] = []
        for document in documents:
            if isinstance(document, Finding):
                self.findings.append(document)
                continue
            try:
                self._place(document)
            except BadKind as refusal:
                self.findings.append(refusal.finding)

    def codes(self) -> frozenset[str]:
        """Give the codes of all kinds found, the broken ones too."""
        return frozenset(str(document.table.get("code")) for document in self.kinds)

    def _place(self, document: Document) -> None:
        if not document.is_base:
            self.kinds.append(document)
            return
        decode_base(document)
        if document.base_name in self.bases:
            sentence = f"共用步骤文件“{document.base_name}”重名。"
            raise BadKind(document.finding(Problem("duplicate_base", sentence)))
        self.bases[document.base_name] = document


def read_text(
    name: str, text: str, folder: Path | None = None, existing: Existing = _UNCHECKED
) -> tuple[Kind | None, list[Finding]]:
    """Check a document like ``check_text`` and give the sound kind it holds (None: a base)."""
    findings = check_text(name, text, folder, existing)
    document = Document(name, text)
    if findings or document.is_base:
        return None, findings
    bases = _Shelf([*_packaged(), *_in_folder(folder)]).bases
    return decode_kind(document, bases).kind, []


#: The base (``moving.toml``) whose steps every kind has on a running site, whatever it extends:
#: asking, approving and refusing that a case goes on to a list of another kind.
MOVING = "moving"


@cache
def _moving_steps() -> tuple[Step, ...]:
    documents = {document.base_name: document for document in _packaged()}
    return decode_base(documents[MOVING])


def with_moving_steps(kind: Kind) -> Kind:
    """Give a kind with the steps that take its cases on to other lists; its own words win.

    Made once and kept beside the kind: the workflow's engine stays with it.
    """
    found: Kind | None = vars(kind).get("_with_moving_steps")
    if found is None:
        more = [step for step in _moving_steps() if step.code not in kind.step_by_code]
        found = msgspec.structs.replace(kind, steps=(*kind.steps, *more))
        vars(kind)["_with_moving_steps"] = found
    return found


@cache
def _packaged() -> tuple[Document, ...]:
    """Give the packaged documents: like the code beside them, they are read once in a process."""
    found = sorted(_PACKAGED.glob("*.toml"))
    return tuple(Document(path.name, path.read_text(encoding="utf-8")) for path in found)


def _in_folder(folder: Path | None) -> list[Document | Finding]:
    if folder is None or not folder.is_dir():
        return []
    return [_read(path) for path in sorted(folder.glob("*.toml"))]


def _read(path: Path) -> Document | Finding:
    try:
        return Document(path.name, path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        sentence = f"文件读不出来（{type(error).__name__}），须为 UTF-8 文本。"
        return Finding(path.name, 1, "unreadable", sentence)


def _examine(
    document: Document, bases: dict[str, Document], existing: Existing
) -> tuple[Kind | None, list[Finding]]:
    """Decode, check and prove one kind: the kind, or its faults."""
    kind, findings = _proven(document, tuple(bases.values()), existing)
    return kind, list(findings)


@lru_cache(maxsize=256)
def _proven(
    document: Document, bases: tuple[Document, ...], existing: Existing
) -> tuple[Kind | None, tuple[Finding, ...]]:
    """Examine a kind once for each text of it, of the bases and of what exists beside it.

    A site whose folder has changed reads every document anew; what has not changed was proven.
    """
    try:
        decoded = decode_kind(document, {base.base_name: base for base in bases})
    except BadKind as refusal:
        return None, (refusal.finding,)
    problems = list(check_kind(decoded.kind, existing.figures, existing.forms))
    problems = problems or prove(decoded.kind)
    findings = tuple(decoded.finding(problem) for problem in problems)
    return (None if findings else decoded.kind), findings
