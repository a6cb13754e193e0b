"""One time limit for many tasks."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from lean_bento.fast_path.deadlines import Deadlines

T = TypeVar("T")


async def timed(deadlines: Deadlines, seconds: float) -> str:
    """A task that takes so many seconds, and says how it ended."""
    task = deadlines.start()
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        if not deadlines.is_over(task):
            raise
        return "too late"
    else:
        return "in time"
    finally:
        deadlines.stop(task)


class Clock(selectors.DefaultSelector):
    """What a loop waits with: it does not wait, but is later by as much."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.now += timeout or 0
        return super().select(0)


class OwnLoop(asyncio.SelectorEventLoop):
    """With a clock of its own, which no other work on the machine makes later."""

    def __init__(self) -> None:
        self.clock = Clock()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now


def run(scenario: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=OwnLoop) as runner:
        return runner.run(scenario)


def test_only_what_takes_too_long_is_cancelled() -> None:
    async def scenario() -> list[str]:
        deadlines = Deadlines(0.05, asyncio.get_running_loop())
        return await asyncio.gather(*(timed(deadlines, s) for s in (0, 5, 0.001, 5, 0)))

    assert run(scenario()) == ["in time", "too late", "in time", "too late", "in time"]


def test_later_tasks_have_their_own_full_time() -> None:
    async def scenario() -> list[str]:
        deadlines = Deadlines(0.2, asyncio.get_running_loop())
        first = asyncio.create_task(timed(deadlines, 5))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(timed(deadlines, 0.15))
        return await asyncio.gather(first, second)

    assert run(scenario()) == ["too late", "in time"]


def test_without_a_limit_nothing_is_cancelled() -> None:
    async def scenario() -> str:
        return await timed(Deadlines(None, asyncio.get_running_loop()), 0.01)

    assert run(scenario()) == "in time"


def test_a_cancelling_from_elsewhere_is_not_taken_for_the_limit() -> None:
    async def scenario() -> bool:
        deadlines = Deadlines(5, asyncio.get_running_loop())
        task = asyncio.create_task(timed(deadlines, 5))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return task.cancelled()

    assert run(scenario())


def test_a_task_that_was_late_can_go_on() -> None:
    async def scenario() -> str:
        deadlines = Deadlines(0.01, asyncio.get_running_loop())

        async def late() -> str:
            answer = await timed(deadlines, 5)
            await asyncio.sleep(0)  # an answer still has to be sent
            return answer

        return await asyncio.create_task(late())

    assert run(scenario()) == "too late"
