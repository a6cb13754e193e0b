"""Processes that score parts; each loads the model itself."""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Final

from credit_risk.errors import UsageError
from credit_risk.files.manifest import PartRecord
from credit_risk.files.parts import Part
from credit_risk.files.unfinished import AGAIN

AHEAD: Final = 2
"""Parts in memory for each process: the one that it works on, and the next."""

Work = Callable[[Part], PartRecord]
"""Scores a part and keeps its answers."""


@dataclass(frozen=True)
class Workers:
    """Runs work in processes of its own.

    Attributes:
        count: of the processes.
        prepare: makes the work, in each process once; can be pickled.
    """

    count: int
    prepare: Callable[[], Work]

    def __call__(self, parts: Iterable[Part]) -> Iterator[PartRecord]:
        """Work on parts; yields what is done, in any order.

        Raises:
            UsageError: if a process dies.
        """
        pool = ProcessPoolExecutor(
            self.count, get_context("spawn"), initializer=_prepare, initargs=(self.prepare,)
        )
        waiting: set[Future[PartRecord]] = set()
        try:
            for part in parts:
                with _uninterrupted():
                    waiting.add(pool.submit(_run, part))
                if len(waiting) == AHEAD * self.count:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (each.result() for each in done)
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (each.result() for each in done)
        except BrokenProcessPool:
            expected = f"expected {self.count} to work until the end, with memory enough for each"
            msg = f"found a process that died, {expected}; {AGAIN}"
            raise UsageError(msg) from None
        finally:
            pool.shutdown(cancel_futures=True)


class _Process:
    """What a process of its own works with."""

    prepare: Callable[[], Work]
    work: Work | None = None


def _prepare(prepare: Callable[[], Work]) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    _Process.prepare = staticmethod(prepare)


def _end_with_parent() -> None:
    """Do not wait for work from a parent that was killed."""
    if parent := parent_process():
        parent.join()
        os._exit(1)


def _run(part: Part) -> PartRecord:
    """Work on a part; what is made for the first one is kept, and its errors are the caller's."""
    if _Process.work is None:
        _Process.work = staticmethod(_Process.prepare())
    return _Process.work(part)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach; here it is held until they have started."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
