"""A crew of processes that read the database side by side, each through a connection of its own.

For what walks the whole log: Python folds one case at a time, so two cores need two processes.
Workers only read; what is to be written is handed back and written by the one who asked. A worker
whose master is gone finds its pipe closed and ends.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from ecoissues.storage.engine import Store

Task = TypeVar("Task")
Result = TypeVar("Result")
#: What is done for one task: a function of a module, so that another process finds it.
Job = Callable[[Connection, Any, Task], Result]

#: More processes than these only wait for the database.
_MOST: Final = 8
#: Tasks a worker holds: one at work and one waiting, so that it is never idle.
_AHEAD: Final = 2


def cores() -> int:
    """Give how many processes may work at the same time here."""
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), _MOST)
    return min(os.cpu_count() or 1, _MOST)


def shared_out(
    store: Store, job: Job[Task, Result], given: Any, tasks: Iterable[Task], size: int
) -> Iterator[Result]:
    """Give ``job(connection, given, task)`` for each task, in the order in which they are done.

    In: the database; ``given``, what every task needs (it must pickle); ``size`` processes, below
    2 everything is done in this one. Each task reads in a snapshot of its own. Raises what a job
    raises; the others are then sent home.
    """
    if size < 2:
        for task in tasks:
            with store.reading() as connection:
                result = job(connection, given, task)
            yield result
        return
    crew = [_Worker(store.url, job, given) for _ in range(size)]
    try:
        yield from _handed_out(crew, iter(tasks))
    finally:
        for worker in crew:
            worker.dismiss()


class _Worker:
    """One process and the pipe to it."""

    def __init__(self, url: str, job: Any, given: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe: Pipe[Any, Any]
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=_serve, args=(theirs, url, job, given), daemon=True
        )
        self.process.start()
        theirs.close()  # theirs alone: its end is seen when they are gone
        self.held = 0

    def dismiss(self) -> None:
        """End the process: an idle one sees the pipe closed, a busy one is stopped."""
        self.pipe.close()
        if self.held:
            self.process.terminate()
        self.process.join()


def _handed_out(crew: list[_Worker], tasks: Iterator[Any]) -> Iterator[Any]:
    by_pipe = {worker.pipe: worker for worker in crew}
    for _ in range(_AHEAD):
        for worker in crew:
            _hand(worker, tasks)
    while busy := [worker.pipe for worker in crew if worker.held]:
        for pipe in wait(busy):
            worker = by_pipe[pipe]  # type: ignore[index]
            done, result = worker.pipe.recv()
            worker.held -= 1
            if not done:
                raise result
            _hand(worker, tasks)
            yield result


def _hand(worker: _Worker, tasks: Iterator[Any]) -> None:
    for task in tasks:
        worker.pipe.send(task)
        worker.held += 1
        return


def _serve(pipe: Pipe[Any, Any], url: str, job: Any, given: Any) -> None:
    """Work in the other process until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the master is told, and closes the pipe
    store = Store(url, pool_size=1)
    try:
        while True:
            task = pipe.recv()
            try:
                with store.reading() as connection:
                    answer = (True, job(connection, given, task))
            except Exception as error:
                answer = (False, _sendable(error))
            pipe.send(answer)
    except (EOFError, OSError):
        return
    finally:
        store.close()


def _sendable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own, a moment old
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
