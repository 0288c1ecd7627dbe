"""Importing a sheet beside reading it and one bare executemany of its rows.

Ours: the sheet is read in a limited child process; every row is checked and becomes a case with its
log (two events each: registered, handed over), parties, figures and search text. The floor reads
the sheet in its own process and inserts the very rows of cases and events that came of it, into
the same tables without their triggers.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import python_calamine
import xlsxwriter

from bench.filling import list_code
from bench.lives import SEED, document
from bench.measuring import Line, Options
from ecoissues.core.forms import Form
from ecoissues.core.policy import Actor
from ecoissues.core.vocabulary import WORDLISTS
from ecoissues.exports.catalogue import get_form
from ecoissues.services import importing, starting
from ecoissues.services.site import Site

LIMIT = 15.0
TABLES = ("cases", "events")


def _sheet(form: Form, site: Site, size: int, path: Path) -> None:
    """Write a sheet of a kind's own form as an office sends it."""
    chance = random.Random(SEED)
    districts = [unit.name for unit in site.tree.tops() if unit.kind == "district"]
    types = [pair[0] for pair in WORDLISTS["types"].values()]
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet()
    for index, column in enumerate(form.columns):
        page.write_string(0, index, column.header)
    for line in range(1, size + 1):
        given = {
            "number": f"D3CQ2024{line:08d}",
            "content": f"现场反映第{line}处：厂区雨污混排，汛期污水顺沟渠直排河道，夜间气味明显。",
            "region": chance.choice(districts),
            "types": chance.choice(types),
        }
        for index, column in enumerate(form.columns):
            page.write_string(line, index, given.get(column.key, ""))
    book.close()


def _site(folder: Path) -> Site:
    site = starting.open_site(folder)
    starting.upgrade(site)
    kind = site.kinds.current(document().kind)
    with site.store.writing() as connection:
        starting.add_lists(
            connection,
            [
                {"code": list_code(index), "title": f"导入测试{index + 1}", "kind": kind.code,
                 "kind_version": kind.version, "level": "municipal", "unit": site.tree.root.code}
                for index in range(3)
            ],
        )  # fmt: skip
    site.refresh()
    return site


Written = Mapping[str, list[tuple[Any, ...]]]


def _written(site: Site) -> Written:
    """Give the rows of the tables the import has written: cases and their log."""
    with closing(sqlite3.connect(str(site.store.engine.url.database))) as raw:
        return {name: raw.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES}


def _tables(site: Site, path: Path) -> None:
    """Make the same tables with their indexes in an empty file, without triggers."""
    path.unlink(missing_ok=True)
    query = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type <> 'trigger' AND sql <> ''"
    with closing(sqlite3.connect(str(site.store.engine.url.database))) as from_site:
        made = [row[0] for name in TABLES for row in from_site.execute(query, (name,))]
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        for statement in made:
            raw.execute(statement)


def _floor(sheet: Path, path: Path, written: Written) -> None:
    """Read the sheet, put the rows into the tables, durably; no rule, no trigger, no key checked."""
    python_calamine.CalamineWorkbook.from_path(sheet).get_sheet_by_index(0).to_python()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA synchronous=FULL")
        for name, rows in written.items():
            marks = ", ".join("?" * len(rows[0]))
            raw.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
        raw.commit()


def _seconds(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def measure(options: Options) -> Iterator[Line]:
    """Part e: three rounds, in turn, each into a list of its own; the median."""
    size = options.size(10_000, 2_000)
    site = _site(options.folder / "intake")
    root = site.tree.root
    actor = Actor(1, "bench", "bench", "supervisor", root.code, root.path, root.scope_path)
    form = get_form(site.kinds.current(document().kind).form)
    sheet = options.folder / "sheet.xlsx"
    _sheet(form, site, size, sheet)
    floors, previews, commits = [], [], []
    floor_path = options.folder / "floor.db"
    written: Written = {}
    try:
        for index in range(3):
            begun = time.perf_counter()
            made = importing.preview(site, actor, list_code(index), sheet.name, sheet.read_bytes())
            previews.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            result = importing.carry_out(site, actor, made)
            commits.append(time.perf_counter() - begun)
            if result.counts["new"] != size:
                raise AssertionError(f"not every row was taken: {result.counts}")
            written = written or _written(site)
            _tables(site, floor_path)
            floors.append(_seconds(partial(_floor, sheet, floor_path, written)))
    finally:
        site.close()
    floor = sorted(floors)[1]
    preview, commit = sorted(previews)[1], sorted(commits)[1]
    yield Line(f"import of {size:,} rows: reading and executemany", preview + commit, floor,
               unit="s", limit=LIMIT,
               note=f"preview {preview:.2f} s, commit {commit:.2f} s")  # fmt: skip
