"""Entries on their way to the log: handed over by the event loop, written by a thread.

Whatever has been handed over while one group was being written and synced makes up the next. The
loop never waits for the disk; who handed something over awaits its group. Knows nothing of files
and of credit.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import chain
from queue import SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, Protocol

from audit_log.errors import LogWriteError

__all__ = ["Entries", "GroupCommit"]

logger = logging.getLogger("bentoml.decisions")  # below BentoML's, which prints it

Entries = Iterable[Mapping[str, Any]]
"""Fields of entries; read once, by the thread."""


class WritesEntries(Protocol):
    """What is needed of a ``Writer``."""

    def write(self, entries: Entries) -> None:
        """Append entries durably."""
        ...

    def close(self) -> None:
        """End the file under way."""
        ...


class _Group(NamedTuple):
    entries: Entries
    durable: asyncio.Future[None]


class GroupCommit:
    """Has one thread write what is handed over in one event loop."""

    def __init__(self, writer: WritesEntries) -> None:
        self._writer = writer
        self._queue: SimpleQueue[_Group | None] = SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self.problem: OSError | None = None
        """Why the log could not be written the last time; None if it could."""

    def write(self, entries: Entries) -> asyncio.Future[None]:
        """Hand entries over; the future is done once they are durable.

        Awaiting it raises ``LogWriteError`` if the log cannot be written. The next call tries
        again, with or without entries.
        """
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._thread = Thread(target=self._run, name="decision-log", daemon=True)
            self._thread.start()
        durable: asyncio.Future[None] = self._loop.create_future()
        self._queue.put(_Group(entries, durable))
        return durable

    async def close(self) -> None:
        """Write what has been handed over, and end the log."""
        if self._thread is not None:
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        ending = False
        while not ending:
            waiting = [self._queue.get()]
            while not self._queue.empty():
                waiting.append(self._queue.get_nowait())
            ending = None in waiting
            if groups := [group for group in waiting if group is not None]:
                self._write(groups)
        self._writer.close()

    def _write(self, groups: list[_Group]) -> None:
        failure: Exception | None = None
        try:
            self._writer.write(chain.from_iterable(group.entries for group in groups))
        except OSError as error:
            failure = LogWriteError(error)
            self._note(error)
        except Exception as error:  # noqa: BLE001  ours, and for those who wait to raise
            failure = error
        else:
            self._note(None)
        if self._loop is not None:
            with suppress(RuntimeError):  # closed: nobody waits any more
                self._loop.call_soon_threadsafe(_wake, groups, failure)

    def _note(self, problem: OSError | None) -> None:
        """Keep the state, and log where it changes."""
        if problem and not self.problem:
            logger.error("Decisions cannot be logged and are refused: %s", problem)
        elif self.problem and not problem:
            logger.warning("Decisions can be logged again")
        self.problem = problem


def _wake(groups: list[_Group], failure: Exception | None) -> None:
    for group in groups:
        if group.durable.done():
            continue  # the request was cancelled
        if failure is None:
            group.durable.set_result(None)
        else:
            group.durable.set_exception(failure)
