"""Verbs about lists and cases: lists, cases, act, deadline."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ecoissues.cli.options import DAY, Verb, on_site, put_json, put_table, say
from ecoissues.core.vocabulary import EVIDENCE_STAGES, PHASES

if TYPE_CHECKING:
    from ecoissues.services.site import Site


@click.command(cls=Verb)
@click.argument("list_code", metavar="清单")
@click.option("--as-of", type=DAY, help="截止日期（默认今天）")
@click.option("--known-at", help="知悉时间，如 2025-01-02")
@click.option("--phase", type=click.Choice(list(PHASES)), help="只列某一阶段")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def cases(
    site: Site, list_code: str, as_of: date | None, known_at: str | None, phase: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """示例：ecoissues cases LIST --as-of 2024-12-31 --phase open

    列出一个清单在某日终了时的事项；可限于某一时刻已经登记的情况。
    """
    from ecoissues.services import consulting

    who = consulting.operator(site)
    rows = consulting.cases_in(site, who, list_code, as_of, phase, known_at)
    if as_json:
        put_json(rows)
    else:
        put_table(
            ["编号", "状态", "责任单位", "登记日期", "时限"],
            [
                [
                    f"{r['number']}/{r['part']}" if r["part"] else r["number"], r["state_name"],
                    r["unit_name"], r["registered_on"], r["due_on"],
                ]
                for r in rows
            ],
        )  # fmt: skip
        say(f"共 {len(rows)} 件。")


def _values(given: tuple[str, ...]) -> dict[str, str]:
    values = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"“{pair}”请写成 栏目=值。", param_hint="--set")
        values[name] = value
    return values


def _evidence(site: Site, given: tuple[str, ...]) -> list[Any]:
    from ecoissues.services.evidence import prepare

    files = []
    for item in given:
        stage, equals, name = item.partition("=")
        if not equals or stage not in EVIDENCE_STAGES:
            picture = Path(item).suffix.lower() in (".jpg", ".jpeg", ".png", ".webp")
            stage, name = ("after" if picture else "document"), item
        path = Path(name)
        if not path.is_file():
            raise click.BadParameter(f"没有文件 {path}。", param_hint="--evidence")
        files.append(prepare(site, path.name, stage, path.read_bytes()))
    return files


@click.command(cls=Verb)
@click.argument("number", metavar="编号")
@click.argument("step", metavar="步骤")
@click.option("--list", "list_code", required=True, help="清单代码")
@click.option("--as", "user", required=True, help="以哪个账号办理")
@click.option("--set", "given", multiple=True, metavar="栏目=值", help="填写一栏，可重复")
@click.option(
    "--evidence", multiple=True, metavar="[类别=]文件",
    help="附件，可重复；类别 before、after、document（默认：图片为 after，其他为 document）",
)  # fmt: skip
@click.option("--on", "effective_on", type=DAY, help="生效日期（默认今天）")
@click.option("--late-reason", default="", help="补记理由")
@click.option("--key", default="", help="重复提交标识：同一标识只生效一次")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def act(
    site: Site, number: str, step: str, list_code: str, user: str, given: tuple[str, ...],
    evidence: tuple[str, ...], effective_on: date | None, late_reason: str, key: str,
    as_json: bool,
) -> None:  # fmt: skip
    """示例：ecoissues act D3CQ202405300012 accept --list LIST --as nc.officer

    对一件事项执行一个步骤（步骤代码见 ecoissues kinds show）；登记用 register。
    """
    from ecoissues.services import consulting, gate, registering
    from ecoissues.services.loading import load_case

    actor = consulting.get_user(site, user)
    values = _values(given)
    files = _evidence(site, evidence)
    if step == "register":
        bare, _, part = number.partition("/")
        taken = registering.register(
            site, actor, list_code,
            registering.Registration(
                {"number": bare, **values}, part=int(part or 0), effective_on=effective_on,
                late_reason=late_reason, files=files,
            ),
        )  # fmt: skip
    else:
        with site.store.reading() as connection:
            case = load_case(connection, site, actor, f"{list_code}/{number}")
        taken = gate.take_step(
            site, actor, case.id,
            gate.Request(step, None, values, files, effective_on, late_reason, key),
        )  # fmt: skip
    if as_json:
        put_json(msgspec.to_builtins(taken))
    else:
        name = consulting.shown_step(site, list_code, taken.step)
        say(f"{taken.key}：已“{name}”，现为“{taken.state_name}”（第 {taken.seq} 条记录）。")


@click.command(cls=Verb)
@click.argument("number", metavar="编号")
@click.option("--list", "list_code", required=True, help="清单代码")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def deadline(site: Site, number: str, list_code: str, as_json: bool) -> None:
    """示例：ecoissues deadline D3CQ202405300012 --list LIST

    逐日列出一件事项各时限的计算依据。
    """
    from ecoissues.core.clock_rules import shown_instant
    from ecoissues.core.vocabulary import LIGHTS
    from ecoissues.services import consulting

    found = consulting.clock_proofs(site, consulting.operator(site), f"{list_code}/{number}")
    if as_json:
        put_json(found)
        return
    if not found["clocks"]:
        say("本件还没有时限。")
    for clock in found["clocks"]:
        due = shown_instant(clock["due_at"]) if clock["due_at"] else clock["due"]
        click.echo(
            f"{clock['name']}：现时限 {due or '中止'}，原时限 {clock['original'] or '无'}"
            + (f"，{LIGHTS[clock['light']][0]}" if clock["light"] else "")
            + (f"，已于 {clock['met_on']} 完成，{clock['verdict']}" if clock["met_on"] else "")
            + ("，暂定（节假日安排尚未公布）" if clock["provisional"] else "")
        )
        shown = clock["shown"]
        for line in (shown["rule"], *shown["changes"], *shown["days"]):
            if line:
                click.echo(f"  {line}")
