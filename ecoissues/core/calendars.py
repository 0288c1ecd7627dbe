"""Working days: one document per year says which weekdays are off and which weekends are worked.

Source of the rule: 全国年节及纪念日放假办法 and the yearly notice of the General Office of the
State Council (国务院办公厅关于某年部分节假日安排的通知), which moves weekends (调休). A year whose
notice has not come yet has plain weekends and is *unknown*: never an error, but every deadline that
looks at it is provisional. Documents are read in ``calendar_documents``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import accumulate
from typing import Final, Literal

import msgspec

from ecoissues.core.errors import Refused

DayKind = Literal["workday", "weekend", "holiday", "makeup"]

#: One letter per day, the same letters that a deadline's proof is written in.
LETTERS: Final[dict[str, DayKind]] = {
    "c": "workday",
    "w": "weekend",
    "h": "holiday",
    "m": "makeup",
}
WORKED: Final = frozenset("cm")

#: Days outside these years are slips of the pen, not deadlines (the first decree is of 1949).
FIRST_YEAR: Final = 1949
LAST_YEAR: Final = 2199

_SATURDAY: Final = 5
_DAY: Final = timedelta(1)


class Calendar(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The days off and the make-up workdays of one calendar year.

    ``version`` grows with every change to the days (a second notice, an extended holiday).
    ``status`` is ``official`` once the State Council's notice is in it; a ``provisional`` document
    is counted with, but leaves deadlines provisional. ``notice`` names the source. ``holidays`` are
    all days off of the spans, weekend days among them; ``makeup`` are worked weekend days. Every
    day lies in ``year``: a New Year's span that begins in December belongs to two documents.
    With a ``region`` the document holds only the days in which the region differs from the whole
    country (a festival of its own, a weekend worked); it is laid over the year's document.
    """

    year: int
    version: int
    status: Literal["official", "provisional"]
    notice: str
    holidays: frozenset[date]
    makeup: frozenset[date]
    region: str = ""

    def __post_init__(self) -> None:
        """Refuse days that cannot be true; ValueError, which msgspec reports as invalid."""
        if not FIRST_YEAR <= self.year <= LAST_YEAR:
            raise ValueError(f"年份 {self.year} 超出 {FIRST_YEAR} 至 {LAST_YEAR}")
        if self.version < 1:
            raise ValueError(f"版本号 {self.version} 应从 1 起")
        if self.region != self.region.strip() or "+" in self.region or len(self.region) > 20:
            raise ValueError("地区名称不能有空格或加号，最长 20 字")
        if not self.notice.strip():
            raise ValueError("没有写明放假通知的名称")
        astray = sorted(day for day in self.holidays | self.makeup if day.year != self.year)
        if astray:
            raise ValueError(f"{astray[0]} 不在 {self.year} 年内,应写入 {astray[0].year} 年的文件")
        both = sorted(self.holidays & self.makeup)
        if both:
            raise ValueError(f"{both[0]} 既是放假日又是调休上班日")
        weekdays = sorted(day for day in self.makeup if day.weekday() < _SATURDAY)
        if weekdays:
            raise ValueError(f"调休上班日 {weekdays[0]} 不是周六或周日")

    @property
    def name(self) -> str:
        """The year, or year+region, as proofs name it."""
        return f"{self.year}+{self.region}" if self.region else str(self.year)

    def same_days(self, other: Calendar) -> bool:
        """True when both documents lead to the same deadlines, whatever their wording."""
        return (self.holidays, self.makeup, self.status) == (
            other.holidays,
            other.makeup,
            other.status,
        )


class _Year:
    """A year unfolded: its letters day by day, and the workdays from 1 January up to each day."""

    __slots__ = ("first", "letters", "worked")

    def __init__(self, year: int, documents: Iterable[Calendar]) -> None:
        first = date(year, 1, 1)
        length = (date(year + 1, 1, 1) - first).days
        holidays, makeup = frozenset[date](), frozenset[date]()
        for one in documents:  # the country's first: a region's days go before them
            holidays = (holidays - one.makeup) | one.holidays
            makeup = (makeup - one.holidays) | one.makeup
        letters = []
        for offset in range(length):
            day = first + timedelta(offset)
            if day in holidays:
                letters.append("h")
            elif day in makeup:
                letters.append("m")
            else:
                letters.append("w" if day.weekday() >= _SATURDAY else "c")
        self.first = first.toordinal()
        self.letters = "".join(letters)
        self.worked = tuple(accumulate(letter in WORKED for letter in letters))


class Calendars(Mapping[int, Calendar]):
    """The calendars of all years, by year; immutable, safe to share between threads.

    In: the documents. Refused ``bad_calendar``: two of them speak of the same year.
    Years are unfolded once and kept, because deadlines are counted by the hundred thousand.
    """

    def __init__(self, calendars: Iterable[Calendar] = ()) -> None:
        found: dict[tuple[int, str], Calendar] = {}
        for calendar in calendars:
            if (calendar.year, calendar.region) in found:
                raise bad_calendar(calendar.name, f"{calendar.name} 有两份日历文件")
            found[calendar.year, calendar.region] = calendar
        self._found = dict(sorted(found.items()))
        self._by_year = {year: one for (year, region), one in self._found.items() if not region}
        self._names: dict[int, dict[str, int]] = {}
        for (year, _), one in self._found.items():
            self._names.setdefault(year, {})[one.name] = one.version
        for year, names in self._names.items():
            names.setdefault(str(year), 0)
        self._years: dict[int, _Year] = {}

    def documents(self) -> tuple[Calendar, ...]:
        """Give every document, the additions of regions among them, by year and region."""
        return tuple(self._found.values())

    def __getitem__(self, year: int) -> Calendar:
        return self._by_year[year]

    def __iter__(self) -> Iterator[int]:
        return iter(self._by_year)

    def __len__(self) -> int:
        return len(self._by_year)

    def _year(self, year: int) -> _Year:
        unfolded = self._years.get(year)
        if unfolded is None:
            # Two threads may both unfold a year; the results are equal, so either may stay.
            own = [one for (of, _), one in self._found.items() if of == year]
            unfolded = self._years[year] = _Year(year, own)
        return unfolded

    def day_kind(self, day: date) -> DayKind:
        """Say what a day is: workday, weekend, holiday or makeup (a worked weekend day).

        A year without a document has plain weekends.
        """
        return LETTERS[self.letters(day, 1)]

    def is_workday(self, day: date) -> bool:
        """True when the offices work on that day."""
        return self.letters(day, 1) in WORKED

    def is_known(self, year: int) -> bool:
        """True when the State Council's notice for the year is in; else its days are a guess."""
        calendar = self._by_year.get(year)
        return calendar is not None and calendar.status == "official"

    def versions(self, years: Iterable[int]) -> dict[str, int]:
        """Give the document version per year, years as text (JSON); 0 where there is none.

        An addition of a region stands beside its year as ``YEAR+REGION``.
        """
        found: dict[str, int] = {}
        for year in sorted(set(years)):
            found.update(self._names.get(year) or {str(year): 0})
        return found

    def letters(self, first: date, count: int) -> str:
        """Give one letter (see LETTERS) for each of ``count`` days from ``first`` on."""
        year = first.year
        unfolded = self._year(year)
        start = first.toordinal() - unfolded.first
        text = unfolded.letters[start : start + count]
        while len(text) < count:
            year += 1
            text += self._year(year).letters[: count - len(text)]
        return text

    def workdays_between(self, start: date, end: date) -> int:
        """Count the workdays after ``start`` up to and with ``end``; negative when end is before.

        So a deadline today leaves 0 workdays, one on the next workday leaves 1.
        """
        if end < start:
            return -self.workdays_between(end, start)
        total = self._worked(end) - self._worked(start)
        return total + sum(self._year(year).worked[-1] for year in range(start.year, end.year))

    def _worked(self, day: date) -> int:
        unfolded = self._year(day.year)
        return unfolded.worked[day.toordinal() - unfolded.first]

    def add_workdays(self, day: date, count: int) -> date:
        """Give the ``count``-th workday after a day (0: the day itself). The day does not count."""
        if not count:
            return day
        first, size = day + _DAY, count * 2 + 16
        while True:
            left = count
            for at, letter in enumerate(self.letters(first, size)):
                if letter in WORKED:
                    left -= 1
                    if not left:
                        return first + timedelta(at)
            size *= 2

    def next_workday(self, day: date) -> date:
        """Give the first workday from a day on, the day itself if it is one."""
        return self.add_workdays(day - _DAY, 1)


def bad_calendar(name: str, reason: str) -> Refused:
    """Make the refusal of a calendar document: its name and what is wrong with it."""
    sentence = f"日历文件 {name} 有误：{reason}。该文件未被采用，现有期限没有改动。"
    return Refused("bad_calendar", sentence, file=name, reason=reason)
