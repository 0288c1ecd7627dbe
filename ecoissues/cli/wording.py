"""What the command line says of itself in Chinese: usage, options, and errors of typing.

The library's own texts are English and follow the machine's language settings; these follow ours.
"""

from __future__ import annotations

import click


class Spoken(click.Command):
    """A command that speaks of itself in Chinese; its help begins with an example."""

    def __init__(self, *given: object, **named: object) -> None:
        named.setdefault("options_metavar", "[选项]")
        super().__init__(*given, **named)  # type: ignore[arg-type]

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write example and sentence, then usage, options and verbs."""
        self.format_help_text(ctx, formatter)
        formatter.write_paragraph()
        self.format_usage(ctx, formatter)
        self.format_options(ctx, formatter)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how it is called."""
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix="用法：")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, each with what it does; a group goes on with its verbs."""
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        records = [record for one in options if (record := one.get_help_record(ctx))]
        with formatter.section("选项"):
            formatter.write_dl([(_spoken(name), _spoken(text)) for name, text in records])
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Give the option that shows the help, in Chinese."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "显示本说明"
        return option


#: The library's own words in a list of options.
_WORDS = {" TEXT": " 文字", " INTEGER": " 整数", " PATH": " 路径", "[required]": "（必填）"}


def _spoken(text: str) -> str:
    for word, ours in _WORDS.items():
        text = text.replace(word, ours)
    return text


def sentence(error: click.ClickException) -> str:
    """Say in Chinese what was wrong with a command."""
    if isinstance(error, click.MissingParameter):
        return f"缺少{_named(error.param, error.ctx)}。"
    if isinstance(error, click.NoSuchOption):
        near = f"是不是要 {'、'.join(error.possibilities)}？" if error.possibilities else ""
        return f"没有选项 {error.option_name}。{near}"
    if isinstance(error, click.BadOptionUsage):
        return f"选项 {error.option_name} 后面缺少取值，或不应带取值。"
    if isinstance(error, click.BadParameter):
        what = _named(error.param, error.ctx) if error.param else _hinted(error.param_hint)
        return f"{what} 不对：{_cause(error)}"
    if isinstance(error, click.FileError):
        return f"无法打开文件 {error.ui_filename}。"
    if error.message.startswith(("Got unexpected extra argument", "Missing command")):
        extra = error.message.partition("(")[2].partition(")")[0]
        return f"多出了 {extra}。" if extra else "缺少命令。"
    return error.message


def _named(param: click.Parameter | None, ctx: click.Context | None) -> str:
    if param is None:
        return "参数"
    if isinstance(param, click.Argument):
        return f"参数“{param.make_metavar(ctx) if ctx else param.name}”"
    return f"选项 {'/'.join(param.opts)}"


def _hinted(hint: object) -> str:
    """Name what a verb itself found wrong: an option by its dashes, an argument by its name."""
    name = str(hint or "")
    if not name:
        return "参数"
    return f"选项 {name}" if name.startswith("-") else f"参数“{name}”"


def _cause(error: click.BadParameter) -> str:
    """Say why a value is wrong: our own types say so in Chinese, the library's are put so."""
    kind = error.param.type if error.param is not None else None
    if isinstance(kind, click.Choice):
        return f"可取 {'、'.join(map(str, kind.choices))}。"
    if isinstance(kind, click.Path | click.File):
        return "没有这个文件，或无法读取。"
    if isinstance(kind, click.types.IntParamType):
        return "须为整数，且在允许的范围内。"
    return error.message
