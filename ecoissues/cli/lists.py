"""Verbs about lists: seeing them with their totals, adding one."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click
import msgspec

from ecoissues.cli.options import DAY, Family, on_site, put_json, put_table, say
from ecoissues.core.vocabulary import JOINT_COUNTINGS, LEVELS

if TYPE_CHECKING:
    from ecoissues.services.site import Site


@click.group(cls=Family, invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@click.option("--data", help="数据文件夹（默认 instance）")
@click.option("--database", help="数据库地址（默认为数据文件夹中的 SQLite）")
@click.option("--debug", is_flag=True, help="出错时显示详情")
@click.pass_context
def lists(
    context: click.Context, as_json: bool, data: str | None, database: str | None, debug: bool
) -> None:
    """示例：ecoissues lists --json

    列出各清单及计入统计的件数；新增清单用 lists add。
    """
    root = context.find_root()
    before = root.obj or {}
    root.obj = {"data": data or before.get("data"), "database": database or before.get("database")}
    if context.invoked_subcommand is None:
        _show(data=None, database=None, debug=debug, as_json=as_json)


@on_site
def _show(site: Site, as_json: bool) -> None:
    from ecoissues.services import consulting

    rows = consulting.list_totals(site, consulting.operator(site))
    if as_json:
        put_json(rows)
    else:
        put_table(
            ["代码", "名称", "类型", "版本", "级别", "单位", "件数"],
            [
                [
                    r["code"], r["title"], r["kind"], r["kind_version"], LEVELS[r["level"]][0],
                    r["unit"], r["total"],
                ]
                for r in rows
            ],
        )  # fmt: skip


@lists.command("add")
@click.argument("code", metavar="代码")
@click.option("--title", required=True, help="清单名称")
@click.option("--kind", required=True, help="清单类型代码")
@click.option("--version", type=int, default=0, help="类型版本（默认最新）")
@click.option("--unit", default="", help="主管单位代码（默认全市）")
@click.option("--level", type=click.Choice(list(LEVELS)), help="级别（默认同主管单位）")
@click.option(
    "--counting", type=click.Choice(list(JOINT_COUNTINGS)), default="whole", show_default=True,
    help="合办事项：各计一件、主办（+合办）、单列一行或按家数均分",
)  # fmt: skip
@click.option("--legal-basis", default="", help="依据文件")
@click.option("--note", default="", help="说明")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def add(
    site: Site, code: str, title: str, kind: str, version: int, unit: str, level: str | None,
    counting: str, legal_basis: str, note: str, as_json: bool,
) -> None:  # fmt: skip
    """示例：ecoissues lists add DUST-2026 --title 扬尘专项 --kind KIND --unit 500119

    新增一个清单；不写版本即用该类型的最新版。正在运行的网站立即可用。
    """
    from ecoissues.services import administration, consulting

    more = administration.NewList(version, unit, level or "", counting, legal_basis, note)
    administration.add_list(site, consulting.keeper(site), code, title, kind, more)
    row = site.get_list(code)
    if as_json:
        put_json(
            {"code": row.code, "title": row.title, "kind": row.kind, "kind_version": row.kind_version,
             "level": row.level, "unit": row.unit_code}
        )  # fmt: skip
    else:
        say(f"已新增清单 {row.code}（{row.title}，类型 {row.kind} 第 {row.kind_version} 版）。")


@lists.command("batches")
@click.argument("list_code", metavar="清单")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def show_batches(site: Site, list_code: str, as_json: bool) -> None:
    """示例：ecoissues lists batches LIST --json

    列出一个清单的批次：件数、转办日期、结果应报日期。
    """
    from ecoissues.services import batches, consulting

    rows = batches.list_batches(site, consulting.operator(site), list_code)
    if as_json:
        put_json(msgspec.to_builtins(rows))
    else:
        put_table(
            ["批次", "件数", "转办日期", "结果应报日期"],
            [[one.name, one.cases, one.handed_over_on, one.results_due_on] for one in rows],
        )


@lists.command("batch")
@click.argument("list_code", metavar="清单")
@click.argument("name", metavar="批次")
@click.option("--handed-over", type=DAY, help="转办日期（不写即不改）")
@click.option("--due", type=DAY, help="结果应报日期（不写即不改）")
@click.option("--reason", required=True, help="改动理由")
@click.option("--as", "user", required=True, help="以哪个督察员账号改动")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def change_batch(
    site: Site, list_code: str, name: str, handed_over: date | None, due: date | None, reason: str,
    user: str, as_json: bool,
) -> None:  # fmt: skip
    """示例：ecoissues lists batch LIST 第22批 --due 2024-06-09 --reason 按通知更正 --as city.supervisor

    改动批次的日期并留痕；各件的时限不随之改动。
    """
    from ecoissues.services import batches, consulting

    actor = consulting.get_user(site, user)
    known = {one.name: one for one in batches.list_batches(site, actor, list_code)}.get(name)
    days = {
        "handed_over_on": str(handed_over or (known and known.handed_over_on) or ""),
        "results_due_on": str(due or (known and known.results_due_on) or ""),
    }
    done = batches.change_batch(site, actor, list_code, name, {**days, "reason": reason})
    if as_json:
        put_json(msgspec.to_builtins(done))
    else:
        say(f"批次“{name}”：转办 {done.handed_over_on or '—'}，结果应报 {done.results_due_on or '—'}。")
