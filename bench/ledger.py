"""The ledger beside a bare XlsxWriter loop: the writer alone with 20 columns, and the whole export
of a list from the database, against reading the same columns and writing them with XlsxWriter.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import xlsxwriter

from bench.filling import filled, list_code
from bench.lives import SEED, document
from bench.measuring import Line, Options, in_turn
from ecoissues.core.forms import Column, Form
from ecoissues.core.policy import Actor
from ecoissues.exports.sheet import Heading
from ecoissues.exports.xlsx import write_xlsx
from ecoissues.services.exporting import Asked, export
from ecoissues.services.starting import open_site

LIMIT = 1.5
COLUMNS = 20
LONG = 6  # the column that holds a text of two hundred characters
_WORDS = "河道排口污水直排夜间气味噪声扬尘垃圾堆放整改完成核查属实周边群众反映养殖场雨污分流清运"


def bare(rows: Iterable[Sequence[Any]], out: Path) -> None:
    """Write rows as a person does with XlsxWriter when memory must not grow."""
    book = xlsxwriter.Workbook(
        str(out),
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    wrapped = book.add_format({"text_wrap": True, "border": 1, "valign": "vcenter"})
    sheet = book.add_worksheet()
    for line, row in enumerate(rows):
        for index, value in enumerate(row):
            sheet.write_string(line, index, "" if value is None else str(value), wrapped)
    book.close()


def _form() -> Form:
    columns = tuple(
        Column(key=f"c{index}", header=f"第{index}栏", width=7.0) for index in range(COLUMNS)
    )
    return Form(
        code="bench", version=1, zh="台账", en="Ledger", title="台账", sheet="台账", columns=columns
    )


def _values(size: int) -> list[tuple[str, ...]]:
    chance = random.Random(SEED)

    def words(count: int) -> str:
        return "".join(chance.choices(_WORDS, k=count))

    return [
        tuple(
            f"B{number:08d}" if index == 0 else words(200 if index == LONG else 6)
            for index in range(COLUMNS)
        )
        for number in range(size)
    ]


def _writer(options: Options) -> Iterator[Line]:
    size, form = options.size(63_000, 6_300), _form()
    rows = _values(size)
    keys = [column.key for column in form.columns]
    ours, floor = options.folder / "ours.xlsx", options.folder / "floor.xlsx"

    def write(_: int) -> None:
        mapped = (dict(zip(keys, row, strict=True)) for row in rows)
        write_xlsx(form, Heading(), mapped, (), ours)

    medians = in_turn({"ours": write, "floor": lambda _: bare(rows, floor)}, 3)
    yield Line(
        f"ledger of {size:,} rows × {COLUMNS}: bare XlsxWriter", medians["ours"] / 1000,
        medians["floor"] / 1000, unit="s", limit=LIMIT,
        note=f"{ours.stat().st_size >> 10:,} KiB beside {floor.stat().st_size >> 10:,} KiB",
    )  # fmt: skip


def _export(options: Options) -> Iterator[Line]:
    size = options.size(63_000, 6_300)
    site = open_site(filled(size))
    kind = site.kinds.current(document().kind)
    root = site.tree.root
    actor = Actor(
        1, "bench", "bench", "supervisor", root.code, root.path, root.scope_path
    )  # fmt: skip
    ours, floor = options.folder / "export.xlsx", options.folder / "read.xlsx"
    columns = (
        "number", "content", "channel", "types", "site", "verdict", "facts", "phase", "received_on",
        "closed_on", "weight",
    )  # fmt: skip
    path = site.store.engine.url.database
    assert path is not None

    def read_and_write(_: int) -> None:
        with closing(sqlite3.connect(path)) as raw:
            found = raw.execute(f"SELECT {', '.join(columns)} FROM cases ORDER BY number, part, id")
            bare(found, floor)

    def whole(_: int) -> None:
        asked = Asked(kind.form, list_code(0))
        written = export(site, actor, asked, ours)
        if written.rows != size:
            raise AssertionError(f"{written.rows} rows instead of {size}")

    try:
        medians = in_turn({"ours": whole, "floor": read_and_write}, options.size(2, 3))
    finally:
        site.close()
    yield Line(
        f"export of a list of {size:,} cases: reading and XlsxWriter", medians["ours"] / 1000,
        medians["floor"] / 1000, unit="s", limit=LIMIT,
    )  # fmt: skip


def measure(options: Options) -> Iterator[Line]:
    """Part c."""
    yield from _writer(options)
    yield from _export(options)
