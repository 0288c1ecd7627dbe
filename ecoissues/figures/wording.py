"""The sentence a leader copies: a figure never leaves without its day, counts and definition."""

from __future__ import annotations

from datetime import date

from ecoissues.figures.reading import Figure
from ecoissues.figures.registry import Definition


def day_words(day: date) -> str:
    """Give a day as Chinese text writes it."""
    return f"{day.year}年{day.month}月{day.day}日"


def sentence(
    figure: Figure, definition: Definition, list_title: str, unit_name: str = "", late: str = ""
) -> str:
    """Give one Chinese sentence with figure, day, counts and definition, ready to copy.

    In: the title of the list, the unit of the cut if any, the day of known-at as words if the
    figure was not read with all that is known (``late``).
    """
    place = f"{list_title}（{unit_name}）" if unit_name else list_title
    value = figure.percent if figure.percent is not None else "无可计件"
    known = f"，按{late}时已登记的情况" if late else ""
    return (
        f"截至{day_words(figure.as_of)}{known}，{place}{definition.wording.zh}为{value}"
        f"（{figure.part}/{figure.whole}；口径：{definition.formula}，第{figure.version}版）。"
    )
