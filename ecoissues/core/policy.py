"""Who may do what: every permission of the system, and the relation a step asks for.

Roles hold permissions (``may``, ``require``); a step's document says which roles may take it and in
which relation to the case (``step_allowed``); rows are shown by the same paths (``visible``), which
``storage.scope`` translates to SQL once. Nothing here reads a database: paths are handed in.

Paths are materialised, ``/1/5/12/``: a unit lies within another if its path starts with that path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ecoissues.core.errors import Forbidden
from ecoissues.core.kinds import Step
from ecoissues.core.vocabulary import ROLES

#: A party of a case: path of the unit and its part in the case (a key of ``PARTIES``).
Party = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``unit_path``: the unit he belongs to; ``scope_path``: what he may see.

    The scope of a supervision office is the district or city it works for, so its scope is the path
    of its parent; that of a bureau is the bureau's own path. An empty scope sees nothing.
    """

    user_id: int
    name: str
    display: str
    role: str
    unit_code: str
    unit_path: str
    scope_path: str
    channel: str = "web"


class Permission(StrEnum):
    """Every right inside the system, ``noun.verb``. Published pages need none."""

    DESK_READ = "desk.read"
    CASE_READ = "case.read"
    CASE_REGISTER = "case.register"
    CASE_IMPORT = "case.import"
    CASE_EXPORT = "case.export"
    CASE_STEP = "case.step"
    COMPLAINANT_READ = "complainant.read"
    COMPLAINANT_REVEAL = "complainant.reveal"
    BOARD_READ = "board.read"
    FIGURE_READ = "figure.read"
    DOUBT_SETTLE = "doubt.settle"
    LIST_READ = "list.read"
    LIST_CREATE = "list.create"
    BATCH_CHANGE = "batch.change"
    LIST_CHANGE = "list.change"
    EDITION_READ = "edition.read"
    EDITION_PUBLISH = "edition.publish"
    BULLETIN_WRITE = "bulletin.write"
    RANKING_READ = "ranking.read"
    RANKING_WRITE = "ranking.write"
    INDICATOR_READ = "indicator.read"
    INDICATOR_FILL = "indicator.fill"
    INDICATOR_WRITE = "indicator.write"
    PRINT_READ = "print.read"
    LOG_READ = "log.read"
    LOG_VERIFY = "log.verify"
    CALENDAR_READ = "calendar.read"
    CALENDAR_LOAD = "calendar.load"
    DEADLINE_ACCEPT = "deadline.accept"
    KIND_READ = "kind.read"
    KIND_CHECK = "kind.check"
    KIND_INSTALL = "kind.install"
    KIND_MOVE = "kind.move"
    USER_READ = "user.read"
    USER_MANAGE = "user.manage"


_WORKERS: Final = frozenset({"officer", "head", "supervisor"})
_READERS: Final = _WORKERS | {"leader", "auditor"}
_SUPERVISOR: Final = frozenset({"supervisor"})
_ADMINISTRATOR: Final = frozenset({"administrator"})
_INSIDE: Final = _READERS | _ADMINISTRATOR

#: Permission -> roles that hold it. The administrator runs accounts and kinds and touches no case;
#: the auditor reads everything in his scope and writes nothing; the leader reads and instructs.
#: ``complainant.read`` shows masked data; unmasking is ``complainant.reveal``, see ``may_reveal``.
HOLDERS: Final[Mapping[Permission, frozenset[str]]] = {
    Permission.DESK_READ: _WORKERS | {"leader"},
    Permission.CASE_READ: _READERS,
    Permission.CASE_REGISTER: _SUPERVISOR,
    Permission.CASE_IMPORT: _SUPERVISOR,
    Permission.CASE_EXPORT: _READERS,
    Permission.CASE_STEP: _WORKERS | {"leader"},
    Permission.COMPLAINANT_READ: _WORKERS,
    Permission.COMPLAINANT_REVEAL: _SUPERVISOR,
    Permission.BOARD_READ: _READERS,
    Permission.FIGURE_READ: _READERS,
    Permission.DOUBT_SETTLE: _SUPERVISOR,
    Permission.LIST_READ: _READERS,
    Permission.LIST_CREATE: _SUPERVISOR | _ADMINISTRATOR,
    Permission.BATCH_CHANGE: _SUPERVISOR,
    Permission.LIST_CHANGE: _SUPERVISOR,
    Permission.EDITION_READ: _READERS,
    Permission.EDITION_PUBLISH: _SUPERVISOR,
    Permission.BULLETIN_WRITE: _SUPERVISOR,
    Permission.RANKING_READ: _READERS,
    Permission.RANKING_WRITE: _SUPERVISOR,
    Permission.INDICATOR_READ: _READERS,
    Permission.INDICATOR_FILL: _WORKERS,
    Permission.INDICATOR_WRITE: _SUPERVISOR,
    Permission.PRINT_READ: _READERS,
    Permission.LOG_READ: frozenset({"auditor"}),
    Permission.LOG_VERIFY: frozenset({"auditor", "administrator"}),
    Permission.CALENDAR_READ: _INSIDE,
    Permission.CALENDAR_LOAD: _ADMINISTRATOR,
    Permission.DEADLINE_ACCEPT: _SUPERVISOR,
    Permission.KIND_READ: _INSIDE,
    Permission.KIND_CHECK: _ADMINISTRATOR,
    Permission.KIND_INSTALL: _ADMINISTRATOR,
    Permission.KIND_MOVE: _SUPERVISOR,
    Permission.USER_READ: _ADMINISTRATOR,
    Permission.USER_MANAGE: _ADMINISTRATOR,
}

#: Relation a step asks for (``Step.by``) -> roles that can stand in it at all.
RELATION_ROLES: Final[Mapping[str, frozenset[str]]] = {
    "handler": _WORKERS,
    "office": _SUPERVISOR,
    "superior": _SUPERVISOR,
    "reader": _READERS,
}

#: Refusal code of ``step_allowed`` -> sentence for its reader.
SENTENCES: Final[Mapping[str, str]] = {
    "not_allowed": "您的角色不能执行这一步，未做任何改动。",
    "not_handler": "本单位不是该事项的责任单位或合办单位，不能办理，未做任何改动。",
    "not_office": "只有该清单的督察办可以执行这一步，未做任何改动。",
    "not_superior": "只有责任单位上级的督察办可以执行这一步，未做任何改动。",
    "not_reader": "该事项不在您的管辖范围内，未做任何改动。",
    "accused": "被举报单位及其下属单位不得办理该事项，请由督察办另行指定，未做任何改动。",
}


def holds(role: str, permission: str) -> bool:
    """Tell whether a role holds a permission. Raises ValueError for a permission not listed."""
    return role in HOLDERS[Permission(permission)]


def may(actor: Actor, permission: str) -> bool:
    """Tell whether the actor's role holds a permission (``noun.verb``); ValueError if unknown."""
    return holds(actor.role, permission)


def require(actor: Actor, permission: str) -> None:
    """Refuse with Forbidden unless the actor's role holds the permission."""
    if not may(actor, permission):
        shown = ROLES.get(actor.role, (actor.role, actor.role))[0]
        raise Forbidden(f"“{shown}”没有这项权限，未做任何改动。", permission=str(permission))


def within(path: str, scope: str) -> bool:
    """Tell whether a unit's path lies in a scope; an empty scope or path contains nothing."""
    return bool(scope) and path.startswith(scope)


def visible(actor: Actor, party_paths: Iterable[str], list_path: str) -> bool:
    """Tell whether the actor may see a case at all.

    In: paths of the case's parties without those complained of (``reading_paths``), path of the
    unit that keeps its home list. True when the list or a party lies within the actor's scope. A
    role without ``case.read`` sees no case.
    """
    if not may(actor, Permission.CASE_READ):
        return False
    scope = actor.scope_path
    return within(list_path, scope) or any(within(path, scope) for path in party_paths)


def reading_paths(parties: Iterable[Party]) -> tuple[str, ...]:
    """Give the paths of the parties that make a case visible: all but those complained of.

    Source: 信访工作条例 (2022), article 30: a letter is not made known to whom it complains of.
    """
    return tuple(path for path, part in parties if part != "accused")


def is_handler(actor: Actor, parties: Iterable[Party]) -> bool:
    """Tell whether the actor's unit (or the unit his office works for) is lead or joint unit."""
    own = {actor.unit_path, actor.scope_path} - {""}
    return any(part in ("lead", "joint") and path in own for path, part in parties)


def is_office(actor: Actor, list_path: str) -> bool:
    """Tell whether the actor is a supervisor of the office that keeps the list, or of one above."""
    return actor.role == "supervisor" and within(list_path, actor.scope_path)


def is_superior(actor: Actor, parties: Iterable[Party], list_path: str) -> bool:
    """Tell whether the actor is a supervisor above a lead or joint unit.

    The list's own office counts: a case that has no party yet, or one outside the tree (a
    neighbouring province), would have nobody above it otherwise.
    """
    if actor.role != "supervisor":
        return False
    scope = actor.scope_path
    above = any(part in ("lead", "joint") and within(path, scope) for path, part in parties)
    return above or is_office(actor, list_path)


def is_accused(actor: Actor, accused_paths: Iterable[str]) -> bool:
    """Tell whether the actor's unit is complained of, or belongs to or acts for such a unit.

    Source: 信访工作条例 (2022), articles 30 and 46, and the rule that a case is not given to the
    unit it complains of.
    """
    paths = tuple(accused_paths)
    return any(within(actor.unit_path, path) for path in paths) or actor.scope_path in paths


def may_reveal(actor: Actor, list_path: str, accused_paths: Iterable[str] = ()) -> bool:
    """Tell whether the actor may unmask a complainant (the caller demands and logs a reason).

    Only a supervisor of the office that keeps the list, and never one of the accused unit.
    """
    allowed = may(actor, Permission.COMPLAINANT_REVEAL) and is_office(actor, list_path)
    return allowed and not is_accused(actor, accused_paths)


def step_allowed(
    actor: Actor,
    step: Step,
    parties: Iterable[Party],
    list_path: str,
    accused_paths: Iterable[str] = (),
) -> str | None:
    """Tell why the actor may not take a step: a key of SENTENCES, or None if he may.

    In: the step, the case's parties, the path of the unit that keeps its home list, the paths of
    units complained of. A supervisor stands in the relation ``handler`` also as superior: he may
    record, return or correct for the units below him; officers and heads only for their own.
    """
    right = Permission.CASE_REGISTER if step.effect == "register" else Permission.CASE_STEP
    able = actor.role in step.roles and actor.role in RELATION_ROLES[step.by]
    if not able or not may(actor, right):
        return "not_allowed"
    known = tuple(parties)
    if step.by == "reader":
        return None if visible(actor, reading_paths(known), list_path) else "not_reader"
    if is_accused(actor, accused_paths):
        return "accused"
    stands = {
        "handler": is_handler(actor, known) or is_superior(actor, known, list_path),
        "office": is_office(actor, list_path),
        "superior": is_superior(actor, known, list_path),
    }
    return None if stands[step.by] else f"not_{step.by}"


def require_step(
    actor: Actor,
    step: Step,
    parties: Iterable[Party],
    list_path: str,
    accused_paths: Iterable[str] = (),
) -> None:
    """Refuse with Forbidden, code and sentence, unless ``step_allowed`` says None."""
    code = step_allowed(actor, step, parties, list_path, accused_paths)
    if code is not None:
        raise Forbidden(SENTENCES[code], code, step=step.code)
