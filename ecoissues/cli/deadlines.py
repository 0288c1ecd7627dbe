"""Verbs about days: workdays, calendars, proposals, reminders."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ecoissues.cli.options import (
    DAY,
    Family,
    Verb,
    common,
    on_site,
    progress,
    put_json,
    put_table,
    say,
)

if TYPE_CHECKING:
    from ecoissues.core.calendars import Calendars
    from ecoissues.services.site import Site


@click.group(cls=Family)
def workdays() -> None:
    """示例：ecoissues workdays add 2026-02-12 5

    按国务院放假安排推算工作日。
    """


def _calendars(data: Path, database: str | None) -> Calendars:
    """Give the site's calendars; where there is no site yet, the packaged ones."""
    from ecoissues.core.calendar_documents import gather_calendars
    from ecoissues.services import starting

    if database is None and not (data / "ecoissues.db").exists():
        return gather_calendars(data / "calendars")
    site = starting.open_site(data, database)
    try:
        return site.calendars
    finally:
        site.close()


@workdays.command("add")
@click.argument("day", metavar="日期", type=DAY)
@click.argument("count", metavar="天数", type=click.IntRange(1, 3660))
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common
def add(data: Path, database: str | None, day: date, count: int, as_json: bool) -> None:
    """示例：ecoissues workdays add 2026-02-12 5 --json

    自某日次日起数若干个工作日（收到当日不计），逐日列出计入与不计的日子。
    """
    from ecoissues.core.clock_rules import Rule
    from ecoissues.core.deadlines import due_date
    from ecoissues.core.proofs import DAY_MARKS, explain

    found = due_date(Rule(count, "workdays"), day, _calendars(data, database))
    days = explain(found.proof)
    if as_json:
        put_json(
            {
                "due": found.due.isoformat(), "provisional": found.provisional,
                "days": [
                    {"date": one.date.isoformat(), "mark": one.mark, "number": one.number}
                    for one in days
                ],
                "calendars": found.proof["calendars"],
            }
        )  # fmt: skip
        return
    for one in days:
        order = f"第 {one.number} 个" if one.number else ""
        say(f"  {one.date}  {DAY_MARKS[one.mark][0]}  {order}".rstrip())
    click.echo(found.due.isoformat() + ("（暂定，放假安排尚未公布）" if found.provisional else ""))


@click.group(cls=Family)
def calendar() -> None:
    """示例：ecoissues calendar status

    查看或载入放假安排。
    """


@calendar.command("status")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def status(site: Site, as_json: bool) -> None:
    """示例：ecoissues calendar status --json

    列出已有的放假安排、暂定的时限和待接受的改定建议。
    """
    from ecoissues.services import consulting, proposals

    actor = consulting.operator(site)
    rows = proposals.calendar_status(site)
    uncertain = proposals.list_uncertain(site, actor)
    waiting = proposals.list_proposals(site, actor)
    if as_json:
        put_json(
            {
                "calendars": rows,
                "provisional": msgspec.to_builtins(uncertain),
                "proposals": msgspec.to_builtins(waiting),
            }
        )
        return
    put_table(
        ["年份", "地区", "版本", "状态", "放假", "调休上班", "依据"],
        [
            [r["year"], r["region"], r["version"],
             "已公布" if r["status"] == "official" else "暂定", r["holidays"], r["makeup"],
             r["notice"]]
            for r in rows
        ],
    )  # fmt: skip
    say(f"暂定时限 {len(uncertain)} 项，待接受的改定建议 {len(waiting)} 项。")
    if uncertain:
        put_table(
            ["事项", "时限", "暂定为"], [[one.key, one.clock_name, one.due] for one in uncertain]
        )


@calendar.command("load")
@click.argument("file", metavar="文件", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def load(site: Site, file: Path, as_json: bool) -> None:
    """示例：ecoissues calendar load 2027.toml

    载入一年的放假安排（TOML 文件）。现有时限不变，只列出改定建议，由督察员逐件或全部接受。
    """
    from ecoissues.core.errors import Refused
    from ecoissues.services import consulting, proposals

    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("no_file", f"无法读取文件 {file}（{error}），未作任何改动。") from None
    loaded = proposals.load_calendar(
        site, consulting.keeper(site), text, file.name, progress("推算")
    )
    if as_json:
        put_json(msgspec.to_builtins(loaded))
    elif not loaded.changed:
        say(f"{loaded.year} 年放假安排第 {loaded.version} 版已经载入过，没有变化。")
    else:
        say(
            f"已载入 {loaded.year} 年{loaded.region}放假安排第 {loaded.version} 版；"
            f"现有时限未改动，改定建议 {loaded.proposals} 项（ecoissues proposals 查看）。"
        )


@click.group(cls=Family, invoke_without_command=True)
@click.option("--list", "list_code", default="", help="只看一个清单")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@click.option("--data", help="数据文件夹（默认 instance）")
@click.option("--database", help="数据库地址（默认为数据文件夹中的 SQLite）")
@click.pass_context
def proposals(
    ctx: click.Context, list_code: str, as_json: bool, data: str | None, database: str | None
) -> None:
    """示例：ecoissues proposals --list LIST

    列出放假安排或计时规则变更后的改定建议：原日期和建议日期。
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(_listed, list_code=list_code, as_json=as_json, data=data, database=database,
                   debug=False)  # fmt: skip


@click.command(cls=Verb)
@click.option("--list", "list_code", default="")
@click.option("--json", "as_json", is_flag=True)
@on_site
def _listed(site: Site, list_code: str, as_json: bool) -> None:
    from ecoissues.services import consulting
    from ecoissues.services import proposals as service

    rows = service.list_proposals(site, consulting.operator(site), list_code)
    if as_json:
        put_json(msgspec.to_builtins(rows))
        return
    put_table(
        ["事项", "单位", "时限", "现为", "建议改定为", "缘由"],
        [
            [one.key, one.unit, one.clock_name, one.due,
             one.new_due + ("（暂定）" if one.provisional else ""),
             "放假安排" if one.because == "calendar" else "计时规则"]
            for one in rows
        ],
    )  # fmt: skip
    say(f"共 {len(rows)} 项；未接受的维持原日期。")


@proposals.command("accept")
@click.argument("keys", metavar="[清单/编号]…", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="全部接受")
@click.option("--list", "list_code", default="", help="只限一个清单")
@click.option("--as", "user", required=True, help="以哪个督察员账号接受")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def accept(
    site: Site, keys: tuple[str, ...], everything: bool, list_code: str, user: str, as_json: bool
) -> None:
    """示例：ecoissues proposals accept --all --as city.supervisor

    接受改定建议，每件记入日志；已办结的事项从不改动。
    """
    from ecoissues.services import consulting
    from ecoissues.services import proposals as service

    if everything == bool(keys):
        raise click.UsageError("请写明“清单/编号”，或加 --all 全部接受。")
    actor = consulting.get_user(site, user)
    rows = service.list_proposals(site, actor, list_code)
    chosen = [(one.case_id, one.clock) for one in rows if everything or one.key in keys]
    done = service.accept(site, actor, chosen, list_code)
    if as_json:
        put_json(msgspec.to_builtins(done))
    else:
        for one in done:
            say(f"{one.key}：{one.refused or f'已改定为 {one.new_due}。'}")
        say(f"接受 {sum(not one.refused for one in done)} 项，未接受 {sum(bool(one.refused) for one in done)} 项。")
    missing = set(keys) - {one.key for one in rows}
    if missing or any(one.refused for one in done):
        for key in sorted(missing):
            say(f"{key}：没有改定建议。")
        raise SystemExit(1)


@click.command(cls=Verb)
@click.option("--on", "on", type=DAY, help="按哪一天扫描（默认今天）")
@click.option("--no-send", is_flag=True, help="只生成提醒，不发邮件和群消息")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def remind(site: Site, on: date | None, no_send: bool, as_json: bool) -> None:
    """示例：ecoissues remind

    扫描全部时限，每人每天一份提醒。由定时任务每天运行；同一天重复运行不会重复提醒，漏掉的日子会补上。
    """
    from ecoissues.services import delivering, reminding

    found = reminding.scan(site, on)
    sent = delivering.Delivered() if no_send else delivering.deliver(site)
    if as_json:
        put_json({**msgspec.to_builtins(found), **msgspec.to_builtins(sent)})
        return
    if found.repeated:
        say(f"{found.day} 已经扫描过，没有新的提醒。")
    else:
        say(f"{found.day}：{found.cases} 件事项，{found.reminders} 项提醒，{found.messages} 份消息。")
    if sent.sent or sent.failed:
        say(f"发出 {sent.sent} 份" + (f"，失败 {sent.failed} 份，稍后重试。" if sent.failed else "。"))
