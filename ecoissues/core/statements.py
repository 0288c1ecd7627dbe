"""Printed statements checked by their own arithmetic: a sum that is off, a rate nobody can make.

Published figures carry mistakes (of 311 printed sums and rates that were recomputed several were
off), so what is taken over from paper is checked and doubted, never refused. A statement is an
expression and what was printed for it: ``10/65=15.8%``, ``1+10+16+7+3+2+2=42``, ``(783+644)/1427=100%``.
"""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Final

from msgspec import Struct

from ecoissues.core.errors import Refused

_TOKEN: Final = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|([-+*/()]))", re.ASCII)
_SIGNS: Final = str.maketrans("（）＋－×÷／＝％，", "()+-*//=%,")
_PRINTED: Final = re.compile(r"\d+(?:\.\d+)?\s*%?", re.ASCII)
_LONGEST: Final = 2000


class Doubt(Struct, frozen=True):
    """What is doubtful about a statement: a code, and a sentence that says what comes out."""

    code: str
    sentence: str


class _Reader:
    """Reads sums, differences, products and quotients of numbers, exactly."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.place = 0

    def whole(self) -> Fraction:
        value = self._sum()
        if self.place != len(self.tokens):
            raise ValueError(self.tokens[self.place])
        return value

    def _next(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def _take(self) -> str:
        found = self._next()
        self.place += 1
        return found

    def _sum(self) -> Fraction:
        value = self._product()
        while self._next() in ("+", "-"):
            sign = 1 if self._take() == "+" else -1
            value += sign * self._product()
        return value

    def _product(self) -> Fraction:
        value = self._single()
        while self._next() in ("*", "/"):
            value = value * self._single() if self._take() == "*" else value / self._single()
        return value

    def _single(self) -> Fraction:
        found = self._take()
        if found == "(":
            value = self._sum()
            if self._take() != ")":
                raise ValueError(")")
            return value
        return Fraction(found)


def _tokens(text: str) -> list[str]:
    found, place = [], 0
    text = text.strip()
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            raise ValueError(text[place:])
        found.append(token[1] or token[2])
        place = token.end()
    return found


def check_statement(text: str) -> list[Doubt]:
    """Give the doubts about one printed statement, none when it comes out.

    In: ``expression=printed``; printed with ``%`` is a rate, to as many places as it has. Refused
    ``bad_statement`` when it cannot be read.
    """
    left, equals, right = text.translate(_SIGNS).replace(",", "").partition("=")
    try:
        printed = right.strip()
        if not equals or len(text) > _LONGEST or not _PRINTED.fullmatch(printed):
            raise ValueError(text)
        is_rate = printed.endswith("%")
        stated = Fraction(printed.removesuffix("%").strip())
        value = _Reader(left).whole()
    except ZeroDivisionError:
        return [Doubt("zero_whole", f"“{left.strip()}”的分母为零，不能算出 {right.strip()}。")]
    except (ValueError, RecursionError):
        raise Refused(
            "bad_statement", f"看不懂“{text[:60]}”；请写成 10/65=15.8% 或 17+3=20。未作任何改动。"
        ) from None
    if is_rate:
        return _rate_doubts(left.strip(), value, printed.removesuffix("%").strip(), stated)
    if value != stated:
        return [Doubt("sum_off", f"“{left.strip()}”合计为 {_plain(value)}，印作 {printed}。")]
    return []


def _rate_doubts(left: str, value: Fraction, printed: str, stated: Fraction) -> list[Doubt]:
    places = len(printed.partition(".")[2])
    exact = value * 100
    found = []
    if value > 1:
        found.append(Doubt("over_hundred", f"“{left}”大于 100%：分子、分母可能不是同一批事项。"))
    if stated == _at(exact, places, ROUND_HALF_UP):
        return found
    right = _at(exact, max(places, 1), ROUND_HALF_UP)
    if stated == _at(exact, places, ROUND_DOWN):
        why = "，是舍尾而不是四舍五入"
        return [*found, Doubt("rate_truncated", f"“{left}”应为 {_plain(right)}%，印作 {printed}%{why}。")]
    why = ""
    if abs(stated - _at(exact, places, ROUND_HALF_UP)) == Fraction(1, 10**places):
        why = "；末位只差一，可能是为使各项合计 100% 而调整的"
    return [*found, Doubt("rate_off", f"“{left}”应为 {_plain(right)}%，印作 {printed}%{why}。")]


def _at(value: Fraction, places: int, how: str) -> Fraction:
    scaled = value * 10**places
    if how == ROUND_DOWN:
        return Fraction(scaled.numerator // scaled.denominator, 10**places)
    return Fraction((2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator), 10**places)


def _plain(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    return f"{(Decimal(value.numerator) / Decimal(value.denominator)):.4f}".rstrip("0").rstrip(".")
