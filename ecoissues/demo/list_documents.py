"""Lists of the demonstration that are told by a document alone: one file per list in ``lists/``.

Such a list needs a kind, words for its fields and how many cases stand where; ``walking`` finds the
steps in the kind's own document. So a new kind gets its demonstration by writing data.
"""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import msgspec
from msgspec import Struct


class ListEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """A list. ``key``: its name in these documents; ``lives``: the group of ``lives.toml``, if any."""

    key: str
    lives: str
    code: str
    title: str
    kind: str
    level: str
    unit: str
    legal_basis: str = ""
    note: str = ""


class Place(Struct, frozen=True, forbid_unknown_fields=True):
    """A further list that a share of the cases is placed on, with the reasons people give.

    ``field``: a case is placed only where this field of it has one of ``among`` (none: any case).
    ``standings``: state on that list -> share of the cases placed there that come to it, for a kind
    whose placements have states of their own; ``notes``: what is written when one is reached.
    """

    list: str
    share: float
    reasons: tuple[str, ...]
    field: str = ""
    among: tuple[Any, ...] = ()
    standings: dict[str, float] = {}
    notes: dict[str, str] = {}


class Turn(Struct, frozen=True, forbid_unknown_fields=True):
    """How cases of one sort go, where the shortest way would not be theirs.

    ``field``, ``among``: as of a place. ``by``: steps they go by if they can; notes among these are
    taken, and no others. ``days``: the days they have, when other than those of the list.
    """

    field: str
    among: tuple[Any, ...]
    by: tuple[str, ...]
    days: tuple[int, int] | None = None


class ListPlan(Struct, frozen=True, forbid_unknown_fields=True):
    """One list.

    ``numbers``: pattern of the numbers with ``year`` and ``n``. Cases are registered from ``begins``
    to ``ends`` and have ``days`` (least, most) to be done; ``late``: share of them done after that;
    ``behind``: share of the open ones that may be past their day when the fixed part ends.
    ``standings``: state of the kind -> how many cases end there. ``units``: who handles them.
    ``matters``: values of the fields of one case each, taken in turn; ``values``: for all cases, by
    field or ``step.field``, a list to draw from, a table ``least``/``most``/``step`` of numbers, or
    the value itself; of a date, a number says how many days after the step. Texts may name {place}
    (of ``places``), {year}, and numbers {k}, {m}, {n}.
    ``ending``: state -> values of the cases that end there, before those of ``matters``.
    ``parent``: list whose cases these are parts of, ``each`` (least, most) so many; then
    ``standings`` are shares for the parts of cases that are not done.
    """

    code: str
    title: str
    kind: str
    level: str
    unit: str
    numbers: str
    begins: date
    ends: date
    days: tuple[int, int]
    units: tuple[str, ...]
    standings: dict[str, int]
    matters: tuple[dict[str, Any], ...]
    values: dict[str, Any] = {}
    places: tuple[str, ...] = ("某村",)
    late: float = 0.1
    behind: float = 0.25
    joint: float = 0.0
    parent: str = ""
    each: tuple[int, int] = (2, 3)
    placements: tuple[Place, ...] = ()
    turns: tuple[Turn, ...] = ()
    ending: dict[str, dict[str, Any]] = {}
    legal_basis: str = ""
    note: str = ""

    @property
    def entry(self) -> ListEntry:
        """The list as the other plans name theirs."""
        return ListEntry(
            self.code, "", self.code, self.title, self.kind, self.level, self.unit,
            self.legal_basis, self.note,
        )  # fmt: skip


@cache
def list_plans() -> tuple[ListPlan, ...]:
    """Read every file of ``lists/``; lists with parts come before those of their parts."""
    folder = resources.files("ecoissues") / "demo" / "lists"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    found = [msgspec.convert(tomllib.loads(f.read_text("utf-8")), ListPlan) for f in files]
    return tuple(sorted(found, key=lambda plan: bool(plan.parent)))
