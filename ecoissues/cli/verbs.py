"""The group of all verbs: options before or after the verb, answers to typing errors, exit codes.

0: done; 1: refused, or faults found; 2: the command was not understood. Data goes to standard
output, talk to standard error.
"""

from __future__ import annotations

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
    "kinds": ("kinds", "kinds", "检查、列出、比较、安装清单类型，迁移版本"),
    "lists": ("lists", "lists", "列出各清单及件数，新增清单"),
    "cases": ("cases", "cases", "列出一个清单的事项"),
    "act": ("cases", "act", "对一件事项执行一个步骤"),
    "import": ("sheets", "import_sheet", "导入 Excel 或 CSV"),
    "export": ("sheets", "export_sheet", "导出正式表格"),
    "deadline": ("cases", "deadline", "逐日列出一件事项时限的计算依据"),
    "workdays": ("deadlines", "workdays", "按放假安排推算工作日"),
    "calendar": ("deadlines", "calendar", "查看或载入放假安排"),
    "proposals": ("deadlines", "proposals", "列出或接受时限的改定建议"),
    "remind": ("deadlines", "remind", "扫描时限，发出当天的提醒"),
    "figure": ("figures", "figure", "计算一个指标，可指定截止日期和知悉时间"),
    "figures": ("figures", "figures", "列出指标口径，重建统计汇总，设定合办计数"),
    "compare": ("periods", "compare", "对比一个指标的两个日期，列出变动的事项"),
    "series": ("periods", "series", "一个指标逐月或逐日的数字"),
    "period": ("periods", "period", "一段时间的登记、办结，和期内登记件的比率"),
    "units": ("periods", "units", "收到、受理、转办、问题、承办等计数单位分列"),
    "doubts": ("doubts", "doubts", "查找、列出、说明数字和事项中的疑点"),
    "edition": ("editions", "edition", "发布数字并冻结，逐件说明以后的差异"),
    "bulletin": ("bulletins", "bulletin", "从模板生成通报简报，发布，写出 Word 文件"),
    "ranking": ("rankings", "ranking", "按录入的方案评分排名，加减分，试算，发布"),
    "indicators": ("indicators", "indicators", "生态报表：指标、填报、导入、发布"),
    "changes": ("changes", "changes", "列出账号、清单、设置等系统变更"),
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

    def main(self, args: Any = None, **extra: Any) -> Any:  # type: ignore[override]
        """Run; every refusal is a sentence and exit code 1, and no traceback without --debug."""
        given = list(sys.argv[1:] if args is None else args)
        if extra.pop("standalone_mode", True) is False:
            return super().main(given, standalone_mode=False, **extra)
        try:
            done = super().main(given, standalone_mode=False, **extra)
            sys.exit(done if isinstance(done, int) else 0)
        except click.exceptions.NoArgsIsHelpError as asked:
            asked.show()
            sys.exit(2)
        except click.ClickException as wrong:
            _answer(wrong)
            sys.exit(wrong.exit_code)
        except (KeyboardInterrupt, click.Abort):
            click.echo("已中断。", err=True)
            sys.exit(1)
        except Exception as error:
            if "--debug" in given:
                raise
            _tell(error)
            sys.exit(1)


def _answer(wrong: click.ClickException) -> None:
    """Answer an error of typing: how it is called, and what was wrong."""
    from ecoissues.cli.wording import sentence

    if isinstance(wrong, click.UsageError) and wrong.ctx is not None:
        click.echo(wrong.ctx.get_usage(), err=True)
        click.echo(f"运行 {wrong.ctx.command_path} --help 查看说明。\n", err=True)
    click.echo(f"错误：{sentence(wrong)}", err=True)


def _tell(error: Exception) -> None:
    """Say what became of a command that failed."""
    from ecoissues.core.errors import Refused

    if isinstance(error, Refused):
        click.echo(f"{error.sentence} [{error.code}]", err=True)
    elif isinstance(error, BrokenPipeError):
        sys.stderr.close()
    else:
        first = str(error).splitlines()[0][:200] if str(error) else ""
        click.echo(
            f"程序出错：{type(error).__name__}: {first}\n"
            "未完成的写入已全部撤回。加 --debug 可查看详情。",
            err=True,
        )


@click.group(
    name="ecoissues",
    cls=VerbGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="ecoissues %(version)s", help="显示版本")
@click.option("--data", help="数据文件夹（默认 instance）")
@click.option("--database", help="数据库地址（默认为数据文件夹中的 SQLite）")
@click.option("--debug", is_flag=True, help="出错时显示详情")
@click.pass_context
def main(ctx: click.Context, data: str | None, database: str | None, debug: bool) -> None:
    """示例：ecoissues figure closure_rate --list LIST --as-of 2024-12-31

    生态环保督察问题清单管理系统的命令行。数据输出到标准输出，提示输出到标准错误。
    """
    ctx.obj = {"data": data, "database": database}
