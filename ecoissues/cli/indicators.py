"""Verbs about the indicator sheet: define, set, import, show, publish, compare."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ecoissues.cli.options import Family, on_site, put_json, put_table, say

if TYPE_CHECKING:
    from ecoissues.core.policy import Actor
    from ecoissues.services.site import Site


@click.group(cls=Family)
def indicators() -> None:
    """示例：ecoissues indicators show --month 2024-09

    生态报表：指标、目标、序时进度，按区县填报或由统计指标得出。
    """


def _actor(site: Site, user: str) -> Actor:
    from ecoissues.services import consulting

    return consulting.get_user(site, user) if user else consulting.publisher(site)


@indicators.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="文件")
@click.option("--user", default="", help="以哪个账号录入（默认为全站）")
@on_site
def define(site: Site, file: Path, user: str) -> None:
    """示例：ecoissues indicators define 指标.toml

    录入一年的指标（TOML：year 和若干 [[indicators]]）；再次录入的为新版本。
    """
    from ecoissues.services import indicators as service

    year, found = service.read_documents(file.read_text("utf-8"))
    actor = _actor(site, user)
    for one in found:
        say(f"已录入 {year} 年 {one.code} 第 {service.define(site, actor, year, one)} 版。")


@indicators.command("set")
@click.argument("code", metavar="指标")
@click.argument("month", metavar="月份")
@click.argument("unit", metavar="单位")
@click.argument("value", metavar="数值")
@click.option("--note", default="", help="备注")
@click.option("--user", default="", help="以哪个账号填报（默认为全站）")
@on_site
def set_value(
    site: Site, code: str, month: str, unit: str, value: str, note: str, user: str
) -> None:
    """示例：ecoissues indicators set AQI 2024-09 500119 93.5

    填报一个月的数值；再填为更正，原值保留在日志里；数值为空（""）表示撤回。
    """
    from ecoissues.services.indicator_values import Given, enter

    enter(site, _actor(site, user), [Given(code, month, unit, value, note)])
    say("已填报。")


@indicators.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="文件")
@click.option("--user", default="", help="以哪个账号填报（默认为全站）")
@on_site
def import_values(site: Site, file: Path, user: str) -> None:
    """示例：ecoissues indicators import 九月.xlsx

    从 xlsx、xls、csv 导入数值：表头为指标、单位、月份、数值，或指标、单位和各月一列。
    """
    from ecoissues.services.indicator_values import import_sheet

    say(f"已导入 {import_sheet(site, _actor(site, user), file.read_bytes(), file.name)} 个数值。")


@indicators.command()
@click.option("--month", required=True, help="月份，如 2024-09")
@click.option("--unit", default="", help="区县或单位代码（默认全市）")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def show(site: Site, month: str, unit: str, as_json: bool) -> None:
    """示例：ecoissues indicators show --month 2024-09

    显示一个月的生态报表和各清单情况（一单一表）。
    """
    from ecoissues.services import consulting, indicator_editions
    from ecoissues.services.figure_words import standing_word

    sheet, issues = indicator_editions.read(site, consulting.operator(site), month, unit)
    if as_json:
        put_json({**msgspec.to_builtins(sheet), "issues": msgspec.to_builtins(issues)})
        return
    click.echo(f"{sheet.unit_name}生态报表（{sheet.period_words}），截至 {sheet.as_of}")
    put_table(
        ["指标", "名称", "完成", "目标", "序时", "状态", "与目标相比", "已填单位"],
        [
            [line.code, line.name, f"{line.whole.shown}{line.measure}", line.whole.target,
             line.whole.expected, standing_word(line.whole.standing), line.whole.distance,
             line.filled]
            for line in sheet.lines
        ],
    )  # fmt: skip
    put_table(
        ["清单", "总数", "在办", "逾期", "指标", "比率"],
        [[i.title, i.total, i.working, i.overdue, i.name, i.percent or "—"] for i in issues],
    )


@indicators.command()
@click.option("--month", required=True, help="月份")
@click.option("--unit", default="", help="区县或单位代码（默认全市）")
@on_site
def publish(site: Site, month: str, unit: str) -> None:
    """示例：ecoissues indicators publish --month 2024-09

    发布一个月的生态报表并冻结，输出版本代码。
    """
    from ecoissues.services import consulting, indicator_editions

    click.echo(indicator_editions.publish(site, consulting.publisher(site), month, unit))


@indicators.command()
@click.argument("code", metavar="版本代码")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def compare(site: Site, code: str, as_json: bool) -> None:
    """示例：ecoissues indicators compare 7K3M-9QXD

    把发布的报表与现在比较，逐项说明不同的数值。
    """
    from ecoissues.core.clock_rules import shown_instant
    from ecoissues.services import consulting, indicator_editions
    from ecoissues.services.figure_words import revision_word

    found = indicator_editions.compare(site, consulting.operator(site), code)
    if as_json:
        put_json(msgspec.to_builtins(found))
    else:
        put_table(
            ["指标", "单位", "发布时", "现在", "差", "原因", "填报"],
            [[c.name, c.label, c.then, c.now, c.difference, revision_word(c.reason),
              c.entered_at and shown_instant(c.entered_at)]
             for c in found.changes],
        )  # fmt: skip
        say(f"共 {len(found.changes)} 处不同。" if found.changes else "没有变化。")
    sys.exit(0 if found.sound and found.complete else 1)
