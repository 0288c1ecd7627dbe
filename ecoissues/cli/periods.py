"""Verbs about figures over time: compare, series, period, units."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ecoissues.cli.options import DAY, Verb, on_site, put_json, put_table, say

if TYPE_CHECKING:
    from ecoissues.services.site import Site


def _place(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb the options that say which list, day, known-at, unit and batch."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="输出 JSON"),
        click.option("--batch", default="", help="批次名称"),
        click.option("--unit", default="", help="单位或区县代码"),
        click.option("--known-at", help="知悉时间，如 2025-01-02"),
        click.option("--as-of", type=DAY, help="截止日期（默认今天）"),
        click.option("--list", "list_code", required=True, help="清单代码"),
    ):
        command = option(command)
    return command


def _asked(given: dict[str, Any]) -> Any:
    from ecoissues.services.periods import Asked

    return Asked(
        given["list_code"], given["as_of"], given["known_at"], given["unit"], given["batch"]
    )


@click.command(cls=Verb)
@click.argument("code", metavar="指标")
@click.option(
    "--with", "against", required=True,
    help="对比的日期（如 2024-11-30），或 month、quarter、year（上月、上季、上年同日）",
)  # fmt: skip
@click.option("--with-known-at", default="", help="对比日期的知悉时间（默认同 --known-at）")
@_place
@on_site
def compare(
    site: Site, code: str, against: str, with_known_at: str, as_json: bool, **given: Any
) -> None:
    """示例：ecoissues compare closure_rate --list LIST --as-of 2024-12-31 --with 2024-11-30

    同一指标在两个日期的数字、增减和逐件变动；环比写 --with month，同比写 --with year。
    """
    from ecoissues.services import consulting, periods

    who = consulting.operator(site)
    found, moved = periods.compare_of(site, who, code, _asked(given), against, with_known_at)
    if as_json:
        put_json(
            {
                "before": msgspec.to_builtins(found.before),
                "after": msgspec.to_builtins(found.after), "part_change": found.part_change,
                "whole_change": found.whole_change, "points": found.points,
                "growth": found.growth, "moves": msgspec.to_builtins(moved),
            }
        )  # fmt: skip
        return
    put_table(
        ["", "截至", "比率", "分子", "分母"],
        [
            [label, str(one.as_of), one.percent or "—", one.part, one.whole]
            for label, one in (("上期", found.before), ("本期", found.after))
        ],
    )
    click.echo(
        f"分子 {found.part_change:+}（{found.growth or '上期为零'}），分母 {found.whole_change:+}，"
        f"比率 {found.points or '—'} 个百分点"
    )
    put_table(
        ["事项", "单位", "上期", "本期"], [[m.key, m.unit, m.before, m.after] for m in moved]
    )
    say(f"共 {len(moved)} 件有变动。")


@click.command(cls=Verb)
@click.argument("code", metavar="指标")
@click.option("--months", type=int, default=12, help="月数（默认 12，各月末和截止日）")
@click.option("--days", type=int, default=0, help="逐日的天数（填写后不再按月）")
@_place
@on_site
def series(
    site: Site, code: str, months: int, days: int, as_json: bool, **given: Any
) -> None:  # fmt: skip
    """示例：ecoissues series closure_rate --list LIST --as-of 2024-12-31 --months 12

    一个指标逐月（各月末）或逐日的数字。
    """
    from ecoissues.services import consulting, periods

    who = consulting.operator(site)
    points = periods.series_of(site, who, code, _asked(given), months=months, days=days)
    if as_json:
        put_json(msgspec.to_builtins(points))
    else:
        put_table(
            ["截至", "比率", "分子", "分母"],
            [[str(p.as_of), p.percent or "—", p.part, p.whole] for p in points],
        )


@click.command(cls=Verb)
@click.option("--from", "begins", type=DAY, required=True, help="起始日")
@click.option("--to", "ends", type=DAY, required=True, help="终止日")
@click.option("--figure", "code", default="closure_rate", help="看期内登记件的哪个指标")
@_place
@on_site
def period(
    site: Site, begins: date, ends: date, code: str, as_json: bool, **given: Any
) -> None:
    """示例：ecoissues period --list LIST --from 2024-10-01 --to 2024-10-31

    一段时间内收了多少、办结多少（当期数，可以大于收到数），以及期内登记的件办得怎样（比率）。
    """
    from ecoissues.services import consulting, periods

    who = consulting.operator(site)
    found = periods.period_of(site, who, code, _asked(given), begins, ends)
    if as_json:
        put_json(msgspec.to_builtins(found))
        return
    click.echo(
        f"{found.begins} 至 {found.ends}：登记 {found.arrivals} 件，办结 {found.closings} 件次，"
        f"重新办理 {found.reopenings} 件次"
    )
    click.echo(
        f"期内登记的件截至 {found.as_of}：{found.cohort_percent or '—'}"
        f"  {found.cohort_part} / {found.cohort_whole}（口径 {code}）"
        + (f"；另有 {found.cohort_void} 件后来不计入" if found.cohort_void else "")
    )
    if found.closings > found.arrivals:
        say("当期办结多于当期登记，因为含以前登记的件；不可相除作办结率。")


@click.command(cls=Verb)
@_place
@on_site
def units(site: Site, as_json: bool, **given: Any) -> None:
    """示例：ecoissues units --list LIST --as-of 2024-12-31

    各种计数单位分列：收到、受理、重复、转办、分解、问题个数、承办次数。
    """
    from ecoissues.services import consulting, periods

    found = msgspec.to_builtins(
        periods.units_of(site, consulting.operator(site), _asked(given))
    )
    if as_json:
        put_json(found)
    else:
        words = periods.UNIT_WORDS
        put_table(["计数单位", "数"], [[words[name], found[name]] for name in words])
