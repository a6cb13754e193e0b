"""One time limit for many tasks, kept with a single timer.

A timer for each request costs more than encoding an application does, and BentoML's own leaves
each timer behind until it fires. With one limit for all, whoever began first is due first: a
dictionary in order of arrival and one timer for its first entry are enough.
"""

import asyncio
from typing import Any, cast

__all__ = ["Deadlines"]

Task = asyncio.Task[Any]


class Deadlines:
    """Cancels tasks that take longer than a limit."""

    def __init__(self, seconds: float | None, loop: asyncio.AbstractEventLoop) -> None:
        """Allow each task of ``loop`` so many seconds; None for no limit."""
        self.seconds = seconds
        self._loop = loop
        self._due: dict[Task, float] = {}
        self._expired: set[Task] = set()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> Task:
        """Start the clock for the current task and return the task, for ``stop``."""
        loop = self._loop
        task = cast("Task", asyncio.current_task(loop))
        if self.seconds is not None:
            self._due[task] = loop.time() + self.seconds
            if self._timer is None:
                self._timer = loop.call_at(self._due[task], self._expire)
        return task

    def is_over(self, task: Task) -> bool:
        """Whether it was the limit that cancelled a task; takes the cancelling back if so."""
        if task not in self._expired:
            return False
        self._expired.remove(task)
        task.uncancel()
        return True

    def stop(self, task: Task) -> None:
        """Stop a task's clock."""
        self._due.pop(task, None)

    def _expire(self) -> None:
        loop = self._loop
        now = loop.time()
        while self._due:
            task, due = next(iter(self._due.items()))
            if due > now:
                self._timer = loop.call_at(due, self._expire)
                return
            del self._due[task]
            self._expired.add(task)
            task.cancel()
        self._timer = None
