"""Every state × step × role × relation of every kind, through the real gate.

What is expected is computed from the TOML text alone and a map of the units written down here; the
program's own reading of kinds, its policy and its workflow have no part in it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from ecoissues.core.errors import Refused
from ecoissues.core.kind_registry import load_kinds
from ecoissues.core.kinds import Kind
from ecoissues.core.policy import Actor
from ecoissues.core.vocabulary import ROLES
from ecoissues.services import gate
from ecoissues.storage import tables as t
from tests.services import machine
from tests.services.machine import CITY, DEPARTMENT, DISTRICT, FOREIGN, HANDLER, Office

Document = dict[str, Any]
#: Unit -> the unit above it; the offices work for the one above them.
ABOVE = {
    "500000-DCB": CITY, DISTRICT: CITY, "500119-DCB": DISTRICT, HANDLER: DISTRICT,
    "500119-CGJ": DISTRICT, DEPARTMENT: CITY, FOREIGN: CITY, "500112-DCB": FOREIGN, "500112-STHJ": FOREIGN,
}  # fmt: skip
RELATIONS = {
    "handler": HANDLER, "list office": "500000-DCB", "district office": "500119-DCB",
    "foreign office": "500112-DCB", "supervising unit": DEPARTMENT,
}  # fmt: skip
#: Who may write at all, and who may stand in which relation (design 1 and 3).
WRITERS = {"officer", "head", "supervisor", "leader"}
ABLE = {
    "handler": {"officer", "head", "supervisor"}, "office": {"supervisor"},
    "superior": {"supervisor"}, "reader": WRITERS,
}  # fmt: skip
CODES = sorted(load_kinds().codes())


@cache
def documents() -> dict[str, Document]:
    """Read the packaged kinds as plain TOML, the steps of their base added."""
    folder = resources.files("ecoissues.kinds")
    files = {f.name: tomllib.loads(f.read_text("utf-8")) for f in folder.iterdir()
             if f.name.endswith(".toml")}  # fmt: skip
    kinds = {name: document for name, document in files.items() if "code" in document}
    for document in kinds.values():
        base = files.get(f"{document.get('extends')}.toml")
        while base:
            own = {step["code"] for step in document["steps"]}
            found = [dict(step) for step in base["steps"] if step["code"] not in own]
            document["steps"] += [step for step in found if has_use(document, step)]
            base = files.get(f"{base.get('extends')}.toml")
        document["steps"] += [dict(step) for step in files["moving.toml"]["steps"]]
        for step in document["steps"]:
            asked = [{**ask, "code": ask["field"]} for ask in step.get("asks", ())]
            step["fields"] = [*step.get("fields", ()), *asked]
            step.setdefault("by", "handler")
    return {document["code"]: document for document in kinds.values()}


#: What can be tried only after a proposal, a suspension or one's own request: see test_deadlines.
ELSEWHERE = ("resume", "recount", "withdraw_request")


def has_use(document: Document, step: Document) -> bool:
    """Tell whether a shared step means anything in a kind, and is tried here."""
    if step.get("effect") in ELSEWHERE:
        return False
    phases = {state["phase"] for state in document["states"]}
    if not any(word[0] != "@" or word[1:] in phases for word in step["from"]):
        return False
    if step.get("effect") in ("ask_extension", "extend", "refuse_extension"):
        return any("extension" in clock for clock in document.get("clocks", ()))
    if step.get("effect") in ("ask_suspension", "suspend", "refuse_suspension"):
        return any("suspension" in clock for clock in document.get("clocks", ()))
    if step.get("effect") == "advance":
        return "placed_states" in document
    plans = bool(document.get("planned") or document.get("milestones"))
    return plans or step.get("effect") not in ("plan", "reach")


def sources(document: Document, step: Document) -> set[str]:
    """Give the states a step may be taken in."""
    found: set[str] = set()
    for word in step["from"]:
        for state in document["states"]:
            every = word == "*" and state["phase"] != "void"
            if every or word in (state["code"], f"@{state['phase']}"):
                found.add(state["code"])
    return found


def at_or_above(unit: str, other: str | None) -> bool:
    while other is not None:
        if unit == other:
            return True
        other = ABOVE.get(other)
    return False


def log_of(connection: Connection, case_id: int) -> list[dict[str, Any]]:
    query = select(t.events.c.facts, t.events.c.seq, t.events.c.step, t.events.c.actor)
    rows = connection.execute(query.where(t.events.c.case_id == case_id).order_by(t.events.c.seq))
    return [{**row._mapping, "facts": json.loads(row.facts)} for row in rows]


def last_fact(events: list[dict[str, Any]], name: str) -> Any:
    found = [event["facts"][name] for event in events if name in event["facts"]]
    return found[-1] if found else None


def expected(
    document: Document, state: str, step: Document, role: str, unit: str, list_unit: str,
    events: list[dict[str, Any]],
) -> str:  # fmt: skip
    """Give the refusal code, or "taken"."""
    if role not in WRITERS:
        return "not_allowed"
    scope = ABOVE[unit] if unit.endswith("-DCB") else unit
    parties = last_fact(events, "parties")
    handlers = {code for code, part in parties if part in ("lead", "joint")}
    keeps = at_or_above(scope, list_unit)
    if not keeps and not any(at_or_above(scope, code) for code, _ in parties):
        return "not_found"
    if state not in sources(document, step):
        return "wrong_state"
    if role not in step["roles"] or role not in ABLE[step["by"]]:
        return "not_allowed"
    above = keeps or any(at_or_above(scope, code) for code in handlers)
    stands = {
        "office": keeps, "superior": above, "reader": True,
        "handler": bool(handlers & {unit, scope}) or (role == "supervisor" and above),
    }  # fmt: skip
    if not stands[step["by"]]:
        return f"not_{step['by']}"
    return obstacle(document, state, step, events)


def obstacle(document: Document, state: str, step: Document, events: list[dict[str, Any]]) -> str:
    """Give what stands in the way of somebody with the right: clocks, and nothing to answer."""
    effect = step.get("effect", "")
    if step.get("before_clock") and waited(document):
        return "after_expiry"
    if effect == "answer_order":
        orders = [one for one in document["steps"] if one.get("effect") == "order"]
        return "taken" if any(state in sources(document, one) for one in orders) else "no_request"
    if effect.endswith(("extend", "extension", "suspend", "suspension")):
        limit = "extension" if effect.endswith(("extend", "extension")) else "suspension"
        clock = next(clock for clock in document["clocks"] if limit in clock)
        phase = next(one["phase"] for one in document["states"] if one["code"] == state)
        dues = [event["facts"].get("clocks", {}).get(clock["code"], {}) for event in events]
        marks = {mark for event in events for mark in event["facts"].get("marks", ())}
        met = marks.intersection(clock["met_by"]) or phase in clock["met_by"]
        if not any(fact.get("due") for fact in dues) or met:
            return "clock_not_running" if effect.startswith("ask_") else "no_request"
    return "taken"


def attempt(
    office: Office, connection: Connection, actor: Actor, case_id: int, request: gate.Request
) -> str:
    """Try a step and take it back; gives "taken" or the refusal's code."""
    try:
        gate.step_within(office.site, connection, actor, case_id, request)
    except Refused as refused:
        return refused.code
    else:
        return "taken"
    finally:
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT trial")


def people(office: Office) -> Iterator[tuple[str, str, Actor]]:
    for role, (relation, unit) in itertools.product(ROLES, RELATIONS.items()):
        yield role, relation, office.person(role, unit)


def waited(document: Document) -> int:
    """Give the days after which a public notice has run out, and no promise has."""
    waits = [clock for clock in document.get("clocks", ()) if clock.get("waits")]
    days: list[int] = [clock["length"] * (2 if clock["unit"] == "workdays" else 1) for clock in waits]
    return max([0, *(length + 1 for length in days)])


def waits_before(kind: Kind, state: str) -> bool:
    """Tell whether the way to a state lets a notice run out."""
    return any(step.after_clock for step in machine.shortest_way(kind, state))


class Matrix:
    """A case of a kind in each of its states, and the trials made on them."""

    def __init__(self, office: Office, code: str) -> None:
        self.office, self.kind, self.document = office, office.kinds[code], documents()[code]
        self.cases: dict[str, int] = {}
        with office.site.store.writing() as connection:
            codes = [state["code"] for state in self.document["states"]]
            # What lets a notice run out on its way comes first, so that no other case ages by it.
            for state in sorted(codes, key=lambda code: not waits_before(self.kind, code)):
                self.cases[state] = machine.walk(office, connection, self.kind, state)
            self.spare = office.register(connection, office.list_of(self.kind))
        office.later(waited(self.document))
        with office.site.store.writing() as connection:
            office.trust_clock(connection)

    def trials(
        self, connection: Connection, state: str
    ) -> Iterator[tuple[Document, int, gate.Request]]:
        """Give each step with the case it is tried on, prepared, and a full request."""
        case_id = self.cases[state]
        for plain in self.document["steps"]:
            step = self.kind.step_by_code[plain["code"]]
            with connection.begin_nested() as point:
                subject = case_id
                if state in sources(self.document, plain):
                    with contextlib.suppress(Refused):  # no clock to extend: seen in the trial
                        subject = self.office.prepare(connection, self.kind, step, case_id)
                special = self.office.special(connection, step, subject, self.spare)
                life = self.office.life(connection, subject)
                values = self.office.form(step, life, **special)
                connection.exec_driver_sql("SAVEPOINT trial")
                yield (
                    plain,
                    subject,
                    gate.Request(step.code, None, values, self.office.needed(step)),
                )
                point.rollback()


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    made = Office(database_url, tmp_path)
    yield made
    made.site.close()


@pytest.fixture
def one_office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """For rules that no database has a part in: one engine is enough."""
    made = Office(sqlite_url, tmp_path)
    yield made
    made.site.close()


def length_of_log(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(t.events)).scalar_one())


@pytest.mark.parametrize("code", CODES)
def test_every_state_step_role_and_relation(
    office: Office, code: str, engine_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    matrix = Matrix(office, code)
    site, document = office.site, matrix.document
    seen: Counter[str] = Counter()
    wrong: list[str] = []
    taken: set[str] = set()
    for state in matrix.cases:
        with site.store.writing() as connection:
            before = length_of_log(connection)
            for turn, (step, case_id, request) in enumerate(matrix.trials(connection, state)):
                events = log_of(connection, case_id)
                possible = state in sources(document, step)
                for place, (role, relation, who) in enumerate(people(office)):
                    # On the second engine every step in every state, but not by everybody where
                    # the state alone refuses it.
                    if engine_name == "postgresql" and not possible and (place + turn) % 35:
                        continue
                    right = expected(document, state, step, role, RELATIONS[relation], CITY, events)
                    found = attempt(office, connection, who, case_id, request)
                    seen[found] += 1
                    if found == "taken":
                        taken.add(step["code"])
                    if found != right:
                        wrong.append(
                            f"{state} {step['code']} {role} at {relation}: {found}, not {right}"
                        )
            assert length_of_log(connection) == before
    assert not wrong, "\n".join([f"{len(wrong)} of {seen.total()}", *wrong[:40]])
    assert taken == {
        step["code"]
        for step in document["steps"]
        if step.get("effect") != "register" and not (step.get("before_clock") and waited(document))
    }
    with capsys.disabled():
        print(f"\n{code} on {engine_name}: {seen.total()} attempts {dict(seen)}")  # noqa: T201


def round_of(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the events of the current round of work."""
    begins = [place for place, event in enumerate(events) if event["facts"].get("round")]
    return events[begins[-1] if begins else 0 :]


def files_missing(step: Document, events: list[dict[str, Any]], values: dict[str, Any]) -> bool:
    """Whether a step that brings no file lacks one, by the document and the stored log."""
    rounds = round_of(events)
    verdict = values.get("verdict") or last_fact(events, "verdict") or ""
    fields: dict[str, Any] = {}
    for event in rounds:
        fields |= event["facts"].get("fields", {})
    stages = [
        file["stage"]
        for event in rounds
        for file in event["facts"].get("evidence", ())
        if "asks" not in event["facts"]
    ]
    for need in step.get("evidence", ()):
        unless = need.get("unless", ())
        falls = f"verdict:{verdict}" in unless or any(
            fields.get(word.removeprefix("field:")) for word in unless if word.startswith("field:")
        )
        if not falls and stages.count(need["stage"]) < need.get("least", 1):
            return True
    return False


@pytest.mark.parametrize("code", CODES)
def test_every_step_needs_its_fields_and_files(one_office: Office, code: str) -> None:
    office = one_office
    matrix = Matrix(office, code)
    site, tried = office.site, Counter[str]()
    for state in matrix.cases:
        with site.store.writing() as connection:
            for step, case_id, request in matrix.trials(connection, state):
                if state not in sources(matrix.document, step):
                    continue
                events, values = log_of(connection, case_id), dict(request.values)
                if obstacle(matrix.document, state, step, events) != "taken":
                    continue
                shape = matrix.kind.step_by_code[step["code"]]
                life = office.life(connection, case_id)
                who = office.who(shape, life, office.list_of(matrix.kind))
                for field in (one["code"] for one in step.get("fields", ()) if one.get("required")):
                    less = {name: value for name, value in values.items() if name != field}
                    for bad in (less, {**less, field: "  "}):
                        asked = gate.Request(step["code"], None, bad, request.files)
                        assert attempt(office, connection, who, case_id, asked) == "invalid", field
                        tried["field"] += 1
                more = gate.Request(
                    step["code"], None, {**values, "state": "closed"}, request.files
                )
                assert attempt(office, connection, who, case_id, more) == "invalid"
                bare = gate.Request(step["code"], None, values)
                missing = files_missing(step, events, values)
                right = "evidence_missing" if missing else "taken"
                assert attempt(office, connection, who, case_id, bare) == right, (state, step)
                tried[right] += 1
    assert tried["field"] >= 100
    assert tried["evidence_missing"] >= 1


def pairs(code: str) -> list[tuple[Document, str]]:
    steps = documents()[code]["steps"]
    return [(step, other) for step in steps for other in step.get("other_than", ())]


@pytest.mark.parametrize("code", CODES)
def test_who_did_the_work_never_passes_it(one_office: Office, code: str) -> None:
    office = one_office
    kind, document = office.kinds[code], documents()[code]
    own = {step["code"]: step for step in document["steps"]}
    proven, expected_pairs = set[tuple[str, str]](), pairs(code)
    for step, other in expected_pairs:
        for state, start in itertools.product(
            sorted(sources(document, step)), sorted(sources(document, own[other]))
        ):
            with office.site.store.writing() as connection, connection.begin_nested() as point:
                case_id = done_by(office, connection, kind, own[other], start, state)
                if case_id:
                    assert_other_person(office, connection, kind, step["code"], case_id)
                    proven.add((step["code"], other))
                point.rollback()
            if (step["code"], other) in proven:
                break
    assert proven == {(step["code"], other) for step, other in expected_pairs}


def done_by(
    office: Office, connection: Connection, kind: Any, other: Document, start: str, state: str
) -> int:
    """Let "someone" take a step in one state and bring the case to another in the same round."""
    case_id = machine.walk(office, connection, kind, start)
    try:
        office.go(connection, case_id, other["code"], "someone")
    except Refused:
        return 0
    now = office.case(connection, case_id).state
    try:
        way = machine.shortest_way(kind, state, now) if now != state else []
    except AssertionError:
        return 0
    for step in way:
        office.take(connection, case_id, step.code)
    names = {event["actor"] for event in round_of(log_of(connection, case_id))}
    return case_id if "someone" in names else 0


def assert_other_person(
    office: Office, connection: Connection, kind: Any, code: str, case_id: int
) -> None:
    step = kind.step_by_code[code]
    life = office.life(connection, case_id)
    if step.after_clock:
        office.later(waited(documents()[kind.code]))
        office.trust_clock(connection)
    values = office.form(step, life, **office.special(connection, step, case_id))
    request = gate.Request(code, None, values, office.needed(step))
    who = office.who(step, life, office.list_of(kind))
    same = office.person(who.role, who.unit_code, "someone")
    connection.exec_driver_sql("SAVEPOINT trial")
    assert attempt(office, connection, same, case_id, request) == "same_person"
    assert attempt(office, connection, who, case_id, request) == "taken"
