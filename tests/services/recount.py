"""An independent recount of every figure from the rows of the log, case by case.

It shares no code with the program: corrections, clocks, districts and definitions are written down
here anew, from the rules of the design, so that agreement means something.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

from sqlalchemy import Connection, text

from tests.services.machine import (
    CITY,
    DEPARTMENT,
    DISTRICT,
    FOREIGN,
    HANDLER,
    OTHER,
    STRANGER,
    TOWN,
)

_HERE = timezone(timedelta(hours=8))
#: Unit -> the unit above it.
ABOVE = {
    DISTRICT: CITY, FOREIGN: CITY, DEPARTMENT: CITY, HANDLER: DISTRICT, OTHER: DISTRICT,
    TOWN: HANDLER, STRANGER: FOREIGN,
}  # fmt: skip


def chain(unit: str) -> list[str]:
    """Give a unit and all above it, the city last."""
    found = [unit]
    while found[-1] in ABOVE:
        found.append(ABOVE[found[-1]])
    return found


def district_of(unit: str) -> str:
    """Give the district or department a unit stands under; the city stands under itself."""
    return (chain(unit)[-2:] or [unit])[0]


@dataclass(frozen=True)
class Entry:
    """One line of the log."""

    pos: int
    seq: int
    step: str
    moves: bool
    phase: str
    day: str
    recorded_at: str
    facts: dict[str, Any]


@dataclass
class Book:
    """The log of one case and the list it is at home in."""

    case_id: int
    home: str
    entries: list[Entry] = field(default_factory=list)


@dataclass
class Watch:
    """A clock: original and current due day; when it was met and whether in time.

    One that runs in hours has the instants it is due at as well.
    """

    slot: str
    met_by: list[str]
    original: str | None = None
    current: str | None = None
    original_at: str = ""
    current_at: str = ""
    set_by: int = 0
    met: str = ""
    passed: list[str] = field(default_factory=list)
    in_time: bool = False
    in_extended_time: bool = False


@dataclass
class Standing:
    """What a case is at the end of a day."""

    case_id: int
    registered: str = ""
    phase: str = ""
    units: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    weight: str = ""
    verdict: str = ""
    lists: set[str] = field(default_factory=set)
    there: dict[str, tuple[str, bool, bool]] = field(default_factory=dict)
    marks: set[str] = field(default_factory=set)
    outcomes: set[str] = field(default_factory=set)
    channel: str = ""
    answer: str = ""
    part: int = 0
    follows: bool = False
    closed_once: bool = False
    taken_up_again: bool = False
    watches: dict[str, Watch] = field(default_factory=dict)
    until: str = ""  # the instant of the day it is looked at; "" for its end
    taken: dict[str, int] = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        return self.phase not in ("", "void")


def read_lines(lines: Iterable[Mapping[str, Any]], ids: Mapping[str, int]) -> list[Book]:
    """Read the log as ``ecoissues events --jsonl`` gives it, nothing else.

    In: ids of the cases by LIST/NUMBER/PART, to name them as the program does.
    """
    books: dict[str, Book] = {}
    for text_line in lines:
        line = json.loads(json.dumps(text_line, default=str))
        key = f"{line['list']}/{line['number']}/{line['part']}"
        moves = line["from"] != line["to"] and line["step"] not in ("amend", "strike")
        for code, path in line["paths"].items():
            assert path == chain(code)[::-1], "the line says where a unit stands"
        entry = Entry(
            line["seq"], line["case_seq"], line["step"], moves, line["phase"],
            line["effective_on"], line["recorded_at"], line["facts"],
        )  # fmt: skip
        books.setdefault(key, Book(ids[key], line["list"])).entries.append(entry)
    return list(books.values())


def read_books(connection: Connection) -> list[Book]:
    """Read the whole log."""
    rows = connection.execute(
        text(
            "SELECT c.id, l.code, e.pos, e.seq, e.step, e.from_state, e.to_state, e.phase,"
            " e.effective_on, e.recorded_at, e.facts FROM events e"
            " JOIN cases c ON c.id = e.case_id JOIN lists l ON l.id = c.list_id ORDER BY e.pos"
        )
    )
    books: dict[int, Book] = {}
    for case_id, home, pos, seq, step, source, target, phase, day, at, facts in rows:
        moves = source != target and step not in ("amend", "strike")
        entry = Entry(pos, seq, step, moves, phase, day, at, json.loads(facts))
        books.setdefault(case_id, Book(case_id, home)).entries.append(entry)
    return list(books.values())


def standing(book: Book, day: date, known: int) -> Standing:
    """Give the standing of a case at the end of a day, as known at a position of the log."""
    valid: list[Entry] = []
    for entry in book.entries:
        if entry.pos > known:
            continue
        if entry.step == "strike":
            valid = [one for one in valid if one.seq not in entry.facts["struck"]]
        if entry.step == "amend":
            change = entry.facts["amended"]
            valid = [amended(one, change) if one.seq == change["seq"] else one for one in valid]
        valid.append(entry)
    now = Standing(book.case_id)
    for entry in valid:
        if entry.day <= day.isoformat():
            follow(now, book, entry)
    return now


def amended(entry: Entry, change: dict[str, Any]) -> Entry:
    day = change.get("effective_on") or entry.day
    return replace(entry, day=day, facts={**entry.facts, **change.get("facts", {})})


def follow(now: Standing, book: Book, entry: Entry) -> None:
    """Let one entry act on a standing."""
    facts = entry.facts
    now.registered = now.registered or entry.day
    now.lists.add(book.home)
    now.taken[facts.get("follows", {}).get("step", entry.step)] = entry.seq
    if "parties" in facts:
        now.units = [code for code, part in facts["parties"] if part in ("lead", "joint")]
    now.types = facts.get("types", now.types)
    now.weight = facts.get("weight", now.weight)
    now.verdict = facts.get("verdict", now.verdict)
    now.lists |= {facts["placed"]} if "placed" in facts else set()
    now.lists -= {facts["unplaced"]} if "unplaced" in facts else set()
    for code in (facts.get("placed"), facts.get("unplaced")):
        now.there.pop(code or "", None)
    if "placement" in facts and facts["placement"]["list"] in now.lists:
        code, phase = facts["placement"]["list"], facts["placement"]["phase"]
        before, once, again = now.there.get(code, ("", False, False))
        done = phase in ("closed", "reviewed")
        was_done = before in ("closed", "reviewed")
        now.there[code] = (phase, once or done, again or (was_done and not done))
    now.marks |= set(facts.get("marks", ()))
    now.outcomes |= {outcome["sort"] for outcome in facts.get("outcomes", ())}
    for code, fact in facts.get("clocks", {}).items():
        watch = now.watches.setdefault(code, Watch(fact["slot"], fact["met_by"]))
        if not watch.met and watch.current and ran_out(watch, entry.day, happened(entry)):
            watch.passed.append(watch.current)
        watch.current, watch.current_at = fact["due"], fact.get("due_at") or ""
        if fact["op"] in ("set", "reset"):
            watch.original, watch.original_at = watch.current, watch.current_at
            watch.set_by = entry.seq
    now.channel = facts.get("fields", {}).get("channel", now.channel)
    now.answer = facts.get("satisfaction", now.answer)
    now.part = facts.get("part", now.part)
    now.follows = bool(facts["merged_into"]) if "merged_into" in facts else now.follows
    if entry.moves:
        over = ("closed", "reviewed")
        left = now.phase in over and entry.phase not in (*over, "void")
        now.taken_up_again = now.taken_up_again or (left and "merged_into" not in facts)
        now.closed_once = now.closed_once or entry.phase in over
        now.phase = entry.phase
    for watch in now.watches.values():
        stopped = now.phase in watch.met_by or bool(now.marks & set(watch.met_by))
        steps = (one.removeprefix("step:") for one in watch.met_by if one.startswith("step:"))
        stopped = stopped or any(now.taken.get(one, 0) > watch.set_by for one in steps)
        if stopped and not watch.met:
            watch.met = entry.day
            watch.in_time = timely(entry, watch.original, watch.original_at)
            watch.in_extended_time = timely(entry, watch.current, watch.current_at)
            watch.passed = [one for one in watch.passed if one < entry.day]
            if watch.current and not watch.in_extended_time:
                watch.passed.append(watch.current)
        elif not stopped:
            watch.met = ""


def seen_on(now: Standing, list_code: str) -> Standing:
    """Give a standing as a further list shows it, where it has a life of its own there."""
    if list_code not in now.there or not now.counts:
        return now
    phase, once, again = now.there[list_code]
    return replace(now, phase=phase, closed_once=once, taken_up_again=again)


def timely(entry: Entry, due: str | None, due_at: str) -> bool:
    """Tell whether an entry meets a clock in time."""
    if due is None:
        return False
    return happened(entry) <= datetime.fromisoformat(due_at) if due_at else entry.day <= due


def happened(entry: Entry) -> datetime:
    """Give when an entry happened; of one entered later only the day is known: its end is taken."""
    recorded = datetime.fromisoformat(entry.recorded_at).astimezone(_HERE)
    if recorded.date().isoformat() == entry.day:
        return recorded
    return datetime.fromisoformat(f"{entry.day}T23:59:59.999999+08:00")


def ran_out(watch: Watch, day: str, moment: datetime | None) -> bool:
    """Tell whether a clock has run out by a moment of a day (None: its end). One in days runs to
    the end of its due day, one in hours to its instant."""
    if watch.current is None or watch.current > day:
        return False
    if watch.current < day:
        return True
    due_at = watch.current_at
    return bool(due_at) and (moment is None or moment > datetime.fromisoformat(due_at))


def overdue(now: Standing, day: str, *slots: str) -> bool:
    moment = datetime.fromisoformat(now.until) if now.until else None
    return any(
        watch.slot in slots and not watch.met and ran_out(watch, day, moment)
        for watch in now.watches.values()
    )


def ever_overdue(now: Standing, day: str) -> bool:
    return overdue(now, day, "report", "finish") or any(
        watch.passed for watch in now.watches.values() if watch.slot in ("report", "finish")
    )


def this_year(now: Standing, day: str) -> bool:
    finish = [watch for watch in now.watches.values() if watch.slot == "finish"]
    return any((watch.original or "").startswith(day[:4]) for watch in finish)


def due(now: Standing, day: str, which: str, slot: str = "finish") -> bool:
    dues = [getattr(watch, which) for watch in now.watches.values() if watch.slot == slot]
    return any(one is not None and one <= day for one in dues)


def in_time(
    now: Standing, day: str, which: str, verdict: str, slot: str = "finish"
) -> bool:
    watches = [watch for watch in now.watches.values() if watch.slot == slot]
    reached = [w for w in watches if (getattr(w, which) or "9999") <= day]
    return bool(reached) and all(w.met and getattr(w, verdict) for w in reached)


Test = Callable[[Standing, str], bool]
_ALL: Test = lambda now, day: True  # noqa: E731
_TRUE = ("substantiated", "mostly", "partly")
#: Definitions whose whole holds void cases too.
WITH_VOID = ("accept_rate",)
#: Definition -> (in the part, in the whole), both only of cases that count unless ``WITH_VOID``.
DEFINITIONS: dict[str, tuple[Test, Test]] = {
    "closure_rate": (lambda now, day: now.phase in ("closed", "reviewed"), _ALL),
    "completion_rate": (lambda now, day: now.phase in ("completed", "closed", "reviewed"), _ALL),
    "handled_rate": (lambda now, day: now.phase != "open", _ALL),
    "report_rate": (lambda now, day: "reported" in now.marks, _ALL),
    "reply_rate": (lambda now, day: "replied" in now.marks, _ALL),
    "overdue": (lambda now, day: overdue(now, day, "report", "finish"), _ALL),
    "overdue_report": (lambda now, day: overdue(now, day, "report"), _ALL),
    "overdue_finish": (lambda now, day: overdue(now, day, "finish"), _ALL),
    "on_time_rate": (
        lambda now, day: in_time(now, day, "original", "in_time"),
        lambda now, day: due(now, day, "original"),
    ),
    "on_time_extended": (
        lambda now, day: in_time(now, day, "current", "in_extended_time"),
        lambda now, day: due(now, day, "current"),
    ),
    "substantiated_rate": (
        lambda now, day: now.verdict in _TRUE,
        lambda now, day: now.verdict != "",
    ),
    "fully_substantiated_share": (
        lambda now, day: now.verdict == "substantiated", lambda now, day: now.verdict != ""
    ),
    "mostly_share": (
        lambda now, day: now.verdict == "mostly", lambda now, day: now.verdict != ""
    ),
    "partly_share": (
        lambda now, day: now.verdict == "partly", lambda now, day: now.verdict != ""
    ),
    "unsubstantiated_rate": (
        lambda now, day: now.verdict == "unsubstantiated", lambda now, day: now.verdict != ""
    ),
    "acceptance_rate": (lambda now, day: now.phase in ("closed", "reviewed"), _ALL),
    "acceptance_of_completed": (
        lambda now, day: now.phase in ("closed", "reviewed"),
        lambda now, day: now.phase in ("completed", "closed", "reviewed"),
    ),
    "hand_over_rate": (lambda now, day: "handed_over" in now.marks, _ALL),
    "accept_rate": (lambda now, day: now.counts, _ALL),
    "sign_rate": (lambda now, day: "signed_for" in now.marks, _ALL),
    "timely_report_rate": (
        lambda now, day: in_time(now, day, "current", "in_extended_time", "report"),
        lambda now, day: due(now, day, "current", "report"),
    ),
    "overdue_ever": (ever_overdue, _ALL),
    "due_this_year_rate": (
        lambda now, day: this_year(now, day) and now.phase in ("completed", "closed", "reviewed"),
        this_year,
    ),
    "key_share": (
        lambda now, day: now.part < 2 and now.weight == "key", lambda now, day: now.part < 2
    ),
    "key_closure_rate": (
        lambda now, day: now.weight == "key" and now.phase in ("closed", "reviewed"),
        lambda now, day: now.weight == "key",
    ),
    "key_completion_rate": (
        lambda now, day: now.weight == "key" and now.phase in ("completed", "closed", "reviewed"),
        lambda now, day: now.weight == "key",
    ),
    "repeat_share": (lambda now, day: now.follows, _ALL),
    "repeat_open_share": (
        lambda now, day: now.follows and now.phase == "open", lambda now, day: now.phase == "open"
    ),
    "rebound_rate": (lambda now, day: now.taken_up_again, lambda now, day: now.closed_once),
    "satisfaction_rate": (
        lambda now, day: now.answer in ("satisfied", "fairly"), lambda now, day: now.answer != ""
    ),
    "call_share": (lambda now, day: now.channel == "call", _ALL),
    "letter_share": (lambda now, day: now.channel == "letter", _ALL),
}  # fmt: skip
