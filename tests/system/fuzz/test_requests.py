"""Requests drawn by Hypothesis: none does harm, and what is valid is answered right after it."""

import pytest
from fuzz.effort import for_each, share
from fuzz.hostile import KINDS
from fuzz.target import NOTES, SENT, Target
from hypothesis import strategies as st

pytestmark = pytest.mark.hypothesis  # `make test-system` draws more
EACH = share("by kind", len(KINDS))
"""Requests of a kind."""
MIXED = share("mixed")
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

    number, after = SENT.total() - sent, target.memory()
    NOTES.append(f"memory: {before:.1f} MB, after {number:,} more requests {after:.1f} MB")

    assert number >= MIXED
    assert after - before < MOST_GROWTH
