"""Group commit: the event loop hands entries over, a thread writes and syncs them in groups.

Everything that is handed over while one group is written makes up the next one. The loop never
waits for the disk; a caller awaits the group of its entries.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from queue import SimpleQueue
from threading import Thread
from typing import Any

from audit_log.errors import LogWriteError
from audit_log.writer import LogWriter

Entries = Iterable[Mapping[str, Any]]
"""Fields of entries; read once, by the thread."""

_Group = tuple[Entries, asyncio.Future[None]]


class _EntryError(Exception):
    """An entry cannot be made, which says nothing about the log."""


class GroupCommit:
    """Writes what is handed over in one event loop, by a thread of its own.

    Attributes:
        problem: why the log could not be written the last time; None if it could.
    """

    def __init__(
        self, writer: LogWriter, on_change: Callable[[Exception | None], Any] = lambda _: None
    ) -> None:
        """Begin with the first entries.

        Args:
            writer: of the log.
            on_change: called by the thread with each change of ``problem`` from or to None.
        """
        self._writer = writer
        self._on_change = on_change
        self._queue: SimpleQueue[_Group | None] = SimpleQueue()
        self._thread: Thread | None = None
        self.problem: Exception | None = None

    def append(self, entries: Entries) -> asyncio.Future[None]:
        """Hand entries over; the future is done once they are durable.

        Awaiting it raises ``LogWriteError`` if the log cannot be written. The next call tries
        again, with or without entries.
        """
        if self._thread is None:
            self._thread = Thread(target=self._run, name="audit-log", daemon=True)
            self._thread.start()
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put((entries, durable))
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
                self._commit(groups)
        self._writer.close()

    def _commit(self, groups: list[_Group]) -> None:
        failure: BaseException | None = None
        problem: Exception | None = None
        try:
            self._writer.append(_entries_of(groups))
        except _EntryError as error:
            failure, problem = error.__cause__, self.problem
        except Exception as error:  # noqa: BLE001  of whatever kind: nothing was written
            failure, problem = LogWriteError(error), error
        if bool(problem) != bool(self.problem):
            self._on_change(problem)
        self.problem = problem
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            groups[0][1].get_loop().call_soon_threadsafe(_wake, groups, failure)


def _entries_of(groups: list[_Group]) -> Iterator[Mapping[str, Any]]:
    try:
        yield from chain.from_iterable(entries for entries, _ in groups)
    except Exception as error:
        raise _EntryError from error


def _wake(groups: list[_Group], failure: BaseException | None) -> None:
    for _, durable in groups:
        if durable.done():
            continue  # the request was cancelled
        if failure is None:
            durable.set_result(None)
        else:
            durable.set_exception(failure)
