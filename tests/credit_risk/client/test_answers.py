"""What is read off a response."""

import pickle
from typing import Any

import httpx
import pytest

from credit_risk.client import RefusedError, ServiceError, UnavailableError
from credit_risk.client.answers import error_of, row_ids, seconds_to_wait

PROBLEM = {"field": "age", "message": "Too young", "expected": "a number from 18 to 120"}
BODY = {"error": "The request is not valid: see age.", "detail": [PROBLEM]}


def response(status: int, **how: Any) -> httpx.Response:
    return httpx.Response(status, request=httpx.Request("GET", "http://test/classify"), **how)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, RefusedError) for status in (400, 401, 403, 404, 405, 408, 413, 415, 431, 499)),
        *((status, UnavailableError) for status in (429, 503)),
        *((status, ServiceError) for status in (500, 504, 599)),
    ],
)
def test_an_error_has_the_sentence_of_the_service_and_the_fields(
    status: int, kind: type[ServiceError]
) -> None:
    error = error_of(response(status, json=BODY))

    assert type(error) is kind
    assert str(error) == BODY["error"]
    assert (error.status_code, error.detail, error.fields) == (status, [PROBLEM], ["age"])


def test_an_answer_of_200_is_no_error() -> None:
    assert error_of(response(200, json={"status": "APPROVED"})) is None


@pytest.mark.parametrize(
    "answer",
    [
        response(200, html="<h1>It works!</h1>"),
        response(302, headers={"location": "/login"}),
        response(502, html="Bad Gateway"),
        response(404, json=["not", "ours"]),
        response(404, json={"detail": "Not Found"}),
    ],
)
def test_an_answer_of_somebody_else_is_told_in_a_sentence(answer: httpx.Response) -> None:
    assert str(error_of(answer)) == (
        f"http://test/classify: found an answer {answer.status_code}, expected one of the service; "
        "look at the address."
    )


def test_an_error_can_be_sent_to_another_process() -> None:
    error = RefusedError("No.", 400, [PROBLEM])

    found = pickle.loads(pickle.dumps(error))  # noqa: S301

    assert (type(found), str(found), vars(found)) == (RefusedError, "No.", vars(error))


@pytest.mark.parametrize(("sent", "seconds"), [("7", 7), ("0", 0), ("soon", 1), (None, 1)])
def test_seconds_to_wait_are_those_of_the_answer_or_one(sent: str | None, seconds: int) -> None:
    headers = {} if sent is None else {"Retry-After": sent}

    assert seconds_to_wait(response(503, headers=headers)) == seconds


@pytest.mark.parametrize(
    ("date", "until", "seconds"),
    [
        ("Thu, 26 Nov 2026 09:00:00 GMT", "Thu, 26 Nov 2026 09:01:30 GMT", 90),
        ("Thu, 26 Nov 2026 09:00:00 GMT", "Thu Nov 26 09:00:07 2026", 7),
        ("Thu, 26 Nov 2026 09:00:00 GMT", "Thu, 26 Nov 2026 08:00:00 GMT", 0),
        ("Thu, 26 Nov 2026 09:00:00 GMT", "Thu, 26 Nov 20262026202620262026 09:00:00 GMT", 1),
        (None, "Thu, 26 Nov 1970 09:00:00 GMT", 0),
    ],
    ids=["date", "asctime", "past", "no date", "no date of the answer"],
)
def test_a_date_to_wait_for_is_counted_from_the_date_of_the_answer(
    date: str | None, until: str, seconds: int
) -> None:
    headers = {"Retry-After": until} | ({"Date": date} if date else {})

    assert seconds_to_wait(response(429, headers=headers)) == seconds


def test_each_row_of_a_request_has_an_id_if_the_request_has_one() -> None:
    assert row_ids(response(200, headers={"X-Decision-Id": "a"}), 2) == ["a/0", "a/1"]
    assert row_ids(response(200), 2) == [None, None]
