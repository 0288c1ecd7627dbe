"""Single values: numbers, days, words, outcomes, regions."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoissues.core import vocabulary
from ecoissues.intake import words
from ecoissues.intake.cells import address, number_text, parse_address, serial_text
from ecoissues.intake.dates import date_in_number, find_date, parse_date
from ecoissues.intake.numbers import channel_in_number, parse_number
from ecoissues.intake.outcomes import suggest_outcomes
from ecoissues.intake.regions import RegionNames


@pytest.mark.parametrize(
    "text",
    [
        "2026.3.5", "2026年3月5日", "2026/03/05", "2026-3-5", "２０２６／３／５", "20260305", "46086",
        "2026年03月05日 14:30", "2026-03-05T00:00:00", " 2026 年 3 月 5 日 ", "2026.3.5。",
        "二〇二六年三月五日", "2026年3月5日(星期四)", "2026-03-05 08:00:00",
        "2026年3月5日上午", "2026.3.5.", "2026年3月5日 16时", "2026年3月5日下午3点20分", "2026-3-5 晚8:30",
    ],
)  # fmt: skip
def test_days_in_all_forms(text: str) -> None:
    assert parse_date(text) == date(2026, 3, 5)


@pytest.mark.parametrize(
    "text",
    ["", "2026年12月底", "立行立改,长期坚持", "2023-2025年", "2026-02-30", "3月5日", "12", "无",
     "2026", "99999999", "0001-01-01", "2024-05前", "2026.3", "2026年3月", "05/03/2026"],
)  # fmt: skip
def test_texts_that_are_no_days(text: str) -> None:
    assert parse_date(text) is None


@given(st.dates(date(1955, 1, 1), date(2118, 12, 31)), st.sampled_from("年./-"))
def test_every_day_is_read_back(day: date, mark: str) -> None:
    tail = ("月", "日") if mark == "年" else (mark, "")
    assert parse_date(f"{day.year}{mark}{day.month}{tail[0]}{day.day}{tail[1]}") == day
    assert parse_date(str((day - date(1899, 12, 30)).days)) == day
    shown = serial_text(str((day - date(1904, 1, 1)).days), from_1904=True)
    assert shown == "\0" + day.isoformat()


def test_serials_before_march_1900_and_times() -> None:
    assert serial_text("1", False) == "\x001900-01-01"
    assert serial_text("61", False) == "\x001900-03-01"
    assert serial_text("0.5", False) == "12:00"
    assert serial_text("45000.25", False) == "2023-03-15 06:00"
    assert serial_text("-1", False) is None
    assert serial_text("x", False) is None


def test_first_day_in_a_title() -> None:
    assert find_date("一览表(2024年6月3日至2024年6月5日)") == date(2024, 6, 3)
    assert find_date("第七批") is None


@given(st.integers(1, 2_000_000), st.integers(0, 20_000))
def test_addresses_round_trip(line: int, column: int) -> None:
    assert parse_address(address(line, column)) == (line, column)


@pytest.mark.parametrize(
    ("raw", "text", "lost"),
    [("3.0", "3", False), ("1.10101199003071E+17", "110101199003071000", True), ("-7", "-7", False),
     ("0.1", "0.1", False), ("0.30000000000000004", "0.3", False), ("1E3", "1000", False),
     ("12345678901234", "12345678901234", False), ("abc", "abc", False), ("NaN", "NaN", False),
     ("1E999999999", "1E999999999", False)],
)  # fmt: skip
def test_number_cells(raw: str, text: str, lost: bool) -> None:
    assert number_text(raw) == (text, lost)


@pytest.mark.parametrize(
    ("raw", "text", "key", "superior"),
    [
        ("D3HN202406020040", "D3HN202406020040", False, ""),
        ("d3hn202406020040*", "D3HN202406020040", True, ""),
        ("D3HN 2024 0602 0040＊", "D3HN202406020040", True, ""),
        ("Ｄ３ＨＮ２０２４０６０２００４０", "D3HN202406020040", False, ""),
        ("30*", "30", True, ""),
        ("访受[2021]0517031号", "访受〔2021〕0517031号", False, ""),
        ("〔2018〕200", "〔2018〕200", False, ""),
        ("1676号", "1676号", False, ""),
        ("序号8(市序号9)", "8", False, "9"),
        ("第6项", "6", False, ""),
        ("一", "一", False, ""),
        ("D07062", "D07062", False, ""),
        ("BCD2022092601", "BCD2022092601", False, ""),
        ("", "", False, ""),
    ],
)
def test_numbers(raw: str, text: str, key: bool, superior: str) -> None:
    number = parse_number(raw)
    assert (number.text, number.key, number.superior) == (text, key, superior)
    assert parse_number(number.text).text == text


def test_numbers_written_as_powers_are_known_to_be_damaged() -> None:
    assert parse_number("1.10101E+17").damaged
    assert not parse_number("D3").damaged


def test_what_a_central_number_states() -> None:
    assert date_in_number("X2HA202104270093") == date(2021, 4, 27)
    assert channel_in_number("X2HA202104270093") == "letter"
    assert date_in_number("D07062") is None
    assert channel_in_number("D07062") is None


@pytest.mark.parametrize(
    ("text", "keys", "unknown"),
    [
        ("水、大气,噪声", ("water", "air", "noise"), ()),
        ("大气污染\n水污染", ("air", "water"), ()),
        ("大气，水；土壤", ("air", "water", "soil"), ()),
        ("其他污染", ("other",), ()),
        ("油烟 扬尘", ("fumes", "dust"), ()),
        ("畜禽养殖污染", ("livestock",), ()),
        ("固废/重金属", ("solid_waste", "heavy_metal"), ()),
        ("群众身边的问题", ("other",), ("群众身边的问题",)),
        ("水(黑臭水体)", ("water",), ()),
        ("水、水", ("water",), ()),
    ],
)
def test_types(text: str, keys: tuple[str, ...], unknown: tuple[str, ...]) -> None:
    assert words.split_types(text) == (keys, unknown)


@pytest.mark.parametrize(
    ("text", "key"),
    [("是", "substantiated"), ("否", "unsubstantiated"), ("属实", "substantiated"),
     ("基本属实", "mostly"), ("部分\n属实", "partly"), ("不属实", "unsubstantiated"),
     ("属实(由正文推出)", "substantiated"), ("经核查,反映情况部分属实。", "partly"),
     ("该问题不属实", "unsubstantiated"), ("待核", None)],
)  # fmt: skip
def test_verdicts(text: str, key: str | None) -> None:
    assert words.find_verdict(text) == key


@pytest.mark.parametrize(
    ("name", "text", "key"),
    [
        ("finished", "已办结", "closed"), ("finished", "阶段性办结", "phase_closed"),
        ("finished", "阶段办结", "phase_closed"), ("finished", "未办结", "open"),
        ("finished", "正在办理", "open"), ("finished", "是", "closed"), ("finished", "否", "open"),
        ("finished", "完成交账销号", "closed"), ("channels", "来电", "call"),
        ("channels", "来信举报", "letter"), ("channels", "微信", "web"), ("weights", "重点件", "key"),
        ("progress", "超过序时进度", "ahead"), ("progress", "未达到序时进度", "behind"),
    ],
)  # fmt: skip
def test_words(name: str, text: str, key: str) -> None:
    assert words.find_word(name, text) == key


def test_the_words_are_those_of_the_core() -> None:
    lists = {
        "types": vocabulary.TYPES,
        "verdicts": vocabulary.VERDICTS,
        "finished": vocabulary.PHASES,
        "channels": vocabulary.CHANNELS,
        "progress": vocabulary.PROGRESS,
        "weights": vocabulary.WEIGHTS,
    }
    for name, keys in lists.items():
        assert set(words._list(name)[0].values()) <= set(keys)
        if name != "finished":
            for key, (shown, _) in keys.items():
                assert words.find_word(name, shown) == key, (name, shown)


def test_outcomes() -> None:
    found = suggest_outcomes("约谈2人", "罚款79300元;另处1万元罚款。责令限期整改,立案3件,拘留1人")
    assert {(s.sort, s.count, s.fen) for s in found} == {
        ("talk", 2, None),
        ("fined", None, 7_930_000),
        ("fined", None, 1_000_000),
        ("ordered_to_correct", None, None),
        ("case_filed", 3, None),
        ("detention", 1, None),
    }
    assert suggest_outcomes("无", "") == ()
    assert [s.count for s in suggest_outcomes("对镇长某约谈,共约谈十二人")] == [12]
    assert suggest_outcomes("罚款0.5万元")[0].fen == 500_000
    assert {s.sort for s in suggest_outcomes("不予行政处罚,不予立案")} == {"no_penalty"}


NAMES = {
    "重庆市": "500000", "南川区": "500119", "渝北区": "500112", "江北区": "500105",
    "彭水苗族土家族自治县": "500243", "高新区": "500000-GX", "金昌市": "620300", "永昌县": "620321",
    "南川区水利局": "500119-SL",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "codes", "unknown"),
    [
        ("金昌市\n永昌县", ("620321",), ()),
        ("金昌市永昌县", ("620321",), ()),
        ("南川", ("500119",), ()),
        ("南川区", ("500119",), ()),
        ("渝北区、江北区", ("500112", "500105"), ()),
        ("重庆市", ("500000",), ()),
        ("重庆高新区", ("500000-GX",), ()),
        ("彭水", ("500243",), ()),
        ("整改实施主体:南川区", ("500119",), ()),
        ("南川区水利局", ("500119-SL",), ()),
        ("火星", (), ("火星",)),
        ("渝北区、火星", ("500112",), ("火星",)),
        ("", (), ()),
    ],
)
def test_regions(text: str, codes: tuple[str, ...], unknown: tuple[str, ...]) -> None:
    found = RegionNames(NAMES).resolve(text)
    assert (found.codes, found.unknown) == (codes, unknown)


def test_a_short_name_of_two_regions_is_not_guessed() -> None:
    table = RegionNames({"江北区": "1", "江北县": "2"})
    assert table.resolve("江北").codes == ()
    assert table.resolve("江北县").codes == ("2",)
