"""Errors of one shape, and the headers of every answer, whichever layer it comes from.

BentoML, Starlette and the traffic limits each answer errors in a form of their own: objects,
lists, plain text. This ASGI middleware stands outside of all of them. It rewrites an answer of
status 400 and above into an ``ErrorResponse``, and puts the security headers on every answer.
"""

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lean_bento.error_response import ErrorResponse, echo, explain_findings
from lean_bento.request_context import begin

__all__ = ["SECURITY_HEADERS", "ErrorMiddleware", "as_error_response", "with_security_headers"]

Header = tuple[bytes, bytes]

logger = logging.getLogger("bentoml._internal.server.http_app")  # BentoML's, for its own errors
RETRY_AFTER_SECONDS = b"1"
OVERLOAD = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
OF_THE_BODY = {b"content-length", b"content-type", b"connection"}
DRAIN_SECONDS: Final = 2.0
"""In which the rest of a body that is too large is read and thrown away."""

SECURITY_HEADERS: Final[list[Header]] = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
]
"""No cache keeps an answer, and no browser reads it as anything but what its media type says."""

_REPLACED: Final = {b"server", *(name for name, _ in SECURITY_HEADERS)}


def with_security_headers(headers: Iterable[Header]) -> list[Header]:
    """Put the security headers in front, and take out what names the software."""
    return [*SECURITY_HEADERS, *(each for each in headers if each[0].lower() not in _REPLACED)]


class ErrorMiddleware:
    """Rewrites error answers into the uniform shape."""

    def __init__(self, app: ASGIApp, models: Mapping[str, type[BaseModel]]) -> None:
        """Wrap ``app``; ``models`` holds the input model of each path that has named fields."""
        self.app = app
        self._models = models

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        context = begin(scope)
        start: Message = {}
        body = bytearray()
        answered = False

        async def rewrite(message: Message) -> None:
            nonlocal start, answered
            if start:
                body.extend(message.get("body", b""))
            elif message["type"] == "http.response.start":
                if message["status"] >= 400:  # noqa: PLR2004  first error status
                    start = message
                else:
                    answered = True
                    headers = with_security_headers(message["headers"])
                    if message["status"] == HTTPStatus.OK:
                        headers += context.headers
                    await send({**message, "headers": headers})
            else:
                await send(message)

        try:
            await self.app(scope, receive, rewrite)
        except Exception:
            if answered:
                raise
            logger.exception("Exception on %s [%s]", scope["path"], scope["method"])
            start = {"status": 500, "headers": []}
        if start:
            await self.send_error(scope, receive, send, start, bytes(body))
        return None

    async def send_error(
        self, scope: Scope, receive: Receive, send: Send, start: Message, body: bytes
    ) -> None:
        """Send an error answer, whose first message and body have any shape, in the one shape."""
        status = HTTPStatus(start["status"])
        response = as_error_response(status, body, scope, self._models.get(scope["path"]))
        content = response.model_dump_json().encode()
        headers = [each for each in start["headers"] if each[0] not in OF_THE_BODY]
        headers += [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(content)).encode()),
        ]
        if status in OVERLOAD:
            headers.append((b"retry-after", RETRY_AFTER_SECONDS))
        unread = status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        if unread:
            headers.append((b"connection", b"close"))
        await send(
            {
                "type": "http.response.start",
                "status": int(status),
                "headers": with_security_headers(headers),
            }
        )
        await send({"type": "http.response.body", "body": content, "more_body": unread})
        if unread:
            await _throw_away(receive)
            await send({"type": "http.response.body"})


async def _throw_away(receive: Receive) -> None:
    """Read on for a while: a connection closed on a client that still sends loses the answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while (await receive()).get("more_body"):
                pass


def as_error_response(
    status: HTTPStatus, body: bytes, scope: Scope, model: type[BaseModel] | None
) -> ErrorResponse:
    """Put any error answer into the uniform shape.

    Args:
        status: of the answer.
        body: of the answer, JSON or text, from whichever layer.
        scope: of the request, for its method and path.
        model: input model of the path, to say what its fields expect.
    """
    if status in (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE):
        return ErrorResponse(error=_sentence(status, scope))  # whatever it says is not for clients
    answer = _json_object(body)
    findings = answer.get("detail")
    if findings and "loc" in findings[0]:
        return explain_findings(findings, model)
    if findings:
        return ErrorResponse.model_validate(answer)
    if "error" in answer:
        return ErrorResponse(error=str(answer["error"]))
    return ErrorResponse(error=_sentence(status, scope))


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    if isinstance(answer, list) and answer:
        answer = answer[0]
    return answer if isinstance(answer, dict) else {}


def _sentence(status: HTTPStatus, scope: Scope) -> str:
    path = echo(scope["path"])
    match status:
        case HTTPStatus.NOT_FOUND:
            return f"There is nothing at {path}; GET / shows what there is."
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return f"{path} does not answer {echo(scope['method'])}; see the Allow header."
        case HTTPStatus.INTERNAL_SERVER_ERROR:
            return f"An unexpected error; the server's log has it as error {begin(scope).error_id}."
        case HTTPStatus.SERVICE_UNAVAILABLE:
            return "Not able to answer at the moment; try again."
        case _:
            return f"{status.phrase}."
