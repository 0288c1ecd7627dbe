"""What looks wrong in a list's own figures and cases: warnings with an owner, never walls.

Sorts of doubt and what they look at stand in ``SORTS``. Nothing here writes; ``services.doubts``
keeps what was found, who it belongs to and how it was explained.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, func, select

from ecoissues.core.life import Life
from ecoissues.core.rates import percent
from ecoissues.core.units import UnitTree
from ecoissues.core.vocabulary import PHASES, VERDICTS, word
from ecoissues.figures.oracle import cases_as_of
from ecoissues.figures.reading import Board
from ecoissues.figures.registry import packaged_definitions
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow

#: Sort of doubt -> its name.
SORTS: Final[dict[str, str]] = {
    "closed_undated": "表中已办结（或阶段性办结、完成），系统无记录和日期",
    "closed_before_transfer": "办结早于转办",
    "closed_before_received": "办结早于受理",
    "reported_before_transfer": "反馈早于转办",
    "received_after_registered": "受理晚于登记",
    "over_hundred": "比率超过 100%",
    "districts_exceed": "区县之和大于总数",
    "parts_off": "分项之和不等于总数",
    "batch_missing": "部分事项没有批次",
    "statement": "引用数字不符",
}
_OVER: Final = ("closed", "reviewed")
#: Phases from the first to the last: a sheet that states a later one than the log is doubted.
_ORDER: Final = tuple(phase for phase in PHASES if phase != "void")


class Found(Struct, frozen=True):
    """One doubt: ``subject`` names it within its list and sort; ``owner`` is a unit's code."""

    sort: str
    subject: str
    sentence: str
    owner: str
    case_id: int | None = None


def find_doubts(
    connection: Connection, tree: UnitTree, row: ListRow, day: date
) -> Iterator[Found]:
    """Give every doubt about a list as it stands at the end of a day, cases first."""
    numbers = {
        case_id: f"{number}/{part}" if part else str(number)
        for case_id, number, part in connection.execute(
            select(t.cases.c.id, t.cases.c.number, t.cases.c.part)
        )
    }
    for case_id, life in cases_as_of(connection, row, day):
        if not life.is_void:
            owner = next((c for c, party in life.parties if party == "lead"), row.unit_code)
            for sort, sentence in case_doubts(life):
                yield Found(sort, numbers[case_id], sentence, owner, case_id)
    board = Board(connection, tree, row, day)
    for sort, subject, sentence in (
        *_months(connection, row, day), *_sums(board), *_batches(connection, row),
    ):  # fmt: skip
        yield Found(sort, subject, sentence, row.unit_code)


def case_doubts(life: Life) -> Iterator[tuple[str, str]]:
    """Give (sort, sentence) for what is doubtful in one case's standing."""
    received, handed = life.fields.get("received_on"), life.marks.get("handed_over")
    reported, closed = life.marks.get("reported"), life.closed_on
    stated = str(life.fields.get("stated_finished") or "")
    is_closed = life.phase in _OVER
    if stated in _ORDER and _ORDER.index(stated) > _ORDER.index(life.phase):
        yield (
            "closed_undated",
            f"表中写“{word('phases', stated)}”，系统里仍是“{word('phases', life.phase)}”，"
            "没有相应的记录和日期，请补办或更正。",
        )
    if is_closed and closed is not None:
        if handed is not None and closed < handed:
            yield "closed_before_transfer", f"办结日期 {closed} 早于转办日期 {handed}。"
        if received and closed.isoformat() < received:
            yield "closed_before_received", f"办结日期 {closed} 早于受理日期 {received}。"
    if handed is not None and reported is not None and reported < handed:
        yield "reported_before_transfer", f"反馈日期 {reported} 早于转办日期 {handed}。"
    if received and life.registered_on and received > life.registered_on.isoformat():
        yield (
            "received_after_registered",
            f"受理日期 {received} 晚于登记日期 {life.registered_on}。",
        )


def _months(
    connection: Connection, row: ListRow, day: date
) -> Iterator[tuple[str, str, str]]:
    """Months in which more was closed than came: no rate, though it is often printed as one."""
    p = t.postings
    query = (
        select(p.c.day, func.sum(p.c.a_arrivals), func.sum(p.c.a_closings))
        .where(p.c.list_id == row.id, p.c.day <= day.toordinal())
        .group_by(p.c.day)
    )
    months: dict[str, list[int]] = {}
    for ordinal, arrivals, closings in connection.execute(query):
        found = months.setdefault(date.fromordinal(ordinal).isoformat()[:7], [0, 0])
        found[0], found[1] = found[0] + int(arrivals), found[1] + int(closings)
    for month, (arrivals, closings) in sorted(months.items()):
        if closings > arrivals > 0:
            rate = percent(closings, arrivals)
            yield (
                "over_hundred", month,
                f"{month} 办结 {closings} 件次，多于当月登记的 {arrivals} 件（相除为 {rate}）："
                "含以前登记的件，不可作办结率；办结率请看登记月份。",
            )  # fmt: skip


def _sums(board: Board) -> Iterator[tuple[str, str, str]]:
    total = board.total
    phases = sum(total[phase] for phase in PHASES if phase != "void")
    if phases != total["cases"]:
        sentence = f"各阶段之和 {phases} 不等于总数 {total['cases']}。"
        yield "parts_off", "phases", sentence
    for name, parts in (("核实结论", VERDICTS), ("来电、来信", ("calls", "letters"))):
        found = sum(total[part] for part in parts)
        if found > total["cases"]:
            yield "parts_off", name, f"{name}之和 {found} 大于总数 {total['cases']}。"
    figure = board.figure(packaged_definitions().get("closure_rate"), "district")
    if figure.overlap is not None and figure.overlap.whole:
        summed = figure.whole + figure.overlap.whole
        yield (
            "districts_exceed", "district",
            f"各区县（部门）之和 {summed} 大于总数 {figure.whole}：合办件各计一次，"
            f"多计 {figure.overlap.whole} 件次；可改设合办计数方式。",
        )  # fmt: skip


def _batches(connection: Connection, row: ListRow) -> Iterator[tuple[str, str, str]]:
    c = t.cases.c
    query = select(func.count(), func.count(c.batch_id)).where(c.list_id == row.id)
    every, batched = connection.execute(query).one()
    if 0 < batched < every:
        yield (
            "batch_missing", "batch",
            f"{every} 件中有 {every - batched} 件没有批次，各批之和小于总数。",
        )  # fmt: skip
