"""How much is sent, and how it is drawn.

``make test`` and ``make test-system`` send the same few requests each time; ``make fuzz`` many,
others each time, and says the seed with which they come again.
"""

import math
import os
import random
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", 20 * settings().max_examples))
"""Bad requests in all, at least."""
SHARES = {"by kind": 0.5, "mixed": 0.25, "by the document": 0.1, "sockets": 0.15}
"""Which part of them is sent where; together all. Schemathesis takes the longest to draw."""
IS_SHORT = "FUZZ_REQUESTS" not in os.environ
SEED = int(os.environ.get("FUZZ_SEED", random.SystemRandom().randrange(2**32)))


def share(name: str, parts: int = 1) -> int:
    """Requests of one of so many equal parts of a share."""
    return math.ceil(REQUESTS * SHARES[name] / parts)


def for_each(strategy: SearchStrategy[Any], count: int, act: Callable[[Any], object]) -> None:
    """Call ``act`` with ``count`` draws; if it raises, with the smallest that makes it."""

    def drawn(value: Any) -> None:
        act(value)

    test = settings(
        max_examples=count,
        derandomize=IS_SHORT,
        database=None,
        deadline=None,  # the time of an answer is looked at where it is read
        print_blob=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )(given(strategy)(drawn))
    (test if IS_SHORT else seed(SEED)(test))()


def some(strategy: SearchStrategy[Any], count: int) -> list[Any]:
    """About ``count`` draws."""
    found: list[Any] = []
    for_each(strategy, count, found.append)
    return found
