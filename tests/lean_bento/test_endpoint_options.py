"""The query of a request is read by its endpoint's parameters, or refused by name."""

from functools import wraps
from typing import Any

import pytest
from asgi import in_a_request
from bentoml.exceptions import InvalidArgument

from lean_bento import JSON, NPY, Choice, Flag, options, query_value
from lean_bento.endpoint_options import EndpointOptions, options_of

REASONS = Flag("reasons", "Whether there are any.", otherwise=True)
ORDER = Choice("order", "Of the answer.", words=("rising", "falling", "sent"), otherwise="sent")
OPTIONS = EndpointOptions(query=(REASONS,))
BOTH = EndpointOptions(query=(REASONS, ORDER))


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
    assert in_a_request(lambda: query_value(REASONS), query) is found
    OPTIONS.check_query(query)


def test_outside_of_a_request_a_flag_has_the_value_of_a_query_without_it() -> None:
    assert query_value(REASONS) is True
    assert query_value(Flag("reasons", "", otherwise=False)) is False


@pytest.mark.parametrize("value", [b"", b"True", b"1", b"yes"])
def test_a_flag_is_true_or_false_and_nothing_else(value: bytes) -> None:
    query = b"reasons=" + value
    said = f"has reasons={value.decode()}, expected true or false"

    with pytest.raises(InvalidArgument, match=said):
        OPTIONS.check_query(query)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (b"", "sent"),
        (b"order=rising", "rising"),
        (b"order=sent", "sent"),
        (b"reasons=false&order=falling", "falling"),
        (b"%6frder=r%69sing", "rising"),
    ],
)
def test_a_choice_is_read(query: bytes, found: str) -> None:
    BOTH.check_query(query)

    assert in_a_request(lambda: query_value(ORDER), query) == found


def test_outside_of_a_request_a_choice_is_the_word_of_a_query_without_it() -> None:
    assert query_value(ORDER) == "sent"


@pytest.mark.parametrize("value", [b"", b"Rising", b"down", b"rising ", b"rising,falling"])
def test_a_choice_is_one_of_its_words_and_nothing_else(value: bytes) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        BOTH.check_query(b"order=" + value.replace(b" ", b"%20"))

    said = f"The query has order={value.decode()}, expected rising or falling or sent."
    assert str(refusal.value) == said


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (b"order=rising&order=rising", "has order more than once."),
        (b"order=rising&x=1", "has x, expected reasons or order."),
        (b"Order=rising", "has Order, expected reasons or order."),
    ],
)
def test_a_choice_stands_once_beside_other_parameters(query: bytes, said: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        BOTH.check_query(query)

    assert str(refusal.value) == f"The query {said}"


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
    declared = options(query=(REASONS,), media_types=(JSON, NPY))(lambda: None)

    found = options_of(outer(declared))

    assert (found.query, found.media_types) == ((REASONS,), (JSON, NPY))
