"""The verb that shows what was changed beside the cases."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click
import msgspec

from ecoissues.cli.options import DAY, Verb, on_site, put_json, put_table, say
from ecoissues.core.vocabulary import ADMIN_CHANGES, word

if TYPE_CHECKING:
    from ecoissues.services.site import Site


@click.command(cls=Verb)
@click.option("--sort", default="", type=click.Choice(["", *ADMIN_CHANGES]), help="只看一类")
@click.option("--actor", default="", help="只看一人的改动")
@click.option("--since", type=DAY, help="自哪一天")
@click.option("--until", type=DAY, help="至哪一天")
@click.option("--before", default=0, type=int, help="只看序号小于此数的（翻页）")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def changes(
    site: Site, sort: str, actor: str, since: date | None, until: date | None, before: int,
    as_json: bool,
) -> None:  # fmt: skip
    """示例：ecoissues changes --since 2026-01-01 --json

    列出账号、单位、清单、批次、设置、放假安排、清单类型的改动，新的在前，每次 50 条。
    """
    from ecoissues.services import changes as service
    from ecoissues.services import consulting

    wanted = service.Wanted(sort, actor, "", since, until, before)
    page = service.read_changes(site, consulting.auditor(site), wanted)
    if as_json:
        put_json({"changes": msgspec.to_builtins(page.records), "older": page.older})
        return
    put_table(
        ["序号", "时间", "改动人", "类别", "对象", "改动", "理由"],
        [
            [
                one.id, one.at, one.actor, one.title, one.target,
                "；".join(
                    f"{word('change_fields', name)} {was} → {now}" for name, was, now in one.values
                ),
                one.reason,
            ]
            for one in page.records
        ],
    )  # fmt: skip
    if page.older:
        say(f"还有更早的，加 --before {page.older} 查看。")
