"""What a file's reader objects to, said in Chinese and with its place."""

from __future__ import annotations

import tomllib

import msgspec
import pytest

from ecoissues.core.decoding import misread, told
from ecoissues.core.indicators import Indicator

GOOD = {"code": "A", "name": "甲", "measure": "个", "target": "1"}


def refused(*changes: dict[str, object]) -> str:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert([{**GOOD, **change} for change in changes], list[Indicator])
    return told(caught.value)


def test_a_fault_is_told_with_its_place() -> None:
    assert refused({}, {"title": "乙"}) == "第 2 项：不认识的键“title”"
    assert refused({"direction": "up"}) == "第 1 项的direction：值“up”不在可选范围内"
    assert refused({"name": 3}) == "第 1 项的name：类型不对：应为 str，实为 int"


def test_a_missing_table_and_broken_toml_are_told() -> None:
    assert told(KeyError("indicators")) == "缺少必填的键“indicators”"
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads("a = 1\nb = [")
    assert told(caught.value).startswith("不是有效的 TOML")


def test_the_path_of_an_unknown_key_ends_with_it() -> None:
    found = misread("Object contains unknown field `x` - at `$.steps[2]`")
    assert found == ("unknown_key", "不认识的键“x”。", ("steps", 2, "x"))
