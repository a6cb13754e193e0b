"""Requests drawn by Hypothesis: none does harm, and what is valid is answered right after it."""

import math

import pytest
from fuzz.effort import REQUESTS, for_each
from fuzz.hostile import KINDS
from fuzz.target import SENT, Target
from hypothesis import strategies as st

EACH = math.ceil(REQUESTS / 2 / len(KINDS))
"""Requests of a kind."""
MIXED = math.ceil(REQUESTS / 4)
"""Requests of all kinds in turn."""
MOST_GROWTH = 12.0
"""Megabytes."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_request_is_answered_as_it_should_be(target: Target, kind: str) -> None:
    before = SENT[kind]

    for_each(KINDS[kind](), EACH, lambda request: target.send(kind, request))

    assert SENT[kind] - before >= EACH


def test_memory_does_not_grow_however_bad_the_requests(target: Target) -> None:
    """All kinds have been sent by now, so that whatever is loaded or kept once is there."""
    mixture = st.sampled_from(list(KINDS)).flatmap(
        lambda kind: KINDS[kind]().map(lambda request: (kind, request))
    )
    before, sent = target.memory(), SENT.total()

    for_each(mixture, MIXED, lambda pair: target.send(*pair))

    assert SENT.total() - sent >= MIXED
    assert target.memory() - before < MOST_GROWTH
