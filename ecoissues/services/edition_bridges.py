"""A published edition counted again: today's numbers beside it and the bridge, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
from sqlalchemy import Connection, select

from ecoissues.core import policy
from ecoissues.core.errors import Refused
from ecoissues.core.policy import Actor
from ecoissues.figures import bridges
from ecoissues.figures.bridges import Move
from ecoissues.figures.cuts import Cut
from ecoissues.figures.editions import (
    FrozenBoard,
    FrozenFigure,
    FrozenGroup,
    freeze_figure,
    rows_digest,
    shown,
)
from ecoissues.figures.known import Known
from ecoissues.figures.reading import Board
from ecoissues.figures.registry import Definition
from ecoissues.services import editions
from ecoissues.services.editions import Edition
from ecoissues.services.exporting import definitions_of
from ecoissues.services.recording import case_key
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.scope import visible_cases


class Row(msgspec.Struct, frozen=True):
    """One row of a bridge, with the case's name; ``case`` is empty for one outside the scope."""

    case: str
    case_id: int
    part: int
    whole: int
    reason: str
    step: str
    effective_on: str
    recorded_at: str
    actor: str


class Reason(msgspec.Struct, frozen=True):
    """The rows of a bridge that share a reason, summed up."""

    reason: str
    rows: int
    part: int
    whole: int


class Comparison(msgspec.Struct, frozen=True):
    """A published figure (or one of its groups) beside today's, with the bridge between them.

    ``complete``: the rows' sums are exactly the difference. ``hidden`` rows are outside the scope.
    """

    code: str
    name: str
    formula: str
    unit: str
    label: str
    then: tuple[int, int, str]
    now: tuple[int, int, str]
    part: int
    whole: int
    reasons: list[Reason]
    rows: list[Row]
    hidden: int
    complete: bool

    @property
    def changed(self) -> bool:
        """Whether anything moved, be it without effect on the sums."""
        return bool(self.part or self.whole or self.reasons)


class Compared(msgspec.Struct, frozen=True):
    """An edition beside what is known today (or beside another edition)."""

    code: str
    title: str
    as_of: date
    until: date
    then_pos: int
    now_pos: int
    sound: bool
    rows_sound: bool
    figures: list[Comparison]


def compare(
    site: Site, actor: Actor, code: str, other: str = "", figure: str = "", unit: str = "",
    definitions: Sequence[Definition] | None = None,
) -> Compared:  # fmt: skip
    """Count an edition again with all that is known now, or up to another edition of the list.

    In: ``figure``, ``unit``: only this figure, and the group of this unit; ``definitions``: those
    in force (default: the site's). Refused ``no_figures`` for an edition without figures of a
    list, ``editions_apart`` for two that are not about the same part of the same list.
    """
    with site.store.reading() as connection:
        edition = editions.get(site, connection, actor, code)
        board = edition.board
        if board is None:
            raise Refused("no_figures", f"发布版本 {edition.code} 不含清单指标，没有可逐件比较的数字；生态报表请用 ecoissues indicators compare。")
        later = editions.get(site, connection, actor, other) if other else None
        pair = _Pair(site, connection, actor, edition, board, later, definitions)
        return pair.compared(figure, unit)


class _Pair:
    """An edition and what it is compared with, in one snapshot."""

    def __init__(
        self, site: Site, connection: Connection, actor: Actor, edition: Edition,
        board: FrozenBoard, later: Edition | None, definitions: Sequence[Definition] | None,
    ) -> None:  # fmt: skip
        self.site, self.connection, self.actor = site, connection, actor
        self.edition, self.board, self.later = edition, board, later
        self.row = site.get_list(edition.list_code)
        self.cut = _cut_of(site, connection, edition)
        if later is not None:
            self._check_pair(later)
        pos, at = editions.position(connection, site.now())
        if later is not None:
            pos, at = later.known_pos, later.known_at
        self.known = Known(pos, at)
        self.until = later.as_of if later else edition.as_of
        self.now = {one.code: one for one in self._figures_now(definitions)}
        self._visible: set[int] | None = None

    def _check_pair(self, later: Edition) -> None:
        same = (later.list_code, later.content["unit"], later.content["batch"])
        mine = (self.edition.list_code, self.edition.content["unit"], self.edition.content["batch"])
        if same != mine or later.board is None:
            raise Refused("editions_apart", "两个版本不是同一清单同一范围的，不能比较。")
        if (later.as_of, later.known_pos) < (self.edition.as_of, self.edition.known_pos) or (
            later.known_pos < self.edition.known_pos
        ):
            raise Refused("editions_apart", "请把较早发布的版本写在前面。")

    def _figures_now(self, definitions: Sequence[Definition] | None) -> Sequence[FrozenFigure]:
        if self.later is not None and self.later.board is not None:
            return self.later.board.figures
        found = definitions if definitions is not None else definitions_of(self.site, self.row)
        board = Board(
            self.connection, self.site.tree, self.row, self.until, self.known, self.cut
        )
        by = "unit" if self.board.by == "unit" else "district"
        return [freeze_figure(board, one, by) for one in found]  # type: ignore[arg-type]

    def compared(self, figure: str, unit: str) -> Compared:
        """Compare the figures asked for."""
        chosen = [one for one in self.board.figures if not figure or one.code == figure]
        if not chosen:
            raise Refused("figure_unknown", f"发布版本 {self.edition.code} 中没有指标“{figure[:40]}”。")
        mine = Known(self.edition.known_pos, self.edition.known_at)
        _, digest = rows_digest(
            self.connection, self.site.tree, self.row, self.edition.as_of, mine, self.cut,
            self.board.accounts,
        )  # fmt: skip
        return Compared(
            self.edition.code, self.edition.title, self.edition.as_of, self.until,
            self.edition.known_pos, self.known.pos or 0, self.edition.sound,
            digest == self.board.rows_digest, [self._one(each, unit) for each in chosen],
        )  # fmt: skip

    def _one(self, then: FrozenFigure, unit: str) -> Comparison:
        now = self.now.get(then.code, then)
        group = self._group(then, now, unit) if unit else None
        moves = self._moves(then, now, group)
        before = _counts(_find(then, unit) if unit else then)
        after = _counts(_find(now, unit) if unit else now)
        if self.later is None and now is then:  # a figure that is defined no more
            after = (before[0] + sum(m.part for m in moves), before[1] + sum(m.whole for m in moves))
        part, whole = after[0] - before[0], after[1] - before[1]
        rest = (part - sum(m.part for m in moves), whole - sum(m.whole for m in moves))
        if any(rest):
            moves.append(Move(0, "other", *rest))
        rows, hidden = self._rows(moves)
        return Comparison(
            then.code, then.name, then.formula, unit, group.label if group else "",
            (*before, shown(*before)), (*after, shown(*after)), part, whole,
            [Reason(key, *sums) for key, sums in bridges.by_reason(moves).items()],
            rows, hidden, not any(rest),
        )  # fmt: skip

    def _group(self, then: FrozenFigure, now: FrozenFigure, unit: str) -> FrozenGroup:
        found = _find(then, unit) or _find(now, unit)
        if found is not None and found.id:  # the line of joint cases is no unit
            return found
        node = self.site.tree.by_code.get(unit)
        if node is None:
            raise Refused("unit_unknown", f"没有单位代码“{unit[:32]}”，请从页面上选择。")
        return FrozenGroup(node.code, node.short, node.id, 0, 0, None)

    def _moves(self, then: FrozenFigure, now: FrozenFigure, group: FrozenGroup | None) -> list[Move]:
        tree, since = self.site.tree, self.edition.as_of
        first = bridges.Basis(self.row, since, self.cut, self.board.by, group)
        last = bridges.Basis(self.row, self.until, self.cut, self.board.by, group)
        moves = bridges.revisions(
            self.connection, tree, first, then, self.edition.known_pos, self.known
        )
        if self.until > since:
            moves += bridges.progress(self.connection, tree, last, then, since, self.known)
        return moves + bridges.redefinitions(self.connection, tree, last, then, now, self.known)

    def _rows(self, moves: list[Move]) -> tuple[list[Row], int]:
        ids = sorted({move.case_id for move in moves if move.case_id})
        keys = _keys(self.site, self.connection, ids)
        whole = policy.within(self.edition.scope_path, self.actor.scope_path)
        seen = set(ids) if whole else self._seen(ids)
        rows = [
            Row(
                keys.get(move.case_id, ""), move.case_id, move.part, move.whole, move.reason,
                move.step, move.effective_on, move.recorded_at, move.actor,
            )
            for move in moves
            if move.case_id in seen or not move.case_id
        ]  # fmt: skip
        return rows, len(moves) - len(rows)

    def _seen(self, ids: list[int]) -> set[int]:
        where = visible_cases(self.site.tree, self.site.lists, self.actor.scope_path)
        found: set[int] = set()
        for start in range(0, len(ids), 500):
            query = select(t.cases.c.id).where(t.cases.c.id.in_(ids[start : start + 500]), where)
            found.update(self.connection.execute(query).scalars())
        return found


def _find(figure: FrozenFigure, unit: str) -> FrozenGroup | None:
    return next((group for group in figure.groups if group.key == unit), None)


def _counts(found: FrozenFigure | FrozenGroup | None) -> tuple[int, int]:
    return (found.part, found.whole) if found is not None else (0, 0)


def _cut_of(site: Site, connection: Connection, edition: Edition) -> Cut:
    """Give the cut an edition was made with: that of its office, unit and batch."""
    content = edition.content
    batch = None
    if content["batch"]:
        b, row = t.batches.c, site.get_list(edition.list_code)
        query = select(b.id).where(b.list_id == row.id, b.name == content["batch"])
        batch = connection.execute(query).scalar()
    path = site.tree.by_code[content["unit"]].path if content["unit"] else None
    return Cut(scope_path=content["scope"], unit_path=path, batch_id=batch)


def _keys(site: Site, connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    c, found = t.cases.c, {}
    for start in range(0, len(ids), 500):
        query = select(c.id, c.list_id, c.number, c.part).where(c.id.in_(ids[start : start + 500]))
        for case_id, list_id, number, part in connection.execute(query):
            found[case_id] = case_key(site.lists[list_id].code, number, part)
    return found
