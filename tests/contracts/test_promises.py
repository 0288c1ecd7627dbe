"""What the README and the Makefile promise exists: each command in a code block can be called."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from tests.contracts import house
from tools.document import dead_links

FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = sorted(
    path
    for pattern in ("README*.md", "CONTRIBUTING.md", "docs/**/*.md")
    for path in house.ROOT.glob(pattern)
)


def commands(text: str) -> Iterator[list[str]]:
    """Each line of a code block that calls make or ecoissues, as words."""
    for block in FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            words = re.split(r"\s#|\||&&|;", line.strip().removeprefix("$ "))[0]
            parts = shlex.split(words) if words.count('"') % 2 == 0 else words.split()
            while parts and re.fullmatch(r"[A-Z_]+=.*", parts[0]):
                parts.pop(0)
            if parts and Path(parts[0]).name in {"make", "ecoissues"}:
                yield [Path(parts[0]).name, *parts[1:]]


def make_targets() -> set[str]:
    makefile = (house.ROOT / "Makefile").read_text("utf-8")
    return set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))


def fault_of(words: list[str]) -> str | None:
    """Why a promised command cannot be called, or None."""
    if words[0] == "make":
        targets = [word for word in words[1:] if "=" not in word and not word.startswith("-")]
        unknown = set(targets) - make_targets()
        return f"make has no target {sorted(unknown)}" if unknown else None
    from ecoissues.cli import main

    command: click.Command = main
    context = click.Context(command, info_name="ecoissues")
    for word in words[1:]:
        if not isinstance(command, click.Group):
            break
        if word.startswith("-"):
            continue
        found = command.get_command(context, word)
        if found is None:
            return f"there is no command '{' '.join(words)}' ({word})"
        command = found
    known = {option for item in command.params for option in (*item.opts, *item.secondary_opts)}
    known |= {option for item in main.params for option in item.opts} | {"--help"}
    unknown = {word.partition("=")[0] for word in words if word.startswith("--")} - known
    return f"'{' '.join(words)}': unknown {sorted(unknown)}" if unknown else None


def test_there_is_a_readme_in_chinese_and_one_in_english() -> None:
    names = {path.name for path in PAGES}
    assert "README.md" in names
    assert any(name.startswith("README") and "en" in name for name in names)


def test_each_command_on_a_page_exists() -> None:
    calls = [(page, words) for page in PAGES for words in commands(page.read_text("utf-8"))]
    faults = [
        f"{house.place(page)}: {fault}" for page, words in calls if (fault := fault_of(words))
    ]
    assert not faults, "\n".join(faults)


def test_each_link_on_a_page_leads_somewhere() -> None:
    missing = [f"{house.place(page)}: {link}" for page in PAGES for link in dead_links(page)]
    assert not missing, "\n".join(missing)


def test_make_alone_lists_its_targets() -> None:
    makefile = (house.ROOT / "Makefile").read_text("utf-8")
    listed = set(re.findall(r"^([a-z-]+):[^\n]*## ", makefile, re.MULTILINE))
    assert {"run", "test", "quick", "lint", "types", "bench", "docs", "build", "clean"} <= listed
    assert ".DEFAULT_GOAL := help" in makefile


def test_commands_are_found_in_code_blocks() -> None:
    block = "$ PORT=1 make run # go\n.venv/bin/ecoissues kinds list --json | head\n"
    text = f"```sh\n{block}```\nmake no"
    assert list(commands(text)) == [["make", "run"], ["ecoissues", "kinds", "list", "--json"]]
    assert fault_of(["make", "nonsense"]) is not None
