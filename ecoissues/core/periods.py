"""Months and quarters as people write them: ``2026-09``, ``2026-Q3``."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from msgspec import Struct

from ecoissues.core.errors import Refused

_FORM: Final = re.compile(r"(\d{4})[-年]?(?:Q([1-4])|0?([1-9]|1[0-2])月?)")


class Period(Struct, frozen=True):
    """A month or a quarter: its name, first and last day."""

    name: str
    first: date
    last: date

    @property
    def words(self) -> str:
        """Its name in Chinese text."""
        year = f"{self.first.year}年"
        if "Q" in self.name:
            return f"{year}第{'一二三四'[int(self.name[-1]) - 1]}季度"
        return f"{year}{self.first.month}月"

    @property
    def previous(self) -> Period:
        """The period before, of the same length."""
        before = self.first - timedelta(days=1)
        return period_of(before, quarter="Q" in self.name)


def period_of(day: date, *, quarter: bool = False) -> Period:
    """Give the month or quarter a day lies in."""
    number = (day.month - 1) // 3 + 1
    first = date(day.year, number * 3 - 2 if quarter else day.month, 1)
    months = first.year * 12 + first.month - 1 + (3 if quarter else 1)
    last = date(months // 12, months % 12 + 1, 1) - timedelta(days=1)
    name = f"{day.year}-Q{number}" if quarter else f"{day.year}-{day.month:02d}"
    return Period(name, first, last)


def read_period(text: str) -> Period:
    """Read a period; Refused ``bad_period`` for what is none."""
    found = _FORM.fullmatch(text.strip().upper())
    if found is None:
        raise Refused("bad_period", f"期间“{text[:20]}”无法识别；请写成 2026-09 或 2026-Q3。")
    year, quarter, month = found.groups()
    number = int(quarter) * 3 if quarter else int(month)
    return period_of(date(int(year), number, 1), quarter=bool(quarter))
