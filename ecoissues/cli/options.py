"""What every verb shares: the site it works on, dates, and how data is printed."""

from __future__ import annotations

import difflib
import functools
import json
import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from ecoissues.cli.wording import Spoken


class Verb(Spoken):
    """A verb of the command line."""


class Family(Spoken, click.Group):
    """Verbs under a common word."""

    command_class = Verb

    def __init__(self, *given: object, **named: object) -> None:
        named.setdefault("subcommand_metavar", "命令 [参数]…")
        super().__init__(*given, **named)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb; a wrong one is answered with the nearest."""
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], known, 1, 0.5)
            hint = f"是不是要 {near[0]}？" if near else f"有 {'、'.join(known)}。"
            ctx.fail(f"没有命令“{args[0]}”。{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs, each with its line."""
        lines = []
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            text = (command.help or "").split("\n\n") if command else [""]
            lines.append((name, text[-1].strip()))
        with formatter.section("命令"):
            formatter.write_dl(lines)


class Day(click.ParamType[date]):
    """A day in any written form."""

    name = "日期"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read a day; a wrong one is a typing error."""
        from ecoissues.core.values import Bad, clean_date

        try:
            return clean_date(value)
        except Bad as bad:
            self.fail(str(bad), param, ctx)


DAY = Day()


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb the options that may also stand before it; it gets ``data`` and ``database``."""

    @click.option("--data", help="数据文件夹（默认 instance）")
    @click.option("--database", help="数据库地址（默认为数据文件夹中的 SQLite）")
    @click.option("--debug", is_flag=True, help="出错时显示详情")
    @functools.wraps(command)
    def wrapped(data: str | None, database: str | None, debug: bool, **given: Any) -> Any:
        before = click.get_current_context().find_root().obj or {}
        folder = data or before.get("data") or os.environ.get("ECOISSUES_DATA") or "instance"
        url = database or before.get("database") or os.environ.get("DATABASE_URL") or None
        return command(data=Path(folder), database=url, **given)

    return wrapped


def on_site(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb an open site at the program's own version as its first argument ``site``."""

    @common
    @functools.wraps(command)
    def wrapped(data: Path, database: str | None, **given: Any) -> Any:
        from ecoissues.core.errors import Refused
        from ecoissues.services import starting

        if database is None and not (data / "ecoissues.db").exists():
            raise Refused(
                "no_site", f"文件夹 {data} 中还没有数据库；请先运行 ecoissues db upgrade --data {data}。"
            )
        site = starting.open_site(data, database)
        try:
            starting.require_current(site)
            site.settle()
            return command(site=site, **given)
        finally:
            site.close()

    return wrapped


def say(text: str) -> None:
    """Talk to the person: standard error."""
    click.echo(text, err=True)


def put_json(value: Any) -> None:
    """Print data as JSON, readable and with Chinese as it is."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def put_line(value: Any) -> None:
    """Print one JSON line."""
    click.echo(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str))


def put_table(headers: list[str], rows: list[list[Any]]) -> None:
    """Print rows for people, columns in line also with Chinese (two places each)."""
    texts = [[str("" if cell is None else cell) for cell in row] for row in rows]
    widths = [max([_width(h), *(_width(row[i]) for row in texts)]) for i, h in enumerate(headers)]
    for row in [headers, *texts]:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _width(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)


def progress(label: str) -> Callable[[int, int], None]:
    """Give a reporter of done and all that writes a line to standard error now and then."""
    import time

    last = [0.0]

    def report(done: int, whole: int) -> None:
        now = time.monotonic()
        if now - last[0] >= 1.5 or done == whole:
            last[0] = now
            end = "\r" if sys.stderr.isatty() and done != whole else "\n"
            click.echo(f"{label} {done}/{whole}{end}", err=True, nl=False)

    return report
