"""Published sums and percentages come out of the definitions, run over cases built to the counts.

Sources and addresses of the facts stand with the project's reference material under the names used
here. What the sources print wrong is doubted (see also ``tests/core/test_statements``).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecoissues.core.rates import percent
from ecoissues.core.statements import check_statement
from ecoissues.core.vocabulary import VERDICTS
from ecoissues.figures.periods import counting_units
from ecoissues.figures.reading import Board
from ecoissues.figures.registry import packaged_definitions
from ecoissues.storage.engine import Store
from tests.figures.published import Counts, board_of, build
from tests.figures.world import create_tables

#: Dataset -> (counts, {definition: printed}).
RATES: dict[str, tuple[Counts, dict[str, str]]] = {
    "CQ-NC-2024-list": (
        Counts(2913, {"closed": 2864}), {"acceptance_rate": "98.3%", "closure_rate": "98.3%"}
    ),
    "CQ-NC-2024-complaints": (
        Counts(60, {"closed": 54}, marks={"reported": 60}),
        {"report_rate": "100%", "closure_rate": "90.0%"},
    ),
    "CQ-2024H1": (
        Counts(3421, {"closed": 492, "phase_closed": 1572}),
        {"closure_rate": "14.38%", "handled_rate": "60.33%"},
    ),
    "CQ-2023": (
        Counts(46, {"completed": 43}, marks={"handed_over": 46, "replied": 46}),
        {"completion_rate": "93.48%", "hand_over_rate": "100%", "reply_rate": "100%"},
    ),
    "CQ-WS-2025Q2": (
        Counts(23, {"closed": 21, "phase_closed": 2}),
        {"closure_rate": "91.3%", "handled_rate": "100%"},
    ),
    "HI-2023": (
        Counts(
            1427, {"closed": 492, "phase_closed": 291},
            {"substantiated": 440, "partly": 779, "mostly": 108, "unsubstantiated": 100},
        ),
        {"handled_rate": "54.9%", "unsubstantiated_rate": "7.01%"},
    ),
    "JS-2022": (
        Counts(3411, {"closed": 2750, "phase_closed": 660}), {"closure_rate": "81%"}
    ),
    "JS-2022 tasks": (
        Counts(55, {"completed": 6}, due_this_year=13, done_of_these=6),
        {"due_this_year_rate": "46%"},
    ),
    "GZ-2017": (
        Counts(1095, {"closed": 807}, weights={"key": 139}), {"closure_rate": "73.70%"}
    ),
    "SC 2020H1": (Counts(8924, {"completed": 8809}), {"completion_rate": "98.7%"}),
    "SC 2019Q1": (Counts(9070, {"completed": 8839}), {"completion_rate": "97.5%"}),
    "SC 2021H1": (Counts(9070, {"completed": 9049}), {"completion_rate": "99.8%"}),
    "SC review": (Counts(3665, {"completed": 3631}), {"completion_rate": "99.1%"}),
    "SC reserves": (Counts(1252, {"completed": 1116}), {"completion_rate": "89%"}),
    "SC round 2": (Counts(6532, {"completed": 6345}), {"completion_rate": "97.1%"}),
    "SC tasks": (Counts(224, {"completed": 216}), {"completion_rate": "96.4%"}),
    "SC provincial": (Counts(9982, {"completed": 9789}), {"completion_rate": "98.1%"}),
    "DZ-2017": (
        Counts(386, {"completed": 314}, marks={"reported": 386}),
        {"completion_rate": "81.3%", "report_rate": "100%"},
    ),
    "CN R3B4": (Counts(14066, {"phase_closed": 9213}), {"handled_rate": "65.5%"}),
    "CQ-B22": (
        Counts(122, channels={"call": 65, "letter": 57}, weights={"key": 10}),
        {"call_share": "53.3%", "letter_share": "46.7%", "key_share": "8.2%"},
    ),
}
#: Dataset -> (cases, counts by type, printed shares): of the cases, or of the problems.
TYPES: dict[str, tuple[int, dict[str, int], str, dict[str, str]]] = {
    "SX-2025-B02": (
        51, {"soil": 17, "air": 9, "water": 7, "ecology": 7, "other": 6, "noise": 5}, "type",
        {"soil": "33.33%", "air": "17.65%", "water": "13.73%", "other": "11.76%", "noise": "9.80%"},
    ),
    "XX-2018": (
        43, {"water": 6, "air": 23, "soil": 2, "noise": 3, "other": 9}, "type",
        {"water": "13.95%", "air": "53.49%", "soil": "4.65%", "noise": "6.98%", "other": "20.93%"},
    ),
    "SY-2017-B33": (
        19, {"water": 4, "air": 4, "ecology": 7, "garbage": 1, "noise": 4, "dust": 1, "other": 7},
        "problem", {"water": "14%", "ecology": "25%", "garbage": "4%", "noise": "14%"},
    ),
    "JX-jiaxing-2024-08": (
        145, {"water": 17, "air": 92, "noise": 13, "solid_waste": 6, "dust": 7, "other": 10},
        "type", {"water": "11.7%", "noise": "9.0%", "solid_waste": "4.1%", "other": "6.9%"},
    ),
    "AH-2023-03": (
        876, {"air": 448, "noise": 431, "livestock": 31}, "type",
        {"air": "51.1%", "noise": "49.2%", "livestock": "3.5%"},
    ),
    "GZ-2017": (
        1095,
        {"water": 240, "air": 187, "soil": 1, "ecology": 67, "heavy_metal": 3, "garbage": 123,
         "noise": 367, "fumes": 113, "dust": 134, "other": 208}, "type", {},
    ),
    "JX-2021 B13": (
        109, {"air": 52, "water": 39, "ecology": 34, "noise": 18, "soil": 14, "radiation": 2,
              "other": 6}, "type", {},
    ),
}  # fmt: skip
#: Dataset -> (cases, counts by district or department as printed, sum as printed).
DISTRICTS: dict[str, tuple[int, tuple[int, ...], int]] = {
    "CQ-B22": (122, (14, 11, 8, 7, 7, 6, *[5] * 3, 4, *[3] * 6, *[2] * 13, *[1] * 7, 2,
                     *[1] * 6), 131),
    "JX-2021-B4": (83, (18, 12, 2, 4, 2, 7, 6, 14, 11, 7), 83),
    "JX-2021 all": (1298, (266, 208, 193, 150, 137, 100, 78, 46, 44, 41, 35), 1298),
    "YN-2021 B15": (129, (49, 17, 10, 9, 9, 6, 6, 4, 4, 4, 4, 3, 3, 1), 129),
    "YN-2021 all": (1165, (487, 147, 122, 78, 50, 48, 45, 41, 39, 22, 19, 19, 15, 15, 9, 6, 3),
                    1165),
    "SX-2025-B02": (51, (17, 3, 3, 1, 6, 8, 4, 3, 5, 1), 51),
    "AH-2023-03": (876, (8, 377, 63, 33, 31, 27, 17, 10, 31, 7, 40, 64, 40, 43, 20, 17, 48), 876),
    "TS-2021": (142, (2, 1, 1, 1, 63, 31, 21, 3, 7, 5, 7), 142),
    "SY-2017-B33": (19, (3, 4, 8, 2, 2), 19),
}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'published.db'}")
    create_tables(made.engine)
    yield made
    made.close()


def as_printed(part: int, whole: int, printed: str) -> str:
    """The program's percentage, to as many places as the source printed."""
    return percent(part, whole, len(printed.rstrip("%").partition(".")[2])) or ""


#: The largest datasets take a second each: they belong to the whole suite.
_RATES = [
    pytest.param(name, marks=pytest.mark.slow) if counts.cases > 5000 else name
    for name, (counts, _) in RATES.items()
]


@pytest.mark.parametrize("name", _RATES)
def test_published_rates(store: Store, name: str) -> None:
    counts, printed = RATES[name]
    build(store, counts)
    with store.reading() as connection:
        board = board_of(store, connection)
        for code, text in printed.items():
            found = board.figure(packaged_definitions().get(code))
            assert as_printed(found.part, found.whole, text) == text, code
            assert not check_statement(f"{found.part}/{found.whole}={text}")
        _sums(board, counts)


def _sums(board: Board, counts: Counts) -> None:
    """Each line is what the source printed, and the lines add up to the whole."""
    definition = packaged_definitions().get("closure_rate")
    lines = {group.key: group.part for group in board.figure(definition, "phase").groups}
    assert {key: lines[key] for key in counts.phases} == counts.phases
    assert sum(lines.values()) == counts.cases
    verdicts = {group.key: group.part for group in board.figure(definition, "verdict").groups}
    assert verdicts == {key: counts.verdicts.get(key, 0) for key in VERDICTS}
    units = counting_units(board)
    assert (units.calls, units.letters) == tuple(
        counts.channels.get(one, 0) for one in ("call", "letter")
    )
    assert board.total["key_cases"] == counts.weights.get("key", 0)


@pytest.mark.parametrize("name", TYPES)
def test_published_types(store: Store, name: str) -> None:
    cases, types, way, printed = TYPES[name]
    build(store, Counts(cases, types=types))
    with store.reading() as connection:
        board = board_of(store, connection)
        figure = board.figure(
            packaged_definitions().get("closure_rate"), "type" if way == "type" else "problem"
        )
        problems = sum(types.values())
        found = {group.key: group.whole for group in figure.groups}
        assert {key: found[key] for key in types} == types
        whole = cases if way == "type" else problems
        for key, text in printed.items():
            assert as_printed(found[key], whole, text) == text
            share = next(group.share for group in figure.groups if group.key == key)
            assert share == percent(found[key], whole)
        if way == "type" and problems > cases:
            assert figure.overlap is not None
            assert figure.overlap.whole == problems - sum(found.values()) + problems - cases
            assert "大于 100%" in figure.overlap.note
        assert counting_units(board).problems == max(problems, cases)


@pytest.mark.parametrize("name", DISTRICTS)
def test_published_districts(store: Store, name: str) -> None:
    cases, districts, printed = DISTRICTS[name]
    build(store, Counts(cases, districts=districts))
    with store.reading() as connection:
        board = board_of(store, connection)
        figure = board.figure(packaged_definitions().get("closure_rate"), "district")
        assert tuple(group.whole for group in figure.groups) == districts
        assert sum(districts) == printed == counting_units(board).handlings_by_district
        assert figure.whole == cases
        over = figure.overlap.whole if figure.overlap else 0
        assert over == printed - cases
    for way in ("plus", "half", "own_row"):
        build(store, Counts(cases, districts=districts), way)
        with store.reading() as connection:
            figure = board_of(store, connection).figure(
                packaged_definitions().get("closure_rate"), "district"
            )
            shown = [Fraction(group.shown_whole.partition("(")[0]) for group in figure.groups]
            assert sum(shown) == cases, way
            assert figure.overlap is None


def test_joint_cases_as_the_provinces_print_them(store: Store) -> None:
    # One of 27 is shared by two departments: 1.5 and 0.5 (halves), 2 and (+1) elsewhere.
    alone = (8, 5, 2, 2, 2, 2, 1, 1, 1, 1, 1)
    handled = [(f"D{n}",) for n, many in enumerate(alone, 1) for _ in range(many)]
    counts = Counts(27, handled=(*handled, ("D11", "D12")))
    first = ["8", "5", "2", "2", "2", "2", "1", "1", "1", "1"]
    printed = {
        "half": [*first, "1.5", "0.5"],
        "plus": [*first, "2", "0(+1)"],
        "own_row": [*first, "1", "0", "1"],
        "whole": [*first, "2", "1"],
    }
    for way, lines in printed.items():
        build(store, counts, way)
        with store.reading() as connection:
            board = board_of(store, connection)
            figure = board.figure(packaged_definitions().get("closure_rate"), "district")
            assert [group.shown_whole for group in figure.groups] == lines, way
            assert sum(group.whole for group in figure.groups[:12]) == 28  # what each opens into


def test_shares_of_keys_and_repeats(store: Store) -> None:
    build(store, Counts(533, weights={"normal": 442, "key": 91}, parts=10))
    with store.reading() as connection:
        found = board_of(store, connection).figure(packaged_definitions().get("key_share"))
        assert (found.part, found.whole, found.percent) == (91, 523, "17.4%")
    build(store, Counts(677, merged=266))
    with store.reading() as connection:
        found = board_of(store, connection).figure(packaged_definitions().get("repeat_open_share"))
        assert as_printed(found.part, found.whole, "39.29%") == "39.29%"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2913-2864=33", "sum_off"),
        ("1+10+16+7+3+2+2=42", "sum_off"),
        ("10/65=15.8%", "rate_off"),
        ("92/145=63.5%", "rate_off"),
        ("24/23=104.3%", "over_hundred"),
    ],
)
def test_what_the_sources_print_wrong_is_doubted(text: str, code: str) -> None:
    assert [doubt.code for doubt in check_statement(text)] == [code]


sides = st.lists(st.integers(0, 40), min_size=5, max_size=5)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(phases=sides, verdicts=sides, districts=sides, types=sides, marks=sides)
def test_any_other_counts_come_out_too(
    store: Store, phases: list[int], verdicts: list[int], districts: list[int], types: list[int],
    marks: list[int],
) -> None:  # fmt: skip
    names = ("open", "phase_closed", "completed", "closed", "reviewed")
    cases = max(1, sum(phases), sum(verdicts[:4]), *marks, *districts, *types)
    counts = Counts(
        cases, dict(zip(names, phases, strict=True)),
        dict(zip(VERDICTS, verdicts[:4], strict=True)),
        districts=tuple(districts), types=dict(zip("abcde", types, strict=True)),
        marks=dict(zip(("handed_over", "signed_for", "reported", "replied"), marks[:4],
                       strict=True)),
    )  # fmt: skip
    build(store, counts)
    with store.reading() as connection:
        board = board_of(store, connection)
        right = {
            "closure_rate": (phases[3] + phases[4], cases),
            "completion_rate": (sum(phases[2:]), cases),
            "handled_rate": (sum(phases[1:]), cases),
            "acceptance_of_completed": (phases[3] + phases[4], sum(phases[2:])),
            "substantiated_rate": (sum(verdicts[:3]), sum(verdicts[:4])),
            "unsubstantiated_rate": (verdicts[3], sum(verdicts[:4])),
            "hand_over_rate": (marks[0], cases),
            "reply_rate": (marks[3], cases),
        }
        for code, expected in right.items():
            found = board.figure(packaged_definitions().get(code))
            assert (found.part, found.whole) == expected, code
            assert found.percent == percent(*expected)
        figure = board.figure(packaged_definitions().get("closure_rate"), "district")
        lines = {group.key: group.whole for group in figure.groups if group.key != "C"}
        assert lines == {f"D{n}": many for n, many in enumerate(districts, 1) if many}
