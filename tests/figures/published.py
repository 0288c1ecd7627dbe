"""Cases built to published counts: many lists in one database, each as ``published.toml`` says.

Every case is a short life (registered, perhaps moved once), written as its postings, the way the
gate posts them; lists that are counted case by case get their events too. Equal lives are worked
out once, so that 130,000 cases take seconds.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from ecoissues.core.digests import facts_text
from ecoissues.core.events import Event
from ecoissues.core.units import Unit, UnitTree
from ecoissues.figures.postings import insert_values, values_of
from ecoissues.figures.standing import standing_rows
from ecoissues.storage import tables as t
from ecoissues.storage.engine import Store
from tests.figures.world import clock, event

FOLDER = Path(__file__).parent
DAY = "2024-12-31"
DONE = ("completed", "closed", "reviewed")
ROUND = 20_000
Given = Mapping[str, Any]


@dataclass(frozen=True)
class Facts:
    """What one case is; ``districts``: the first one leads."""

    phase: str = "open"
    verdict: str = ""
    weight: str = "normal"
    satisfaction: str = ""
    types: tuple[str, ...] = ("other",)
    districts: tuple[str, ...] = ("区",)
    marks: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    due: str = ""
    begun: str = ""
    moved: str = ""
    merged: bool = False
    part: int = 0


def lists_of(name: str = "published.toml") -> list[Given]:
    """Give the lists of the document."""
    with (FOLDER / name).open("rb") as file:
        found: list[Given] = tomllib.load(file)["lists"]
    return found


def printed() -> dict[str, list[str]]:
    """Give every statement the sources print, by dataset."""
    with (FOLDER / "printed.toml").open("rb") as file:
        return tomllib.load(file)


def _dealt(sides: Mapping[str, int], cases: int, rest: str) -> list[str]:
    found = list(chain.from_iterable(repeat(key, count) for key, count in sides.items()))
    assert len(found) <= cases, sides
    return found + [rest] * (cases - len(found))


def _several(sides: Mapping[str, int], cases: int) -> list[tuple[str, ...]]:
    """Deal counts that may sum to more than the cases: nobody has the same twice."""
    found: list[tuple[str, ...]] = [()] * cases
    order = sorted(sides.items(), key=lambda side: -side[1])
    for place, name in enumerate(name for name, count in order for _ in range(count)):
        assert name not in found[place % cases]
        found[place % cases] += (name,)
    return found


def _places(given: Given) -> list[tuple[tuple[str, ...], str]]:
    """Give (districts, phase) of each case; ``joined`` units take part in one case of its lead."""
    cases = given["cases"]
    if "rows" in given:
        return [
            ((name,), phase)
            for name, phases in given["rows"].items()
            for phase, count in phases.items()
            for _ in range(count)
        ]
    phases = _dealt(given.get("phases", {}), cases, "open")
    districts = _several(given.get("districts", {"区": cases}), cases)
    for name, lead in given.get("joined", {}).items():
        at = next(n for n, units in enumerate(districts) if units == (lead,))
        districts[at] += (name,)
    return list(zip(districts, phases, strict=True))


def cases_of(given: Given) -> list[Facts]:
    """Give the cases of a list."""
    many = given["cases"]
    places = _places(given)
    assert len(places) == many, given["code"]
    sides = {
        name: _dealt(given.get(plural, {}), many, rest)
        for name, plural, rest in (
            ("verdict", "verdicts", ""), ("weight", "weights", "normal"), ("due", "dues", ""),
            ("satisfaction", "satisfactions", ""), ("begun", "begun", ""),
        )
    }  # fmt: skip
    fields = dict(given.get("fields", {}))
    if "channels" in given:
        fields["channel"] = given["channels"]
    dealt = {code: _dealt(counts, many, "") for code, counts in fields.items()}
    types = _several(given["types"], many) if "types" in given else [()] * many
    keyed: Counter[str] = Counter(given.get("keyed", {}))
    made = []
    for n, (districts, phase) in enumerate(places):
        weight = sides["weight"][n]
        if keyed[districts[0]]:
            weight, keyed[districts[0]] = "key", keyed[districts[0]] - 1
        made.append(
            Facts(
                phase=phase, verdict=sides["verdict"][n], weight=weight,
                satisfaction=sides["satisfaction"][n], types=types[n] or ("other",),
                districts=districts or ("区",),
                marks=tuple(m for m, count in given.get("marks", {}).items() if n < count),
                fields=tuple((code, values[n]) for code, values in dealt.items() if values[n]),
                due=sides["due"][n], begun=sides["begun"][n], moved=given.get("moved", ""),
                merged=n < given.get("merged", 0), part=2 if n < given.get("parts", 0) else 0,
            )
        )  # fmt: skip
    assert not +keyed, given["code"]
    return made


def life_of(facts: Facts, day: date) -> list[Event]:
    """Give the events of a case of a list looked at on ``day``."""
    begun = date.fromisoformat(facts.begun) if facts.begun else date(day.year, 1, 1)
    moved = date.fromisoformat(facts.moved) if facts.moved else begun
    finish = None if facts.due in ("", "none") else date.fromisoformat(facts.due)
    given: dict[str, Any] = {
        "parties": [[code, "joint" if n else "lead"] for n, code in enumerate(facts.districts)],
        "types": list(facts.types), "weight": facts.weight, "marks": list(facts.marks),
        "fields": dict(facts.fields), "part": facts.part,
        "clocks": {
            "finish": clock("set", finish, "finish", *DONE),
            "report": clock("set", day, "report", "reported"),
        },
        **({"verdict": facts.verdict} if facts.verdict else {}),
        **({"satisfaction": facts.satisfaction} if facts.satisfaction else {}),
        **({"merged_into": "L/1"} if facts.merged else {}),
    }  # fmt: skip
    events = [event(1, begun, "", "begun", "open", **given)]
    if facts.phase != "open":
        events.append(event(2, moved, "begun", facts.phase, facts.phase))
    return events


def tree_of(given: Iterable[Given]) -> UnitTree:
    """Give a city and every district that a list names."""
    names = dict.fromkeys(["区"])
    for one in given:
        for side in ("districts", "rows", "joined"):
            names |= dict.fromkeys(one.get(side, {}))
    city = Unit(1, "C", "C", "C", "municipality", None, "/1/", "/1/", 1)
    tops = [
        Unit(n, name, name, name, "district", 1, f"/1/{n}/", f"/1/{n}/", n)
        for n, name in enumerate(names, 2)
    ]
    return UnitTree([city, *tops])


def build(store: Store, given: list[Given]) -> None:
    """Write units, lists and the cases of all lists into an empty database."""
    tree = tree_of(given)
    names = ("id", "code", "name", "short", "kind", "parent_id", "path", "scope_path", "top_id")
    with store.writing() as connection:
        connection.execute(
            insert(t.units),
            [{n: getattr(unit, n) for n in names} for unit in tree.by_id.values()],
        )
        connection.execute(
            insert(t.lists),
            [
                {"id": n, "code": one["code"], "title": one["code"], "kind": "k",
                 "kind_version": 1, "level": "municipal", "unit_id": 1,
                 "joint_counting": one.get("counting", "whole")}
                for n, one in enumerate(given, 1)
            ],
        )  # fmt: skip
        connection.execute(
            insert(t.head).values(id=1, pos=0, recorded_at="2026-01-01T00:00:00.000000Z")
        )
        case_id = 0
        for list_id, one in enumerate(given, 1):
            case_id = _write(connection, tree, list_id, one, case_id)


def _write(
    connection: Connection, tree: UnitTree, list_id: int, given: Given, last: int
) -> int:
    day, code = date.fromisoformat(given.get("day", DAY)), given["code"]
    seen: dict[Facts, list[Any]] = {}
    values: list[tuple[Any, ...]] = []
    logged: list[tuple[int, list[Event]]] = []
    for case_id, facts in enumerate(cases_of(given), last + 1):
        if facts not in seen:
            seen[facts] = list(standing_rows(life_of(facts, day), tree, {code: list_id}, code).items())
        values += values_of(case_id, case_id, day, seen[facts])
        if _folded(given):
            logged.append((case_id, life_of(facts, day)))
        if len(values) > ROUND:
            insert_values(connection, values)
            values = []
    insert_values(connection, values)
    if logged:
        _log(connection, list_id, logged)
    return last + int(given["cases"])


def _folded(given: Given) -> bool:
    """Whether some check counts case by case and so reads the log itself."""
    return any(
        check.get("by", "").partition(":")[0] in ("field", "due", "weight")
        for check in given.get("checks", ())
    )


def _log(connection: Connection, list_id: int, logged: list[tuple[int, list[Event]]]) -> None:
    connection.execute(
        insert(t.cases),
        [
            {"id": case_id, "list_id": list_id, "number": str(case_id), "kind": "k",
             "kind_version": 1, "registered_on": "2023-01-01", "unit_id": 1, "top_id": 1,
             "moved_on": "2023-01-01", "version": events[-1].seq, "state": events[-1].target}
            for case_id, events in logged
        ],
    )  # fmt: skip
    connection.execute(
        insert(t.events),
        [
            {"case_id": case_id, "seq": one.seq, "pos": case_id * 2 + one.seq,
             "prev_seq": one.seq - 1 or None, "step": one.step, "from_state": one.source,
             "to_state": one.target, "phase": one.phase, "actor": "someone", "role": "officer",
             "unit": "C", "effective_on": one.effective_on.isoformat(),
             "recorded_at": "2026-01-01T00:00:00.000000Z", "channel": "page",
             "facts": facts_text(one.facts), "digest": "0" * 64, "previous": "0" * 64}
            for case_id, events in logged
            for one in events
        ],
    )  # fmt: skip
