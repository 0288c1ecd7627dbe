"""Verbs about rankings: define, list, show (with what-if), entry, cancel, publish."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ecoissues.cli.options import Family, on_site, put_json, put_table, say

if TYPE_CHECKING:
    from ecoissues.services.ranking_table import Ranking
    from ecoissues.services.site import Site


@click.group(cls=Family)
def ranking() -> None:
    """示例：ecoissues ranking show SCHEME --period 2024-Q4

    按本单位制定的方案评分排名；权重和档由单位录入，程序不带公式。
    """


@ranking.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="文件")
@click.option("--user", default="", help="以哪个账号录入（默认为全站）")
@on_site
def define(site: Site, file: Path, user: str) -> None:
    """示例：ecoissues ranking define 方案.toml

    录入评分方案（TOML：code、title、minimum，若干 [[criteria]] 和 [[bands]]）；再次录入为新版本。
    """
    from ecoissues.services import consulting, rankings
    from ecoissues.services.ranking_files import read_scheme

    actor = consulting.get_user(site, user) if user else consulting.publisher(site)
    scheme = read_scheme(file.read_text("utf-8"))
    say(f"已录入 {scheme.code} 第 {rankings.define(site, actor, scheme)} 版。")


@ranking.command("list")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def list_schemes(site: Site, as_json: bool) -> None:
    """示例：ecoissues ranking list

    列出评分方案。
    """
    from ecoissues.services import consulting, rankings

    rows = rankings.schemes(site, consulting.operator(site))
    if as_json:
        put_json(msgspec.to_builtins(rows))
    else:
        put_table(
            ["代码", "版本", "名称", "评分项"],
            [[r.scheme.code, r.version, r.scheme.title, len(r.scheme.criteria)] for r in rows],
        )


@ranking.command()
@click.argument("code", metavar="方案")
@click.option("--period", required=True, help="月或季度：2024-12、2024-Q4")
@click.option("--weight", "weights", multiple=True, help="试算：第几项=权重，如 1=60；不保存")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def show(site: Site, code: str, period: str, weights: tuple[str, ...], as_json: bool) -> None:
    """示例：ecoissues ranking show SCHEME --period 2024-Q4 --weight 1=60

    计算一个时期的名次；加 --weight 试算别的权重，不保存。
    """
    from ecoissues.services import consulting, rankings

    _, found, entries = rankings.ranking(
        site, consulting.operator(site), code, period, _weights(weights)
    )
    if as_json:
        put_json({**msgspec.to_builtins(found), "entries": msgspec.to_builtins(entries)})
        return
    _put(found)


def _weights(given: tuple[str, ...]) -> dict[int, str]:
    found = {}
    for one in given:
        place, _, weight = one.partition("=")
        if not place.isdecimal() or int(place) < 1 or not weight:
            raise click.BadParameter(f"“{one}”应写成 第几项=权重，如 1=60。")
        found[int(place) - 1] = weight
    return found


def _put(found: Ranking) -> None:
    click.echo(f"{found.title}  {found.period_words}  截至 {found.as_of}")
    heads = [f"{head.name}（权重 {head.weight}）" for head in found.heads]
    put_table(
        ["名次", "单位", "得分", "档", "比上期", "别的口径", "加分", "扣分", *heads],
        [
            [
                line.place or "另列", line.label, line.score, line.band,
                "" if line.moved is None else f"{line.moved:+d}", line.range_words, line.bonus,
                line.deduction,
                *(f"{c.percent or '—'} n={c.whole} [{c.low},{c.high}]" for c in line.cells),
            ]
            for line in (*found.lines, *found.apart)
        ],
    )  # fmt: skip


@ranking.command()
@click.argument("code", metavar="方案")
@click.argument("period", metavar="期间")
@click.argument("unit", metavar="单位代码")
@click.argument("points", metavar="分值")
@click.argument("reason", metavar="理由")
@click.option("--user", default="", help="以哪个账号录入（默认为全站）")
@on_site
def entry(
    site: Site, code: str, period: str, unit: str, points: str, reason: str, user: str
) -> None:
    """示例：ecoissues ranking entry SCHEME 2024-Q4 500119 +2 入选示范榜

    加分（正）或扣分（负），写明理由；扣分写成 -- -1.5。只增不改，输出编号。
    """
    from ecoissues.services import consulting, rankings

    actor = consulting.get_user(site, user) if user else consulting.publisher(site)
    click.echo(rankings.add_entry(site, actor, code, period, unit, points, reason))


@ranking.command()
@click.argument("code", metavar="方案")
@click.argument("number", type=int, metavar="编号")
@click.argument("reason", metavar="理由")
@on_site
def cancel(site: Site, code: str, number: int, reason: str) -> None:
    """示例：ecoissues ranking cancel SCHEME 3 录入有误

    撤销一条加减分：原记录保留，另记一条相反的。
    """
    from ecoissues.services import consulting, rankings

    click.echo(rankings.cancel_entry(site, consulting.publisher(site), code, number, reason))


@ranking.command()
@click.argument("code", metavar="方案")
@click.option("--period", required=True, help="月或季度")
@on_site
def publish(site: Site, code: str, period: str) -> None:
    """示例：ecoissues ranking publish SCHEME --period 2024-Q4

    发布一个时期的排名并冻结，输出版本代码。
    """
    from ecoissues.services import consulting, rankings

    click.echo(rankings.publish(site, consulting.publisher(site), code, period))
