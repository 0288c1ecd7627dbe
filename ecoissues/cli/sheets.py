"""Verbs about sheets: import and export."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ecoissues.cli.options import DAY, Verb, on_site, put_json, say

if TYPE_CHECKING:
    from ecoissues.services.site import Site

_STANDINGS = {"new": "新增", "changed": "变更", "same": "相同", "refused": "拒绝", "left_out": "未选"}


@click.command("import", cls=Verb)
@click.argument("list_code", metavar="清单")
@click.argument("file", metavar="文件", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="只预览，不写入")
@click.option("--as", "user", default="", help="以哪个账号导入（默认：清单所属督察办）")
@click.option("--number-from-ordinal", is_flag=True, help="没有编号的行按“批次-序号”编号")
@click.option("--no-transfer", is_flag=True, help="只登记，不转办")
@click.option("--sheet", default="", help="读取哪个工作表（默认：第一个有表头的）")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def import_sheet(
    site: Site, list_code: str, file: Path, dry_run: bool, user: str, number_from_ordinal: bool,
    no_transfer: bool, sheet: str, as_json: bool,
) -> None:  # fmt: skip
    """示例：ecoissues import LIST 一览表.xlsx --dry-run

    导入 Excel 或 CSV。每行要么全部写入，要么不写并说明原因；同一文件导入两次不重复。
    """
    from ecoissues.services import consulting, importing

    if not file.is_file():
        raise click.BadParameter(f"没有文件 {file}。", param_hint="文件")
    actor = consulting.get_user(site, user) if user else consulting.office_of(site, list_code)
    options = importing.Options(
        number_from_ordinal=number_from_ordinal, transfer=not no_transfer, sheet=sheet
    )
    made = importing.preview(site, actor, list_code, file.name, file.read_bytes(), options)
    if dry_run:
        _tell(made.counts, made, as_json, [_plan_line(row) for row in made.rows], dry_run=True)
        return
    result = importing.carry_out(site, actor, made, options=options)
    lines = [msgspec.to_builtins(row) for row in result.rows]
    _tell(result.counts, made, as_json, lines, dry_run=False)
    sys.exit(1 if result.counts["refused"] else 0)


def _plan_line(row: Any) -> dict[str, Any]:
    return {
        "line": row.line, "number": row.number, "standing": row.standing,
        "problems": [{"code": p.code, "sentence": p.sentence} for p in row.problems],
        "notes": [note.sentence for note in row.notes],
    }  # fmt: skip


def _tell(
    counts: dict[str, int], made: Any, as_json: bool, lines: list[dict[str, Any]], *, dry_run: bool
) -> None:
    if as_json:
        put_json(
            {
                "list": made.list_code, "file": made.name, "sheet": made.sheet, "dry_run": dry_run, "counts": counts,
                "mapping": made.mapping, "unknown": made.unknown,
                "notes": [note.sentence for note in made.notes], "rows": lines,
            }
        )  # fmt: skip
        return
    shown = "，".join(f"{_STANDINGS[name]} {n}" for name, n in counts.items() if n)
    say(("预览（未写入）：" if dry_run else "已导入：") + (shown or "没有可导入的行") + "。")
    for note in made.notes:
        click.echo(note.sentence)
    for line in lines:
        told = [problem["sentence"] for problem in line.get("problems", ())]
        told += line.get("notes", ()) if dry_run else filter(None, [line.get("sentence")])
        for sentence in told:
            click.echo(f"第 {line['line']} 行 {line.get('number') or ''}：{sentence}")


@click.command("export", cls=Verb)
@click.argument("form", metavar="表式")
@click.option("--list", "list_code", required=True, help="清单代码")
@click.option("--as-of", type=DAY, help="截止日期（默认今天）")
@click.option("--known-at", help="知悉时间")
@click.option("--unit", default="", help="区县或单位代码")
@click.option("--batch", default="", help="批次")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="写到哪个文件")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@on_site
def export_sheet(
    site: Site, form: str, list_code: str, as_of: date | None, known_at: str | None, unit: str,
    batch: str, out: Path, as_json: bool,
) -> None:  # fmt: skip
    """示例：ecoissues export complaint_table --list LIST --as-of 2024-12-31 --out 一览表.xlsx

    导出正式表格（.xlsx 或 .csv）。
    """
    from ecoissues.services import consulting, exporting

    asked = exporting.Asked(form, list_code, as_of, known_at, unit=unit, batch=batch)
    written = exporting.export(site, consulting.operator(site), asked, out)
    if as_json:
        put_json({"form": form, "list": list_code, "out": str(out), "rows": written.rows,
                  "sha256": written.sha256, "notes": list(written.notes)})  # fmt: skip
    else:
        say(f"已写入 {out}：{written.rows} 行，摘要 {written.sha256[:16]}。")
        for note in written.notes:
            say(str(note))
