"""The files of the house, and the import law of docs/decisions: what may know what.

A package may import itself, what the law names for it, and outside libraries within its limits.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "ecoissues"
GENERATED = {
    *(".git", ".venv", ".tools", "node_modules", "instance", "dist", "test-output", "__pycache__"),
    *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"),
}
# Folders of documents: one file per kind, year, definition, form and list, and no code.
DOCUMENTS = (
    *("kinds", "calendars", "figures/definitions", "exports/forms", "exports/bulletins"),
    "demo/lists",
)

INNER = {"core", "storage", "figures", "intake", "exports"}
LAW: dict[str, set[str]] = {
    "core": {"core"},
    "storage": {"core", "storage"},
    "figures": {"core", "storage", "figures"},
    "intake": {"core", "intake"},
    "exports": {"core", "exports"},
    "services": {*INNER, "services"},
    "web": {"core", "services", "web"},
    "api": {"core", "services", "api"},
    "cli": {"core", "services", "demo", "cli"},
    "jobs": {"core", "services", "jobs"},
    "kinds": set(),
    "calendars": set(),
    # `python -m ecoissues` is the command line.
    "__main__": {"cli"},
    "__init__": set(),
    # What a WSGI server is pointed at.
    "wsgi": {"web"},
    # The demonstration site goes through the ordinary services, like an office's first year.
    "demo": {*INNER, "services", "demo"},
}
CORE_LIBRARIES = {"msgspec", "pypinyin", "tomli", "transitions"}
CORE_STDLIB_REFUSED = {
    *("asyncio", "http", "smtplib", "socket", "sqlite3", "subprocess", "urllib", "threading"),
}
SQL = {"alembic", "psycopg", "psycopg_pool", "sqlalchemy", "sqlite3"}
SQL_PACKAGES = {"storage", "figures", "services"}
PAGES = {"flask", "flask_login", "flask_wtf", "jinja2", "werkzeug", "whitenoise", "wtforms"}
PAGES_PACKAGES = {"web", "api"}
CLOCKS = {
    *("date.today", "datetime.today", "datetime.now", "datetime.utcnow"),
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.strftime"),
}


def all_files() -> Iterator[Path]:
    """Every file of the project that a person wrote or that is committed."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if name not in GENERATED)
        if Path(folder) == PACKAGE / "static" / "build":
            folders.clear()
            continue
        # In a second working copy .git is a file that says where the first one stands.
        yield from (Path(folder) / name for name in sorted(names) if name not in GENERATED)


def code_files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def home(path: str) -> str:
    """The package a file belongs to: ``ecoissues/core/x.py`` is at home in ``core``."""
    parts = Path(path).parts
    return parts[1] if len(parts) > 2 else Path(path).stem


def imports(tree: ast.AST, path: str) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything imported, relative imports resolved."""
    folder = list(Path(path).parts[:-1])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = folder[: len(folder) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def breaches(text: str, path: str) -> list[str]:
    """Sentences on each breach of the law in one file of the package."""
    tree = ast.parse(text)
    package = home(path)
    if package not in LAW:
        return [f"{path}: the law knows no package '{package}'; name in LAW what it may import"]
    found = [
        f"{path}:{line}: {reason}"
        for line, name in imports(tree, path)
        if (reason := refuse_import(package, name))
    ]
    found += [f"{path}:{line}: {reason}" for line, reason in refuse_calls(tree, package)]
    return found


def refuse_import(package: str, name: str) -> str | None:
    """Why ``package`` may not import ``name``, or None when it may."""
    top, _, rest = name.partition(".")
    if top == "ecoissues":
        target = rest.partition(".")[0]
        known = target in LAW or (target and (PACKAGE / target).is_dir())
        if known and target not in LAW[package]:
            return f"'{package}' may not import '{target}' (only {sorted(LAW[package])})"
        return None
    if package == "core":
        if top in sys.stdlib_module_names:
            refused = top in CORE_STDLIB_REFUSED
        else:
            refused = top not in CORE_LIBRARIES
        return f"the core may not import '{top}'" if refused else None
    if top in SQL and package not in SQL_PACKAGES:
        return f"'{package}' may not speak SQL ('{top}'); a service does"
    if top in PAGES and package not in PAGES_PACKAGES:
        return f"'{package}' may not know the web ('{top}')"
    return None


def refuse_calls(tree: ast.AST, package: str) -> Iterator[tuple[int, str]]:
    """Calls that belong elsewhere: a clock in the core, a commit outside the storage."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        name = ".".join(ast.unparse(node.func).split(".")[-2:])
        if package == "core" and name in CLOCKS:
            yield node.lineno, f"the core has no clock ({name}); dates are handed in"
        if node.func.attr == "commit" and package != "storage":
            yield node.lineno, "the only commit() is in the storage"
