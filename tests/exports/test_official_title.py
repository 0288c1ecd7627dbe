"""Titles of several lines: no remnant, nothing lost, numbers and the words of the field whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoissues.exports.official_title import title_lines


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("关于办理情况的通报", ["关于办理情况的通报"]),
        (
            "关于重庆市群众生态环境举报转办件办理情况的通报（2026年11月14日至11月20日）",
            ["关于重庆市群众生态环境", "举报转办件办理情况的通报", "（2026年11月14日至11月20日）"],
        ),
        (
            "南川区生态环保督察问题清单2024年12月办理情况总结",
            ["南川区生态环保督察问题清单", "2024年12月办理情况总结"],
        ),
        (
            "关于长江经济带生态环境警示片2018–2022年披露问题办理情况的通报",
            ["关于长江经济带生态环境警示片", "2018–2022年披露问题办理情况的通报"],
        ),
    ],
)
def test_a_title_is_broken_by_its_meaning(title: str, lines: list[str]) -> None:
    assert title_lines(title, 20) == lines


@given(st.text("督察整改（）、，2024年A问题清单“”", max_size=90))
def test_lines_joined_are_the_title_and_fit(title: str) -> None:
    lines = title_lines(title, 20)
    assert "".join(lines) == title
    assert len(lines) == 1 or all(lines)
