"""A body is read as far as its limit, and only of a media type that its endpoint takes."""

import asyncio
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from asgi import Message, ask
from bentoml.exceptions import BentoMLException
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lean_bento import Flag, current
from lean_bento.endpoint_options import EndpointOptions
from lean_bento.middleware.request_checks import (
    OTHER_BODY,
    EndpointLimits,
    RequestChecksMiddleware,
)
from lean_bento.rows import RowLimit

JSON_OR_NPY = EndpointOptions(
    query=(Flag("reasons", "", otherwise=True),),
    media_types=("application/json", "application/x-npy"),
)
LIMITS = {"/here": EndpointLimits(JSON_OR_NPY, body=10, rows=RowLimit(7))}
TOO_LARGE = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def send_through(
    pieces: list[bytes], headers: list[tuple[bytes, bytes]], path: str = "/here"
) -> tuple[list[int], int]:
    """Statuses that the layer answered by itself, and how many pieces were read."""
    left = iter(pieces)
    read = 0
    statuses = []

    async def receive() -> Message:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": next(left), "more_body": read < len(pieces)}

    async def send(message: Any) -> None:
        statuses.append(message.get("status"))

    async def read_all(_scope: Any, receive: Any, _send: Any) -> None:
        while (await receive())["more_body"]:
            pass

    scope = {"type": "http", "path": path, "method": "POST", "query_string": b""}
    app = RequestChecksMiddleware(read_all, LIMITS)
    asyncio.run(app(scope | {"headers": headers}, receive, send))
    return [status for status in statuses if status], read


@pytest.mark.parametrize(
    ("path", "pieces"),
    [("/here", [b"12345", b"67890"]), ("/else", [b"123"]), ("/else", [b"1" * OTHER_BODY])],
)
def test_up_to_its_limit_a_body_is_read(path: str, pieces: list[bytes]) -> None:
    assert send_through(pieces, [], path) == ([], len(pieces))


@pytest.mark.parametrize(("path", "length"), [("/here", 11), ("/else", OTHER_BODY + 1)])
def test_a_body_that_says_that_it_is_larger_is_refused_unread(path: str, length: int) -> None:
    headers = [(b"content-length", b"%d" % length)]

    assert send_through([b"1"], headers, path) == ([TOO_LARGE], 0)


def test_a_body_that_does_not_say_so_is_refused_at_the_first_byte_too_many() -> None:
    with pytest.raises(BentoMLException, match="at most 10 bytes") as caught:
        send_through([b"12345", b"678901", b"2"], [])

    assert caught.value.error_code == TOO_LARGE


def post(path: str = "/here", **headers: str) -> httpx.Response:
    async def endpoint(request: Request) -> Response:
        context = current()
        rows = context and context.row_limit and context.row_limit.rows
        return JSONResponse({"read": len(await request.body()), "rows": rows})

    inner = Starlette(routes=[Route("/here", endpoint, methods=["POST"])])
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(RequestChecksMiddleware(inner, LIMITS), "POST", path, content=b"{}", headers=named)


@pytest.mark.parametrize(
    "content_type",
    [None, "application/json", "Application/JSON; charset=utf-8", "application/x-npy"],
)
def test_a_media_type_that_an_endpoint_takes_is_handed_on(content_type: str | None) -> None:
    headers = {} if content_type is None else {"content_type": content_type}

    assert post(**headers).json() == {"read": 2, "rows": 7}


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
def test_every_other_media_type_is_refused(content_type: str) -> None:
    answer = post(content_type=content_type)

    assert answer.status_code == 415
    assert "expected application/json or application/x-npy" in answer.json()["error"]


@pytest.mark.parametrize(("encoding", "status"), [("identity", 200), ("gzip", 415), ("", 415)])
def test_a_compressed_body_is_refused(encoding: str, status: int) -> None:
    assert post(content_encoding=encoding).status_code == status


@pytest.mark.parametrize(("query", "status"), [("reasons=false", 200), ("x=1", 400)])
def test_a_query_that_the_endpoint_does_not_read_is_refused(query: str, status: int) -> None:
    assert post(f"/here?{query}").status_code == status
