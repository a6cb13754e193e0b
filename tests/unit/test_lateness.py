"""Who waited too long for others of the same turn is refused, and nobody else."""

import asyncio
import time

from starlette.responses import PlainTextResponse

from credit_risk.serving.lateness import LatenessLimit

SCOPE = {"type": "http", "method": "POST", "path": "/", "headers": []}


async def ask(app: LatenessLimit, busy: float, method: str = "POST") -> int:
    """Status of a request; then the worker is busy for so many seconds."""
    statuses = []

    async def send(message) -> None:
        statuses.append(message.get("status"))

    await app(SCOPE | {"method": method}, None, send)
    time.sleep(busy)  # noqa: ASYNC251  it is this that makes others late
    return statuses[0]


def test_the_last_of_a_long_turn_are_refused_and_the_next_turn_is_served() -> None:
    async def scenario() -> list[int]:
        app = LatenessLimit(PlainTextResponse("done"), seconds=0.05)
        first = await asyncio.gather(*(ask(app, 0.04) for _ in range(4)))
        await asyncio.sleep(0)
        return [*first, await ask(app, 0.2), await ask(app, 0, "GET")]

    assert asyncio.run(scenario()) == [200, 200, 429, 429, 200, 200]
