"""Reading a kind's TOML file: strict decoding, merging of shared steps, and where a fault stands.

A document with ``code`` is a kind; one with ``[[steps]]`` only is a base that kinds name in
``extends``, and may itself extend another: of steps of one code the nearest counts. What the values mean is checked in ``kind_checks``, what follows in ``kind_proof``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeVar

import msgspec
import tomli
from msgspec import Struct

from ecoissues.core.decoding import misread
from ecoissues.core.errors import Refused
from ecoissues.core.kind_fields import PLACED_STATES, Field, Option
from ecoissues.core.kind_lines import KeyPath, LineMap
from ecoissues.core.kinds import Kind, Step
from ecoissues.core.vocabulary import PHASES

Shape = TypeVar("Shape")

#: What became of a refused document, the end of every sentence about one.
_OUTCOME = "该文件未启用，已在使用的清单类型不受影响。"

#: Steps a kind inherits only if one of its clocks may be extended.
_EXTENSION_EFFECTS = frozenset({"ask_extension", "extend", "refuse_extension"})
#: The same for clocks that may be suspended.
_SUSPENSION_EFFECTS = frozenset({"ask_suspension", "suspend", "refuse_suspension", "resume"})

#: Steps a kind inherits only if its cases have milestones.
_PLAN_EFFECTS = frozenset({"plan", "reach"})


class Problem(Struct, frozen=True):
    """A fault in a kind: reason code, Chinese sentence, key in the document, shortest path."""

    reason: str
    sentence: str
    key: KeyPath = ()
    walk: tuple[str, ...] = ()


class Finding(Struct, frozen=True):
    """A fault with its place: file and line (from 1). ``walk``: the steps that show it."""

    file: str
    line: int
    reason: str
    sentence: str
    key: KeyPath = ()
    walk: tuple[str, ...] = ()


class BadKind(Refused):
    """A kind's document is refused: code ``bad_kind``, facts file, line, reason, key, path."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(
            "bad_kind",
            f"{finding.file} 第 {finding.line} 行：{finding.sentence}{_OUTCOME}",
            file=finding.file,
            line=finding.line,
            reason=finding.reason,
            key=list(finding.key),
            path=list(finding.walk),
        )
        self.finding = finding


class Document(Struct, frozen=True, dict=True):
    """A file's name (shown in messages) and text."""

    name: str
    text: str

    @property
    def base_name(self) -> str:
        """The name by which ``extends`` means this document."""
        return self.name.removesuffix(".toml")

    @property
    def is_base(self) -> bool:
        """Whether it holds steps only and so is no kind of its own."""
        return {"steps"} <= set(self.table) <= {"extends", "steps"}

    @cached_property
    def table(self) -> dict[str, Any]:
        """The parsed TOML; raises BadKind (reason bad_toml) with the parser's line."""
        try:
            return tomli.loads(self.text)
        except tomli.TOMLDecodeError as error:
            place = re.search(r"at line (\d+)", str(error))
            line = int(place.group(1)) if place else self.text.rstrip().count("\n") + 1
            sentence = f"不是正确的 TOML 文本（{error}）。"
            raise BadKind(Finding(self.name, line, "bad_toml", sentence)) from error

    @cached_property
    def lines(self) -> LineMap:
        """Lines of the document's keys."""
        return LineMap(self.text)

    @property
    def base_steps(self) -> tuple[Step, ...]:
        """The steps of a base, decoded once for all kinds that extend it; raises BadKind."""
        return self._base.steps

    @property
    def base_extends(self) -> str:
        """The base that this base extends, "" if none; raises BadKind."""
        return self._base.extends

    @cached_property
    def _base(self) -> _Base:
        return _convert(self, _Base)

    def finding(self, problem: Problem) -> Finding:
        """Place a problem whose key is this document's own."""
        return Finding(
            self.name,
            self.lines.find(problem.key),
            problem.reason,
            problem.sentence,
            problem.key,
            problem.walk,
        )


class _Base(Struct, frozen=True, forbid_unknown_fields=True):
    steps: tuple[Step, ...]
    extends: str = ""


class Decoded(Struct, frozen=True):
    """A kind with the place of each of its steps: (document, index there)."""

    kind: Kind
    document: Document
    origins: tuple[tuple[Document, int], ...]

    def finding(self, problem: Problem) -> Finding:
        """Place a problem whose key is ``("steps", index in the kind, …)`` or the document's."""
        key = problem.key
        if len(key) < 2 or key[0] != "steps" or not isinstance(key[1], int):
            return self.document.finding(problem)
        origin, index = self.origins[key[1]]
        placed = msgspec.structs.replace(problem, key=("steps", index, *key[2:]))
        return origin.finding(placed)


def decode_base(document: Document) -> tuple[Step, ...]:
    """Decode a document of shared steps strictly; raises BadKind like ``decode_kind``."""
    return document.base_steps


def decode_kind(document: Document, bases: Mapping[str, Document]) -> Decoded:
    """Decode a kind strictly and merge the steps of the base it extends.

    In: the document, base documents by name (file name without ``.toml``). Raises
    BadKind with reason bad_toml, unknown_key, missing_key, wrong_type, unknown_base.
    """
    kind = _convert(document, Kind)
    steps = [_expanded(step, kind) for step in kind.steps]
    origins = [(document, index) for index in range(len(steps))]
    own = {step.code for step in steps}
    for base in _bases_of(document, kind.extends, bases):
        for index, step in enumerate(base.base_steps):
            merged = _expanded(step, kind)
            if step.code not in own and _inherits(kind, merged):
                steps.append(merged)
                origins.append((base, index))
        own.update(step.code for step in base.base_steps)
    return Decoded(msgspec.structs.replace(kind, steps=tuple(steps)), document, tuple(origins))


def _bases_of(document: Document, name: str, bases: Mapping[str, Document]) -> list[Document]:
    """Give the bases a kind extends, the nearest first; raises BadKind for one that is missing, or
    that comes back to itself."""
    found: list[Document] = []
    while name:
        if name not in bases:
            sentence = f"没有名为 {name} 的共用步骤文件。"
            raise BadKind(document.finding(Problem("unknown_base", sentence, ("extends",))))
        if bases[name] in found:
            sentence = f"共用步骤文件“{name}”的 extends 成了循环。"
            raise BadKind(document.finding(Problem("base_cycle", sentence, ("extends",))))
        document = bases[name]
        found.append(document)
        name = document.base_extends
    return found


def _inherits(kind: Kind, step: Step) -> bool:
    """Tell whether a base's step makes sense in a kind, which it does not where it begins nowhere."""
    if not step.sources:
        return False
    if step.effect in _EXTENSION_EFFECTS:
        return any(clock.extension for clock in kind.clocks)
    if step.effect in _SUSPENSION_EFFECTS:
        return any(clock.suspension for clock in kind.clocks)
    if step.effect == "recount":
        return bool(kind.clocks)
    if step.effect == "advance":
        return bool(kind.placed_states)
    return kind.has_plan or step.effect not in _PLAN_EFFECTS


def _expanded(step: Step, kind: Kind) -> Step:
    """Replace ``@PHASE`` among a step's sources by its states, add the fields it asks for, put the
    states of placements where a field chooses among them.

    What is asked for at registration is new; later what stands is shown.
    """
    sources: dict[str, None] = {}
    for source in step.sources:
        found = [state.code for state in kind.states if source == f"@{state.phase}"]
        known = source.startswith("@") and source[1:] in PHASES
        sources.update(dict.fromkeys(found if known else [source]))
    asked = tuple(
        kind.field_by_code[ask.field].field(
            required=ask.required, initial=step.effect != "register"
        )
        for ask in step.asks
        if ask.field in kind.field_by_code
    )
    own = step.fields
    if kind.placed_states and any(field.words == PLACED_STATES for field in own):
        own = tuple(_choosing(field, kind) if field.words == PLACED_STATES else field for field in own)
    return msgspec.structs.replace(step, sources=tuple(sources), fields=own + asked)


def _choosing(field: Field, kind: Kind) -> Field:
    options = tuple(Option(state.code, state.zh, state.en) for state in kind.placed_states)
    return msgspec.structs.replace(field, words="", options=options)


def _convert(document: Document, shape: type[Shape]) -> Shape:
    """Decode a document into a shape; an unknown key, a missing one or a wrong type is refused."""
    try:
        return msgspec.convert(document.table, shape, strict=True)
    except msgspec.ValidationError as error:
        raise BadKind(document.finding(Problem(*misread(str(error))))) from error
