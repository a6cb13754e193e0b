"""The rules themselves: answers that they must not let pass."""

import json

import pytest
from fuzz.judging import complaints
from fuzz.wire import Request, prompt
from raw_http import Answer

SHAPE = {"error": "No.", "detail": [{"field": "age", "message": "No", "expected": None}]}


def answer(
    body: object = SHAPE,
    status: int = 400,
    media_type: str = "application/json",
    seconds: float = 0,
) -> Answer:
    return Answer(status, {"content-type": media_type}, json.dumps(body).encode(), seconds)


def test_a_proper_refusal_passes() -> None:
    assert complaints(Request(body=b"x" * 500), answer()) == []


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (None, "no answer"),
        (answer(status=500), "status 500"),
        (answer(status=503), "status 503"),
        (answer(status=429), "status 429"),
        (answer(seconds=2.1), "took"),
        (answer(media_type="text/plain"), "text/plain"),
        (answer([SHAPE]), "shape"),
        (answer("No."), "shape"),
        (answer(SHAPE | {"error": "no sentence"}), "shape"),
        (answer(SHAPE | {"detail": [{"field": "age"}]}), "shape"),
        (answer(SHAPE | {"detail": [1]}), "shape"),
        (answer(SHAPE | {"trace": "…"}), "shape"),
    ],
)
def test_a_faulty_answer_is_found(found: Answer | None, word: str) -> None:
    assert word in "".join(complaints(Request(), found))


def test_only_an_answer_that_is_late_each_time_is_late() -> None:
    stalls, hangs = iter([9.0, 9.0, 0.1]), iter([9.0, 8.0, 7.0])

    assert prompt(lambda: next(stalls), float) == 0.1
    assert prompt(lambda: next(hangs), float) == 7


def test_an_unexpected_status_is_found() -> None:
    assert complaints(Request(status=415), answer()) == ["status 400 instead of 415"]


@pytest.mark.parametrize(
    "request_",
    [
        Request(body=json.dumps({"ä\n" * 51: 1}).encode()),
        Request(body="ä\n".encode() * 51),
        Request(target=b"/%c3%a4%0a" + b"%C3%A4%0A" * 50),
        Request(headers=((b"X", "ä\n".encode() * 51),)),
    ],
    ids=["JSON", "bytes", "path", "header"],
)
@pytest.mark.parametrize("status", [200, 400])
def test_an_echo_of_more_than_a_hundred_characters_is_found(request_: Request, status: int) -> None:
    just, more = "ä\n" * 50, "ä\n" * 50 + "ä"

    assert complaints(request_, answer(SHAPE | {"error": f"<{just}>."}, status)) == []
    assert len(complaints(request_, answer(SHAPE | {"error": f"<{more}>."}, status))) == 1
