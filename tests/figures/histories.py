"""Random histories: small numbers drawn by hypothesis, read as what an office might write."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.figures.world import LISTS, Book, clock

PARTIES = [
    [["N1", "lead"]],
    [["S1", "lead"]],
    [["N1", "lead"], ["N2", "joint"]],
    [["N1T", "lead"], ["S1", "joint"], ["WATER", "supervising"]],
    [["NORTH", "lead"], ["N1T", "joint"]],
    [["N1", "lead"], ["N2", "joint"], ["S1", "joint"], ["WATER", "joint"]],
    [["CITY", "lead"], ["S1", "joint"]],
    [["N2", "supervising"]],
]
TYPES = [["water"], ["air", "water"], ["noise", "air", "water"], []]
MOVES = [
    ("working", "open"),
    ("phased", "phase_closed"),
    ("done", "completed"),
    ("closed", "closed"),
    ("reviewed", "reviewed"),
    ("void", "void"),
]
MARKS = ["handed_over", "signed_for", "reported", "replied"]
VERDICTS = ["substantiated", "mostly", "partly", "unsubstantiated"]
OPS = ["set", "extend", "suspend", "resume", "reset"]

#: (case, what, choice, days back, hours on)
small = st.integers(0, 11)
hours = st.one_of(st.integers(0, 30), st.integers(0, 500))
steps = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 11), small, st.integers(0, 60), hours),
    min_size=1,
    max_size=35,
)


def play(book: Book, drawn: list[tuple[int, int, int, int, int]]) -> None:
    """Write a history: each draw is one event of one case, some effective long before today."""
    for draw in drawn:
        _step(book, *draw)
    book.save()


def _step(book: Book, case_id: int, what: int, choice: int, back: int, hours: int) -> None:
    book.later(hours)
    standing = book.standing(case_id)
    day = book.today - timedelta(days=back if choice % 3 else 0)
    if not standing:
        if not book.logs.get(case_id):
            register(book, case_id, day, choice)
        return
    day = max(day, standing[0].effective_on)
    phase = standing[-1].phase
    state = book.logs[case_id][-1].target
    if what in (0, 1, 2):
        target, phase = MOVES[choice % len(MOVES)]
        book.write(case_id, day, target, phase, **_marked(choice))
    elif what == 3:
        book.write(case_id, day, state, phase, parties=PARTIES[choice % len(PARTIES)])
    elif what == 4:
        book.write(case_id, day, state, phase, types=TYPES[choice % len(TYPES)])
    elif what == 5:
        book.write(case_id, day, state, phase, **_placed(LISTS[(case_id + 1) % 2], choice))
    elif what == 6:
        facts = {"verdict": VERDICTS[choice % 4], "weight": "key" if choice % 2 else "normal"}
        outcomes = [{"sort": "talk", "count": 1}, {"sort": "fined", "count": 1}][: choice % 3]
        book.write(case_id, day, state, phase, **facts, outcomes=outcomes)
    elif what == 7:
        book.write(case_id, day, state, phase, **_marked(choice + 4), **_more(book, choice))
    elif what in (8, 9):
        book.write(case_id, day, state, phase, clocks=_clock(day, choice, back))
    elif what == 10:
        strike(book, case_id, 1 + choice % 2)
    else:
        amend(book, case_id, choice, day)


def _placed(code: str, choice: int) -> dict[str, Any]:
    """Place on a further list with or without a standing there, move that one, or take off."""
    there, standing = MOVES[choice % (len(MOVES) - 1)]
    own = {"list": code, "state": there, "phase": standing}
    sorts: list[dict[str, Any]] = [
        {"unplaced": code}, {"placed": code}, {"placed": code, "placement": own},
        {"placement": own}, {"placement": own},
    ]  # fmt: skip
    return sorts[choice % len(sorts)]


def _more(book: Book, choice: int) -> dict[str, Any]:
    """What further accounts look at: the channel, an answer, a merge and its end."""
    more: list[dict[str, Any]] = [
        {}, {"fields": {"channel": "call"}}, {"fields": {"channel": "letter"}},
        {"satisfaction": "fairly"}, {"satisfaction": "dissatisfied"}, {"merged_into": "L/1"},
        {"merged_into": None},
    ]  # fmt: skip
    return more[choice % len(more)]


def register(book: Book, case_id: int, day: date, choice: int) -> None:
    book.write(
        case_id, day, "transferred", "open", step="register",
        parties=PARTIES[choice % len(PARTIES)], types=TYPES[choice % len(TYPES)], part=choice % 3,
        clocks={"report": clock("set", day + timedelta(10), "report", "reported")},
    )  # fmt: skip


def _marked(choice: int) -> dict[str, Any]:
    return {"marks": [MARKS[choice % 4]]} if choice > 3 else {}


def _clock(day: date, choice: int, back: int) -> dict[str, Any]:
    op = OPS[choice % len(OPS)]
    due = None if op == "suspend" else day + timedelta(days=back)
    if choice % 2:
        return {"report": clock(op, due, "report", "reported", "closed")}
    name = "second" if choice == 8 else "finish"
    return {name: clock(op, due, "finish", "completed", "closed", "reviewed")}


def strike(book: Book, case_id: int, count: int) -> None:
    """Strike the tail; the registration only when nothing follows it."""
    standing = book.standing(case_id)
    struck = [one.seq for one in standing[1:][-count:]] or [standing[0].seq]
    left = [one for one in standing if one.seq not in struck]
    state, phase = (left[-1].target, left[-1].phase) if left else ("gone", "void")
    book.write(case_id, book.today, state, phase, step="strike", struck=struck)


def amend(book: Book, case_id: int, choice: int, day: date) -> None:
    """Give an event another day or other facts; the registration only an earlier day."""
    standing = book.standing(case_id)
    target = standing[choice % len(standing)]
    last = book.logs[case_id][-1]
    change: dict[str, Any] = {"seq": target.seq}
    if target is standing[0]:
        change["effective_on"] = (target.effective_on - timedelta(days=choice)).isoformat()
    elif choice % 2:
        change["effective_on"] = day.isoformat()
    else:
        change["facts"] = {"parties": PARTIES[choice % len(PARTIES)], "marks": [MARKS[choice % 4]]}
    book.write(case_id, book.today, last.target, last.phase, step="amend", amended=change)
