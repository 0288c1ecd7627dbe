"""What the command line asks: lists with totals, cases, figures, deadlines and the log itself.

Whoever holds the data folder may read all of it, so these look at the whole site unless an actor
with a narrower scope is handed in.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, select

from ecoissues.core.errors import NotFound, Refused
from ecoissues.core.events import live
from ecoissues.core.faces import ClockFace
from ecoissues.core.kind_fields import Field
from ecoissues.core.kinds import COUNTED_SLOTS
from ecoissues.core.life import Life, fold
from ecoissues.core.policy import Actor
from ecoissues.core.proofs import explain
from ecoissues.core.vocabulary import PHASES
from ecoissues.figures.folded_lines import NONE
from ecoissues.figures.grouping import FIELD
from ecoissues.figures.oracle import cases_as_of
from ecoissues.figures.reading import Board, By, Figure, Group, Which, figure, members
from ecoissues.figures.registry import packaged_definitions
from ecoissues.services.basis import basis_of
from ecoissues.services.case_fields import own_values
from ecoissues.services.clock_faces import Face, faces_of
from ecoissues.services.field_words import field_by_code, value_text
from ecoissues.services.gate import step_name
from ecoissues.services.loading import load_case
from ecoissues.services.placed_rows import standing_name
from ecoissues.services.projecting import lead_code
from ecoissues.services.site import Site
from ecoissues.storage import log, reference
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow

#: Types of fields whose values are few: what figures may be grouped by.
_CHOICES: Final = ("choice", "choices", "flag", "month")
#: Choices of a request for a correction or a later day: they say nothing of the case.
_REQUESTED: Final = ("clock", "correction")


def operator(site: Site) -> Actor:
    """Give the actor who runs a command on the site's own machine: he reads everything."""
    root = site.tree.root
    return Actor(0, "console", "命令行", "auditor", root.code, root.path, root.path, "cli")


def office_of(site: Site, list_code: str) -> Actor:
    """Give the actor for a command that acts for the office keeping a list."""
    row = site.get_list(list_code)
    path = row.unit_path
    return Actor(0, "console", "命令行", "supervisor", row.unit_code, path, path, "cli")


def keeper(site: Site) -> Actor:
    """Give the actor of a command that runs the site as its administrator; he touches no case."""
    root = site.tree.root
    return Actor(0, "console", "命令行", "administrator", root.code, root.path, root.path, "cli")


def auditor(site: Site) -> Actor:
    """Give the actor of a command that reads what only auditors read."""
    root = site.tree.root
    return Actor(0, "console", "命令行", "auditor", root.code, root.path, root.path, "cli")


def publisher(site: Site) -> Actor:
    """Give the actor for a command that publishes for the whole site."""
    root = site.tree.root
    return Actor(0, "console", "命令行", "supervisor", root.code, root.path, root.path, "cli")


def get_user(site: Site, name: str) -> Actor:
    """Give the actor of an account, acting by the command line; NotFound if unknown or inactive."""
    with site.store.reading() as connection:
        user = reference.find_user(connection, name)
    if user is None or not user["active"]:
        raise NotFound(f"没有账号“{name[:40]}”，或已停用。")
    return Actor(
        user["id"], user["name"], user["display"], user["role"], user["unit_code"],
        user["unit_path"], user["scope_path"], "cli",
    )  # fmt: skip


def list_totals(site: Site, actor: Actor) -> list[dict[str, Any]]:
    """Give every list with the number of its cases today (void ones do not count)."""
    found = []
    with site.store.reading() as connection:
        for row in site.lists.values():
            basis = basis_of(site, connection, actor, row.code)
            board = Board(
                connection, site.tree, row, basis.as_of, basis.known, basis.cut, ("cases",)
            )
            found.append(
                {
                    "code": row.code, "title": row.title, "kind": row.kind,
                    "kind_version": row.kind_version, "level": row.level,
                    "unit": row.unit_code, "total": board.total["cases"],
                }
            )  # fmt: skip
    return found


def cases_in(
    site: Site, actor: Actor, list_code: str, as_of: date | None = None,
    phase: str | None = None, known_at: str | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Give the cases of a list as they stood at the end of a day (None: today), by number.

    In: ``known_at``, an instant or a day, leaves out what was recorded later; ``phase`` narrows to one phase; without it void cases are given too, marked by their phase.
    """
    if phase is not None and phase not in PHASES:
        raise NotFound(f"没有阶段“{phase}”；可选：{'、'.join(PHASES)}。")
    with site.store.reading() as connection:
        basis = basis_of(site, connection, actor, list_code, as_of, known_at)
        numbers = _numbers(connection)
        found = []
        for case_id, life in cases_as_of(connection, basis.row, basis.as_of, basis.known):
            if not life.phase or (phase is not None and life.phase != phase):
                continue
            found.append(_case_line(site, numbers[case_id], life, list_code))
    return sorted(found, key=lambda line: (line["number"], line["part"]))


def _numbers(connection: Connection) -> dict[int, tuple[str, int, str, int]]:
    query = select(t.cases.c.id, t.cases.c.number, t.cases.c.part, t.cases.c.kind,
                   t.cases.c.kind_version)  # fmt: skip
    return {row[0]: tuple(row[1:]) for row in connection.execute(query)}


def _case_line(
    site: Site, head: tuple[str, int, str, int], life: Life, list_code: str
) -> dict[str, Any]:
    number, part, kind, version = head
    state, state_name = standing_name(site.kind_of(kind, version), life, list_code)
    unit = site.tree.by_code[lead_code(life)]
    face = next((one for one in life.running() if one.slot in COUNTED_SLOTS), None)
    return {
        "number": number, "part": part, "state": state,
        "state_name": state_name, "phase": life.phase,
        "unit": unit.code, "unit_name": unit.name, "types": life.types, "verdict": life.verdict,
        "registered_on": str(life.registered_on), "due_on": str(face.current) if face else None,
        "due_at": (face.current_at or None) if face else None,
        "fields": own_values(site.kind_of(kind, version), life.fields),
    }  # fmt: skip


def figure_of(
    site: Site,
    actor: Actor,
    code: str,
    list_code: str,
    *,
    as_of: date | None = None,
    known_at: str | None = None,
    unit: str = "",
    by: By | str | None = None,
    which: Which | None = None,
    places: int = 1,
    hundred: bool = False,
) -> tuple[Figure, list[str] | None]:
    """Give a figure, and the numbers of the cases behind its part or its rest when asked for.

    In: ``by``, ``places`` and ``hundred`` as ``figures.reading.figure`` takes them. Refused
    ``field_unknown`` for a field that the list's kind does not offer as a choice.
    """
    definition = packaged_definitions().get(code)
    with site.store.reading() as connection:
        basis = basis_of(site, connection, actor, list_code, as_of, known_at, unit)
        where = (connection, site.tree, definition, basis.row, basis.as_of, basis.known, basis.cut)
        field = choice_of(site, basis.row, by) if by else None
        found = figure(*where, by=by, places=places, hundred=hundred)
        if field is not None:
            found = _labelled(site, basis.row, field, found)
        if which is None:
            return found, None
        ids = members(*where, which=which)
        names = {
            case_id: f"{number}/{part}" if part else number
            for case_id, (number, part, *_) in _numbers(connection).items()
        }
    return found, sorted(names[case_id] for case_id in ids)


def choice_of(site: Site, row: ListRow, by: str) -> Field | None:
    """Give the choice that ``field:CODE`` names, None for any other grouping."""
    if not by.startswith(FIELD):
        return None
    kind = site.kind_of(row.kind, row.kind_version)
    every = {**field_by_code(kind), **{one.code: one.field() for one in kind.fields}}
    choices = {
        code: one for code, one in every.items() if one.type in _CHOICES and code not in _REQUESTED
    }
    found = choices.get(by.removeprefix(FIELD))
    if found is None:
        known = "、".join(f"{code}（{one.zh}）" for code, one in choices.items()) or "无"
        raise Refused(
            "field_unknown",
            f"清单“{row.title}”没有可以分组的选项字段“{by.removeprefix(FIELD)[:30]}”；可选：{known}。",
        )
    return found


def _labelled(site: Site, row: ListRow, field: Field, found: Figure) -> Figure:
    """Name the lines of a choice as its document words them."""
    kind = site.kind_of(row.kind, row.kind_version)

    def label(group: Group) -> str:
        if group.key == NONE:
            return group.label
        value = group.key == "yes" if field.type == "flag" else group.key
        return value_text(kind, field, value, site.tree)

    groups = tuple(msgspec.structs.replace(one, label=label(one)) for one in found.groups)
    return msgspec.structs.replace(found, groups=groups)


def clock_proofs(site: Site, actor: Actor, key: str) -> dict[str, Any]:
    """Give every clock of a case with its dates, its history and its proof day by day.

    ``proof`` and ``days`` are of the original day, ``current_proof`` of the one in force; ``shown``
    tells that one's days, the rule and each change as the page does.
    """
    with site.store.reading() as connection:
        case = load_case(connection, site, actor, key)
        life = fold(live(log.events_of(connection, case.id)))
    kind = site.kind_of(case.kind, case.kind_version)
    shown = {face.code: face for face in faces_of(site, kind, life)}
    clocks = [_clock_line(face, shown[face.code]) for face in life.clocks.values()]
    return {"case": case.key, "state": case.state, "clocks": clocks}


def _clock_line(face: ClockFace, shown: Face) -> dict[str, Any]:
    return {
        "clock": face.code, "name": shown.name, "slot": face.slot,
        "original": _text(face.original), "due": _text(face.current),
        "due_at": face.current_at or None, "suspended": face.suspended,
        "provisional": face.provisional, "light": shown.light or None,
        "met_on": _text(face.met_on), "verdict": shown.verdict or None,
        "history": [{"op": op, "due": _text(due)} for op, due in face.history],
        "proof": face.proof, "current_proof": face.current_proof,
        "days": [
            {"date": str(day.date), "mark": day.mark, "number": day.number}
            for day in (explain(face.proof) if face.proof else ())
        ],
        "shown": {"rule": shown.rule, "changes": shown.changes, "days": shown.days},
    }  # fmt: skip


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def shown_step(site: Site, list_code: str, step: str) -> str:
    """Give the Chinese name of a step of a list's kind."""
    row = site.get_list(list_code)
    return step_name(site.kind_of(row.kind, row.kind_version), step)
