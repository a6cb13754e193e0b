"""Decisions are counted a moment after they were seen, all together."""

import asyncio
from typing import Any, cast

import numpy as np

from credit_risk.monitoring.metrics import DecisionMetrics


class Kept:
    """Takes the place of the series."""

    def __init__(self) -> None:
        self.decided: list[Any] = []
        self.answered: list[Any] = []
        self.refused: list[Any] = []
        self.on_write: Any = lambda: None

    def add_decided(self, *parts: Any) -> None:
        self.decided.append(parts)
        self.on_write()

    def add_answered(self, answered: list[Any]) -> None:
        self.answered += answered

    def add_refused(self, refused: list[Any]) -> list[Any]:
        self.refused += refused[:2]
        return refused[2:]


def test_what_is_seen_in_a_moment_is_counted_at_once() -> None:
    kept = Kept()

    async def see() -> None:
        written = asyncio.get_running_loop().create_future()
        kept.on_write = lambda: written.set_result(None)
        found = DecisionMetrics(cast("Any", kept))
        observe = found._observe  # what a watched scorer calls
        observe(np.zeros((1, 2)), np.zeros(1), ["YES"], [[]])
        found.count("/classify", ["YES"])
        observe(np.ones((2, 2)), np.ones(2), ["NO", "NO"], [[], []])
        found.count("/classify_batch", ["NO", "NO"])
        assert not kept.decided, "nothing is counted before its time"
        await asyncio.wait_for(written, 60)

    asyncio.run(see())

    ((rows, risks, statuses, _),) = kept.decided
    assert [len(each) for each in (*rows, *risks)] == [1, 2, 1, 2]
    assert statuses == (["YES"], ["NO", "NO"])
    assert kept.answered == [("/classify", ["YES"]), ("/classify_batch", ["NO", "NO"])]


def test_many_refused_rows_are_counted_in_several_goes_and_none_is_lost() -> None:
    kept = Kept()

    async def refuse() -> None:
        found = DecisionMetrics(cast("Any", kept))
        found.refuse([[{"loc": ("age",)}]] * 5)
        found.write()
        assert len(kept.refused) == 2
        found.write()
        found.write()

    asyncio.run(refuse())

    assert len(kept.refused) == 5
