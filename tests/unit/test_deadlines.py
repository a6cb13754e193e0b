"""One time limit for many tasks."""

import asyncio

from credit_risk.serving.deadlines import Deadlines


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


def test_only_what_takes_too_long_is_cancelled() -> None:
    async def scenario() -> list[str]:
        deadlines = Deadlines(0.05, asyncio.get_running_loop())
        return await asyncio.gather(*(timed(deadlines, s) for s in (0, 5, 0.001, 5, 0)))

    assert asyncio.run(scenario()) == ["in time", "too late", "in time", "too late", "in time"]


def test_later_tasks_have_their_own_full_time() -> None:
    async def scenario() -> list[str]:
        deadlines = Deadlines(0.2, asyncio.get_running_loop())
        first = asyncio.create_task(timed(deadlines, 5))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(timed(deadlines, 0.15))
        return await asyncio.gather(first, second)

    assert asyncio.run(scenario()) == ["too late", "in time"]


def test_without_a_limit_nothing_is_cancelled() -> None:
    async def scenario() -> str:
        return await timed(Deadlines(None, asyncio.get_running_loop()), 0.01)

    assert asyncio.run(scenario()) == "in time"


def test_a_cancelling_from_elsewhere_is_not_taken_for_the_limit() -> None:
    async def scenario() -> bool:
        deadlines = Deadlines(5, asyncio.get_running_loop())
        task = asyncio.create_task(timed(deadlines, 5))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return task.cancelled()

    assert asyncio.run(scenario())


def test_a_task_that_was_late_can_go_on() -> None:
    async def scenario() -> str:
        deadlines = Deadlines(0.01, asyncio.get_running_loop())

        async def late() -> str:
            answer = await timed(deadlines, 5)
            await asyncio.sleep(0)  # an answer still has to be sent
            return answer

        return await asyncio.create_task(late())

    assert asyncio.run(scenario()) == "too late"
