"""Verbs about list kinds as documents."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from ecoissues.cli.options import Family, common, put_json, put_table, say
from ecoissues.core.vocabulary import PHASES, ROLES


@click.group(cls=Family)
def kinds() -> None:
    """示例：ecoissues kinds check my_campaign.toml

    检查、列出、查看清单类型文件。
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

    folder = data / "kinds"
    if files:
        findings = [finding for path in files for finding in check_file(path, folder)]
    else:
        findings = read_kinds(folder)[1]
    if as_json:
        put_json([msgspec.to_builtins(finding) for finding in findings])
    else:
        for finding in findings:
            click.echo(f"{finding.file}:{finding.line}: {finding.sentence} [{finding.reason}]")
            if finding.walk:
                click.echo(f"    路径：{' → '.join(str(step) for step in finding.walk)}")
        say("检查通过。" if not findings else f"共 {len(findings)} 处问题。")
    sys.exit(1 if findings else 0)


@kinds.command("list")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common
def list_kinds(data: Path, database: str | None, as_json: bool) -> None:
    """示例：ecoissues kinds list

    列出清单类型。
    """
    from ecoissues.core.kind_registry import load_kinds

    rows = [
        {
            "code": kind.code, "version": kind.version, "title": kind.wording.zh,
            "title_en": kind.wording.en, "states": len(kind.states), "steps": len(kind.steps),
        }
        for kind in load_kinds(data / "kinds").values()
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
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common
def show(data: Path, database: str | None, kind: str, as_json: bool) -> None:
    """示例：ecoissues kinds show KIND

    列出一个清单类型的状态、时限和步骤。
    """
    from ecoissues.core.kind_registry import load_kinds

    found = load_kinds(data / "kinds").current(kind)
    if as_json:
        put_json(msgspec.to_builtins(found))
        return
    click.echo(f"{found.wording.zh}（{found.code}，第 {found.version} 版）\n")
    put_table(
        ["状态", "名称", "阶段", "待谁办理"],
        [
            [s.code, s.zh, PHASES[s.phase][0], ROLES.get(s.waits_for, ("",))[0]]
            for s in found.states
        ],
    )
    click.echo()
    put_table(
        ["步骤", "名称", "从", "到", "角色", "栏目"],
        [
            [
                s.code, s.zh, ",".join(s.sources), s.to or "（不变）",
                "、".join(ROLES[r][0] for r in s.roles),
                ",".join(f.code + ("*" if f.required else "") for f in s.fields),
            ]
            for s in found.steps
        ],
    )  # fmt: skip
