"""Published sums and percentages come out of the definitions, run over cases built to the counts.

``printed.toml`` holds every statement of the published figures the project was given (addresses of
the sources stand with its reference material); ``published.toml`` says from which cases and which
definition each comes. As many again are drawn at random. What the sources print wrong is doubted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ecoissues.core.statements import check_statement
from ecoissues.core.vocabulary import VERDICTS
from ecoissues.figures.dispatch import dispatch_table
from ecoissues.figures.grouping import FIELD
from ecoissues.figures.lines import Group
from ecoissues.figures.periods import counting_units, throughput
from ecoissues.figures.reading import Board, Figure
from ecoissues.figures.registry import packaged_definitions
from ecoissues.storage.engine import Store
from ecoissues.storage.reference import load_lists, load_tree
from tests.figures.published import DAY, DONE, Facts, Given, build, cases_of, lists_of, printed
from tests.figures.world import create_tables

LISTS = lists_of()
BY_CODE = {one["code"]: one for one in LISTS}
#: The largest lists take half of the time to build: they belong to the whole suite.
LARGE = [one for one in LISTS if one["cases"] > 5000]
SMALL = [one for one in LISTS if one["cases"] <= 5000]


def checks_of(lists: list[Given]) -> list[Any]:
    return [
        pytest.param(one["code"], check, id=f"{one['code']}-{check['print'][:40]}")
        for one in lists
        for check in one["checks"]
    ]


#: Statements of the sources that are wrong, or no rate, and what is said of them.
MISTAKES = {
    "2913-2864=33": "sum_off",  # 南川: the text counts another library
    "1+10+16+7+3+2+2=42": "sum_off",  # 天水: the key cases of the districts
    "10/65=15.8%": "rate_off",  # 广东
    "92/145=63.5%": "rate_off",  # 嘉兴: made to sum to 100
    "124/374=33.15%": "rate_truncated",  # 山西
    "24/23=104.3%": "over_hundred",  # 青岛: closings of the month before
    "9+46+30+12+16+0+9=131": "sum_off",  # 重庆: types sum to the cases, districts to the handlings
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The lists of up to 5,000 cases in one database; for looking only."""
    made = Store(f"sqlite:///{tmp_path_factory.mktemp('published') / 'published.db'}")
    create_tables(made.engine)
    build(made, SMALL)
    yield made
    made.close()


@pytest.fixture(scope="module")
def large_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path_factory.mktemp('large') / 'large.db'}")
    create_tables(made.engine)
    build(made, LARGE)
    yield made
    made.close()


def opened(connection: Any, code: str, day: str, places: int = 1) -> Board:
    row = next(one for one in load_lists(connection).values() if one.code == code)
    as_of = date.fromisoformat(day)
    return Board(connection, load_tree(connection), row, as_of, places=places)


def test_every_printed_statement_is_built_and_checked() -> None:
    mapped: dict[str, Counter[str]] = {}
    for one in LISTS:
        found = mapped.setdefault(one.get("dataset", one["code"]), Counter())
        found.update(check["print"] for check in one["checks"])
    missing = {
        name: left
        for name, statements in printed().items()
        if (left := Counter(statements) - mapped.get(name, Counter()))
    }
    assert not missing
    assert sum(map(len, printed().values())) >= 130
    assert len(printed()) >= 22


@pytest.mark.parametrize(("code", "check"), checks_of(SMALL))
def test_what_was_printed_comes_out(store: Store, code: str, check: Given) -> None:
    with store.reading() as connection:
        holds(connection, BY_CODE[code], check)


@pytest.mark.slow
@pytest.mark.parametrize(("code", "check"), checks_of(LARGE))
def test_what_was_printed_of_large_lists(large_store: Store, code: str, check: Given) -> None:
    with large_store.reading() as connection:
        holds(connection, BY_CODE[code], check)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("CQ-NC-2024-list", {"print": "2865/2913=98.4%"}),
        ("CQ-NC-2024-list", {"print": "5728/5827=98.3%"}),  # the same rate of other cases
        ("CQ-WS-2025Q2", {"figure": "handled_rate"}),
    ],
)
def test_another_statement_or_definition_does_not_come_out(
    store: Store, code: str, change: dict[str, str]
) -> None:
    check = {**BY_CODE[code]["checks"][0], **change}
    with store.reading() as connection, pytest.raises(AssertionError):
        holds(connection, BY_CODE[code], check)


def holds(connection: Any, given: Given, check: Given) -> None:
    """Assert that a statement comes out of the board of its list."""
    statement = check["print"]
    expression, _, right = statement.rpartition("=")
    places = len(right.rstrip("%").partition(".")[2])
    board = opened(connection, given["code"], given.get("day", DAY), places)
    if right.endswith("%"):
        above, _, below = expression.partition("/")
        counted, rate = rate_of(board, check)
        assert (*counted, rate) == (sum(map(int, re.findall(r"\d+", above))), int(below), right)
        doubts = [doubt.code for doubt in check_statement(statement)]
        assert doubts == (["rate_off"] if statement in MISTAKES else [])
        return
    terms = [Fraction(one) for one in re.findall(r"[\d.]+", expression)]
    found = counts_of(board, check)
    if "-" in expression:  # the whole, less some of the lines, leaves the one that is not named
        assert sorted(found) == sorted([*terms[1:], Fraction(right)])
        assert sum(found) == terms[0]
    else:
        assert sorted(found) == sorted(one for one in terms if one)
        assert sum(found) == Fraction(right)
    assert check_statement(statement) == []


def figure_of(board: Board, check: Given) -> Figure:
    definition = packaged_definitions().get(check["figure"])
    return board.figure(definition, check.get("by"), hundred=check.get("hundred", False))


def rate_of(board: Board, check: Given) -> tuple[tuple[int, int], str | None]:
    """Give ((part, whole), as printed) of a figure, or of the share of one of its lines."""
    found = figure_of(board, check)
    if check.get("take", "rate") == "rate":
        return (found.part, found.whole), found.percent
    line = next(group for group in found.groups if group.key == check["key"])
    whole = found.whole
    if check["by"] == "problem":
        whole = sum(group.whole for group in found.groups)
    return (line.whole, whole), line.share


def counts_of(board: Board, check: Given) -> list[Fraction]:
    """Give the numbers of the lines a check takes, those above 0."""
    if "dispatch" in check:
        rows = [row for row in dispatch_table(board) if row.sort == "unit"]
        counts = [str(row.counts[check["dispatch"]]) for row in rows]
    elif "district" in check:
        counts = standings_of(board, check["district"])
    else:
        figure = figure_of(board, check)
        counts = [one for group in chosen(figure, check) for one in taken(group, check["take"])]
        summed = sum(group.whole for group in figure.groups)
        if "over" in check:
            assert figure.overlap is not None
            assert (figure.overlap.whole, summed - figure.whole) == (check["over"], check["over"])
    return [one for count in counts if (one := Fraction(count.rstrip("%")))]


def chosen(figure: Figure, check: Given) -> list[Group]:
    if "by" not in check:
        rest = figure.whole - figure.part
        return [Group("", "", figure.part, figure.part, None), Group("", "", rest, rest, None)]
    keys = check.get("keys") or [group.key for group in figure.groups]
    return [group for group in figure.groups if group.key in keys]


def taken(group: Group, take: str) -> list[str]:
    match take:
        case "part" | "both":
            return [str(group.part)]
        case "rest":
            return [str(group.whole - group.part)]
        case "led":
            return [group.shown_whole.partition("(")[0]]
        case "shown":
            return [group.shown_whole]
        case "shares":
            return [group.share or ""]
    return [str(group.whole)]


def standings_of(board: Board, district: str) -> list[str]:
    """Give a district's row: in work, closed, not accepted."""
    row = next(row for row in dispatch_table(board) if row.key == district)
    received = board.figure(packaged_definitions().get("accept_rate"), "district")
    line = next(group for group in received.groups if group.key == district)
    return [str(row.counts["open"]), str(row.counts["closed"]), str(line.whole - line.part)]


def test_joint_cases_as_the_provinces_print_them(tmp_path: Path) -> None:
    # One of 27 is shared by two departments: 1.5 and 0.5 (halves), 2 and (+1) elsewhere.
    departments = {
        "half": ("1.5", "0.5"), "plus": ("2", "0(+1)"), "own_row": ("1", "0"), "whole": ("2", "1")
    }  # fmt: skip
    made = Store(f"sqlite:///{tmp_path / 'joint.db'}")
    create_tables(made.engine)
    joint = BY_CODE["YT-2025-B30"]
    build(made, [{**joint, "code": way, "counting": way} for way in departments])
    with made.reading() as connection:
        for way, (leading, other) in departments.items():
            board = opened(connection, way, DAY)
            figure = board.figure(packaged_definitions().get("closure_rate"), "district")
            lines = {group.key: group.shown_whole for group in figure.groups}
            alone = {name: str(many) for name, many in joint["districts"].items()}
            own_row = {"joint": "1"} if way == "own_row" else {}
            assert lines == {
                **alone, "市生态环境局": leading, "市市场监督管理局": other, **own_row
            }, way
            assert sum(group.whole for group in figure.groups if group.key != "joint") == 28
    made.close()


def test_a_month_that_closed_more_than_came(store: Store) -> None:
    with store.reading() as connection:
        board = opened(connection, "QD-2020-10", "2020-10-31")
        definition = packaged_definitions().get("closure_rate")
        month = (date(2020, 10, 1), date(2020, 10, 31), date(2020, 10, 31))
        found = throughput(connection, board.tree, definition, board.row, *month)
    assert (found.arrivals, found.closings) == (23, 24)
    assert (found.cohort_part, found.cohort_whole, found.cohort_percent) == (18, 23, "78.3%")
    assert found.cohort_void == 0


def test_what_came_is_what_counts_and_what_was_refused(store: Store) -> None:
    with store.reading() as connection:
        board = opened(connection, "AH-2023-03", DAY)
        definition = packaged_definitions().get("closure_rate")
        day = board.as_of
        found = throughput(connection, board.tree, definition, board.row, date(1990, 1, 1), day, day)
    assert (found.arrivals, found.cohort_whole, found.cohort_void) == (876, 688, 188)


def test_counting_units_are_not_mixed(store: Store) -> None:
    with store.reading() as connection:
        units = counting_units(opened(connection, "CQ-B22", DAY))
        assert (units.accepted, units.calls, units.letters) == (122, 65, 57)
        assert (units.problems, units.handlings_by_district) == (122, 131)
        units = counting_units(opened(connection, "AH-2023-03", DAY))
        assert (units.received, units.accepted, units.void) == (876, 688, 188)
        assert counting_units(opened(connection, "SY-2017-B33", DAY)).problems == 28
        assert counting_units(opened(connection, "HN-2024", DAY)).originals == 523


@pytest.mark.parametrize(("text", "code"), MISTAKES.items())
def test_what_the_sources_print_wrong_is_doubted(text: str, code: str) -> None:
    assert [doubt.code for doubt in check_statement(text)] == [code]


# --- as many again that nobody printed ---------------------------------------------------------

#: Definition -> (in the part, in the whole) of a case's facts, written down from their wording.
PLAIN: dict[str, Any] = {
    "closure_rate": (lambda f: f.phase in ("closed", "reviewed"), lambda f: True),
    "acceptance_rate": (lambda f: f.phase in ("closed", "reviewed"), lambda f: True),
    "handled_rate": (lambda f: f.phase != "open", lambda f: True),
    "completion_rate": (lambda f: f.phase in DONE, lambda f: True),
    "acceptance_of_completed": (
        lambda f: f.phase in ("closed", "reviewed"), lambda f: f.phase in DONE
    ),
    "substantiated_rate": (lambda f: f.verdict != "unsubstantiated", lambda f: f.verdict),
    "fully_substantiated_share": (lambda f: f.verdict == "substantiated", lambda f: f.verdict),
    "mostly_share": (lambda f: f.verdict == "mostly", lambda f: f.verdict),
    "partly_share": (lambda f: f.verdict == "partly", lambda f: f.verdict),
    "unsubstantiated_rate": (lambda f: f.verdict == "unsubstantiated", lambda f: f.verdict),
    "hand_over_rate": (lambda f: "handed_over" in f.marks, lambda f: True),
    "sign_rate": (lambda f: "signed_for" in f.marks, lambda f: True),
    "report_rate": (lambda f: "reported" in f.marks, lambda f: True),
    "reply_rate": (lambda f: "replied" in f.marks, lambda f: True),
    "timely_report_rate": (lambda f: "reported" in f.marks, lambda f: True),
    "key_share": (lambda f: f.weight == "key" and f.part < 2, lambda f: f.part < 2),
    "repeat_share": (lambda f: f.merged, lambda f: True),
    "repeat_open_share": (lambda f: f.merged, lambda f: f.phase == "open"),
    "call_share": (lambda f: ("channel", "call") in f.fields, lambda f: True),
    "letter_share": (lambda f: ("channel", "letter") in f.fields, lambda f: True),
    "satisfaction_rate": (
        lambda f: f.satisfaction in ("satisfied", "fairly"), lambda f: f.satisfaction
    ),
    "due_this_year_rate": (lambda f: f.phase in DONE, lambda f: f.due.startswith(DAY[:4])),
    "overdue_finish": (
        lambda f: f.due and f.due < DAY and f.phase not in DONE, lambda f: True
    ),
    "on_time_rate": (lambda f: f.phase in DONE, lambda f: f.due and f.due <= DAY),
}  # fmt: skip
SIDES = {
    "phases": ("open", "phase_closed", "completed", "closed", "reviewed", "void"),
    "verdicts": tuple(VERDICTS), "weights": ("normal", "key"),
    "channels": ("call", "letter", "web"), "satisfactions": ("satisfied", "fairly", "dissatisfied"),
    "dues": ("2024-06-30", "2024-12-31", "2025-03-31", "none"),
}  # fmt: skip
MARKED = ("handed_over", "signed_for", "reported", "replied")


def drawn(seed: int) -> dict[str, Any]:
    """Give a list of random counts; a check by weight makes its log be written too."""
    random = Random(seed)
    many = random.choice((1, 7, 40, 400))
    given: dict[str, Any] = {"code": f"R{seed}", "cases": many, "checks": [{"by": "weight"}]}
    for side, keys in SIDES.items():
        left, counts = many, {}
        for key in random.sample(keys, len(keys)):
            counts[key] = random.randint(0, left)
            left -= counts[key]
        given[side] = counts
    given["types"] = {kind: random.randint(0, many) for kind in ("water", "air", "noise", "other")}
    given["districts"] = {name: random.randint(0, many) for name in ("甲", "乙", "丙", "丁")}
    given["marks"] = {mark: random.randint(0, many) for mark in MARKED}
    given["merged"], given["parts"] = random.randint(0, many), random.randint(0, many)
    return given


def half_up(part: int, whole: int, places: int) -> str | None:
    """Print a rate by decimal arithmetic of its own."""
    if not whole:
        return None
    if part in (0, whole):
        return "100%" if part else "0%"
    exact = Decimal(100 * part) / Decimal(whole)
    return f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)}%"


def wanted(facts: list[Facts], code: str) -> tuple[int, int]:
    in_part, in_whole = PLAIN[code]
    whole = [one for one in facts if one.phase != "void" and in_whole(one)]
    return sum(bool(in_part(one)) for one in whole), len(whole)


@pytest.fixture(scope="module")
def random_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path_factory.mktemp('drawn') / 'drawn.db'}")
    create_tables(made.engine)
    build(made, [drawn(seed) for seed in range(24)])
    yield made
    made.close()


@pytest.mark.parametrize("seed", range(24))
def test_any_other_counts_come_out_too(random_store: Store, seed: int) -> None:
    facts, places = cases_of(drawn(seed)), seed % 3
    with random_store.reading() as connection:
        board = opened(connection, f"R{seed}", DAY, places)
        for code in PLAIN:
            right = wanted(facts, code)
            found = board.figure(packaged_definitions().get(code))
            assert (found.part, found.whole) == right, code
            assert found.percent == half_up(*right, places), code
        _lines(board, facts, places)


def _lines(board: Board, facts: list[Facts], places: int) -> None:
    counted = [one for one in facts if one.phase != "void"]
    closure = packaged_definitions().get("closure_rate")
    ways: dict[str, Any] = {
        "district": lambda f: f.districts, "type": lambda f: f.types, "weight": lambda f: [f.weight],
        "due": lambda f: [f.due[:7] if f.due not in ("", "none") else "none"],
        f"{FIELD}channel": lambda f: [dict(f.fields).get("channel", "none")],
    }  # fmt: skip
    for by, keys_of in ways.items():
        right: Counter[str] = Counter(key for one in counted for key in keys_of(one))
        figure = board.figure(closure, by)
        assert {group.key: group.whole for group in figure.groups} == right, by
        for group in figure.groups:
            assert group.share == half_up(group.whole, len(counted), places), (by, group.key)
        over = figure.overlap.whole if figure.overlap else 0
        assert sum(right.values()) - over == figure.whole == len(counted)
    received = board.figure(packaged_definitions().get("accept_rate"))
    assert (received.part, received.whole) == (len(counted), len(facts))


def test_a_sample_on_both_engines(store: Store, empty_database_url: str) -> None:
    small = [one for one in LISTS if one["cases"] <= 150]
    made = Store(empty_database_url)
    create_tables(made.engine)
    build(made, small)
    with made.reading() as connection:
        for one in small:
            for check in one["checks"]:
                holds(connection, one, check)
    made.close()
