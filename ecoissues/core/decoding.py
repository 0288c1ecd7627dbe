"""What is wrong with a document, in the office's language: the decoder's message put into words."""

from __future__ import annotations

import re
import tomllib
from typing import Final, NamedTuple

_DECODING: Final = (
    (re.compile(r"contains unknown field `(.*)`"), "unknown_key", "不认识的键“{}”。"),
    (re.compile(r"missing required field `(.*)`"), "missing_key", "缺少必填的键“{}”。"),
    (re.compile(r"Invalid enum value '(.*)'"), "unknown_value", "值“{}”不在可选范围内。"),
    (re.compile(r"Expected `(.*)`, got `(.*)`"), "wrong_type", "类型不对：应为 {}，实为 {}。"),
)
_PATH_PART: Final = re.compile(r"\.(\w+)|\[(\d+)\]")
_TOML_PLACE: Final = re.compile(r"line (\d+), column (\d+)")


class Misread(NamedTuple):
    """Reason (a code), sentence, and the path of the key: names, and numbers from 0 in lists."""

    reason: str
    sentence: str
    path: tuple[str | int, ...]


def misread(message: str) -> Misread:
    """Turn a message of msgspec's into a reason, a sentence and the path of the key."""
    said, _, place = message.partition(" - at `$")
    found = _PATH_PART.findall(place.rstrip("`"))
    path: tuple[str | int, ...] = tuple(name or int(index) for name, index in found)
    for pattern, reason, sentence in _DECODING:
        match = pattern.search(said)
        if match:
            named = (match.group(1),) if reason == "unknown_key" else ()
            return Misread(reason, sentence.format(*match.groups()), path + named)
    return Misread("wrong_type", f"不能解读（{said}）。", path)


def told(error: Exception) -> str:
    """Say in a clause without its full stop what a file's reader objects to.

    In: an error of ``tomllib`` or ``msgspec``, or a KeyError for a table that must stand there.
    """
    text = str(error)
    if isinstance(error, tomllib.TOMLDecodeError):
        place = _TOML_PLACE.search(text)
        where = f"（第 {place[1]} 行第 {place[2]} 列）" if place else ""
        return f"不是有效的 TOML{where}"
    if isinstance(error, KeyError):
        return f"缺少必填的键“{error.args[0]}”"
    found = misread(text)
    places = [f"第 {part + 1} 项" for part in found.path if isinstance(part, int)]
    names = [part for part in found.path if isinstance(part, str)]
    at = "".join(places) if found.reason == "unknown_key" else "的".join([*places, *names[-1:]])
    return f"{at}：{found.sentence}".removeprefix("：").removesuffix("。")
