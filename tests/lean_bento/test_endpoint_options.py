"""The query of a request is read by its endpoint's flags, or refused by name."""

from functools import wraps
from typing import Any

import pytest
from asgi import in_a_request
from bentoml.exceptions import InvalidArgument

from lean_bento import JSON, NPY, Flag, options
from lean_bento.endpoint_options import EndpointOptions, options_of

REASONS = Flag("reasons", "Whether there are any.", otherwise=True)
OPTIONS = EndpointOptions(flags=(REASONS,))


def method() -> None: ...


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
    assert in_a_request(REASONS.read, query) is found
    OPTIONS.check_query(query)


def test_outside_of_a_request_a_flag_has_the_value_of_a_query_without_it() -> None:
    assert REASONS.read() is True
    assert Flag("reasons", "", otherwise=False).read() is False


@pytest.mark.parametrize("value", [b"", b"True", b"1", b"yes"])
def test_a_flag_is_true_or_false_and_nothing_else(value: bytes) -> None:
    query = b"reasons=" + value
    said = f"has reasons={value.decode()}, expected true or false"

    with pytest.raises(InvalidArgument, match=said):
        in_a_request(REASONS.read, query)


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
def test_a_parameter_that_is_not_read_is_refused_by_name(query: bytes, said: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        OPTIONS.check_query(query)

    assert str(refusal.value) == f"The query {said}"


def test_a_method_without_options_takes_no_query_and_json() -> None:
    with pytest.raises(InvalidArgument, match="has reasons, expected nothing"):
        options_of(method).check_query(b"reasons=true")
    assert options_of(method).media_types == (JSON,)


def passed_on(function: Any) -> Any:
    return wraps(function)(lambda *_: function())


@pytest.mark.parametrize("outer", [lambda function: function, passed_on])
def test_a_method_keeps_its_options_below_another_decorator(outer: Any) -> None:
    declared = options(flags=(REASONS,), media_types=(JSON, NPY))(lambda: None)

    found = options_of(outer(declared))

    assert (found.flags, found.media_types) == ((REASONS,), (JSON, NPY))
