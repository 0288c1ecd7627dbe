"""Verbs about editions: publish, show, compare, list."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ecoissues.cli.options import DAY, Family, on_site, put_json, put_table, say

if TYPE_CHECKING:
    from ecoissues.services.edition_bridges import Compared, Comparison
    from ecoissues.services.site import Site


@click.group(cls=Family)
def edition() -> None:
    """示例：ecoissues edition publish LIST --as-of 2024-12-31

    发布数字并冻结；以后与现在的数字比较，逐件说明差异。
    """


@edition.command()
@click.argument("list_code", metavar="清单")
@click.option("--as-of", type=DAY, help="截至日期（默认今天）")
@click.option("--known-at", default="", help="知悉时间（默认现在）")
@click.option("--unit", default="", help="只发布一个区县或单位的数字（单位代码）")
@click.option("--batch", default="", help="发布这一批次的通报")
@click.option("--title", default="", help="标题（默认由清单和日期组成）")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def publish(
    site: Site, list_code: str, as_of: date | None, known_at: str, unit: str, batch: str,
    title: str, as_json: bool,
) -> None:  # fmt: skip
    """示例：ecoissues edition publish LIST --as-of 2024-12-31 --known-at 2025-01-02

    发布一个清单的数字；输出印在纸面上的代码。
    """
    from ecoissues.services import consulting, publishing

    asked = publishing.Asked(list_code, as_of, known_at, unit, batch, title)
    code = publishing.publish(site, consulting.office_of(site, list_code), asked)
    _put(site, code, as_json=as_json)


@edition.command()
@click.argument("code", metavar="代码")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def show(site: Site, code: str, as_json: bool) -> None:
    """示例：ecoissues edition show 7K3M-9QXD

    显示一个发布版本当时的数字；内容与摘要不符时退出码为 1。
    """
    _put(site, code, as_json=as_json)


def _put(site: Site, code: str, *, as_json: bool) -> None:
    from ecoissues.core.clock_rules import shown_instant
    from ecoissues.services import consulting, publishing

    found = publishing.find(site, consulting.operator(site), code)
    if as_json:
        put_json(msgspec.to_builtins(found))
    else:
        click.echo(f"{found.code}  {found.title}")
        board = found.board
        if board is not None:
            known = f"日志第 {found.known_pos} 位"
            click.echo(f"截至 {found.as_of}，知悉至{known}；共 {board.total} 件。")
            put_table(
                ["指标", "名称", "比率", "分子", "分母", "口径版本"],
                [[f.code, f.name, f.percent or "—", f.part, f.whole, f.version] for f in board.figures],
            )
        say(f"摘要 {found.digest}，发布于 {shown_instant(found.published_at)}。")
    if not found.sound:
        say("内容与摘要不符：这个版本被改动过，不能作为依据。")
        sys.exit(1)


@edition.command()
@click.argument("code", metavar="代码")
@click.argument("other", metavar="另一版本", default="")
@click.option("--figure", default="", help="只比较一个指标")
@click.option("--unit", default="", help="只比较一个区县或单位（单位代码）")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def compare(site: Site, code: str, other: str, figure: str, unit: str, as_json: bool) -> None:
    """示例：ecoissues edition compare 7K3M-9QXD --figure closure_rate

    把发布时的数字与现在（或较晚的另一版本）并列，逐件说明差异；各件之和等于差。
    """
    from ecoissues.services import consulting, edition_bridges

    found = edition_bridges.compare(site, consulting.operator(site), code, other, figure, unit)
    if as_json:
        put_json(_plain(found))
    else:
        _put_compared(site, found)
    if not (found.sound and found.rows_sound and all(one.complete for one in found.figures)):
        say("版本内容、行摘要或差异说明不完整，请先核验日志（ecoissues verify）。")
        sys.exit(1)


def _plain(found: Compared) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(found)
    for figure in plain["figures"]:
        for side in ("then", "now"):
            part, whole, percent = figure[side]
            figure[side] = {"part": part, "whole": whole, "percent": percent}
        figure["difference"] = {"part": figure.pop("part"), "whole": figure.pop("whole")}
    return plain


def _put_compared(site: Site, found: Compared) -> None:
    click.echo(f"{found.code}  {found.title}")
    for one in found.figures:
        place = f"（{one.label}）" if one.label else ""
        click.echo(
            f"{one.name}{place}  发布时 {one.then[2]}（{one.then[0]}/{one.then[1]}）"
            f"  现在 {one.now[2]}（{one.now[0]}/{one.now[1]}）  差 {one.part:+d}/{one.whole:+d}"
        )
        _put_rows(site, one)


def _put_rows(site: Site, one: Comparison) -> None:
    from ecoissues.core.clock_rules import shown_instant
    from ecoissues.services.consulting import shown_step
    from ecoissues.services.figure_words import revision_word

    if one.rows:
        put_table(
            ["事项", "原因", "分子", "分母", "步骤", "生效", "记录"],
            [
                [r.case, revision_word(r.reason), f"{r.part:+d}", f"{r.whole:+d}",
                 shown_step(site, r.case.partition("/")[0], r.step), r.effective_on,
                 shown_instant(r.recorded_at)]
                for r in one.rows
            ],
        )  # fmt: skip
    for reason in one.reasons:
        click.echo(
            f"  {revision_word(reason.reason)} {reason.rows} 处：{reason.part:+d}/{reason.whole:+d}"
        )


@edition.command("list")
@click.option("--list", "list_code", default="", help="只列一个清单的")
@click.option("--sort", default="", help="种类：board、batch、bulletin、ranking、sheet")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def list_editions(site: Site, list_code: str, sort: str, as_json: bool) -> None:
    """示例：ecoissues edition list

    列出各发布版本，新的在前。
    """
    from ecoissues.core.clock_rules import shown_instant
    from ecoissues.core.vocabulary import word
    from ecoissues.services import consulting, editions

    rows = editions.listed(site, consulting.operator(site), sort, list_code)
    if as_json:
        put_json(msgspec.to_builtins(rows))
    else:
        put_table(
            ["代码", "种类", "截至", "标题", "发布时间"],
            [
                [r.code, word("edition_sorts", r.sort), r.as_of, r.title, shown_instant(r.published_at)]
                for r in rows
            ],
        )
