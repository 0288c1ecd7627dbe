"""What no file may hold, and what each must: names, sizes, hosts, paths, kinds, documents."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from ecoissues.core.calendar_documents import gather_calendars
from ecoissues.demo.list_documents import list_plans
from ecoissues.exports.catalogue import load_forms
from ecoissues.figures.registry import packaged_definitions
from tests.contracts import house
from tools import sizes

FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "base"}
LOCKS = (
    "package-lock.json",
    *("requirements.lock", "requirements-dev.lock", "requirements-tools.lock"),
)
# Written in two pieces so that this file does not hold what it forbids.
HOSTS = ("pypi" + ".org", "python" + "hosted", "registry." + "npmjs", "npm" + "mirror")
MACHINE = re.compile("/" + "work/|/(?:home|Users)/[a-z]|/root/[A-Za-z.]|C:\\\\Users")
TEXT = {".py", ".toml", ".html", ".js", ".mjs", ".css", ".md", ".json", ".lock", ".mako", "", ".in"}


def registered_kinds() -> Iterable[str]:
    """The kinds as the command line lists them: a name that stays."""
    from click.testing import CliRunner

    from ecoissues.cli import main

    result = CliRunner().invoke(main, ["kinds", "list", "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [str(kind["code"]) for kind in json.loads(result.output)]


def bulletin_codes() -> Iterable[str]:
    """The templates of bulletins, as a site without any of its own gathers them."""
    from types import SimpleNamespace
    from typing import Any, cast

    from ecoissues.services.bulletins import templates

    return templates(cast(Any, SimpleNamespace(data=Path("none"))))


# Folder of documents -> the one registry that gathers it, as the set of names it found.
GATHERED: Mapping[str, Callable[[], Iterable[str]]] = {
    "calendars": lambda: (str(year) for year in gather_calendars()),
    "exports/bulletins": bulletin_codes,
    "demo/lists": lambda: (plan.code for plan in list_plans()),
    "exports/forms": load_forms,
    "figures/definitions": lambda: packaged_definitions().by_code,
    "kinds": registered_kinds,
}


def text_files() -> Iterable[tuple[Path, str]]:
    for path in house.all_files():
        if path.suffix in TEXT and path.stat().st_size < 2_000_000:
            yield path, path.read_text("utf-8", errors="replace")


def kind_codes() -> set[str]:
    return {name for name in documents("kinds").values() if name}


def documents(folder: str) -> dict[Path, str | None]:
    """The TOML files of a folder with the name each gives itself; None for a part of others."""
    found: dict[Path, str | None] = {}
    for path in sorted((house.PACKAGE / folder).glob("*.toml")):
        document = tomllib.loads(path.read_text("utf-8"))
        name = document.get("code", document.get("year"))
        found[path] = None if name is None else str(name)
    return found


def test_no_module_has_a_name_that_says_nothing() -> None:
    found = [
        house.place(path)
        for path in house.all_files()
        if path.suffix in {".py", ".html"} and {path.stem, *path.parts} & FORBIDDEN_NAMES - {"base"}
    ]
    assert not found, f"name what is in it: {found}"


def test_sizes_stay_under_the_cap() -> None:
    found = [str(size) for size in sizes.measure() if size.fails]
    assert not found, "\n".join(["split it, or state why not (a comment 'size: …'):", *found])


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        ("def f():\n" + "    x = 1\n" * 80, True),
        ("# size: one table, read from top to bottom\ndef f():\n" + "    x = 1\n" * 80, False),
        ('def f():\n    """' + "long\n" * 80 + '"""\n', False),
        ("x = 1\n" * 451, True),
    ],
)
def test_a_size_over_the_cap_is_found(text: str, fails: bool) -> None:
    assert any(size.fails for size in sizes.measure_python(text, "x.py")) is fails


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_host_and_pins_by_digest(name: str) -> None:
    text = (house.ROOT / name).read_text("utf-8")
    assert '"resolved"' not in text
    for host in HOSTS:
        assert host not in text, f"{name} names {host}: make it with `make lock` or through .npmrc"
    if name.endswith(".lock"):
        assert "http" not in text
        names = re.findall(r"^[a-z0-9][\w.-]*(?:\[[\w,-]+\])?==", text, re.MULTILINE)
        blocks = re.split(r"\n(?=[a-z0-9])", text)
        assert len(names) == len([block for block in blocks if "--hash=sha256:" in block])


def test_no_file_names_a_registry_host_or_a_path_of_a_machine() -> None:
    found = []
    for path, text in text_files():
        if path.suffix == ".md" or path.parent.name == "docs":
            hosts: tuple[str, ...] = ()
        else:
            hosts = HOSTS
        for number, line in enumerate(text.splitlines(), 1):
            if any(host in line for host in hosts) or MACHINE.search(line):
                found.append(f"{house.place(path)}:{number}: {line.strip()[:100]}")
    assert not found, "\n" + "\n".join(found)


def test_no_code_knows_a_kind_by_name() -> None:
    """A new kind is one new document; code that asks for one by name would need an edit."""
    codes = kind_codes()
    found = []
    for folder in ("ecoissues", "tools", "bench", "migrations"):
        for path in sorted((house.ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and node.value in codes:
                    found.append(f"{house.place(path)}:{node.lineno}: {node.value!r}")
    quoted = re.compile("[\"'](" + "|".join(sorted(codes or {"-"})) + ")[\"']")
    for path in sorted((house.ROOT / "templates").rglob("*.html")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if quoted.search(line):
                found.append(f"{house.place(path)}:{number}: {line.strip()}")
    assert not found, "\n".join(["ask the document instead of its name:", *found])


def test_no_kinds_code_stands_in_any_module_but_tests() -> None:
    """Not even in a comment: whoever searches the code for a kind finds its document alone."""
    codes = kind_codes()
    assert len(codes) >= 3
    word = re.compile(rf"\b(?:{'|'.join(sorted(codes))})\b")
    found = []
    for path in house.all_files():
        if path.suffix != ".py" or "tests" in path.relative_to(house.ROOT).parts:
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if word.search(line):
                found.append(f"{house.place(path)}:{number}: {line.strip()}")
    assert not found, "\n".join(["give the kind a code that is no common word, or reword:", *found])


def test_folders_of_documents_hold_no_code() -> None:
    found = [
        house.place(path)
        for folder in house.DOCUMENTS
        for path in sorted((house.PACKAGE / folder).rglob("*"))
        if path.is_file() and path.suffix not in {".toml", ".pyc"} and path.name != "__init__.py"
    ]
    assert not found, f"documents only: {found}"


def test_each_packaged_document_bears_its_name_or_is_read_by_name() -> None:
    """A family's document is called what it says; any other file is named by code, or extended."""
    sources = "\n".join(path.read_text("utf-8") for path in house.code_files())
    for path in (house.PACKAGE / "kinds").glob("*.toml"):
        sources += f"\n{tomllib.loads(path.read_text('utf-8')).get('extends')}.toml"
    named: dict[Path, str | None] = {}
    for folder in house.DOCUMENTS:
        named |= documents(folder)
    for path in sorted(house.PACKAGE.rglob("*.toml")):
        name = named.get(path)
        if name is None:
            assert path.name in sources, f"{house.place(path)} is read by nobody"
        else:
            assert name == path.stem, f"{house.place(path)} calls itself {name!r}"


@pytest.mark.parametrize("folder", house.DOCUMENTS)
def test_every_packaged_document_is_gathered(folder: str) -> None:
    names = {name for name in documents(folder).values() if name}
    if names:
        assert folder in GATHERED, f"name the registry of {folder} in GATHERED"
        assert names <= set(GATHERED[folder]()), f"a document of {folder} is not gathered"
