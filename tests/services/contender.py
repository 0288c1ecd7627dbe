"""Clients that all want the same case: two processes of eight threads, told what to try.

``python -m tests.services.contender`` reads one JSON line per round, lets every thread begin at the
same instant, and answers with one JSON line: what became of each request.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import func, select

from ecoissues.core import workflow
from ecoissues.core.errors import Refused
from ecoissues.services import gate, registering
from ecoissues.services.evidence import Prepared
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from tests.services.machine import Office
from tests.services.small_site import Clock, actor

ROOT = Path(__file__).resolve().parents[2]
PROCESSES, THREADS = 2, 8
CLIENTS = PROCESSES * THREADS


class Ask(msgspec.Struct):
    """One client's request: a step on a case, or a registration on a list; done ``times`` times."""

    role: str
    unit: str
    name: str
    case_id: int = 0
    step: str = ""
    version: int | None = None
    values: dict[str, Any] = {}
    files: list[Prepared] = []
    key: str = ""
    list_code: str = ""
    times: int = 1


class Told(msgspec.Struct):
    """What became of it: ``taken``, a refusal's code, or ``error: …``; milliseconds; the event."""

    code: str
    ms: float
    seq: int = 0
    repeated: bool = False


def attempt(site: Site, ask: Ask, turn: int) -> Told:
    """Try it once and tell, whatever happens."""
    who = actor(site, ask.role, ask.unit, ask.name)
    begun = time.perf_counter()
    seq, repeated = 0, False
    try:
        if ask.list_code:
            values = {**ask.values, "number": f"{ask.values['number']}-{turn}"}
            taken = registering.register(site, who, ask.list_code, registering.Registration(values))
        else:
            request = gate.Request(ask.step, ask.version, ask.values, ask.files, key=ask.key)
            taken = gate.take_step(site, who, ask.case_id, request)
        code, seq, repeated = "taken", taken.seq, taken.repeated
    except Refused as refused:
        code = refused.code
    except Exception as error:
        code = f"error: {type(error).__name__}: {error}"[:300]
    return Told(code, (time.perf_counter() - begun) * 1000, seq, repeated)


class Round(msgspec.Struct):
    """One round: the site (its clock stands still), the instant to begin, the requests."""

    url: str
    folder: str
    now: str
    at: float
    asks: list[Ask]


def serve() -> None:
    """Answer rounds until the input ends; the site of the last round is kept open till then."""
    site: Site | None = None
    with ThreadPoolExecutor(THREADS) as pool:
        for line in sys.stdin:
            told = msgspec.json.decode(line, type=Round)
            if site is None or site.store.url != told.url:
                if site is not None:
                    site.close()
                site = Site(told.url, Path(told.folder), Clock())
                site.refresh()
            site.clock = Clock(datetime.fromisoformat(told.now))
            answers = play(site, pool, told)
            sys.stdout.write(msgspec.json.encode(answers).decode() + "\n")
            sys.stdout.flush()
    if site is not None:
        site.close()


def play(site: Site, pool: ThreadPoolExecutor, told: Round) -> list[Told]:
    """Let each thread have one request, all at the same instant."""
    begin = threading.Barrier(len(told.asks))

    def client(ask: Ask) -> list[Told]:
        begin.wait(30)
        time.sleep(max(0.0, told.at - time.time()))
        return [attempt(site, ask, turn) for turn in range(ask.times)]

    return [one for several in pool.map(client, told.asks) for one in several]


class Clients:
    """The two processes; ``round`` gives every ask to one thread and collects what they tell."""

    def __init__(self, processes: Sequence[subprocess.Popen[str]]) -> None:
        self.processes = processes

    def round(self, office: Office, asks: Sequence[Ask]) -> list[Told]:
        """Let all asks (two to sixteen) begin at one instant."""
        at = time.time() + 0.01
        site, now = office.site, office.clock.now.isoformat()
        for place, process in enumerate(self.processes):
            share = list(asks[place :: len(self.processes)])
            line = msgspec.json.encode(Round(site.store.url, str(site.data), now, at, share))
            assert process.stdin is not None
            process.stdin.write(line.decode() + "\n")
            process.stdin.flush()
        told: list[Told] = []
        for process in self.processes:
            assert process.stdout is not None
            told += msgspec.json.decode(process.stdout.readline(), type=list[Told])
        return told


@contextmanager
def clients() -> Iterator[Clients]:
    """Start the two processes; they end with the block."""
    command = [sys.executable, "-W", "error", "-m", "tests.services.contender"]
    pipe = subprocess.PIPE
    started = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT)
        for _ in range(PROCESSES)
    ]
    try:
        yield Clients(started)
    finally:
        for process in started:
            process.communicate()


def conflicting(office: Office, case_id: int) -> list[Ask]:
    """Give sixteen lawful requests on one case at the version that stands."""
    with office.site.store.reading() as connection:
        row, life = office.case(connection, case_id), office.life(connection, case_id)
    kind = office.site.kind_of(row.kind, row.kind_version)
    steps = [
        step
        for step in workflow.possible_steps(kind, row.state)
        if step.effect in ("", "assign", "chase", "classify") and step.sort != "end"
        if not step.after_clock and not step.bound
    ]
    asks = []
    for place in range(CLIENTS):
        step = steps[(place + row.version) % len(steps)]
        who = office.who(step, life, office.site.lists[row.list_id].code)
        asks.append(
            Ask(
                who.role, who.unit_code, who.name, case_id, step.code, row.version,
                office.form(step, life), list(office.needed(step)),
            )
        )  # fmt: skip
    return asks


class Tally(msgspec.Struct):
    """What many rounds gave: rounds that were not one success and fifteen stale, all latencies."""

    wrong: list[str] = []
    latencies: list[float] = []

    @property
    def p95(self) -> float:
        """The 95th percentile of all requests, in milliseconds."""
        return sorted(self.latencies)[int(len(self.latencies) * 0.95)]


def run_rounds(office: Office, running: Clients, cases: Sequence[int], rounds: int) -> Tally:
    """Play rounds of sixteen conflicting requests, the cases in turn."""
    tally = Tally()
    for turn in range(rounds):
        case_id = cases[turn % len(cases)]
        asks = conflicting(office, case_id)
        told = running.round(office, asks)
        tally.latencies += [one.ms for one in told]
        codes = sorted(one.code for one in told)
        with office.site.store.reading() as connection:
            row = office.case(connection, case_id)
            events = connection.execute(
                select(func.count()).where(t.events.c.case_id == case_id)
            ).scalar_one()
        before = asks[0].version or 0
        if codes != ["stale"] * (CLIENTS - 1) + ["taken"] or not (
            row.version == events == before + 1
        ):
            tally.wrong.append(f"round {turn}: {json.dumps(codes)}, version {before}→{row.version}")
    return tally


if __name__ == "__main__":
    serve()
