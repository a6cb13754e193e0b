"""The lean path: a request to an API method without the framework's detours.

BentoML's own path costs several times what the method itself does. For a POST of JSON or of a
``.npy`` file to an ``@bentoml.api`` method this one reads the body, validates it with the method's
own model, awaits the method, serialises the answer, and counts it in the same metrics under the
same limits.
Everything else goes BentoML's way, and so does everything when a middleware is in use that this
path does not know: tracing, CORS, the access log. Knows nothing of credit.
"""

import asyncio
from http import HTTPStatus
from typing import cast

import attrs
import bentoml
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lean_bento.codecs.npy import NPY
from lean_bento.fast_path.deadlines import Deadlines
from lean_bento.fast_path.endpoint import Endpoint, can_be_lean, error_body, readers
from lean_bento.fast_path.metrics import EndpointMetrics
from lean_bento.fast_path.stack import read_stack
from lean_bento.middleware.answer_headers import ResponseHeadersMiddleware
from lean_bento.middleware.content_type import JSON
from lean_bento.middleware.errors import ErrorMiddleware
from lean_bento.middleware.headers import SECURITY_HEADERS
from lean_bento.middleware.load_shedding import TOO_MANY, LoadSheddingMiddleware
from lean_bento.middleware.query_flags import QUERY
from lean_bento.service import HostedService

__all__ = ["LeanService"]

MEDIA_TYPES = {name.encode(): name for name in (JSON, NPY)}
"""As they are usually written."""


@attrs.define(slots=False)
class LeanService(HostedService):
    """A hosted service whose endpoints take the lean path where they can."""

    def application(self, *, is_main: bool) -> ASGIApp:  # type: ignore[override]  # called alike
        """Build the application, with the lean path in front."""
        app = super().application(is_main=is_main)
        if not is_main:
            return app
        lean = FastPath(self, app)
        return ResponseHeadersMiddleware(lean) if self.headers else lean


class FastPath:
    """The ASGI application in front of BentoML's."""

    def __init__(self, service: HostedService, app: ErrorMiddleware) -> None:
        self._service = service
        self._app = app
        self._endpoints: dict[tuple[str, str], Endpoint] | None = None
        self._semaphore: asyncio.Semaphore | None = None
        self._deadlines = cast("Deadlines", None)
        self._lateness: LoadSheddingMiddleware | None = None
        self._shedding: list[Message] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it to BentoML's application."""
        if scope["type"] == "lifespan":
            self._endpoints = None  # each start makes another instance
        else:
            QUERY.set(scope["query_string"])
        if scope["type"] == "http":
            if self._endpoints is None:  # at the first probe, so that no application waits for it
                self._endpoints = self._find_endpoints()
            if scope["method"] == "POST":
                media_type, declared = _about_body(scope)
                endpoint = self._endpoints.get((scope["path"], media_type))
                if endpoint:
                    return await self._serve(endpoint, declared, scope, receive, send)
        return await self._app(scope, receive, send)

    def _find_endpoints(self) -> dict[tuple[str, str], Endpoint]:
        """Look once the application has started: middlewares and instance exist only then."""
        methods = {m.route: m for m in self._service.apis.values() if can_be_lean(m)}
        stack = read_stack(self._app.app, methods)
        if stack is None:
            return {}
        self._semaphore = stack.semaphore
        self._lateness = stack.lateness
        self._deadlines = Deadlines(stack.timeout, asyncio.get_running_loop())
        instance = bentoml.get_current_service()
        endpoints = {}
        for path, method in methods.items():
            metrics = stack.metrics and EndpointMetrics(stack.metrics, path)
            call = method.func.__get__(instance)
            most = self._service.body_limits[path]
            for media_type, read in readers(method).items():
                endpoints[path, media_type] = Endpoint(read, call, most, metrics)
        return endpoints

    async def _serve(
        self, endpoint: Endpoint, declared: int, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer under the limits of BentoML's own path, and count it as that does."""
        semaphore, deadlines, metrics = self._semaphore, self._deadlines, endpoint.metrics
        late = self._lateness is not None and self._lateness.is_over()
        if late or (semaphore is not None and semaphore.locked()):
            await self._shed(endpoint, scope, receive, send)
            return
        began = metrics.start() if metrics else 0.0
        status: int | None = None
        content = b""
        task = deadlines.start()
        try:
            if semaphore is None:
                status, content = await endpoint.answer(scope, receive, declared)
            else:
                await semaphore.acquire()
                try:
                    status, content = await endpoint.answer(scope, receive, declared)
                finally:
                    semaphore.release()
        except asyncio.CancelledError:
            if not deadlines.is_over(task):
                raise
            status = 504
            content = error_body(f"Not able to process the request in {deadlines.seconds} seconds")
        finally:
            deadlines.stop(task)
            if metrics:
                metrics.finish(began, status)
        if status is None:
            return
        start = {"type": "http.response.start", "status": status, "headers": _headers(content)}
        if status != HTTPStatus.OK:
            await self._app.refuse(scope, receive, send, start, content)
            return
        await send(start)
        await send({"type": "http.response.body", "body": content})

    async def _shed(self, endpoint: Endpoint, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse at the least cost: the dearer a refusal, the fewer answers under overload."""
        if endpoint.metrics:
            endpoint.metrics.finish(endpoint.metrics.start(), 429)
        if self._shedding is None:
            messages: list[Message] = []

            async def keep(message: Message) -> None:
                messages.append(message)

            content = error_body(TOO_MANY)
            start = {"type": "http.response.start", "status": 429, "headers": []}
            await self._app.refuse(scope, receive, keep, start, content)
            self._shedding = messages
        for message in self._shedding:
            await send(message)


def _about_body(scope: Scope) -> tuple[str, int]:
    """Media type and length of a body, as its headers say it; JSON and 0 where they do not.

    A body in another encoding has a media type that no endpoint takes.
    """
    media_type, declared = None, 0
    name: bytes
    value: bytes
    for name, value in scope["headers"]:
        if name == b"content-type" and media_type is None:
            media_type = MEDIA_TYPES.get(value)
            if media_type is None:
                media_type = value.partition(b";")[0].strip().lower().decode("latin-1")
        elif name == b"content-length":
            declared = int(value)
        elif name == b"content-encoding" and value.lower() != b"identity":
            return "", declared
    return JSON if media_type is None else media_type, declared


def _headers(content: bytes) -> list[tuple[bytes, bytes]]:
    return [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(content)),
        *SECURITY_HEADERS,
    ]
