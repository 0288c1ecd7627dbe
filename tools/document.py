"""``make docs``: write the command reference from the commands themselves, and check every link.

Out: ``docs/commands.md``, made from each command's own ``--help``; exit code 1 with a list when a
link in a Markdown page of the project leads nowhere.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "commands.md"
FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
HEAD = """# Commands

Written by `make docs` from each command's own help; edit the command, not this page.
"""


def reference(command: click.Command, name: str) -> str:
    """The page: one section for each command that can be called, in the order of their names."""
    sections = [HEAD]
    for path, help_text in help_texts(command, [name], None):
        sections.append(f"## `{path}`\n\n```text\n{help_text.strip()}\n```\n")
    return "\n".join(sections)


def help_texts(
    command: click.Command, path: list[str], parent: click.Context | None
) -> Iterator[tuple[str, str]]:
    context = click.Context(command, info_name=path[-1], parent=parent, terminal_width=96)
    if isinstance(command, click.Group):
        for name in sorted(command.list_commands(context)):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from help_texts(inner, [*path, name], context)
    else:
        yield " ".join(path), command.get_help(context)


def pages() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def dead_links(page: Path) -> list[str]:
    """Links of ``page`` to files that are not there; links to other sites are not followed."""
    text = re.sub(FENCE, "", page.read_text("utf-8"))
    local = [link for link in LINK.findall(text) if not re.match(r"[a-z]+:", link)]
    return [link for link in local if not (page.parent / link).exists()]


def main() -> int:
    from ecoissues.cli import main as command

    REFERENCE.write_text(reference(command, "ecoissues"), encoding="utf-8")
    print(f"{REFERENCE.relative_to(ROOT)} written")
    dead = [f"{page.relative_to(ROOT)}: {link}" for page in pages() for link in dead_links(page)]
    print("\n".join(dead) or f"{len(pages())} pages, every link leads somewhere")
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())
