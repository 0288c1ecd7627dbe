"""Every door that shows a figure, held against the recount from the log's lines alone.

Board page, list, export, the command line's own functions, and (now and then) the command line and
the web site themselves.
"""

from __future__ import annotations

import csv
import json
import random
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from sqlalchemy import insert

from ecoissues.cli import main
from ecoissues.exports.catalogue import get_form
from ecoissues.figures.known import Known
from ecoissues.figures.reading import By, Which
from ecoissues.figures.registry import packaged_definitions
from ecoissues.services import accounts, board_pages, consulting, exporting, rows
from ecoissues.services.listing import Filter
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow
from ecoissues.web.app import create_app
from tests.services.recount_list import Recount

FORM, PASSWORD = "complaint_table", "right-horse-battery"
DEFINITIONS = packaged_definitions().by_code


class Doors:
    """The doors of one site; ``seen`` counts what was compared at each."""

    def __init__(self, site: Site, folder: Path, rng: random.Random, names: dict[int, str]) -> None:
        """In: ``names``, the cases by id as LIST/NUMBER/PART."""
        self.site, self.folder, self.rng = site, folder, rng
        self.who = consulting.operator(site)
        self.names = {one: _shown(name) for one, name in names.items()}
        self.seen: Counter[str] = Counter()

    def check(self, row: ListRow, day: date, known: Known, right: Recount) -> None:
        """Compare one list on one day, as known, at every door of this process."""
        moment = known.at
        asked = board_pages.Asked(row.code, day, moment or "", "", "")
        read = board_pages.read_board(self.site, self.who, asked)
        assert read is not None
        for number in read[1].numbers:
            part, rest = right.members(number.definition.code)
            found = (number.figure.part, number.figure.whole)
            assert found == (len(part), len(part) + len(rest)), (row.code, day, moment, number.title)
            self.seen["board page"] += 1
        phases = Counter(one.phase for one in right.standings if one.phase)
        assert (read[1].total, read[1].void) == (phases.total() - phases["void"], phases["void"])
        self.figure(row, day, moment, right)
        self.cases(row, day, moment, right)
        self.sheet(row, day, moment, right)

    def figure(self, row: ListRow, day: date, moment: str | None, right: Recount) -> None:
        """The figure of the command line with its groups, its members and the list they open."""
        code = self.rng.choice(list(DEFINITIONS))
        part, rest = right.members(code)
        sides: tuple[Which, ...] = ("part", "rest")
        ways: tuple[By, ...] = ("district", "unit", "type", "month")
        which, by = self.rng.choice(sides), self.rng.choice(ways)
        found, members = consulting.figure_of(
            self.site, self.who, code, row.code, as_of=day, known_at=moment, by=by, which=which
        )
        assert (found.part, found.whole) == (len(part), len(part) + len(rest)), (code, row.code)
        groups = {group.key: (group.part, group.whole) for group in found.groups}
        assert groups == right.groups(code, by), (code, by, row.code, day, moment)
        ids = part if which == "part" else rest
        assert members == sorted(self.names[one] for one in ids), (code, which)
        opened = {"list": row.code, "figure": code, "members": which, "as_of": day.isoformat()}
        if moment:
            opened["known_at"] = moment
        page = rows.read_page(self.site, self.who, Filter.read(opened))
        assert page.total == len(ids), opened
        self.seen["figure"] += 1
        self.seen["list"] += 1

    def cases(self, row: ListRow, day: date, moment: str | None, right: Recount) -> None:
        """The cases of the command line, each in its phase."""
        found = consulting.cases_in(self.site, self.who, row.code, day, None, moment)
        shown = sorted((_name(line["number"], line["part"]), line["phase"]) for line in found)
        wanted = sorted((self.names[o.case_id], o.phase) for o in right.standings if o.phase)
        assert shown == wanted, (row.code, day, moment)
        self.seen["cases"] += 1

    def sheet(self, row: ListRow, day: date, moment: str | None, right: Recount) -> None:
        """The ledger that is handed out: a row for each case that counts."""
        out = self.folder / "sheet.csv"
        asked = exporting.Asked(FORM, row.code, day, moment)
        written = exporting.export(self.site, self.who, asked, out)
        numbers = sheet_numbers(out)
        wanted = sorted(_bare(self.names[one.case_id]) for one in right.chosen())
        assert (written.rows, sorted(numbers)) == (len(wanted), wanted), (row.code, day, moment)
        out.unlink()
        self.seen["sheet"] += 1

    # ---- from outside ------------------------------------------------------------------------

    def command_line(self, row: ListRow, day: date, known: Known, right: Recount) -> None:
        """The same by the program as a person starts it."""
        code = self.rng.choice(list(DEFINITIONS))
        part, rest = right.members(code)
        more = ["--list", row.code, "--as-of", day.isoformat()]
        more += ["--known-at", known.at] if known.at else []
        found = self._ask("figure", code, *more, "--by", "phase", "--members", "part")
        assert (found["part"], found["whole"]) == (len(part), len(part) + len(rest))
        assert found["members"] == sorted(self.names[one] for one in part)
        phases = Counter(one.phase for one in right.standings if one.phase)
        shown = {g["key"]: g["part"] for g in found["groups"] if g["part"]}
        assert shown == dict(phases), (row.code, day, known.at)
        listed = self._ask("cases", row.code, *more[2:])
        assert Counter(line["phase"] for line in listed) == phases
        self.seen["command line"] += 1

    def lines(self) -> list[dict[str, Any]]:
        """The log as ``ecoissues events --jsonl`` prints it."""
        return [json.loads(line) for line in self._run("events", "--jsonl").splitlines()]

    def _ask(self, *words: str) -> Any:
        return json.loads(self._run(*words, "--json"))

    def _run(self, *words: str) -> str:
        where = ["--data", str(self.site.data), "--database", self.site.store.url]
        result = CliRunner().invoke(main, [*words, *where], catch_exceptions=False)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    def web(self, row: ListRow, day: date, known: Known, right: Recount) -> None:
        """The same by the web site, signed in: the rows behind a number of the board."""
        with self.site.store.writing() as connection:
            unit = self.site.tree.root.id
            hashed = accounts.hash_password(PASSWORD, "test")
            row_ = {"name": "leader", "display": "某", "role": "leader", "unit_id": unit}
            connection.execute(insert(t.users).values(**row_, password=hashed))
        app = create_app(self.site, PASSWORD_PROFILE="test", TESTING=True)
        client = app.test_client()
        page = client.get("/sign-in").text
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        given = {"csrf_token": token, "name": "leader", "password": PASSWORD}
        assert client.post("/sign-in", data=given).status_code == 303
        basis = {"list": row.code, "as_of": day.isoformat()}
        basis |= {"known_at": known.at} if known.at else {}
        assert client.get("/board", query_string=basis).status_code == 200
        code = self.rng.choice(list(DEFINITIONS))
        sides = dict(zip(("part", "rest"), right.members(code), strict=True))
        for which, ids in sides.items():
            asked = {**basis, "figure": code, "members": which}
            for door in ("/board/rows", "/cases"):
                answer = client.get(door, query_string=asked, headers={"Accept": "application/json"})
                assert answer.status_code == 200, (door, asked, answer.text[:300])
                body: Any = answer.json
                shown = body["count"] if door == "/board/rows" else body["total"]
                assert shown == len(ids), (door, asked, shown, ids)
        void = [one.case_id for one in right.standings if one.phase == "void"]
        for account, ids in (("cases", [o.case_id for o in right.chosen()]), ("void", void)):
            asked = {**basis, "account": account}
            answer = client.get(
                "/board/rows", query_string=asked, headers={"Accept": "application/json"}
            )
            behind: Any = answer.json
            assert sorted(behind["ids"]) == sorted(ids), asked
        self.seen["web"] += 1


def sheet_numbers(path: Path) -> list[str]:
    """Give the numbers on a sheet written as CSV."""
    place = [column.key for column in get_form(FORM).columns].index("number")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [_bare(line[place]) for line in list(csv.reader(stream))[1:]]


def _shown(key: str) -> str:
    _, number, part = key.split("/")
    return _name(number, int(part))


def _name(number: str, part: int) -> str:
    return f"{number}/{part}" if part else number


def _bare(shown: str) -> str:
    """Leave the star and the part away, which a sheet writes in its own way."""
    found = re.search(r"[A-Z]\d+", shown)
    assert found, shown
    return found[0]
