"""At four times its capacity a worker answers what it can, refuses the rest, and recovers."""

import asyncio

import pytest
from running import Server

from benchmarks.overload import Overload, overload

pytestmark = pytest.mark.system
TRIES = 12
"""The machine may do other things while one of them lasts."""


def test_overload_is_shed_and_forgotten(server: Server) -> None:
    for _ in range(TRIES):
        found = asyncio.run(overload(server.url, seconds=3))

        assert set(found.statuses) <= {200, 429, 0}
        if is_as_it_should(found):
            break
    assert is_as_it_should(found), found


def is_as_it_should(found: Overload) -> bool:
    answered, refused, lost = (found.statuses.get(status, 0) for status in (200, 429, 0))
    is_shed = refused > answered / 2 and lost < 0.02 * (answered + refused + lost)
    return is_shed and found.goodput >= 0.8 * found.most and found.p99 < 2 and found.recovered < 2
