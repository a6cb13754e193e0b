"""What stands in the query of a request, and would not be read, is refused by name."""

import pytest
from bentoml.exceptions import InvalidArgument
from lean_bento.middleware.query_flags import QUERY, check_query, flags_of

from lean_bento import Flag

REASONS = Flag("reasons", "Whether there are any.", default=True)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (b"", True),
        (b"reasons=true", True),
        (b"reasons=false", False),
        (b"%72easons=%66alse", False),
    ],
)
def test_a_flag_is_read(query: bytes, *, found: bool) -> None:
    token = QUERY.set(query)

    assert REASONS.read() is found
    check_query(query, [REASONS])
    QUERY.reset(token)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (b"x", "has x, expected reasons."),
        (b"reasons=true&x=1", "has x, expected reasons."),
        (b"Reasons=true", "has Reasons, expected reasons."),
        (b"=", "has , expected reasons."),
        (b"reasons=true&reasons=true", "has reasons more than once."),
        (b"reasons&reasons", "has reasons more than once."),
        (b"x" * 300, f"has {'x' * 49}…, expected reasons."),
    ],
)
def test_what_would_not_be_read_is_refused_by_name(query: bytes, said: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        check_query(query, [REASONS])

    assert str(refusal.value) == f"The query {said}"


def test_a_method_without_flags_takes_no_query() -> None:
    def method() -> None: ...

    with pytest.raises(InvalidArgument, match="has reasons, expected nothing"):
        check_query(b"reasons=true", flags_of(method))
    check_query(b"reasons=true", flags_of(REASONS.of(method)))
