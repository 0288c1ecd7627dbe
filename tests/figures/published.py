"""Cases built to published counts, and the counts themselves (facts only, each with its dataset).

``Counts`` says how many cases have which phase, verdict, weight …; each side is spread over the
cases by itself, as a notice prints it. Districts and types may sum to more than the cases: then some
cases are handled by several, or are of several types.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import delete, insert

from ecoissues.core.units import Unit, UnitTree
from ecoissues.figures.postings import insert_values, values_of
from ecoissues.figures.reading import Board
from ecoissues.figures.standing import standing_rows
from ecoissues.storage import tables as t
from ecoissues.storage.engine import Store
from ecoissues.storage.reference import load_lists, load_tree
from tests.figures.world import clock, event

BEGUN, LOOKED = date(2024, 3, 1), date(2024, 12, 31)
MOST_DISTRICTS = 50


@dataclass(frozen=True)
class Counts:
    """How many of ``cases`` have what; a side left out says nothing."""

    cases: int
    phases: dict[str, int] = field(default_factory=dict)
    verdicts: dict[str, int] = field(default_factory=dict)
    weights: dict[str, int] = field(default_factory=dict)
    channels: dict[str, int] = field(default_factory=dict)
    types: dict[str, int] = field(default_factory=dict)
    districts: tuple[int, ...] = ()
    handled: tuple[tuple[str, ...], ...] = ()
    marks: dict[str, int] = field(default_factory=dict)
    merged: int = 0
    parts: int = 0
    due_this_year: int = 0
    done_of_these: int = 0


def tree_of_districts() -> UnitTree:
    """A city and many districts."""
    city = Unit(1, "C", "C", "C", "municipality", None, "/1/", "/1/", 1)
    tops = [
        Unit(n, f"D{n - 1}", f"D{n - 1}", f"D{n - 1}", "district", 1, f"/1/{n}/", f"/1/{n}/", n)
        for n in range(2, MOST_DISTRICTS + 2)
    ]
    return UnitTree([city, *tops])


def build(store: Store, counts: Counts, joint_counting: str = "whole") -> None:
    """Write the postings of all cases of one list ``L`` into an emptied database."""
    tree = tree_of_districts()
    with store.writing() as connection:
        for table in (t.postings, t.day_sums, t.checkpoints, t.generations, t.events, t.cases,
                      t.head, t.lists, t.units):  # fmt: skip
            connection.execute(delete(table))
        names = ("id", "code", "name", "short", "kind", "parent_id", "path", "scope_path", "top_id")
        connection.execute(
            insert(t.units),
            [{n: getattr(unit, n) for n in names} for unit in tree.by_id.values()],
        )
        connection.execute(
            insert(t.lists).values(
                id=1, code="L", title="L", kind="k", kind_version=1, level="municipal", unit_id=1,
                joint_counting=joint_counting,
            )
        )
        connection.execute(
            insert(t.head).values(id=1, pos=0, recorded_at="2025-01-01T00:00:00.000000Z")
        )
        seen: dict[str, Any] = {}
        values = []
        for number, facts in enumerate(_cases(counts), 1):
            found = seen.get(repr(facts))
            if found is None:
                rows = standing_rows(_life(**facts), tree, {"L": 1}, "L")
                found = seen[repr(facts)] = list(rows.items())
            values += values_of(number, number, LOOKED, found)
        insert_values(connection, values)


def board_of(store: Store, connection: Any) -> Board:
    """Give the board of the list as of the last day of the year."""
    row = load_lists(connection)[1]
    return Board(connection, load_tree(connection), row, LOOKED)


def _spread(sides: dict[str, int], cases: int, rest: str = "") -> list[str]:
    found = [name for name, count in sides.items() for _ in range(count)]
    assert len(found) <= cases, sides
    return found + [rest] * (cases - len(found))


def _several(sides: dict[str, int], cases: int) -> list[list[str]]:
    """Spread counts that may sum to more than the cases: nobody has the same twice."""
    found: list[list[str]] = [[] for _ in range(cases)]
    order = sorted(sides.items(), key=lambda side: -side[1])
    for place, name in enumerate(name for name, count in order for _ in range(count)):
        assert name not in found[place % cases]
        found[place % cases].append(name)
    return found


def _cases(counts: Counts) -> list[dict[str, Any]]:
    many = counts.cases
    phases = _spread(counts.phases, many, "open")
    verdicts, weights = _spread(counts.verdicts, many), _spread(counts.weights, many, "normal")
    channels = _spread(counts.channels, many)
    types = _several(counts.types, many) if counts.types else [["other"]] * many
    named = {f"D{place}": count for place, count in enumerate(counts.districts, 1)}
    districts = _several(named, many) if named else [["D1"]] * many
    if counts.handled:
        districts = [list(units) for units in counts.handled]
    done = [phase in ("completed", "closed", "reviewed") for phase in phases]
    due = [0] * many
    for wanted, size in ((True, counts.done_of_these),
                         (False, counts.due_this_year - counts.done_of_these)):  # fmt: skip
        for place in islice((p for p, is_done in enumerate(done) if is_done is wanted), size):
            due[place] = 2024
    return [
        {
            "phase": phases[n], "verdict": verdicts[n], "weight": weights[n],
            "channel": channels[n], "types": types[n], "units": districts[n],
            "marks": [mark for mark, count in counts.marks.items() if n < count],
            "merged": n < counts.merged, "part": 2 if n < counts.parts else 0,
            "due": due[n] or 2026,
        }
        for n in range(many)
    ]  # fmt: skip


def _life(
    phase: str, verdict: str, weight: str, channel: str, types: list[str], units: list[str],
    marks: list[str], merged: bool, part: int, due: int,
) -> list[Any]:  # fmt: skip
    parties = [[code, "joint" if place else "lead"] for place, code in enumerate(units)]
    facts: dict[str, Any] = {
        "parties": parties, "types": types, "weight": weight, "marks": marks, "part": part,
        "fields": {"channel": channel},
        "clocks": {"finish": clock("set", date(due, 12, 31), "finish", "closed", "reviewed")},
    }  # fmt: skip
    if verdict:
        facts["verdict"] = verdict
    if merged:
        facts["merged_into"] = "L/1"
    events = [event(1, BEGUN, "", "begun", "open", **facts)]
    if phase != "open":
        events.append(event(2, date(2024, 6, 1), "begun", phase, phase))
    return events
