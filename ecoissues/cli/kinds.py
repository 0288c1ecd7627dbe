"""Verbs about list kinds as documents."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ecoissues.cli.options import Family, common, on_site, put_json, put_table, say
from ecoissues.core.vocabulary import PHASES, ROLES

if TYPE_CHECKING:
    from ecoissues.core.kind_documents import Finding
    from ecoissues.core.kind_registry import Kinds
    from ecoissues.core.kinds import Kind
    from ecoissues.services.kind_moving import MovePlan
    from ecoissues.services.site import Site


@click.group(cls=Family)
def kinds() -> None:
    """示例：ecoissues kinds check my_campaign.toml

    检查、列出、比较、安装清单类型文件，把清单迁到新版。
    """


@kinds.command()
@click.argument("files", nargs=-1, metavar="[文件]…", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common
def check(
    data: Path, database: str | None, files: tuple[Path, ...], as_json: bool
) -> None:
    """示例：ecoissues kinds check my_campaign.toml

    检查清单类型文件并证明其可靠；不写文件名则检查本站全部文件。有问题时退出码为 1。
    """
    from ecoissues.core.kind_registry import check_file, read_kinds
    from ecoissues.services.kind_library import existing_in

    folder, existing = data / "kinds", existing_in(data)
    if files:
        findings = [one for path in files for one in check_file(path, folder, existing)]
    else:
        findings = read_kinds(folder, existing)[1]
    _tell(findings, as_json)
    if not as_json:
        say("检查通过。" if not findings else f"共 {len(findings)} 处问题。")
    sys.exit(1 if findings else 0)


def _tell(findings: list[Finding], as_json: bool) -> None:
    """Print faults: file, line, sentence, reason, and the shortest path that shows each."""
    if as_json:
        put_json([msgspec.to_builtins(finding) for finding in findings])
        return
    for finding in findings:
        click.echo(f"{finding.file}:{finding.line}: {finding.sentence} [{finding.reason}]")
        if finding.walk:
            click.echo(f"    路径：{' → '.join(str(step) for step in finding.walk)}")


def _read(data: Path) -> Kinds:
    """Read the kinds of a data folder; what is wrong with one is said and stops nothing."""
    from ecoissues.core.kind_registry import read_kinds

    found, findings = read_kinds(data / "kinds")
    for finding in findings:
        say(f"{finding.file}:{finding.line}: {finding.sentence} [{finding.reason}]")
    return found


def _find(data: Path, code: str, version: int | None) -> Kind:
    from ecoissues.core.errors import NotFound

    found = _read(data)
    kind = found.current(code) if version is None else found.get((code, version))
    if kind is None:
        known = "、".join(str(number) for name, number in sorted(found) if name == code)
        raise NotFound(f"清单类型 {code} 没有第 {version} 版；现有：{known or '无'}。")
    return kind


@kinds.command("list")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common
def list_kinds(data: Path, database: str | None, as_json: bool) -> None:
    """示例：ecoissues kinds list

    列出清单类型及各版本。
    """
    found = _read(data)
    rows = [
        {
            "code": kind.code, "version": kind.version, "title": kind.wording.zh,
            "title_en": kind.wording.en, "states": len(kind.states), "steps": len(kind.steps),
        }
        for kind in found.values()
    ]  # fmt: skip
    if as_json:
        put_json(rows)
    else:
        put_table(
            ["代码", "版本", "名称", "状态数", "步骤数"],
            [[r["code"], r["version"], r["title"], r["states"], r["steps"]] for r in rows],
        )


@kinds.command()
@click.argument("kind", metavar="类型")
@click.option("--version", type=int, help="版本（默认最新）")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common
def show(
    data: Path, database: str | None, kind: str, version: int | None, as_json: bool
) -> None:
    """示例：ecoissues kinds show KIND

    列出一个清单类型的全部内容：状态、步骤、事项字段、时限和灯、节点、下级事项、统计口径。
    """
    found = _find(data, kind, version)
    if as_json:
        put_json(msgspec.to_builtins(found))
        return
    click.echo(f"{found.wording.zh}（{found.code}，第 {found.version} 版）")
    for title, heads, rows in _tables(found):
        if rows:
            click.echo(f"\n{title}")
            put_table(heads, rows)


def _tables(kind: Kind) -> list[tuple[str, list[str], list[list[object]]]]:
    """Give everything a document says, as (title, headings, rows)."""
    from ecoissues.services import kind_facts

    facts = kind_facts.facts_of(kind)
    names = {field.code: field.zh for step in kind.steps for field in step.fields}
    return [
        ("状态", ["代码", "名称", "阶段", "待谁办理"],
         [[s.code, s.zh, PHASES[s.phase][0], ROLES.get(s.waits_for, ("",))[0]]
          for s in kind.states]),
        ("步骤", ["代码", "名称", "从", "到", "角色", "栏目"],
         [[s.code, s.zh, ",".join(s.sources), s.to or "（不变）",
           "、".join(ROLES[r][0] for r in s.roles),
           ",".join(f.code + ("*" if f.required else "") for f in s.fields)] for s in kind.steps]),
        ("事项字段", ["代码", "名称", "类型", "单位或选项", "台账列", "询问的步骤"],
         [[f.code, f.zh, f.type, f.unit_or_options, "是" if f.column else "", f.asked]
          for f in facts.fields]),
        ("列入其他清单后的状态", ["代码", "名称", "阶段", "之后可到"],
         [[s.code, s.zh, PHASES[s.phase][0], "、".join(kind.placed_after(s.code)) or "（不再变动）"]
          for s in kind.placed_states]),
        ("时限", ["代码", "名称", "账目", "长度", "灯", "到何时为止", "延期、中止"],
         [[c.code, c.zh, c.slot, c.length, c.lights, c.until, c.limits] for c in facts.clocks]),
        ("节点", ["代码", "名称", "限期", "须先完成"],
         [[m.code, m.zh, m.due or "各件自定", "、".join(m.after)] for m in kind.milestones]),
        ("统计口径", ["代码", "名称"], [list(pair) for pair in facts.figures]),
        ("其他", ["项目", "内容"],
         [list(pair) for pair in facts.others(names.get(kind.site_field, kind.site_field))]),
    ]  # fmt: skip


@kinds.command()
@click.argument("kind", metavar="类型")
@click.option("--from", "old", type=int, help="旧版本（默认为新版本的前一版）")
@click.option("--to", "new", type=int, help="新版本（默认最新）")
@click.option("--file", type=click.Path(path_type=Path, exists=True), help="以这个文件为新版本")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common
def diff(
    data: Path, database: str | None, kind: str, old: int | None, new: int | None,
    file: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """示例：ecoissues kinds diff KIND --from 1 --to 2

    列出一个清单类型两个版本之间的差别：状态、步骤、栏目、时限的增、删、改。
    """
    from ecoissues.core.kind_changes import CHANGES, SORTS, changes_between
    from ecoissues.core.kind_registry import read_text

    if file is not None:
        later, findings = read_text(file.name, file.read_text("utf-8-sig"), data / "kinds")
        if later is None:
            _tell(findings, as_json)
            sys.exit(1)
    else:
        later = _find(data, kind, new)
    versions = sorted(number for code, number in _read(data) if code == kind)
    before = [number for number in versions if number < later.version] or versions
    earlier = _find(data, kind, old if old is not None else before[-1] if before else None)
    found = changes_between(earlier, later)
    if as_json:
        put_json([msgspec.to_builtins(change) for change in found])
        return
    say(f"{later.wording.zh}：第 {earlier.version} 版 → 第 {later.version} 版，差别 {len(found)} 处。")
    for change in found:
        click.echo(f"{CHANGES[change.what]}{SORTS[change.sort]}　{change.name}（{change.code}）")
        for detail in change.details:
            click.echo(f"    {detail}")


@kinds.command()
@click.argument("file", metavar="文件", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def install(site: Site, file: Path, as_json: bool) -> None:
    """示例：ecoissues kinds install my_campaign.toml

    证明一个文件，合格即装入本站；正在运行的网站一秒内启用，不需重启。
    """
    from ecoissues.services import kind_shelf
    from ecoissues.services.consulting import keeper

    text = file.read_bytes().decode("utf-8-sig", "replace")
    done = kind_shelf.install(site, keeper(site), file.name, text)
    if done.findings:
        _tell(done.findings, as_json)
        if not as_json:
            say(f"共 {len(done.findings)} 处问题，没有安装。")
        sys.exit(1)
    if as_json:
        put_json({"code": done.code, "version": done.version, "file": done.file})
    else:
        say(f"已安装 {done.code} 第 {done.version} 版（{done.file}）。")


@kinds.command()
@click.argument("list_code", metavar="清单")
@click.option("--to", "version", type=int, required=True, help="迁到的版本")
@click.option(
    "--map", "map_file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="映射文件（TOML）：[states]、[steps]、[obligations]，旧代码 = \"新代码\"",
)  # fmt: skip
@click.option("--as", "user", default="", help="以哪个督察员账号办理（默认为清单的督察办）")
@click.option("--dry-run", is_flag=True, help="只列出将发生什么，不作任何改动")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def move(
    site: Site, list_code: str, version: int, map_file: Path | None, user: str, dry_run: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """示例：ecoissues kinds move LIST --to 2 --map map.toml --dry-run

    把一个清单的全部事项迁到清单类型的另一版本。任何一件的状态没有对应时，全部不动，退出码为 1。
    """
    from ecoissues.services import kind_moving
    from ecoissues.services.consulting import get_user, office_of

    actor = get_user(site, user) if user else office_of(site, list_code)
    text = map_file.read_text("utf-8-sig") if map_file else ""
    asked = kind_moving.Asked(list_code, version, text, map_file.name if map_file else "映射")
    plan = kind_moving.plan_move(site, actor, asked)
    if plan.ready and not dry_run:
        plan = kind_moving.move_list(site, actor, asked)
    _put_plan(plan, as_json)
    sys.exit(0 if plan.ready else 1)


def _put_plan(plan: MovePlan, as_json: bool) -> None:
    if as_json:
        put_json({**msgspec.to_builtins(plan), "ready": plan.ready})
        return
    put_table(
        ["版本", "状态", "名称", "迁到", "名称", "件数"], [list(row) for row in plan.states]
    )
    for line in plan.blocked:
        click.echo(f"{line.case}：{line.sentence} [{line.fault}]")
    if plan.left:
        say(f"{len(plan.left)} 件并入其他清单的主件，随主件办理，不在此迁移。")
    if not plan.ready:
        say(f"{len(plan.blocked)} 件没有对应，未作任何改动。")
    elif plan.moved:
        say(f"已迁移 {plan.moved} 件到第 {plan.version} 版。")
        if plan.proposals:
            say(f"时限没有改动；按新规则有 {plan.proposals} 项改定建议（ecoissues proposals 查看）。")
    else:
        say(f"{plan.cases} 件均可迁移；未作任何改动。")
