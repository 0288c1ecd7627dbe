"""The calendars agree with two independent libraries, and a broken document is refused by name."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoissues.core.calendar_documents import decode_calendar, gather_calendars
from ecoissues.core.calendars import WORKED, Calendar, Calendars
from ecoissues.core.errors import Refused
from ecoissues.core.promised_dates import month_end

YEARS = range(2018, 2027)
CALENDARS = gather_calendars()
GOOD = """
year = 2026
version = 2
status = "official"
notice = "某通知"
holidays = [2026-01-01, 2026-01-02]
makeup = [2026-01-04]
"""


def days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(offset) for offset in range((date(year + 1, 1, 1) - first).days)]


@pytest.mark.parametrize("year", YEARS)
def test_every_day_agrees_with_two_independent_sources(year: int) -> None:
    china = holidays.country_holidays("CN", years=year)
    for day in days_of(year):
        assert CALENDARS.is_workday(day) == chinese_calendar.is_workday(day), day
        assert CALENDARS.is_workday(day) == china.is_working_day(day), day


@pytest.mark.parametrize("year", YEARS)
def test_kinds_of_days_fit_their_weekday_and_cover_the_statutory_days(year: int) -> None:
    china = holidays.country_holidays("CN", years=year)
    for day in days_of(year):
        kind = CALENDARS.day_kind(day)
        if kind in ("makeup", "weekend"):
            assert day.weekday() >= 5, day
        if kind == "workday":
            assert day.weekday() < 5, day
        if day in china:
            assert kind == "holiday", day


def test_packaged_years_are_complete_official_and_named() -> None:
    assert list(CALENDARS) == list(YEARS)
    for year, calendar in CALENDARS.items():
        assert calendar.year == year
        assert CALENDARS.is_known(year)
        assert f"国务院办公厅关于{year}年部分节假日安排的通知" in calendar.notice


def test_make_up_days_of_2026() -> None:
    expected = [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)]
    assert sorted(CALENDARS[2026].makeup) == [date(2026, month, day) for month, day in expected]


@pytest.mark.parametrize("year", [1999, 2017, 2027, 2150])
def test_a_year_without_a_document_has_plain_weekends(year: int) -> None:
    assert not CALENDARS.is_known(year)
    for day in days_of(year):
        assert CALENDARS.day_kind(day) == ("weekend" if day.weekday() >= 5 else "workday")


def test_a_provisional_document_is_counted_with_but_not_known() -> None:
    text = GOOD.replace("official", "provisional").replace("2026-", "2027-")
    text = text.replace("year = 2026", "year = 2027").replace("2027-01-04", "2027-01-03")
    calendars = Calendars([decode_calendar(text, "2027.toml")])
    assert calendars.day_kind(date(2027, 1, 1)) == "holiday"
    assert not calendars.is_known(2027)


def test_versions_are_text_keyed_and_zero_for_an_unknown_year() -> None:
    assert CALENDARS.versions([2027, 2026, 2026]) == {"2026": 1, "2027": 0}


@given(st.dates(date(2016, 1, 1), date(2029, 12, 31)), st.integers(min_value=-800, max_value=800))
def test_workdays_between_equals_a_count_by_hand(start: date, distance: int) -> None:
    end = start + timedelta(distance)
    low, high = min(start, end), max(start, end)
    by_hand = sum(
        CALENDARS.is_workday(low + timedelta(offset)) for offset in range(1, (high - low).days + 1)
    )
    assert CALENDARS.workdays_between(start, end) == (by_hand if distance >= 0 else -by_hand)


@given(st.dates(date(2017, 1, 1), date(2028, 12, 31)), st.integers(min_value=1, max_value=900))
def test_letters_of_a_span_are_those_of_its_days(first: date, count: int) -> None:
    letters = CALENDARS.letters(first, count)
    assert len(letters) == count
    for offset in {0, count // 2, count - 1}:
        day = first + timedelta(offset)
        assert (letters[offset] in WORKED) == CALENDARS.is_workday(day)
        assert letters[offset] == CALENDARS.letters(day, 1)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("year = 2026", "", "year"),
        ("year = 2026", "year = true", "year"),
        ("year = 2026", "year = 2026\nyears = 1", "years"),
        ("year = 2026", "year = 26", "26"),
        ("version = 2", "version = 0", "版本号"),
        ('"official"', '"rumour"', "rumour"),
        ('"某通知"', '"  "', "通知"),
        ("2026-01-02", "2025-12-31", "2025 年的文件"),
        ("2026-01-02", "2026-01-01", "2026-01-01 重复"),
        ("2026-01-02", '"2026-01-01"', "2026-01-01 重复"),
        ("2026-01-02", "2026-01-04", "既是放假日又是调休上班日"),
        ("2026-01-04", "2026-01-05", "不是周六或周日"),
        ("2026-01-02", "2026-01-02T08:00:00", "holidays"),
        ("2026-01-02", "2026-02-30", "TOML"),
        ("makeup = [", "makeup = ", "TOML"),
        ("makeup = [2026-01-04]", "makeup = 3", "makeup"),
    ],
)
def test_a_broken_document_is_refused_with_file_and_reason(old: str, new: str, reason: str) -> None:
    assert old in GOOD
    with pytest.raises(Refused) as refusal:
        decode_calendar(GOOD.replace(old, new), "2026.toml")
    assert refusal.value.code == "bad_calendar"
    assert refusal.value.facts["file"] == "2026.toml"
    assert reason in refusal.value.facts["reason"]
    assert "2026.toml" in refusal.value.sentence


def test_the_file_name_must_be_its_year() -> None:
    with pytest.raises(Refused, match="文件名"):
        decode_calendar(GOOD, "2025.toml")
    assert decode_calendar(GOOD, "pasted").year == 2026


def test_a_year_cannot_be_told_twice() -> None:
    calendar = decode_calendar(GOOD, "2026.toml")
    with pytest.raises(Refused, match="两份"):
        Calendars([calendar, calendar])


def test_a_site_folder_adds_and_overrides(tmp_path: Path) -> None:
    (tmp_path / "2026.toml").write_text(GOOD, encoding="utf-8")
    added = GOOD.replace("2026", "2028").replace("2028-01-04", "2028-01-08")
    (tmp_path / "2028.toml").write_text(added, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("nothing", encoding="utf-8")
    calendars = gather_calendars(tmp_path)
    assert calendars.versions([2026, 2028]) == {"2026": 2, "2028": 2}
    assert calendars.day_kind(date(2026, 10, 1)) == "workday"
    assert calendars.day_kind(date(2028, 1, 8)) == "makeup"
    assert CALENDARS.day_kind(date(2026, 10, 1)) == "holiday"


def test_an_override_with_other_days_needs_a_new_version(tmp_path: Path) -> None:
    path = tmp_path / "2026.toml"
    path.write_text(GOOD.replace("version = 2", "version = 1"), encoding="utf-8")
    with pytest.raises(Refused, match="版本号须大于 1"):
        gather_calendars(tmp_path)
    path.write_text(_as_text(CALENDARS[2026]), encoding="utf-8")
    assert gather_calendars(tmp_path)[2026].notice == "本地抄录"


def _as_text(calendar: Calendar) -> str:
    return (
        f'year = {calendar.year}\nversion = {calendar.version}\nstatus = "official"\n'
        'notice = "本地抄录"\n'
        f"holidays = [{', '.join(map(str, sorted(calendar.holidays)))}]\n"
        f"makeup = [{', '.join(map(str, sorted(calendar.makeup)))}]\n"
    )


def test_an_unreadable_file_of_the_site_is_named(tmp_path: Path) -> None:
    (tmp_path / "2027.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Refused) as refusal:
        gather_calendars(tmp_path)
    assert refusal.value.facts["file"] == "2027.toml"


def test_a_missing_site_folder_counts_as_empty(tmp_path: Path) -> None:
    assert list(gather_calendars(tmp_path / "none")) == list(CALENDARS)


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("2025年12月底", "2025-12-31"),
        ("2025年底", "2025-12-31"),
        ("2025年年底前", "2025-12-31"),
        ("2025年末", "2025-12-31"),
        ("2025年12月", "2025-12-31"),
        ("2025 年 6 月底前完成", "2025-06-30"),
        ("2024年2月", "2024-02-29"),
        ("2025年第三季度", "2025-09-30"),
        ("2025年三季度末", "2025-09-30"),
        ("2025年1-3季度", "2025-09-30"),
        ("2025年上半年", "2025-06-30"),
        ("2025年下半年", "2025-12-31"),
        ("2025年6月上旬", "2025-06-10"),
        ("2025年6月中旬", "2025-06-20"),
        ("2025年6月下旬", "2025-06-30"),
        ("2025年12月31日24时前", "2025-12-31"),
        ("2025-12-31", "2025-12-31"),
        ("2025/6/30前", "2025-06-30"),
        ("2025.12", "2025-12-31"),
        ("２０２５年１２月３１日", "2025-12-31"),
        ("二〇二五年十二月底前", "2025-12-31"),
        ("二零二五年十一月二十日", "2025-11-20"),
        ("2023-2025年", "2025-12-31"),
        ("2025年3-6月", "2025-06-30"),
        ("2025年3月1日至6月30日", "2025-06-30"),
        ("2025年12月至2026年3月", "2026-03-31"),
        ("立行立改,2025年6月底完成", "2025-06-30"),
        ("2025年12月底前完成,长期坚持", "2025-12-31"),
        ("2021年督察反馈问题,2025年6月底完成", "2025-06-30"),
        ("2023年起,2025年底前", "2025-12-31"),
    ],
)
def test_a_time_limit_in_words_has_a_last_day(text: str, last: str) -> None:
    assert month_end(text) == date.fromisoformat(last)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "立行立改,长期坚持",
        "需长期整改和长效管控",
        "(未显示)",
        "每年12月底",
        "2023年起,每年12月底前",
        "2023年起长期坚持",
        "2025年12月底至次年3月",
        "2024-05前(措施内)",
        "2024年5月前",
        "2025年汛期前",
        "2025年2月30日",
        "2025年13月",
        "2025年0月",
        "12月底",
        "3个月内",
        "投资2000.5万元",
        "电话20251231",
    ],
)
def test_a_time_limit_without_a_certain_day_is_left_to_a_person(text: str) -> None:
    assert month_end(text) is None


@given(st.text(alphabet="0123456789年月日底末前季度上下半旬第至-./一二三十〇零 起长期,"))
def test_no_text_breaks_the_reading(text: str) -> None:
    last = month_end(text)
    assert last is None or 1949 <= last.year <= 2199


@given(st.text())
def test_no_foreign_text_breaks_the_reading(text: str) -> None:
    month_end(text)
