"""A request that waited too long for others of the same turn is refused, and no other."""

import asyncio
from collections.abc import Callable
from functools import partial

import pytest
from starlette.responses import PlainTextResponse

from lean_bento.middleware import load_shedding
from lean_bento.middleware.load_shedding import LoadSheddingMiddleware

SCOPE = {"type": "http", "method": "POST", "path": "/", "headers": []}


class Clocks:
    """Stands for the two clocks: of the machine, and of the thread's own work."""

    def __init__(self) -> None:
        self.now = self.worked = 100.0

    def work(self, seconds: float) -> None:
        self.worked += seconds
        self.now += seconds

    def stand_still(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    clocks = Clocks()
    monkeypatch.setattr(load_shedding, "monotonic", lambda: clocks.now)
    monkeypatch.setattr(load_shedding, "thread_time", lambda: clocks.worked)
    return clocks


async def ask(app: LoadSheddingMiddleware, busy: Callable[[], None], method: str = "POST") -> int:
    """Status of a request; then the worker does something that makes others late."""
    statuses = []

    async def send(message) -> None:
        statuses.append(message.get("status"))

    await app(SCOPE | {"method": method}, None, send)
    busy()
    return statuses[0]


def test_the_last_of_a_long_turn_are_refused_and_the_next_turn_is_served(
    clocks: Clocks,
) -> None:
    async def scenario() -> list[int]:
        app = LoadSheddingMiddleware(PlainTextResponse("done"), max_queue_delay=0.05)
        first = await asyncio.gather(*(ask(app, partial(clocks.work, 0.04)) for _ in range(4)))
        await asyncio.sleep(0)
        return [
            *first,
            await ask(app, partial(clocks.work, 0.2)),
            await ask(app, partial(clocks.work, 0), "GET"),
        ]

    assert asyncio.run(scenario()) == [200, 200, 429, 429, 200, 200]


def test_a_worker_that_stood_still_refuses_nobody(clocks: Clocks) -> None:
    async def scenario() -> list[int]:
        app = LoadSheddingMiddleware(PlainTextResponse("done"), max_queue_delay=0.05)
        return await asyncio.gather(
            *(ask(app, partial(clocks.stand_still, 0.04)) for _ in range(4))
        )

    assert asyncio.run(scenario()) == [200] * 4
