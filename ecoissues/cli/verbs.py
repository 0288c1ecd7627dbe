"""The group of all verbs: options before or after the verb, answers to typing errors, exit codes.

0: done; 1: refused, or faults found; 2: the command was not understood. Data goes to standard
output, talk to standard error.
"""

from __future__ import annotations

import difflib
import importlib
import sys
from typing import Any, Final

import click

from ecoissues import __version__
from ecoissues.cli.options import Family

#: Verb -> (module beside this file, name there, one line for the overview). Loaded when needed.
VERBS: Final[dict[str, tuple[str, str, str]]] = {
    "demo": ("starting", "demo", "装入或移除演示数据，列出演示账号"),
    "serve": ("starting", "serve", "启动网站服务"),
    "db": ("starting", "db", "升级或回退数据库"),
    "user": ("starting", "user", "管理账号"),
    "kinds": ("kinds", "kinds", "检查、列出、查看清单类型文件"),
    "lists": ("cases", "lists", "列出各清单及件数"),
    "cases": ("cases", "cases", "列出一个清单的事项"),
    "act": ("cases", "act", "对一件事项执行一个步骤"),
    "import": ("sheets", "import_sheet", "导入 Excel 或 CSV"),
    "export": ("sheets", "export_sheet", "导出正式表格"),
    "deadline": ("cases", "deadline", "逐日列出一件事项时限的计算依据"),
    "figure": ("figures", "figure", "计算一个指标，可指定截止日期和知悉时间"),
    "figures": ("figures", "figures", "列出指标口径，重建统计汇总"),
    "events": ("figures", "events", "输出日志"),
    "verify": ("figures", "verify", "核验日志、状态、投影、附件和统计"),
}


class VerbGroup(Family):
    """Loads a verb's module only when it is called, so that help answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the verbs in the order of use."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one verb."""
        if cmd_name not in VERBS:
            return None
        module, name, _ = VERBS[cmd_name]
        command = getattr(importlib.import_module(f"ecoissues.cli.{module}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the overview without loading a verb."""
        with formatter.section("命令"):
            formatter.write_dl([(verb, line) for verb, (_, _, line) in VERBS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb; a wrong one is answered with the nearest."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], VERBS, 1, 0.5)
            hint = f"是不是要 {near[0]}？" if near else "运行 ecoissues --help 查看全部命令。"
            ctx.fail(f"没有命令“{args[0]}”。{hint}")
        return super().resolve_command(ctx, args)

    def main(self, args: Any = None, *rest: Any, **extra: Any) -> Any:
        """Run; every refusal is a sentence and exit code 1, and no traceback without --debug."""
        from ecoissues.core.errors import Refused

        given = list(sys.argv[1:] if args is None else args)
        if "--debug" in given or extra.get("standalone_mode") is False:
            return super().main(given, *rest, **extra)
        try:
            return super().main(given, *rest, **extra)
        except Refused as refused:
            click.echo(f"{refused.sentence} [{refused.code}]", err=True)
            sys.exit(1)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(1)
        except KeyboardInterrupt:
            click.echo("已中断。", err=True)
            sys.exit(1)
        except Exception as error:
            click.echo(
                f"程序出错：{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}\n"
                "未完成的写入已全部撤回。加 --debug 可查看详情。",
                err=True,
            )
            sys.exit(1)


@click.group(
    cls=VerbGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="ecoissues")
@click.option("--data", help="数据文件夹（默认 instance）")
@click.option("--database", help="数据库地址（默认为数据文件夹中的 SQLite）")
@click.option("--debug", is_flag=True, help="出错时显示详情")
@click.pass_context
def main(ctx: click.Context, data: str | None, database: str | None, debug: bool) -> None:
    """示例：ecoissues figure closure_rate --list LIST --as-of 2024-12-31

    生态环保督察问题清单管理系统的命令行。数据输出到标准输出，提示输出到标准错误。
    """
    ctx.obj = {"data": data, "database": database}
