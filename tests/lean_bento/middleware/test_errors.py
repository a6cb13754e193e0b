"""Errors of every origin come out in one shape."""

import asyncio
import re
from typing import Any

import httpx
import pytest
from asgi import Message, ask
from bentoml.exceptions import BentoMLException, InvalidArgument, ServiceUnavailable
from pydantic import BaseModel, Field
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from lean_bento import ErrorResponse, add_header
from lean_bento.errors import InvalidBodyError
from lean_bento.middleware.errors import ErrorMiddleware

EXPECTED = "Length of a petal, cm: a number from 0"
FINDING = {"type": "float_type", "loc": ["petal"], "msg": "Input should be a valid number"}


class Flower(BaseModel):
    petal: float = Field(ge=0, description=EXPECTED)


def answer_of(answer: Response | Exception, method: str = "GET", **scope: Any) -> httpx.Response:
    """What a client gets when the application answers so."""

    async def endpoint(_: Request) -> Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    inner = Starlette(routes=[Route("/here", endpoint)])
    return ask(ErrorMiddleware(inner, {"/here": Flower}), method, **scope)


def test_a_good_answer_passes_untouched() -> None:
    answer = answer_of(PlainTextResponse("fine", headers={"x-own": "1"}))

    assert (answer.status_code, answer.text) == (200, "fine")
    assert answer.headers["x-own"] == "1"
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"error": "Too many"}, "Too many"),
        ([{"error": "in a list, as BentoML does"}], "in a list, as BentoML does"),
        ({"error": "whole", "detail": []}, "whole"),
        (["nothing known"], "Bad Request."),
        ([], "Bad Request."),
        ("a text", "Bad Request."),
    ],
)
def test_json_of_any_shape_becomes_one_sentence(body: Any, sentence: str) -> None:
    answer = answer_of(JSONResponse(body, 400))

    assert answer.status_code == 400
    assert answer.json() == {"error": sentence, "detail": []}


def test_pydantic_s_findings_become_problems_that_say_what_is_expected() -> None:
    body = {"error": "1 validation error", "detail": [FINDING]}

    answer = answer_of(JSONResponse(body, 400)).json()

    assert answer["error"] == "The request is not valid: see petal."
    assert answer["detail"][0]["expected"] == EXPECTED


def test_an_error_that_has_the_shape_already_stays() -> None:
    whole = {"error": "One.", "detail": [{"field": "petal", "message": "m", "expected": None}]}

    assert answer_of(JSONResponse(whole, 400)).json() == whole


@pytest.mark.parametrize("status", [429, 503])
def test_overload_says_when_to_come_back(status: int) -> None:
    answer = answer_of(JSONResponse({"error": "Too many requests"}, status))

    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize("status", [500, 503])
def test_the_text_of_an_error_of_the_service_is_not_for_clients(status: int) -> None:
    assert "secret" not in answer_of(JSONResponse({"error": "secret"}, status)).text


def test_text_in_several_pieces_is_replaced_whole() -> None:
    async def pieces() -> Any:
        for piece in ("some", " text"):
            yield piece

    answer = answer_of(StreamingResponse(pieces(), 501))

    assert answer.json() == {"error": "Not Implemented.", "detail": []}
    assert answer.headers["content-length"] == str(len(answer.content))


def test_a_wrong_method_keeps_its_allow_header() -> None:
    answer = answer_of(PlainTextResponse("fine"), method="DELETE")

    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert answer.json()["error"] == "/here does not answer DELETE; see the Allow header."


def test_an_exception_s_own_status_and_headers_stay() -> None:
    answer = answer_of(HTTPException(418, headers={"x-own": "1"}))

    assert (answer.status_code, answer.headers["x-own"]) == (418, "1")


def test_an_exception_is_an_id_to_the_client_and_a_trace_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = answer_of(ZeroDivisionError("secret"))

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert re.fullmatch(r".* as error [0-9a-f]{8}\.", answer.json()["error"])
    assert any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize(
    ("error", "status", "sentence", "logged"),
    [
        (InvalidArgument("One."), 400, "One.", False),
        (BentoMLException("Two.", error_code=413), 413, "Two.", False),  # type: ignore[arg-type]
        (InvalidBodyError([FINDING]), 400, "The request is not valid: see petal.", False),
        (ServiceUnavailable("secret"), 503, "Not able to answer at the moment; try again.", True),
    ],
)
def test_an_exception_of_a_method_has_its_own_status_and_sentence(
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
    sentence: str,
    *,
    logged: bool,
) -> None:
    scope = {"type": "http", "path": "/here", "method": "POST", "query_string": b""}

    found, response = ErrorMiddleware(PlainTextResponse(""), {"/here": Flower}).explain(
        error, scope
    )

    assert (found, response.error) == (status, sentence)
    assert bool(caplog.records) is logged


def test_every_answer_has_the_security_headers_and_names_no_software() -> None:
    own = {"server": "someone", "cache-control": "public"}
    for status in (200, 404, 500):
        answer = answer_of(PlainTextResponse("fine", status, headers=own))

        assert "server" not in answer.headers
        assert answer.headers.get_list("cache-control") == ["no-store"]
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("in_a_task", [False, True])
@pytest.mark.parametrize(("status", "has_it"), [(200, True), (503, False)])
def test_a_header_that_a_method_adds_is_in_an_answer_of_success(
    status: int, *, has_it: bool, in_a_task: bool
) -> None:
    async def work() -> None:
        add_header("X-Name", "7")

    async def endpoint(_: Request) -> Response:
        await (asyncio.create_task(work()) if in_a_task else work())
        return PlainTextResponse("", status, headers={"a": "1"})

    answer = ask(ErrorMiddleware(Starlette(routes=[Route("/here", endpoint)]), {}))

    assert (answer.headers["a"], answer.headers.get("x-name")) == ("1", "7" if has_it else None)


def test_the_rest_of_a_body_that_is_too_large_is_read_behind_the_answer() -> None:
    events: list[str] = []
    parts = iter([True, True, False])

    async def receive() -> Message:
        events.append("read")
        return {"type": "http.request", "body": b"x", "more_body": next(parts)}

    async def send(message: Message) -> None:
        events.append(message["type"])
        if message["type"] == "http.response.start":
            assert (b"connection", b"close") in message["headers"]
        elif message.get("body"):
            assert ErrorResponse.model_validate_json(message["body"]).error == "Too large."

    app = ErrorMiddleware(JSONResponse({"error": "Too large."}, 413), {})
    scope = {"type": "http", "path": "/here", "method": "POST", "query_string": b"", "headers": []}
    asyncio.run(app(scope, receive, send))

    assert events == [
        *("http.response.start", "http.response.body"),
        *("read", "read", "read", "http.response.body"),
    ]
