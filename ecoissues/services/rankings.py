"""Ranking by a scheme the office entered: schemes, signed entries, places of a period, what-if.

Schemes and entries are only ever added: a changed scheme is a new version, an entry is taken back
by one that cancels it. A ranking is computed when read; publishing freezes it as an edition.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, func, insert, select

from ecoissues.core import policy
from ecoissues.core.errors import Forbidden, NotFound, Refused
from ecoissues.core.instants import instant_text
from ecoissues.core.periods import read_period
from ecoissues.core.policy import Actor
from ecoissues.core.scoring import Scheme, check_scheme, read_points
from ecoissues.figures.cuts import Cut
from ecoissues.figures.editions import freeze
from ecoissues.figures.known import Known
from ecoissues.figures.reading import By
from ecoissues.figures.registry import packaged_definitions
from ecoissues.services import editions
from ecoissues.services.editions import Draft
from ecoissues.services.ranking_table import Ranking, rank
from ecoissues.services.site import Site
from ecoissues.storage.tables_published import score_entries, score_schemes

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,39}")


class Kept(msgspec.Struct, frozen=True):
    """A scheme as kept: its version, whose units it ranks, who entered it when."""

    scheme: Scheme
    version: int
    unit_path: str
    entered_by: str
    entered_at: str


class Entry(msgspec.Struct, frozen=True):
    """Signed points of a unit in a period. ``cancelled``: another entry takes it back."""

    id: int
    period: str
    unit: str
    hundredths: int
    reason: str
    entered_by: str
    entered_at: str
    cancels: int | None
    cancelled: bool

    @property
    def points(self) -> str:
        """The points as printed, with their sign."""
        return f"{self.hundredths / 100:+g}"


def define(site: Site, actor: Actor, scheme: Scheme) -> int:
    """Enter a scheme, or its next version; gives the version. Refused ``bad_scheme``."""
    policy.require(actor, "ranking.write")
    check_scheme(scheme)
    if not _CODE.fullmatch(scheme.code):
        raise Refused("bad_scheme", "方案代码须为 2 至 40 位字母、数字、横线。没有保存。")
    for one in scheme.criteria:
        row = site.get_list(one.list)
        applying = site.kind_of(row.kind, row.kind_version).figures
        for code in (one.figure, *one.alternatives):
            packaged_definitions().get(code)
            if code not in applying:
                raise Refused("bad_scheme", f"“{row.title}”不适用指标 {code}。没有保存。")
    s = score_schemes.c

    def work(connection: Connection) -> int:
        last = connection.execute(
            select(s.version, s.unit_path).where(s.code == scheme.code).order_by(s.version.desc())
        ).first()
        if last is not None and last.unit_path != actor.scope_path:
            raise Forbidden("这个方案代码属于别的督察办，没有保存。")
        version = (last.version if last else 0) + 1
        values = {
            "code": scheme.code, "version": version, "title": scheme.title.strip()[:120],
            "unit_path": actor.scope_path, "document": msgspec.json.encode(scheme).decode(),
            "entered_by": actor.name, "entered_at": instant_text(site.now()),
        }  # fmt: skip
        connection.execute(insert(score_schemes).values(**values))
        return version

    return site.store.write(work)


def schemes(site: Site, actor: Actor) -> list[Kept]:
    """Give the newest version of each scheme that ranks units in the actor's reach."""
    policy.require(actor, "ranking.read")
    s = score_schemes.c
    newest = select(s.code, func.max(s.version).label("version")).group_by(s.code).subquery()
    query = (
        select(score_schemes)
        .join(newest, (newest.c.code == s.code) & (newest.c.version == s.version))
        .order_by(s.code)
    )
    with site.store.reading() as connection:
        rows = connection.execute(query).all()
    return [_kept(row) for row in rows if _reaches(actor, row.unit_path)]


def _kept(row: Any) -> Kept:
    scheme = msgspec.json.decode(row.document, type=Scheme)
    return Kept(scheme, row.version, row.unit_path, row.entered_by, row.entered_at)


def _reaches(actor: Actor, path: str) -> bool:
    return policy.within(path, actor.scope_path) or policy.within(actor.scope_path, path)


def get(site: Site, actor: Actor, code: str) -> Kept:
    """Give the newest version of a scheme, or NotFound."""
    for found in schemes(site, actor):
        if found.scheme.code == code:
            return found
    raise NotFound(f"没有评分方案“{code[:40]}”，或不在您的管辖范围内。")


def add_entry(
    site: Site, actor: Actor, code: str, period: str, unit: str, points: str, reason: str
) -> int:
    """Enter a bonus (+) or deduction (−) of a unit with its reason; gives its number.

    Refused ``bad_points``, ``reason_missing``, ``unit_unknown``, ``bad_period``.
    """
    kept = _own(site, actor, code)
    hundredths = read_points(points)
    if len(reason.strip()) < 2:
        raise Refused("reason_missing", "请填写加减分的理由。没有保存。")
    node = site.tree.by_code.get(unit)
    if node is None or not node.path.startswith(kept.unit_path):
        raise Refused("unit_unknown", f"没有单位代码“{unit[:32]}”，或不在方案范围内。没有保存。")
    values = {
        "scheme": code, "period": read_period(period).name, "unit_id": node.id,
        "hundredths": hundredths, "reason": reason.strip()[:500],
    }  # fmt: skip
    with site.store.writing() as connection:
        return _insert_entry(site, connection, actor, values)


def _own(site: Site, actor: Actor, code: str) -> Kept:
    policy.require(actor, "ranking.write")
    kept = get(site, actor, code)
    if not policy.within(kept.unit_path, actor.scope_path):
        raise Forbidden("只有制定方案的督察办可以加减分和发布，没有保存。")
    return kept


def _insert_entry(
    site: Site, connection: Connection, actor: Actor, values: Mapping[str, Any]
) -> int:
    row = {
        **values, "sort": "bonus" if values["hundredths"] > 0 else "deduction",
        "entered_by": actor.name, "entered_at": instant_text(site.now()),
    }  # fmt: skip
    key = connection.execute(insert(score_entries).values(**row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def cancel_entry(site: Site, actor: Actor, code: str, number: int, reason: str) -> int:
    """Take an entry back by one of the opposite sign; both stay listed. Refused ``cancelled``."""
    _own(site, actor, code)
    if len(reason.strip()) < 2:
        raise Refused("reason_missing", "请填写撤销的理由。没有保存。")
    e = score_entries.c
    with site.store.writing() as connection:
        row = connection.execute(
            select(score_entries).where(e.id == number, e.scheme == code)
        ).first()
        if row is None:
            raise NotFound("没有找到这条加减分。")
        taken = connection.execute(select(e.id).where(e.cancels_id == number)).first()
        if taken or row.cancels_id is not None:
            raise Refused("cancelled", "这条加减分已经撤销过，没有再次撤销。")
        values = {
            "scheme": code, "period": row.period, "unit_id": row.unit_id,
            "hundredths": -row.hundredths, "reason": reason.strip()[:500], "cancels_id": number,
        }  # fmt: skip
        return _insert_entry(site, connection, actor, values)


def entries(site: Site, connection: Connection, code: str, period: str) -> list[Entry]:
    """Give every entry of a scheme in a period, in the order in which they were made."""
    e = score_entries.c
    query = select(score_entries).where(e.scheme == code, e.period == period).order_by(e.id)
    rows = connection.execute(query).all()
    taken = {row.cancels_id for row in rows}
    return [
        Entry(
            row.id, row.period, site.tree.by_id[row.unit_id].code, row.hundredths, row.reason,
            row.entered_by, row.entered_at, row.cancels_id, row.id in taken,
        )
        for row in rows
    ]  # fmt: skip


def ranking(
    site: Site, actor: Actor, code: str, period: str, weights: Mapping[int, str] | None = None
) -> tuple[Kept, Ranking, list[Entry]]:
    """Rank the units of a scheme at the end of a period (a running one: today).

    In: ``weights``, by place of the criterion from 0, instead of the scheme's: what if; nothing is
    saved. Refused ``bad_period``, ``future_day``, ``bad_scheme``.
    """
    kept = get(site, actor, code)
    with site.store.reading() as connection:
        return kept, *_ranked(site, connection, kept, period, weights)


def _ranked(
    site: Site, connection: Connection, kept: Kept, period: str, weights: Mapping[int, str] | None
) -> tuple[Ranking, list[Entry]]:
    asked = read_period(period)
    now = entries(site, connection, kept.scheme.code, asked.name)
    before = entries(site, connection, kept.scheme.code, asked.previous.name)
    changed = dict(weights or {})
    criteria = tuple(
        msgspec.structs.replace(one, weight=changed.get(place) or one.weight)
        for place, one in enumerate(kept.scheme.criteria)
    )
    scheme = msgspec.structs.replace(kept.scheme, criteria=criteria)
    check_scheme(scheme)
    pos, at = editions.position(connection)
    points = [_points(one) for one in (now, before)]
    return rank(site, connection, scheme, kept, asked, (pos, at), points[0], points[1]), now


def _points(found: list[Entry]) -> dict[str, tuple[int, int]]:
    """Sum entries by unit: (bonus, deduction) in hundredths; cancelled pairs count nothing."""
    sums: dict[str, tuple[int, int]] = {}
    for one in found:
        if one.cancelled or one.cancels is not None:
            continue
        bonus, deduction = sums.get(one.unit, (0, 0))
        if one.hundredths > 0:
            sums[one.unit] = (bonus + one.hundredths, deduction)
        else:
            sums[one.unit] = (bonus, deduction + one.hundredths)
    return sums


def publish(site: Site, actor: Actor, code: str, period: str) -> str:
    """Publish the ranking of a period; gives the edition's code."""
    kept = _own(site, actor, code)

    def work(connection: Connection) -> str:
        found, listed = _ranked(site, connection, kept, period, None)
        row = site.get_list(kept.scheme.criteria[0].list)
        draft = Draft(
            "ranking", f"{kept.scheme.title}（{read_period(period).words}）", kept.unit_path,
            found.as_of, found.known_pos, found.known_at,
            {
                "board": _board(site, connection, kept, found),
                "ranking": msgspec.to_builtins(found),
                "entries": msgspec.to_builtins(listed),
                "scheme": {"version": kept.version, **msgspec.to_builtins(kept.scheme)},
            },
            row, scope=kept.unit_path,
        )  # fmt: skip
        return editions.put(site, connection, actor, draft)

    return site.store.write(work)


def _board(site: Site, connection: Connection, kept: Kept, found: Ranking) -> dict[str, Any]:
    """Freeze the figures of the first criterion's list, so that their bridges can be shown."""
    code = kept.scheme.criteria[0].list
    chosen = [packaged_definitions().get(c.figure) for c in kept.scheme.criteria if c.list == code]
    by: By = "district" if kept.unit_path == site.tree.root.path else "unit"
    board = freeze(
        connection, site.tree, site.get_list(code), found.as_of,
        Known(found.known_pos, found.known_at), Cut(scope_path=kept.unit_path), chosen, by,
    )  # fmt: skip
    plain: dict[str, Any] = msgspec.to_builtins(board)
    return plain
