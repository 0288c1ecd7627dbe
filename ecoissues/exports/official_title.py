"""A title over several lines: about equally long, dates in brackets on a line of their own.

GB/T 9704-2012, 7.3.1: a title of several lines is broken by its meaning, and none of them is a
remnant of one or two signs. Left to the word processor, the last line is what happens to be over.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Final

_OPENING: Final = "（《“〔"
_CLOSING: Final = "）》”〕、，。；：%"
_BRACKET: Final = "（"
#: What breaking at a place costs, in squared widths of a sign: between words, and within one.
_BETWEEN, _WITHIN = 4.0, 60.0
#: Words that stand in such titles and are not broken.
_WORDS: Final = (
    "生态", "环境", "保护", "环保", "督察", "整改", "问题", "清单", "情况", "办理", "群众", "举报", "转办",
    "信访", "任务", "工作", "通报", "总结", "披露", "警示片", "长江", "经济带", "中央", "市级", "专报", "进展",
    "污染", "天气", "自然", "建议", "提案", "意见", "排污口", "整治", "治理", "案件", "典型", "重点", "落实",
)


def title_lines(title: str, per_line: int) -> list[str]:
    """Give the lines of a title. In: how many full-width signs fit on a line; Latin ones are half.

    No line is longer, unless a number alone is; the lines joined are the title.
    """
    if _width(title) <= per_line:
        return [title]
    head, bracket, rest = title.partition(_BRACKET)
    pieces = [head, bracket + rest] if head and bracket else [title]
    return [line for piece in pieces for line in _evenly(piece, per_line)]


def _width(text: str) -> float:
    return sum(0.5 if _is_latin(sign) else 1.0 for sign in text)


def _is_latin(sign: str) -> bool:
    return ord(sign) < 0x2000 or sign == "–"


def _may_break(before: str, after: str) -> bool:
    if before in _OPENING or after in _CLOSING:
        return False
    return not (_is_latin(before) and _is_latin(after))


def _cost(text: str, at: int) -> float:
    """Give what a break before a place costs; infinite where there must be none."""
    before, after = text[at - 1], text[at]
    if not _may_break(before, after):
        return math.inf
    if before in _CLOSING or _is_latin(after):
        return 0.0
    found = (text.find(word, max(at - len(word) + 1, 0), at + len(word) - 1) for word in _WORDS)
    return _WITHIN if any(place >= 0 for place in found) else _BETWEEN


def _evenly(text: str, per_line: int) -> list[str]:
    """Cut a text into as few lines as it needs, by the least sum of squared differences."""
    count = math.ceil(_width(text) / per_line)
    while count < len(text):
        mean = _width(text) / count

        @cache
        def best(start: int, left: int, mean: float = mean) -> tuple[float, tuple[int, ...]]:
            """Give the least cost of the text from ``start`` in ``left`` lines, and their ends."""
            found: tuple[float, tuple[int, ...]] = (math.inf, ())
            ends = range(start + 1, len(text) + 1) if left > 1 else (len(text),)
            for end in ends:
                width = _width(text[start:end])
                if width > per_line or start >= end:
                    continue
                cost, after = (width - mean) ** 2, tuple[int, ...]()
                if end < len(text):
                    rest, after = best(end, left - 1)
                    cost += rest + _cost(text, end)
                if cost < found[0]:
                    found = (cost, (end, *after))
            return found

        cost, ends = best(0, count)
        if cost < math.inf:
            starts = (0, *ends[:-1])
            return [text[start:end] for start, end in zip(starts, ends, strict=True)]
        count += 1
    return [text]
