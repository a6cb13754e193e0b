"""Coalescing under random arrival, size, failure and cancellation."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_bento import MicroBatcher

POISON = -1
"""An item whose call fails."""


@dataclass
class Recorder:
    """Doubles items, and remembers each call."""

    calls: list[list[int]] = field(default_factory=list)
    turns: int = 0  # of the loop that a call takes

    async def __call__(self, items: Sequence[int]) -> list[int]:
        self.calls.append(list(items))
        for _ in range(self.turns):
            await asyncio.sleep(0)
        if POISON in items:
            raise ValueError("poison")
        return [2 * item for item in items]


def test_a_lone_submission_is_answered_at_once_without_a_timer() -> None:
    async def scenario() -> tuple[Sequence[int], float]:
        loop = asyncio.get_running_loop()
        timers = []
        loop.call_later = lambda *details: timers.append(details)  # type: ignore[assignment]
        loop.call_at = lambda *details, **_: timers.append(details)  # type: ignore[assignment]
        return await MicroBatcher(Recorder(), max_batch_size=9).submit([1, 2]), len(timers)

    assert asyncio.run(scenario()) == ([2, 4], 0)


def test_what_arrives_in_the_same_turn_shares_one_call() -> None:
    recorder = Recorder()

    async def scenario() -> list[Sequence[int]]:
        batcher = MicroBatcher(recorder, max_batch_size=100)
        return await asyncio.gather(*(batcher.submit([item]) for item in range(32)))

    assert asyncio.run(scenario()) == [[2 * item] for item in range(32)]
    assert recorder.calls == [list(range(32))]


def test_a_call_is_never_larger_than_the_limit() -> None:
    recorder = Recorder()

    async def scenario() -> list[Sequence[int]]:
        batcher = MicroBatcher(recorder, max_batch_size=4)
        return await asyncio.gather(batcher.submit(range(10)), batcher.submit([7, 8, 9]))

    assert asyncio.run(scenario()) == [[2 * item for item in range(10)], [14, 16, 18]]
    assert max(map(len, recorder.calls)) == 4


def test_a_large_submission_lets_others_in_between_its_parts() -> None:
    order: list[str] = []

    async def scenario() -> None:
        batcher = MicroBatcher(Recorder(), max_batch_size=10)

        async def submit(name: str, items: Sequence[int]) -> None:
            await batcher.submit(items)
            order.append(name)

        await asyncio.gather(submit("large", range(1000)), submit("small", [1]))

    asyncio.run(scenario())

    assert order == ["small", "large"]


def test_an_error_reaches_only_the_submission_that_caused_it() -> None:
    async def scenario() -> list[Sequence[int] | BaseException]:
        batcher = MicroBatcher(Recorder(), max_batch_size=100)
        submissions = ([1], [2, POISON], [3], [POISON])
        return await asyncio.gather(*map(batcher.submit, submissions), return_exceptions=True)

    first, second, third, fourth = asyncio.run(scenario())

    assert (first, third) == ([2], [6])
    assert isinstance(second, ValueError)
    assert isinstance(fourth, ValueError)


def test_a_call_with_too_few_answers_is_an_error_and_shifts_nobody_s_answer() -> None:
    async def too_few(items: Sequence[int]) -> list[int]:
        return [2 * item for item in items if item != 2]

    async def scenario() -> list[Sequence[int] | BaseException]:
        batcher = MicroBatcher(too_few, max_batch_size=100)
        return await asyncio.gather(
            *(batcher.submit([item]) for item in (1, 2, 3)), return_exceptions=True
        )

    first, second, third = asyncio.run(scenario())

    assert (first, third) == ([2], [6])
    assert isinstance(second, ValueError)


def test_draining_waits_for_everything_that_was_submitted() -> None:
    async def scenario() -> bool:
        batcher = MicroBatcher(Recorder(turns=5), max_batch_size=2)
        tasks = [asyncio.create_task(batcher.submit([item])) for item in range(7)]
        await asyncio.sleep(0)
        await batcher.drain()
        await asyncio.sleep(0)
        return all(task.done() for task in tasks)

    assert asyncio.run(scenario())


submissions = st.lists(
    st.tuples(
        st.lists(st.integers(0, 100) | st.just(POISON), min_size=0, max_size=7),
        st.integers(0, 5),  # turns before it arrives
        st.none() | st.integers(0, 6),  # turns after which its client goes away
    ),
    max_size=25,
)


@given(submissions, st.integers(1, 10), st.integers(0, 3))
def test_everyone_gets_their_own_answer_whatever_happens_to_the_others(
    plan: list[tuple[list[int], int, int | None]], limit: int, turns: int
) -> None:
    recorder = Recorder(turns=turns)

    async def scenario() -> list[Sequence[int] | BaseException]:
        batcher = MicroBatcher(recorder, max_batch_size=limit)

        async def client(items: list[int], delay: int, patience: int | None) -> Sequence[int]:
            for _ in range(delay):
                await asyncio.sleep(0)
            task = asyncio.create_task(batcher.submit(items))
            if patience is not None:
                for _ in range(patience):
                    await asyncio.sleep(0)
                task.cancel()
            return await task

        return await asyncio.gather(*(client(*each) for each in plan), return_exceptions=True)

    for (items, _, patience), answer in zip(plan, asyncio.run(scenario()), strict=True):
        if isinstance(answer, asyncio.CancelledError):
            assert patience is not None
        elif isinstance(answer, ValueError):
            assert POISON in items
        else:
            assert answer == [2 * item for item in items]
            assert POISON not in items
    assert all(len(call) <= limit for call in recorder.calls)


def test_a_cancelled_submission_that_has_not_left_yet_is_not_scored() -> None:
    recorder = Recorder()

    async def scenario() -> Sequence[int]:
        batcher = MicroBatcher(recorder, max_batch_size=100)
        gone = asyncio.create_task(batcher.submit([1]))
        stays = asyncio.create_task(batcher.submit([2]))
        await asyncio.sleep(0)
        gone.cancel()
        return await stays

    assert asyncio.run(scenario()) == [4]
    assert recorder.calls == [[2]]


@pytest.mark.parametrize("turns", [0, 3])
def test_nothing_is_left_behind(turns: int) -> None:
    async def scenario() -> bool:
        batcher = MicroBatcher(Recorder(turns=turns), max_batch_size=3)
        await asyncio.gather(*(batcher.submit([item]) for item in range(20)))
        await batcher.drain()
        return asyncio.all_tasks() == {asyncio.current_task()}

    assert asyncio.run(scenario())


def test_an_error_that_no_submission_causes_is_not_tried_again() -> None:
    calls = []

    async def fail(items: Sequence[int]) -> list[int]:
        calls.append(items)
        raise ConnectionError

    async def scenario() -> list[Sequence[int] | BaseException]:
        batcher = MicroBatcher(fail, max_batch_size=9, shared_errors=(ConnectionError,))
        submissions = (batcher.submit([item]) for item in range(3))
        return await asyncio.gather(*submissions, return_exceptions=True)

    assert [type(each) for each in asyncio.run(scenario())] == [ConnectionError] * 3
    assert calls == [[0, 1, 2]]
