"""Errors of every origin come out in one shape."""

import asyncio
import json
import re
from typing import Any

import httpx
import pytest
from lean_bento.middleware.content_type import ContentTypeMiddleware
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from credit_risk.form import Application
from lean_bento.middleware.errors import ErrorMiddleware


def ask(answer: Response | Exception, method: str = "GET") -> httpx.Response:
    """What a client gets when the application answers so."""

    async def endpoint(_: Request) -> Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    inner = Starlette(routes=[Route("/here", endpoint)])
    app = ErrorMiddleware(inner, {"/here": Application})

    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, "/here")

    return asyncio.run(call())


def test_a_good_answer_passes_untouched() -> None:
    answer = ask(PlainTextResponse("fine", headers={"x-own": "1"}))

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
    answer = ask(JSONResponse(body, 400))

    assert answer.status_code == 400
    assert answer.json() == {"error": sentence, "detail": []}


def test_pydantic_s_findings_become_problems_that_say_what_is_expected() -> None:
    finding = {"type": "float_type", "loc": ["age"], "msg": "Input should be a valid number"}

    answer = ask(JSONResponse({"error": "1 validation error", "detail": [finding]}, 400)).json()

    assert answer["error"] == "The request is not valid: see age."
    assert answer["detail"][0]["expected"] == (
        "Age of the applicant, years: a number from 18 to 120"
    )


def test_what_is_in_the_shape_already_stays() -> None:
    whole = {"error": "One.", "detail": [{"field": "age", "message": "m", "expected": None}]}

    assert ask(JSONResponse(whole, 400)).json() == whole


@pytest.mark.parametrize("status", [429, 503])
def test_overload_says_when_to_come_back(status: int) -> None:
    answer = ask(JSONResponse({"error": "Too many requests"}, status))

    assert answer.headers["retry-after"] == "1"


def test_text_in_several_pieces_is_replaced_whole() -> None:
    async def pieces() -> Any:
        for piece in ("some", " text"):
            yield piece

    answer = ask(StreamingResponse(pieces(), 501))

    assert answer.json() == {"error": "Not Implemented.", "detail": []}
    assert answer.headers["content-length"] == str(len(answer.content))


def test_a_wrong_method_keeps_its_allow_header() -> None:
    answer = ask(PlainTextResponse("fine"), method="DELETE")

    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert answer.json()["error"] == "/here does not answer DELETE; see the Allow header."


def test_an_exception_s_own_status_and_headers_stay() -> None:
    answer = ask(HTTPException(418, headers={"x-own": "1"}))

    assert (answer.status_code, answer.headers["x-own"]) == (418, "1")


def post(content_type: str | None) -> httpx.Response:
    async def endpoint(request: Request) -> Response:
        return JSONResponse({"read": len(await request.body())})

    inner = Starlette(routes=[Route("/here", endpoint, methods=["POST"])])
    app = ContentTypeMiddleware(inner, {"/here": ("application/json", "application/x-npy")})
    headers = {} if content_type is None else {"content-type": content_type}

    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.post("/here", content=b"{}", headers=headers)

    return asyncio.run(call())


@pytest.mark.parametrize(
    "content_type",
    [None, "application/json", "Application/JSON; charset=utf-8", "application/x-npy"],
)
def test_what_an_endpoint_takes_gets_in(content_type: str | None) -> None:
    assert post(content_type).json() == {"read": 2}


@pytest.mark.parametrize(
    "content_type",
    [
        "application/vnd.bentoml+pickle",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "text/plain",
        "",
    ],
)
def test_everything_else_stays_out(content_type: str) -> None:
    answer = post(content_type)

    assert answer.status_code == 415
    assert "expected application/json or application/x-npy" in json.loads(answer.text)["error"]


def test_an_exception_is_an_id_to_the_client_and_a_trace_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = ask(ZeroDivisionError("secret"))

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert re.fullmatch(r".* as error [0-9a-f]{8}\.", answer.json()["error"])
    assert any(record.exc_info for record in caplog.records)


def test_every_answer_is_hardened_and_signed_by_nobody() -> None:
    own = {"server": "someone", "cache-control": "public"}
    for status in (200, 404, 500):
        answer = ask(PlainTextResponse("fine", status, headers=own))

        assert "server" not in answer.headers
        assert answer.headers.get_list("cache-control") == ["no-store"]
        assert answer.headers["x-content-type-options"] == "nosniff"
