"""Verbs about bulletins: new, publish, write, list, templates."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ecoissues.cli.options import DAY, Family, on_site, put_json, put_table, say

if TYPE_CHECKING:
    from ecoissues.services.site import Site


@click.group(cls=Family)
def bulletin() -> None:
    """示例：ecoissues bulletin new weekly LIST --as-of 2024-06-30

    从模板生成日报、周通报、月总结、专报，发布后输出 Word 文件。
    """


@bulletin.command()
@click.argument("template", metavar="模板")
@click.argument("list_code", metavar="清单")
@click.option("--as-of", type=DAY, help="截至日期（默认今天）")
@click.option("--from", "begins_on", type=DAY, help="期间的第一天（默认由模板决定）")
@click.option("--unit", default="", help="只写一个区县或单位（单位代码）")
@on_site
def new(
    site: Site, template: str, list_code: str, as_of: date | None, begins_on: date | None, unit: str
) -> None:
    """示例：ecoissues bulletin new weekly LIST --as-of 2024-06-30

    新建一份草稿，输出编号；在网页“通报简报”中修改文字。
    """
    from ecoissues.services import bulletins, consulting

    actor = consulting.office_of(site, list_code)
    click.echo(bulletins.create(site, actor, template, list_code, as_of, unit, begins_on))


@bulletin.command()
@click.argument("key", type=int, metavar="编号")
@click.option("--confirmed", is_flag=True, help="文中手工填写的数字已核对")
@on_site
def publish(site: Site, key: int, confirmed: bool) -> None:
    """示例：ecoissues bulletin publish 3

    发布草稿：文字和数字一并冻结，输出版本代码。
    """
    from ecoissues.services import bulletins, consulting

    found, _ = bulletins.read(site, consulting.publisher(site), key)
    actor = consulting.office_of(site, found.list_code)
    click.echo(bulletins.publish(site, actor, key, found.version, confirmed=confirmed))


@bulletin.command()
@click.argument("code", metavar="版本代码")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path), metavar="文件")
@on_site
def write(site: Site, code: str, out: Path) -> None:
    """示例：ecoissues bulletin write 7K3M-9QXD 通报.docx

    写出已发布简报的 Word 文件（公文格式）；草稿写编号。
    """
    from ecoissues.services import bulletins, consulting, publishing

    if code.isdecimal():
        content = bulletins.draft_file(site, consulting.publisher(site), int(code))
    else:
        content = bulletins.word_file(publishing.find(site, consulting.operator(site), code))
    out.write_bytes(content)
    say(f"已写出 {out}。")


@bulletin.command("list")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def list_bulletins(site: Site, as_json: bool) -> None:
    """示例：ecoissues bulletin list

    列出草稿和已发布的简报。
    """
    from ecoissues.services import bulletins, consulting

    rows = bulletins.listed(site, consulting.publisher(site))
    if as_json:
        put_json(msgspec.to_builtins(rows))
    else:
        put_table(
            ["编号", "种类", "清单", "截至", "版本代码"],
            [[r.id, r.template.zh, r.list_code, r.as_of, r.edition or "草稿"] for r in rows],
        )


@bulletin.command()
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def templates(site: Site, as_json: bool) -> None:
    """示例：ecoissues bulletin templates

    列出简报模板；数据文件夹 bulletins 中的 .toml 文件会一并列出。
    """
    from ecoissues.services import bulletins

    rows = bulletins.templates(site).values()
    if as_json:
        put_json([msgspec.to_builtins(row) for row in rows])
    else:
        put_table(["代码", "名称", "周期"], [[r.code, r.zh, r.period] for r in rows])
