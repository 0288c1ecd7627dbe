"""The rows behind a number of the board, as they stood on the board's own day."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from ecoissues.core.errors import NotFound, Refused
from ecoissues.core.faces import ClockFace
from ecoissues.core.instants import SHANGHAI
from ecoissues.core.kinds import COUNTED_SLOTS
from ecoissues.core.lights import ORDER, Light, light
from ecoissues.core.vocabulary import VERDICTS, word
from ecoissues.figures.cuts import path_of
from ecoissues.figures.folded_lines import NONE, members_of_line
from ecoissues.figures.grouping import FIELD
from ecoissues.figures.oracle import cases_as_of, in_cut, outcome_members
from ecoissues.figures.reading import Board, Which, members, phase_members
from ecoissues.figures.registry import Definition, packaged_definitions
from ecoissues.services.basis import Basis
from ecoissues.services.ledger_rows import past_rows
from ecoissues.services.site import Site

#: What one may ask the rows of, beside a figure: accounts of ``core.accounts`` shown as numbers.
ACCOUNTS: Final = {
    "cases": "计入总数的全部事项",
    "key_cases": "重点件",
    "handed_over": "已转办",
    "signed_for": "已签收",
    "reported": "已反馈结果",
    "phase_closed": "阶段性办结",
    "completed": "整改完成",
    "open": "办理中",
    "closed": word("phases", "closed"),
    "reviewed": word("phases", "reviewed"),
    **{verdict: word("verdicts", verdict) for verdict in VERDICTS},
    "calls": "来电",
    "letters": "来信",
    "overdue": "逾期（任一时限）",
    "overdue_report": "逾期未反馈",
    "overdue_finish": "逾期未办结",
    "void": "不计入的事项",
}


#: More cases in work than this are not folded one by one for the lights of a past day: the board
#: answers within a second, and says that yellow and green were not counted.
MOST_FOLDED: Final = 600


class Behind(msgspec.Struct, frozen=True):
    """What is asked for: one of figure (with members), account, light or outcome; ``district``:
    code of a unit to narrow to, as a ranking or a dispatch table links to it; ``own``: anything
    means that unit itself, without those below it (``own_of``); ``by`` and
    ``key``: a line of the figure by type, problem, month, weight, due or ``field:CODE``."""

    figure: str = ""
    members: str = "part"
    account: str = ""
    light: str = ""
    outcome: str = ""
    district: str = ""
    own: str = ""
    by: str = ""
    key: str = ""


class Rows(msgspec.Struct, frozen=True):
    """The answer: which rows they are, in words, the definition's formula if any, and all ids."""

    title: str
    formula: str
    ids: list[int]


_WHICH: Final[dict[str, str]] = {"part": "计入分子的", "rest": "其余的", "all": "计入分母的全部"}


def rows_behind(site: Site, connection: Connection, basis: Basis, asked: Behind) -> Rows:
    """Give the cases behind a number; as many as the number says, on the same basis.

    Refused ``figure_unknown``, ``rows_unknown``; NotFound for a unit outside the scope.
    """
    basis = _narrowed(site, basis, asked.district, bool(asked.own))
    place = (basis.row, basis.as_of, basis.known, basis.cut)
    if asked.light:
        lit = lit_cases(site, connection, basis)
        if lit is None or asked.light not in lit:
            raise Refused("rows_unknown", "这一天在办事项过多，未逐件计灯；请改看逾期事项。")
        return Rows(f"{word('lights', asked.light)}的事项", "", lit[asked.light])
    if asked.outcome:
        found = outcome_members(connection, site.tree, *place)
        name = word("outcomes", asked.outcome)
        return Rows(f"处理结果含“{name}”的事项", "", found.get(asked.outcome, []))
    if asked.account:
        if asked.account not in ACCOUNTS:
            raise Refused("rows_unknown", f"没有名为“{asked.account[:20]}”的数字。")
        ids = phase_members(connection, site.tree, asked.account, *place)
        return Rows(f"{ACCOUNTS[asked.account]}", "", ids)
    definition = packaged_definitions().get(asked.figure)
    which = asked.members if asked.members in _WHICH else "part"
    chosen: Which = "rest" if which == "rest" else "all" if which == "all" else "part"
    title = f"{definition.wording.zh}：{_WHICH[which]}事项"
    if asked.by:
        title += f"（{_line_name(asked.by, asked.key)}）"
        ids = _of_line(site, connection, basis, definition, asked, chosen)
    else:
        ids = members(connection, site.tree, definition, *place, chosen)
    return Rows(title, definition.formula, ids)


def _of_line(
    site: Site, connection: Connection, basis: Basis, definition: Definition, asked: Behind,
    which: Which,
) -> list[int]:  # fmt: skip
    """Give the cases of one line of a figure, as ``figures.grouping`` counts them."""
    cut, month = basis.cut, asked.key.replace("-", "")
    if asked.by in ("type", "problem"):
        cut = msgspec.structs.replace(cut, type=asked.key)
    elif asked.by == "month" and month.isdecimal() and len(month) == len("YYYYMM"):
        cut = msgspec.structs.replace(cut, cohort=int(month))
    elif asked.by in ("weight", "due") or asked.by.startswith(FIELD):
        board = Board(connection, site.tree, basis.row, basis.as_of, basis.known, cut)
        found = members_of_line(board, definition, asked.by, asked.key)
        wanted = {"part": {True}, "rest": {False}, "all": {True, False}}[which]
        return sorted(case_id for case_id, counts in found.items() if counts in wanted)
    else:
        raise Refused("rows_unknown", f"没有“{asked.by[:20]}”这样的分组。")
    place = (basis.row, basis.as_of, basis.known, cut)
    return members(connection, site.tree, definition, *place, which)


def _line_name(by: str, key: str) -> str:
    if by in ("type", "problem"):
        return word("types", key)
    if by == "weight":
        return word("weights", key)
    if key == NONE:
        return "没有期限" if by == "due" else "未填写"
    return f"{key} 到期" if by == "due" else f"{key} 登记" if by == "month" else key


def _narrowed(site: Site, basis: Basis, code: str, own: bool) -> Basis:
    if not code:
        return basis
    unit = site.tree.by_code.get(code)
    if unit is None:
        raise NotFound("没有找到该单位，或不在您的管辖范围内。")
    return msgspec.structs.replace(
        basis, cut=msgspec.structs.replace(basis.cut, unit_path=unit.path, own=own)
    )


def own_of(site: Site, by: str, code: str) -> str:
    """Say whether a line of a table by ``district`` or ``unit`` counts its unit alone ("1", "").

    By unit each line is one unit; by district only the root's line is: what nobody below has yet.
    """
    unit = site.tree.by_code.get(code)
    if unit is None or (by == "district" and unit.id != site.tree.root.id):
        return ""
    return "1" if len(site.tree.below(unit.path)) > 1 else ""


def lit_cases(site: Site, connection: Connection, basis: Basis) -> dict[str, list[int]] | None:
    """Give the cases under each light as of a past day, from their logs; None if too many."""
    definition = packaged_definitions().get("completion_rate")
    place = (basis.row, basis.as_of, basis.known, basis.cut)
    running = members(connection, site.tree, definition, *place, "rest")
    late = phase_members(connection, site.tree, "overdue", *place)
    ids = sorted({*running, *late})
    if len(ids) > MOST_FOLDED:
        return None
    path = path_of(site.tree, basis.row, basis.cut)
    found: dict[str, list[int]] = {light: [] for light in ORDER}
    now = basis.known.instant_on(basis.as_of)
    at = datetime.fromisoformat(now) if now else datetime.combine(basis.as_of, time.max, SHANGHAI)
    for case_id, life in cases_as_of(connection, basis.row, basis.as_of, basis.known, ids):
        faces = [face for face in life.running() if face.slot in COUNTED_SLOTS]
        if life.is_void or not faces or not in_cut(site.tree, life, path, basis.cut):
            continue
        lights = {_light(site, basis, face, at) for face in faces}
        found[next(light for light in ORDER if light in lights)].append(case_id)
    return found


def _light(site: Site, basis: Basis, face: ClockFace, at: datetime) -> Light:
    kind = site.kind_of(basis.row.kind, basis.row.kind_version)
    clock = kind.clock_by_code.get(face.code)
    warn, urgent = (clock.warn_workdays, clock.urgent_workdays) if clock else (0, -1)
    return light(
        face.current, basis.as_of, warn, site.calendars, urgent_workdays=urgent,
        due_at=face.current_at, now=at,
    )  # fmt: skip


def shown_rows(
    site: Site, connection: Connection, basis: Basis, ids: list[int], page: int, size: int = 50
) -> list[dict[str, Any]]:
    """Give one page of rows as they stood on the day, each with its id; ``page`` from 1."""
    chosen = ids[(page - 1) * size : page * size]
    rows = past_rows(site, connection, chosen, basis.as_of, basis.known, basis.row)
    return [{"id": case_id, **row} for case_id, row in zip(chosen, rows, strict=True)]
