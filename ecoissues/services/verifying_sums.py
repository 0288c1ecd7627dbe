"""What stands beside the log and must agree with it: parties, placements, requests, figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select

from ecoissues.core.accounts import ACCOUNTS
from ecoissues.core.events import Event
from ecoissues.core.life import Life
from ecoissues.figures.comparing import compare_sums
from ecoissues.figures.postings import KEY_COLUMNS
from ecoissues.figures.standing import Key, standing_rows
from ecoissues.services.projecting import PLACED_COLUMNS, placed_rows
from ecoissues.services.site import Site
from ecoissues.storage import tables as t


class Aside:
    """Rows beside the log of some cases, read once for all of them."""

    def __init__(self, site: Site, connection: Connection, ids: Sequence[int]) -> None:
        self.site = site
        self._connection = connection
        self._parties = self._sets(t.case_parties, ("unit_id", "party"), ids)
        self._placements = self._sets(t.case_placements, PLACED_COLUMNS, ids)
        self._pending = self._sets(t.pending, ("seq", "sort"), ids)
        self._files = self._sets(t.evidence, ("seq", "sha256", "stage"), ids)
        self._postings = self._read_postings(ids)
        self._merged: dict[str, int | None] = {}

    def _sets(
        self, table: Any, names: Sequence[str], ids: Sequence[int]
    ) -> dict[int, set[tuple[Any, ...]]]:
        query = select(table.c.case_id, *(table.c[name] for name in names))
        sets: dict[int, set[tuple[Any, ...]]] = {}
        for case_id, *row in self._connection.execute(query.where(table.c.case_id.in_(ids))):
            sets.setdefault(case_id, set()).add(tuple(row))
        return sets

    def _read_postings(self, ids: Sequence[int]) -> dict[int, dict[Key, list[int]]]:
        p = t.postings
        columns = [p.c.case_id, *(p.c[name] for name in KEY_COLUMNS)]
        columns += [p.c[f"a_{name}"] for name in ACCOUNTS]
        width = len(KEY_COLUMNS) + 1
        found: dict[int, dict[Key, list[int]]] = {}
        for row in self._connection.execute(select(*columns).where(p.c.case_id.in_(ids))):
            rows, vector = found.setdefault(row[0], {}), list(row[width:])
            key: Any = tuple(row[1:width])
            old = rows.get(key)
            rows[key] = vector if old is None else [a + b for a, b in zip(old, vector, strict=True)]
        return found

    def merged(self, key: str | None) -> int | None:
        """Give the id of the main case named LIST/NUMBER[/PART]; None for none."""
        if key is None:
            return None
        if key not in self._merged:
            code, number, part = [*key.split("/"), "0"][:3]
            query = select(t.cases.c.id).where(
                t.cases.c.list_id == self.site.list_ids[code],
                t.cases.c.number == number,
                t.cases.c.part == int(part),
            )
            self._merged[key] = self._connection.execute(query).scalar()
        return self._merged[key]

    def files(self, case_id: int) -> set[tuple[Any, ...]]:
        """Give (seq, digest, stage) of the files registered for a case."""
        return self._files.get(case_id, set())

    def differences(
        self, case_id: int, home: str, standing: Sequence[Event], life: Life
    ) -> Iterator[tuple[str, str]]:
        """Give (code, sentence) for each sort of row that differs from the log."""
        tree, lists = self.site.tree, self.site.list_ids
        parties = {(tree.by_code[code].id, party) for code, party in life.parties}
        placed = set(placed_rows(life, lists))
        asked = {(seq, ask["sort"]) for seq, ask in life.pending.items()}
        for code, shown, wanted, stored in (
            ("parties", "承办单位", parties, self._parties),
            ("placements", "列入的清单", placed, self._placements),
            ("pending", "待处理申请", asked, self._pending),
        ):
            if stored.get(case_id, set()) != wanted:
                yield code, f"“{shown}”的登记与日志不一致。"
        expected = standing_rows(standing, tree, lists, home)
        if _filled(self._postings.get(case_id, {})) != _filled(expected):
            yield "postings", "统计记账与日志重算结果不一致。"


def _filled(rows: dict[Key, list[int]]) -> dict[Key, list[int]]:
    return {key: list(vector) for key, vector in rows.items() if any(vector)}


def faults(site: Site, connection: Connection) -> Iterator[tuple[str, str]]:
    """Compare the sums of every list as of today with the plain count of its cases' logs."""
    today = site.today()
    for row in site.lists.values():
        try:
            first = next(compare_sums(connection, site.tree, row, today), None)
        except (KeyError, ValueError) as error:  # a log that cannot be read is told elsewhere
            yield "sums", f"清单“{row.title}”的汇总无法核对（{type(error).__name__}）。"
            continue
        if first is not None:
            yield "sums", (
                f"清单“{row.title}”截至 {today} 的汇总与逐件重算不一致：{first.where} 的"
                f"“{first.account}”应为 {first.expected}，汇总为 {first.found}。"
            )
