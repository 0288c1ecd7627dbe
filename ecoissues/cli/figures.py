"""Verbs about figures and the log: figure, figures, events, verify."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ecoissues.cli.options import (
    DAY,
    Family,
    Verb,
    on_site,
    progress,
    put_json,
    put_line,
    put_table,
    say,
)
from ecoissues.core.vocabulary import JOINT_COUNTINGS

if TYPE_CHECKING:
    from ecoissues.services.site import Site

_BY = [
    "district", "unit", "type", "problem", "verdict", "channel", "phase", "outcome", "month",
    "clock", "weight", "due",
]  # fmt: skip


@click.command(cls=Verb)
@click.argument("code", metavar="指标")
@click.option("--list", "list_code", required=True, help="清单代码")
@click.option("--as-of", type=DAY, help="截止日期（默认今天）")
@click.option("--known-at", help="知悉时间，如 2025-01-02 或 2025-01-02T18:00:00+08:00")
@click.option("--district", default="", help="区县或市级部门代码")
@click.option("--unit", default="", help="单位代码")
@click.option("--by", type=click.Choice(_BY), help="分组")
@click.option("--field", default="", help="按本清单类型的一个选项字段分组，如 channel")
@click.option("--places", type=click.IntRange(0, 4), default=1, show_default=True, help="百分比的小数位数")
@click.option("--hundred", is_flag=True, help="占比凑足 100%（最大余数法）")
@click.option("--members", type=click.Choice(["part", "rest"]), help="列出分子或其余事项的编号")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def figure(
    site: Site, code: str, list_code: str, as_of: date | None, known_at: str | None, district: str,
    unit: str, by: str | None, field: str, places: int, hundred: bool, members: Any, as_json: bool,
) -> None:  # fmt: skip
    """示例：ecoissues figure closure_rate --list LIST --as-of 2024-12-31 --by district

    计算一个指标；截止日期是事情发生的日子，知悉时间是当时已记入日志的范围。
    """
    from ecoissues.services import consulting

    if by and field:
        raise click.UsageError("--by 和 --field 只能用一个。")
    found, numbers = consulting.figure_of(
        site, consulting.operator(site), code, list_code, as_of=as_of, known_at=known_at,
        unit=unit or district, by=f"field:{field}" if field else by, which=members,
        places=places, hundred=hundred,
    )  # fmt: skip
    if as_json:
        answer = msgspec.to_builtins(found)
        if numbers is not None:
            answer["members"] = numbers
        put_json(answer)
        return
    if numbers is not None:
        for number in numbers:
            click.echo(number)
        say(f"共 {len(numbers)} 件。")
        return
    _put_figure(found)


def _put_figure(found: Any) -> None:
    known = f"，知悉至 {found.known_at}" if found.known_at else ""
    click.echo(
        f"{found.percent or '—'}  {found.part} / {found.whole}"
        f"  （口径 {found.code} 第 {found.version} 版，截至 {found.as_of}{known}）"
    )
    if found.groups:
        put_table(
            ["分组", "名称", "分子", "分母", "比率", "占比"],
            [
                [g.key, g.label, g.shown_part, g.shown_whole, g.percent or "—", g.share or "—"]
                for g in found.groups
            ],
        )
    if found.overlap:
        say(found.overlap.note)
    if found.note:
        say(found.note)


@click.group(cls=Family)
def figures() -> None:
    """示例：ecoissues figures list

    列出指标口径，重建统计汇总。
    """


@figures.command("list")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def list_figures(as_json: bool) -> None:
    """示例：ecoissues figures list

    列出指标口径。
    """
    from ecoissues.services.figure_words import definitions

    rows = definitions()
    if as_json:
        put_json(rows)
    else:
        put_table(
            ["代码", "版本", "名称", "公式"],
            [[r["code"], r["version"], r["title"], r["formula"]] for r in rows],
        )


@figures.command()
@click.option(
    "--processes", type=click.IntRange(1, 64), help="用几个进程核对和汇总（默认与处理器核数相同）"
)
@on_site
def rebuild(site: Site, processes: int | None) -> None:
    """示例：ecoissues figures rebuild

    逐件与日志核对记账，不符的按日志重记，再重新汇总；新的一代建成后才切换，中断不影响现有数字。
    """
    from ecoissues.services import starting

    changed = starting.rebuild_figures(
        site, progress("正在核对记账"), progress("正在汇总（半月）"), processes
    )
    say(f"统计汇总已重建；按日志重记了 {changed} 件事项的记账。")


@figures.command()
@click.argument("list_code", metavar="清单")
@click.argument("way", metavar="方式", type=click.Choice(list(JOINT_COUNTINGS)))
@on_site
def joint(site: Site, list_code: str, way: str) -> None:
    """示例：ecoissues figures joint LIST plus

    设定一个清单按单位统计时合办件怎么计：whole 各计一件，plus 主办（+合办），own_row 单列一行，
    half 按家数均分。总数不受影响。
    """
    from ecoissues.services import figure_settings

    figure_settings.set_joint_counting(site, list_code, way)
    say(f"清单 {list_code} 的合办件计数方式已设为“{JOINT_COUNTINGS[way][0]}”。")


@click.command(cls=Verb)
@click.option("--jsonl", is_flag=True, help="每行一个 JSON（默认也是）")
@click.option("--list", "list_code", help="只输出一个清单的日志")
@on_site
def events(site: Site, jsonl: bool, list_code: str | None) -> None:
    """示例：ecoissues events --jsonl > log.jsonl

    按先后输出日志，足以让外部程序重算每个指标。
    """
    from ecoissues.services.log_lines import event_lines

    for line in event_lines(site, list_code):
        put_line(line)


@click.command(cls=Verb)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def verify(site: Site, as_json: bool) -> None:
    """示例：ecoissues verify

    核验日志链、状态、投影、附件、数据库约束和统计；发现问题时退出码为 1，并指出第一处。
    """
    from ecoissues.services import verifying

    report = verifying.verify(site, progress("正在核验"))
    if as_json:
        put_json(msgspec.to_builtins(report))
    else:
        for fault in report.faults[:50]:
            click.echo(f"{fault.case or ''} {fault.seq or ''} {fault.sentence} [{fault.code}]".strip())
        if report.faults:
            say(f"共 {len(report.faults)} 处问题；第一处见上。")
        else:
            say("核验通过：日志、状态、投影、附件和统计一致。")
    sys.exit(1 if report.faults else 0)
