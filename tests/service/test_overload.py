"""Four times what the worker can take: it answers what it can, refuses the rest, and recovers."""

import asyncio

from running import Server

from benchmarks.overload import overload


def test_overload_is_shed_and_forgotten(server: Server) -> None:
    found = asyncio.run(overload(server.url, seconds=3))

    assert set(found.statuses) <= {200, 429, 0}
    assert found.statuses[429] > found.statuses[200] / 2
    assert found.statuses.get(0, 0) < 0.02 * sum(found.statuses.values())
    assert found.goodput >= 0.5 * found.most  # 0.8 on a machine without anything else to do
    assert found.p99 < 5
    assert found.recovered < 2
