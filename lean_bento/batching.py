"""Micro-batching: requests that arrive in the same turn of the event loop share one call.

There is no timer. The first submission asks the loop to flush once everything that is ready has
run, and each submission until then goes into the same call: a single request waits for no other,
thirty-two concurrent ones share a call.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(eq=False, slots=True)
class _Submission(Generic[Item, Answer]):
    items: Sequence[Item]
    answers: asyncio.Future[Sequence[Answer]]


class MicroBatcher(Generic[Item, Answer]):
    """Puts the items of one turn of the event loop into one call.

    When a call of several submissions fails, each of them is tried again alone, so that an error
    reaches only those that cause it; unless it is one that none of them causes. Cancelling a
    submission leaves the others alone.
    """

    def __init__(
        self,
        process: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]],
        *,
        max_batch_size: int,
        shared_errors: tuple[type[Exception], ...] = (),
    ) -> None:
        """Coalesce calls of ``process``.

        Args:
            process: answers items, one answer each, in the same order.
            max_batch_size: most items of one call.
            shared_errors: errors that a submission alone would meet as well.
        """
        self._process = process
        self._max_batch_size = max_batch_size
        self._shared_errors = shared_errors
        self._waiting: list[_Submission[Item, Answer]] = []
        self._under_way: set[asyncio.Task[None]] = set()
        # Kept, because asking for it asks the operating system for the process's number.
        self._loop: asyncio.AbstractEventLoop | None = None

    async def submit(self, items: Sequence[Item]) -> Sequence[Answer]:
        """Answer items, which must be valid; more than ``max_batch_size`` go turn by turn."""
        if len(items) <= self._max_batch_size:
            return await self._join(items)
        answers: list[Answer] = []
        for start in range(0, len(items), self._max_batch_size):
            answers += await self._join(items[start : start + self._max_batch_size])
        return answers

    async def drain(self) -> None:
        """Wait until everything that was submitted is answered."""
        while self._waiting or self._under_way:
            await asyncio.gather(*self._under_way, asyncio.sleep(0), return_exceptions=True)

    def _join(self, items: Sequence[Item]) -> asyncio.Future[Sequence[Answer]]:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        loop = self._loop
        if not self._waiting:
            # Not at the end of this turn but of the next: between the two the loop looks at its
            # sockets once, and what has arrived there in the meantime gets in. Measured at 32
            # connections: 23 requests a call instead of 6, a sixth more requests a second.
            loop.call_soon(loop.call_soon, self._flush)
        submission = _Submission(items, loop.create_future())
        self._waiting.append(submission)
        return submission.answers

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        batch: list[_Submission[Item, Answer]] = []
        size = 0
        for submission in waiting:
            if submission.answers.cancelled():
                continue
            if batch and size + len(submission.items) > self._max_batch_size:
                self._start(batch)
                batch, size = [], 0
            batch.append(submission)
            size += len(submission.items)
        if batch:
            self._start(batch)

    def _start(self, batch: list[_Submission[Item, Answer]]) -> None:
        task = asyncio.get_running_loop().create_task(self._call(batch))
        self._under_way.add(task)  # the loop itself holds tasks only weakly
        task.add_done_callback(self._under_way.discard)

    async def _call(self, batch: list[_Submission[Item, Answer]]) -> None:
        try:
            items = [item for each in batch for item in each.items]
            answers = await self._process(items)
            if len(answers) != len(items):
                msg = f"found {len(answers)} answers, expected {len(items)}"
                raise ValueError(msg)
        except Exception as error:  # noqa: BLE001  whatever it is, it goes to whom it concerns
            alone = len(batch) == 1 or isinstance(error, self._shared_errors)
            for submission in batch:
                if not alone:
                    self._start([submission])
                elif not submission.answers.done():
                    submission.answers.set_exception(error)
            return
        start = 0
        for submission in batch:
            end = start + len(submission.items)
            if not submission.answers.done():
                submission.answers.set_result(answers[start:end])
            start = end
