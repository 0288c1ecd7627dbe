"""Working days: one document per year says which weekdays are off and which weekends are worked.

Source of the rule: 全国年节及纪念日放假办法 and the yearly notice of the General Office of the
State Council (国务院办公厅关于某年部分节假日安排的通知), which moves weekends (调休). A year whose
notice has not come yet has plain weekends and is *unknown*: never an error, but every deadline that
looks at it is provisional. Below them: the last day that words such as 2025年三季度 allow.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from importlib import resources
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final, Literal

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


class Calendar(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The days off and the make-up workdays of one calendar year.

    ``version`` grows with every change to the days (a second notice, an extended holiday).
    ``status`` is ``official`` once the State Council's notice is in it; a ``provisional`` document
    is counted with, but leaves deadlines provisional. ``notice`` names the source. ``holidays`` are
    all days off of the spans, weekend days among them; ``makeup`` are worked weekend days. Every
    day lies in ``year``: a New Year's span that begins in December belongs to two documents.
    """

    year: int
    version: int
    status: Literal["official", "provisional"]
    notice: str
    holidays: frozenset[date]
    makeup: frozenset[date]

    def __post_init__(self) -> None:
        """Refuse days that cannot be true; ValueError, which msgspec reports as invalid."""
        if not FIRST_YEAR <= self.year <= LAST_YEAR:
            raise ValueError(f"年份 {self.year} 超出 {FIRST_YEAR} 至 {LAST_YEAR}")
        if self.version < 1:
            raise ValueError(f"版本号 {self.version} 应从 1 起")
        if not self.notice.strip():
            raise ValueError("没有写明放假通知的名称")
        astray = sorted(day for day in self.holidays | self.makeup if day.year != self.year)
        if astray:
            raise ValueError(f"{astray[0]} 不在 {self.year} 年内，应写入 {astray[0].year} 年的文件")
        both = sorted(self.holidays & self.makeup)
        if both:
            raise ValueError(f"{both[0]} 既是放假日又是调休上班日")
        weekdays = sorted(day for day in self.makeup if day.weekday() < _SATURDAY)
        if weekdays:
            raise ValueError(f"调休上班日 {weekdays[0]} 不是周六或周日")

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

    def __init__(self, year: int, calendar: Calendar | None) -> None:
        first = date(year, 1, 1)
        length = (date(year + 1, 1, 1) - first).days
        holidays = calendar.holidays if calendar else frozenset()
        makeup = calendar.makeup if calendar else frozenset()
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
        by_year: dict[int, Calendar] = {}
        for calendar in calendars:
            if calendar.year in by_year:
                raise _bad(f"{calendar.year}.toml", f"{calendar.year} 年有两份日历文件")
            by_year[calendar.year] = calendar
        self._by_year = dict(sorted(by_year.items()))
        self._years: dict[int, _Year] = {}

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
            unfolded = self._years[year] = _Year(year, self._by_year.get(year))
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
        """Give the document version per year, years as text (JSON); 0 where there is none."""
        return {
            str(year): self._by_year[year].version if year in self._by_year else 0
            for year in sorted(set(years))
        }

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


def decode_calendar(text: str, name: str) -> Calendar:
    """Read one calendar document, strictly.

    In: the TOML text and the file's name (``2026.toml``), which is told in the refusal.
    Refused ``bad_calendar`` with facts ``file`` and ``reason``: not TOML, a field missing, unknown
    or of the wrong type, a day listed twice, or days that cannot be true (see Calendar).
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _bad(name, f"不是有效的 TOML({error})") from error
    try:
        calendar = msgspec.convert(document, Calendar)
    except msgspec.ValidationError as error:
        raise _bad(name, str(error)) from error
    _refuse_doubles(document, name)
    stem = Path(name).stem
    if stem.isdecimal() and int(stem) != calendar.year:
        raise _bad(name, f"文件名与年份 {calendar.year} 不符")
    return calendar


def gather_calendars(extra: Path | None = None) -> Calendars:
    """Read the packaged calendars and, if given, a site's own folder, whose files override.

    In: a folder of ``YEAR.toml`` files; one that does not exist counts as empty. An overriding file
    with other days must carry a higher version, or proofs written under that version would be
    ambiguous. Refused ``bad_calendar``: a broken document, or an override without a new version.
    """
    packaged = resources.files("ecoissues").joinpath("calendars")
    found = {
        calendar.year: calendar
        for calendar in (
            decode_calendar(entry.read_text(encoding="utf-8"), entry.name)
            for entry in sorted(packaged.iterdir(), key=lambda entry: entry.name)
            if entry.name.endswith(".toml")
        )
    }
    for calendar in _own_calendars(extra):
        known = found.get(calendar.year)
        if known and not calendar.same_days(known) and calendar.version <= known.version:
            reason = f"内容与随软件提供的第 {known.version} 版不同，版本号须大于 {known.version}"
            raise _bad(f"{calendar.year}.toml", reason)
        found[calendar.year] = calendar
    return Calendars(found.values())


def _own_calendars(folder: Path | None) -> Iterable[Calendar]:
    if folder is None or not folder.is_dir():
        return ()
    paths = sorted(folder.glob("*.toml"))
    return Calendars(decode_calendar(_read(path), path.name) for path in paths).values()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(path.name, f"无法按 UTF-8 文本读取（{error}）") from error


def _refuse_doubles(document: Mapping[str, Any], name: str) -> None:
    """A set would swallow a day written twice, which mostly is a slip for its neighbour."""
    for field in ("holidays", "makeup"):
        days = sorted(str(day) for day in document[field])
        for day, following in pairwise(days):
            if day == following:
                raise _bad(name, f"{field} 中 {day} 重复")


def _bad(name: str, reason: str) -> Refused:
    sentence = f"日历文件 {name} 有误：{reason}。该文件未被采用，现有期限没有改动。"
    return Refused("bad_calendar", sentence, file=name, reason=reason)


# --- Days that a time limit names in words ------------------------------------------------------

_YEARLY: Final = re.compile("每[年月季]|[次翌]年")
_RANGE_IN_YEAR: Final = re.compile(r"\d{1,2}(?:月|季度)?[-–—~至到](?=第?\d{1,2}(?:月|季度))")
_NUMERIC: Final = re.compile(
    r"(?<!\d)((?:19|20)\d\d)([-./])(\d{1,2})(?:\2(\d{1,2})|月)?(?![\d年万亿元吨亩])"
)
_PROMISE: Final = re.compile(
    r"(?:(?P<year>(?<!\d)\d{4})年度?)?"
    r"(?:(?P<half>[上下])半年|第?(?P<quarter>[1-4])季度"
    r"|(?<!\d)(?P<month>\d{1,2})月(?:份|(?P<day>\d{1,2})[日号]|(?P<third>[上中下])旬)?)?"
    r"(?P<end>年?[底末])?(?P<edge>起|开始|启动|以来|以?后|[之以]?前)?"
)
#: What may follow a year that stands alone; before other words (汛期, 春节) it is no year's end.
_YEAR_ENDS: Final = re.compile(r"$|[,;。、()\-–—~至到和及]|内|完成")
_NUMERALS: Final = "〇一二三四五六七八九"


def month_end(text: str) -> date | None:
    """Give the last day that a time limit in words allows, or None when it names none.

    In: a cell such as 2025年12月底, 2025年底, 2025年12月, 2025年第三季度, 2025年上半年, 2025-12-31,
    2023-2025年, 二〇二五年六月底前; of several dates the last one counts. None for 立行立改,
    长期坚持, for dates that do not exist, and for 2024年5月前 or 2025年汛期前, which do not say
    their day: a person decides.
    Source: the columns 整改时限 and 办结目标 of published plans of work.
    """
    plain = _plain(text)
    if _YEARLY.search(plain):
        return None
    found: list[date] = []
    year: int | None = None
    for match in _PROMISE.finditer(plain):
        part = match["half"] or match["quarter"] or match["month"]
        if match["year"]:
            year = int(match["year"])
        elif not part or year is None:
            continue
        before = (match["edge"] or "").endswith("前")
        if match["edge"] and not before:
            continue  # a beginning, not a limit
        if before and not (match["end"] or match["day"]):
            return None
        if not (part or match["end"] or _YEAR_ENDS.match(plain, match.end())):
            continue
        day = _last_day(year, match)
        if day is None:
            return None
        found.append(day)
    return max(found, default=None)


def _plain(text: str) -> str:
    """One spelling: half-width, no spaces, Arabic digits, 年月日, ranges cut to their end."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).replace("○", "〇")
    plain = re.sub("[〇零一二三四五六七八九]{4}(?=年)", _digits, plain)
    plain = re.sub(
        "(?:[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九])(?=[月日号]|季度)", _number, plain
    )
    plain = _NUMERIC.sub(_spelled_out, plain)
    return _RANGE_IN_YEAR.sub("", plain)


def _digits(match: re.Match[str]) -> str:
    return "".join(str(_NUMERALS.index(sign)) for sign in match[0].replace("零", "〇"))


def _number(match: re.Match[str]) -> str:
    tens, ten, ones = match[0].rpartition("十")
    return str(_NUMERALS.index(ones or "〇") + _NUMERALS.index(tens or "一") * 10 * len(ten))


def _spelled_out(match: re.Match[str]) -> str:
    return f"{match[1]}年{match[3]}月" + (f"{match[4]}日" if match[4] else "")


def _last_day(year: int | None, match: re.Match[str]) -> date | None:
    if year is None or not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    month = 12
    if match["half"]:
        month = 6 if match["half"] == "上" else 12
    elif match["quarter"]:
        month = int(match["quarter"]) * 3
    elif match["month"]:
        month = int(match["month"])
    if not 1 <= month <= 12:
        return None
    last = monthrange(year, month)[1]
    day = int(match["day"] or {"上": 10, "中": 20}.get(match["third"], last))
    return date(year, month, day) if 1 <= day <= last else None
