"""Verbs that begin and run a site: demo, serve, db, user."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ecoissues.cli.options import Family, Verb, common, on_site, progress, put_json, put_table, say
from ecoissues.core.vocabulary import LEVELS, ROLES

if TYPE_CHECKING:
    from ecoissues.services.site import Site


@click.command(cls=Verb)
@click.option("--if-empty", is_flag=True, help="已有数据时不作任何改动，正常结束")
@click.option("--accounts", is_flag=True, help="只列出演示账号")
@click.option("--remove", is_flag=True, help="移除整个演示站点（须无正式数据）")
@click.option("--confirm", default="", help="移除时填写 demo 以确认")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common
def demo(
    data: Path, database: str | None, if_empty: bool, accounts: bool, remove: bool, confirm: str,
    as_json: bool,
) -> None:  # fmt: skip
    """示例：ecoissues demo

    装入演示站点：单位、账号、清单和约七千件事项，均为虚构。已有数据时不重复装入。
    """
    from ecoissues.demo.loading import load
    from ecoissues.services import demonstrating, starting

    site = starting.open_site(data, database)
    try:
        if accounts:
            _print_accounts(site, as_json)
            return
        starting.upgrade(site)
        if remove:
            if confirm != "demo":
                raise click.UsageError("移除后不能恢复；确认请加 --confirm=demo。")
            demonstrating.remove(site)
            say("演示数据已全部移除。")
            return
        state = demonstrating.state_of(site)
        if state == "demo" or (state == "ordinary" and if_empty):
            say("数据库中已有数据，未重复装入。")
            return
        begun = time.monotonic()
        loaded = load(site, progress("正在装入演示数据"))
        say(
            f"演示数据已装入：{loaded.lists} 个清单，{loaded.cases} 件事项，{loaded.events} 条记录，"
            f"用时 {time.monotonic() - begun:.0f} 秒。"
        )
    finally:
        site.close()


def _print_accounts(site: Site, as_json: bool) -> None:
    from ecoissues.services.accounts import find_demo

    found, password = find_demo(site)
    if as_json:
        put_json(
            [
                {"name": user.name, "password": password, "role": user.role, "level": user.level,
                 "unit": user.unit, "display": user.display}
                for user in found
            ]
        )  # fmt: skip
    elif found:
        click.echo(f"演示账号（密码均为 {password}）：")
        put_table(
            ["账号", "角色", "级别", "单位"],
            [
                [user.name, ROLES[user.role][0], LEVELS[user.level][0], user.unit]
                for user in found
            ],
        )
    else:
        say("本站没有演示账号。")


@click.command(cls=Verb)
@click.option("--port", type=int, default=lambda: int(os.environ.get("PORT") or 8000), help="端口")
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址")
@click.option("--workers", type=int, default=2, show_default=True, help="进程数")
@common
def serve(data: Path, database: str | None, port: int, host: str, workers: int) -> None:
    """示例：ecoissues serve --port 8000

    启动网站（生产用 WSGI 服务器）。按 Ctrl-C 停止。
    """
    from ecoissues.services import starting

    site = starting.open_site(data, database)
    try:
        starting.require_current(site)
    finally:
        site.close()
    environment = {**os.environ, "ECOISSUES_DATA": str(data.resolve())}
    if database:
        environment["DATABASE_URL"] = database
    click.echo(f"网站地址：http://{host}:{port}")
    click.echo("按 Ctrl-C 停止。")
    sys.stdout.flush()
    if sys.platform == "win32":
        command = ["-m", "waitress", f"--listen={host}:{port}", "--threads=8", "ecoissues.wsgi:app"]
    else:
        command = [
            "-m", "gunicorn", "--workers", str(workers), "--worker-class", "gthread",
            "--threads", "4", "--bind", f"{host}:{port}", "--no-control-socket",
            "--access-logfile", "/dev/null", "--log-level", "warning", "--timeout", "120",
            "ecoissues.wsgi:app",
        ]  # fmt: skip
    os.execve(sys.executable, [sys.executable, *command], environment)  # noqa: S606


@click.group(cls=Family)
def db() -> None:
    """示例：ecoissues db upgrade

    升级或回退数据库。
    """


@db.command()
@common
def upgrade(data: Path, database: str | None) -> None:
    """示例：ecoissues db upgrade --data instance

    建立数据库或升级到最新版本；空库同时装入单位树。
    """
    from ecoissues.services import starting

    site = starting.open_site(data, database)
    try:
        revision, units = starting.upgrade(site, progress("正在按日志重建记账"))
    finally:
        site.close()
    say(f"数据库版本 {revision}" + (f"，已装入 {units} 个单位。" if units else "。"))


@db.command()
@click.argument("revision", metavar="版本")
@click.option("--confirm", default="", help="填写目标版本以确认")
@click.option("--dry-run", is_flag=True, help="只说明将发生什么")
@common
def downgrade(
    data: Path, database: str | None, revision: str, confirm: str, dry_run: bool
) -> None:
    """示例：ecoissues db downgrade base --confirm=base

    回退数据库；base 为清空。
    """
    from ecoissues.services import starting

    site = starting.open_site(data, database)
    try:
        now, _ = starting.revisions(site)
        if dry_run:
            say(f"将从版本 {now} 回退到 {revision}；回退到 base 会删除全部数据。未作任何改动。")
            return
        if confirm != revision:
            raise click.UsageError(f"回退可能丢失数据；确认请加 --confirm={revision}。")
        say(f"数据库版本 {starting.downgrade(site, revision)}。")
    finally:
        site.close()


@click.group(cls=Family)
def user() -> None:
    """示例：ecoissues user add zhang.san --role officer --unit 500119-STHJ

    管理账号。
    """


@user.command("add")
@click.argument("name", metavar="账号")
@click.option("--role", required=True, type=click.Choice(list(ROLES)), help="角色")
@click.option("--unit", required=True, help="单位代码")
@click.option("--display", default="", help="显示名（默认同账号）")
@click.option("--password-stdin", is_flag=True, help="从标准输入读取密码（默认提示输入）")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def add(
    site: Site, name: str, role: str, unit: str, display: str, password_stdin: bool, as_json: bool
) -> None:
    """示例：ecoissues user add zhang.san --role officer --unit 500119-STHJ

    新增账号。非交互运行且未给密码时，生成一个随机密码并输出一次。
    """
    import secrets

    from ecoissues.services.administration import add_user

    made = ""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    elif sys.stdin.isatty():
        password = click.prompt("密码", hide_input=True, confirmation_prompt="再输一次")
    else:
        password = made = secrets.token_urlsafe(12)
    add_user(site, name, role, unit, password, display or name)
    if as_json:
        put_json({"name": name, "role": role, "unit": unit, "password": made or None})
    else:
        say(f"已新增账号 {name}（{ROLES[role][0]}，{unit}）。")
        if made:
            click.echo(made)


@user.command("mail")
@click.argument("name", metavar="账号")
@click.argument("address", metavar="邮箱", required=False, default="")
@on_site
def mail(site: Site, name: str, address: str) -> None:
    """示例：ecoissues user mail zhang.san zhang.san@example.cn

    登记接收提醒的邮箱；不写邮箱即取消。
    """
    from ecoissues.services.contacting import set_mail

    set_mail(site, name, address)
    say(f"账号 {name} " + (f"的提醒邮箱为 {address}。" if address else "不再接收邮件提醒。"))
