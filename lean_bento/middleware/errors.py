"""Errors of one shape, and the security headers of every answer.

BentoML, Starlette and the traffic limits each answer errors in a form of their own: objects,
lists, plain text. This ASGI middleware stands outside of all of them. It rewrites an answer of
status 400 and above into an ``ErrorResponse``, and puts the security headers on every answer.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

from bentoml.exceptions import BentoMLException
from pydantic import BaseModel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lean_bento.error_response import ErrorResponse, echo, explain_findings
from lean_bento.errors import InvalidBodyError
from lean_bento.request_context import begin

Header = tuple[bytes, bytes]

logger = logging.getLogger("bentoml._internal.server.http_app")  # BentoML's, for its own errors
RETRY_AFTER_SECONDS = b"1"
OVERLOAD = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
OF_THE_BODY = {b"content-length", b"content-type", b"connection"}
DRAIN_SECONDS: Final = 2.0
"""Time in which the rest of a body that is too large is read and thrown away."""

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

    def __init__(
        self,
        app: ASGIApp,
        models: Mapping[str, type[BaseModel]],
        on_invalid: Callable[[Any], object] = lambda _: None,
    ) -> None:
        """Wrap ``app``.

        Args:
            app: the next layer.
            models: input model of each path that has named fields.
            on_invalid: called with the findings of a body that is not valid.
        """
        self.app = app
        self._models = models
        self._on_invalid = on_invalid

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
                if message["status"] >= HTTPStatus.BAD_REQUEST:
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
        except Exception as error:
            if answered:
                raise
            return await self.send_error(receive, send, *self.explain(error, scope))
        if start:
            status = HTTPStatus(start["status"])
            response = self._rewrite(status, bytes(body), scope)
            await self.send_error(receive, send, status, response, start["headers"])
        return None

    def explain(self, error: Exception, scope: Scope) -> tuple[HTTPStatus, ErrorResponse]:
        """Make the answer to an exception, and log one that is an error of the service."""
        if isinstance(error, InvalidBodyError):
            self._on_invalid(error.findings)
            return HTTPStatus.BAD_REQUEST, explain_findings(error.findings, self._model(scope))
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        if isinstance(error, BentoMLException):
            status = error.error_code
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return status, ErrorResponse(error=str(error))
        logger.error("Exception on %s [%s]", scope["path"], scope["method"], exc_info=error)
        return status, ErrorResponse(error=sentence_for(status, scope))

    async def send_error(
        self,
        receive: Receive,
        send: Send,
        status: HTTPStatus,
        response: ErrorResponse,
        headers: Iterable[Header] = (),
    ) -> None:
        """Send an error answer; ``headers`` are those of the answer that it takes the place of."""
        start, body = error_messages(status, response, headers)
        await send(start)
        if status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            await send(body)
            return
        await send({**body, "more_body": True})
        await _throw_away(receive)
        await send({"type": "http.response.body"})

    def _rewrite(self, status: HTTPStatus, body: bytes, scope: Scope) -> ErrorResponse:
        """Put an error answer, JSON or text of whichever layer, into the uniform shape."""
        if status in (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE):
            return ErrorResponse(error=sentence_for(status, scope))  # its text is not for clients
        answer = _json_object(body)
        findings = answer.get("detail")
        if findings and "loc" in findings[0]:
            self._on_invalid(findings)
            return explain_findings(findings, self._model(scope))
        if findings:
            return ErrorResponse.model_validate(answer)
        return ErrorResponse(error=str(answer.get("error", sentence_for(status, scope))))

    def _model(self, scope: Scope) -> type[BaseModel] | None:
        return self._models.get(scope["path"])


def error_messages(
    status: HTTPStatus, response: ErrorResponse, headers: Iterable[Header] = ()
) -> tuple[Message, Message]:
    """Make the two ASGI messages of an error answer."""
    content = response.model_dump_json().encode()
    sent = [each for each in headers if each[0] not in OF_THE_BODY]
    sent += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    if status in OVERLOAD:
        sent.append((b"retry-after", RETRY_AFTER_SECONDS))
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        sent.append((b"connection", b"close"))
    return (
        {
            "type": "http.response.start",
            "status": int(status),
            "headers": with_security_headers(sent),
        },
        {"type": "http.response.body", "body": content},
    )


async def _throw_away(receive: Receive) -> None:
    """Read on for a while: a connection closed on a client that still sends loses the answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while (await receive()).get("more_body"):
                pass


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    if isinstance(answer, list) and answer:
        answer = answer[0]
    return answer if isinstance(answer, dict) else {}


def sentence_for(status: HTTPStatus, scope: Scope) -> str:
    """Make the sentence of an error that has none of its own."""
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
