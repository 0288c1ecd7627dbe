"""Verbs about doubts: find, list, explain, check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from ecoissues.cli.options import Family, Verb, on_site, put_json, put_table, say

if TYPE_CHECKING:
    from ecoissues.services.site import Site


@click.group(cls=Family)
def doubts() -> None:
    """示例：ecoissues doubts find LIST

    数字和事项中的疑点：只提醒，不阻拦导入和办理；每条有责任单位，可以说明。
    """


@doubts.command(cls=Verb)
@click.argument("list_code", metavar="清单")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def find(site: Site, list_code: str, as_json: bool) -> None:
    """示例：ecoissues doubts find LIST

    按今天的情况查找一个清单的疑点并登记；已消除的自动标明。
    """
    from ecoissues.services import consulting
    from ecoissues.services import doubts as service

    found = service.scan(site, consulting.office_of(site, list_code), list_code)
    if as_json:
        put_json(msgspec.to_builtins(found))
    else:
        say(f"新发现 {found.new} 条，仍存在 {found.standing} 条，已消除 {found.gone} 条。")


@doubts.command("list", cls=Verb)
@click.argument("list_code", metavar="清单")
@click.option("--all", "every", is_flag=True, help="也列出已消除的")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def list_doubts(site: Site, list_code: str, every: bool, as_json: bool) -> None:
    """示例：ecoissues doubts list LIST --json

    列出一个清单的疑点。
    """
    from ecoissues.services import consulting
    from ecoissues.services import doubts as service

    who = consulting.operator(site)
    rows = service.read_doubts(
        site, who, list_code, tuple(service.STATES) if every else ("open", "explained")
    )
    if as_json:
        put_json(msgspec.to_builtins(rows))
        return
    put_table(
        ["序号", "疑点", "对象", "情况", "责任单位", "状态", "说明"],
        [
            [r.id, r.name, r.subject, r.sentence, r.owner_name, service.STATES[r.state], r.note]
            for r in rows
        ],
    )


@doubts.command(cls=Verb)
@click.argument("list_code", metavar="清单")
@click.argument("doubt_id", metavar="序号", type=int)
@click.argument("note", metavar="说明")
@on_site
def explain(site: Site, list_code: str, doubt_id: int, note: str) -> None:
    """示例：ecoissues doubts explain LIST 3 "合办件在两个区县各计一次"

    说明一条疑点；疑点仍列出，附说明人和日期。
    """
    from ecoissues.services import consulting
    from ecoissues.services import doubts as service

    service.explain(site, consulting.office_of(site, list_code), doubt_id, note)
    say(f"已说明第 {doubt_id} 条疑点。")


@doubts.command(cls=Verb)
@click.argument("statements", metavar="算式…", nargs=-1, required=True)
@click.option("--list", "list_code", help="把不符的记入这个清单的疑点")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def check(site: Site, statements: tuple[str, ...], list_code: str | None, as_json: bool) -> None:
    """示例：ecoissues doubts check "10/65=15.8%" "2913-2864=33"

    核对印出的合计和比率，说明哪里不符；不符只提醒，退出码仍为 0。
    """
    from ecoissues.core.statements import check_statement
    from ecoissues.services import consulting
    from ecoissues.services import doubts as service

    found = {text: check_statement(text) for text in statements}
    if list_code:
        service.declare(site, consulting.office_of(site, list_code), list_code, statements)
    if as_json:
        put_json(msgspec.to_builtins(found))
        return
    for text, doubted in found.items():
        click.echo(f"{text}  {''.join(one.sentence for one in doubted) or '相符'}")
