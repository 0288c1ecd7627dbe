"""Rates as they are printed: exact decimals, rounded half up, one place.

Source of the rule: of the published percentages that were recomputed for this project 101 follow
half up; one place is what inspection bulletins print (2,864 of 2,913 issues = 98.3 %).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction


def percent(part: int, whole: int, places: int = 1) -> str | None:
    """Give ``part`` of ``whole`` as it is printed, or None for an empty whole.

    In: two counts, how many places are printed. Out: rounded half up (``98.3%``, ``90.0%``). Only
    the exact ends lose their place: all is ``100%``, none is ``0%``; so 2,999 of 3,000 prints ``100.0%`` and nobody reads it
    as "every one". Raises ValueError for a negative count.
    """
    if part < 0 or whole < 0:
        raise ValueError(f"counts below zero: {part} of {whole}")
    if whole == 0:
        return None
    if part in (0, whole):
        return "0%" if part == 0 else "100%"
    return f"{_rounded(100 * part, whole, places)}%"


def _rounded(number: int, of: int, places: int) -> str:
    """Print a quotient rounded half up, exactly: one division, on whole numbers not below 0."""
    scaled = (2 * number * 10**places + of) // (2 * of)
    whole, rest = divmod(scaled, 10**places)
    return f"{whole}.{rest:0{places}d}" if places else str(whole)


def apportioned(counts: Sequence[int], places: int = 1) -> list[str]:
    """Give the shares of counts in their sum as printed so that they sum to 100 exactly.

    Largest remainder: each share is cut off, and the units of the last place that are missing go to
    the largest remainders (of equal ones to the larger count, then to the first). Source of the
    rule: a monthly notice (嘉兴 2024-08) whose six shares are exactly these, 92/145 printed as 63.5 %.
    In: counts, not all 0 (none below 0: ValueError). Out: ``11.7%``; ``0%`` and ``100%`` as ``percent``.
    """
    whole, units = sum(counts), 100 * 10**places
    if min(counts, default=-1) < 0 or whole == 0:
        raise ValueError(f"no shares of {list(counts)}")
    cut = [count * units // whole for count in counts]
    order = sorted(
        range(len(counts)), key=lambda at: (-(counts[at] * units % whole), -counts[at], at)
    )
    for at in order[: units - sum(cut)]:
        cut[at] += 1
    return [
        str(percent(count, whole)) if count in (0, whole) else f"{Decimal(share).scaleb(-places)}%"
        for count, share in zip(counts, cut, strict=True)
    ]


def fraction_percent(part: Fraction, whole: Fraction, places: int = 1) -> str | None:
    """Give the percentage of two sums of shares (17.5 of 20), as ``percent`` prints it."""
    if not whole:
        return None
    share = part / whole
    return percent(share.numerator, share.denominator, places)


def shown_count(count: Fraction) -> str:
    """Give a count of shares as it is printed: 17, 17.5, at most two places (5.33)."""
    text = _rounded(count.numerator, count.denominator, 2)
    return text.rstrip("0").rstrip(".")
