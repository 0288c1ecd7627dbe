"""The list of doubts: found by looking, each with an owner, explained by somebody or gone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, insert, select, update

from ecoissues.core import policy
from ecoissues.core.errors import NotFound, Refused
from ecoissues.core.policy import Actor
from ecoissues.core.statements import check_statement
from ecoissues.figures.doubts import SORTS, Found, find_doubts
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow

State = Literal["open", "explained", "gone"]
STATES: dict[State, str] = {"open": "待说明", "explained": "已说明", "gone": "已消除"}
_LONGEST = 2000


class Scan(msgspec.Struct, frozen=True):
    """What a look at a list found: new doubts, those that stand, those that have gone."""

    new: int
    standing: int
    gone: int


class DoubtRow(msgspec.Struct, frozen=True):
    """One doubt as it is shown."""

    id: int
    sort: str
    name: str
    subject: str
    case_id: int | None
    sentence: str
    owner: str
    owner_name: str
    found_on: str
    state: State
    note: str
    settled_by: str
    settled_on: str


def scan(site: Site, actor: Actor, list_code: str) -> Scan:
    """Look at a list as it stands today and bring its doubts up to date.

    What is found again keeps its explanation; what is not found any more has gone. Statements stay
    until explained. Forbidden without ``doubt.settle``; NotFound for a list elsewhere.
    """
    policy.require(actor, "doubt.settle")
    row = _own_list(site, actor, list_code)
    today = site.today()
    with site.store.reading() as connection:
        found = {(one.sort, one.subject): one for one in find_doubts(
            connection, site.tree, row, today
        )}  # fmt: skip
    with site.store.writing() as connection:
        return _bring_up(site, connection, row, found, today.isoformat())


def _bring_up(
    site: Site, connection: Connection, row: ListRow, found: dict[tuple[str, str], Found], day: str
) -> Scan:
    d = t.doubts
    known = {
        (one.sort, one.subject): one
        for one in connection.execute(select(d).where(d.c.list_id == row.id))
    }
    new = [one for key, one in found.items() if key not in known]
    _add(site, connection, row, new, day)
    gone = back = 0
    for key, one in known.items():
        if key in found:
            values: dict[str, Any] = {"sentence": found[key].sentence, "gone_on": None}
            back += one.gone_on is not None
        elif one.gone_on is None and one.sort != "statement":
            values, gone = {"gone_on": day}, gone + 1
        else:
            continue
        connection.execute(update(d).where(d.c.id == one.id).values(**values))
    return Scan(len(new) + back, len(found) - len(new) - back, gone)


def _add(
    site: Site, connection: Connection, row: ListRow, found: Iterable[Found], day: str
) -> None:
    rows = [
        {
            "list_id": row.id, "sort": one.sort, "subject": one.subject, "case_id": one.case_id,
            "owner_id": site.tree.by_code[one.owner].id, "sentence": one.sentence,
            "found_on": day,
        }
        for one in found
    ]  # fmt: skip
    if rows:
        connection.execute(insert(t.doubts), rows)


def declare(site: Site, actor: Actor, list_code: str, statements: Iterable[str]) -> list[Found]:
    """Check printed statements and keep the doubts about them with a list; nothing is refused
    because it does not come out. Refused ``bad_statement`` for what cannot be read."""
    policy.require(actor, "doubt.settle")
    row = _own_list(site, actor, list_code)
    found = {
        text.strip()[:200]: Found(
            "statement", text.strip()[:200], "".join(one.sentence for one in doubts), row.unit_code
        )
        for text in statements
        if (doubts := check_statement(text))
    }
    with site.store.writing() as connection:
        known = set(
            connection.execute(
                select(t.doubts.c.subject).where(
                    t.doubts.c.list_id == row.id, t.doubts.c.sort == "statement"
                )
            ).scalars()
        )
        new = [one for subject, one in found.items() if subject not in known]
        _add(site, connection, row, new, site.today().isoformat())
    return list(found.values())


def read_doubts(
    site: Site, actor: Actor, list_code: str, states: Iterable[State] = ("open", "explained")
) -> list[DoubtRow]:
    """Give the doubts of a list that an actor may see: all of his own office's list, and those of
    units in his scope; open ones first."""
    policy.require(actor, "figure.read")
    row = site.get_list(list_code)
    wanted = set(states)
    d, tree = t.doubts, site.tree
    with site.store.reading() as connection:
        every = connection.execute(select(d).where(d.c.list_id == row.id).order_by(d.c.id)).all()
    whole = row.unit_path.startswith(actor.scope_path)
    shown = [
        _shown(site, one) for one in every
        if whole or tree.by_id[one.owner_id].path.startswith(actor.scope_path)
    ]  # fmt: skip
    states, sorts = list(STATES), list(SORTS)

    def place(one: DoubtRow) -> tuple[int, int]:
        known = sorts.index(one.sort) if one.sort in sorts else len(sorts)  # of an older program
        return states.index(one.state), known

    return sorted((one for one in shown if one.state in wanted), key=place)


def _shown(site: Site, one: Any) -> DoubtRow:
    owner = site.tree.by_id[one.owner_id]
    state: State = "gone" if one.gone_on else "explained" if one.settled_on else "open"
    return DoubtRow(
        one.id, one.sort, SORTS.get(one.sort, one.sort), one.subject, one.case_id, one.sentence, owner.code,
        owner.short, one.found_on, state, one.note, one.settled_by, one.settled_on or "",
    )  # fmt: skip


def explain(site: Site, actor: Actor, doubt_id: int, note: str) -> str:
    """Explain a doubt; it stays listed with who said what. Gives the code of its list.

    Refused ``note_missing``; NotFound for a doubt outside the scope.
    """
    policy.require(actor, "doubt.settle")
    if not note.strip():
        raise Refused(
            "note_missing", "请填写说明。未作任何改动。", errors={"note": "请填写说明。"}
        )
    d = t.doubts
    with site.store.writing() as connection:
        query = select(d.c.list_id, d.c.owner_id).where(d.c.id == doubt_id)
        found = connection.execute(query).first()
        row = site.lists.get(found.list_id) if found else None
        if found is None or row is None or not (
            row.unit_path.startswith(actor.scope_path)
            or site.tree.by_id[found.owner_id].path.startswith(actor.scope_path)
        ):
            raise NotFound("没有找到这条疑点，或不在您的管辖范围内。")
        connection.execute(
            update(d).where(d.c.id == doubt_id).values(
                note=note.strip()[:_LONGEST], settled_by=actor.name,
                settled_on=site.today().isoformat(),
            )
        )  # fmt: skip
    return row.code


def _own_list(site: Site, actor: Actor, list_code: str) -> ListRow:
    row = site.get_list(list_code)
    if not row.unit_path.startswith(actor.scope_path):
        raise NotFound("没有找到该清单，或不由本单位管理。")
    return row
