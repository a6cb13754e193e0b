"""The fast path: from a request to an API method without the framework's detours.

BentoML's own path costs several times what the method itself does. For a POST of JSON or of a
``.npy`` file to an ``@bentoml.api`` method this one reads the body, validates it with the method's
own model, awaits the method, serialises the answer, and counts it in the same metrics under the
same limits. Everything else goes BentoML's way, and so does everything when a middleware is in use
that this path does not know: tracing, CORS, the access log.
"""

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, cast

from starlette.types import Message, Receive, Scope, Send

from lean_bento.bentoml_internals import APIMethod
from lean_bento.codecs.npy import JSON, NPY
from lean_bento.fast_path.endpoint import Endpoint, can_be_fast, error_body, readers
from lean_bento.fast_path.metrics import EndpointMetrics
from lean_bento.fast_path.stack import read_stack
from lean_bento.middleware.errors import SECURITY_HEADERS, ErrorMiddleware
from lean_bento.middleware.load_shedding import TOO_MANY, LoadSheddingMiddleware
from lean_bento.middleware.request_checks import EndpointLimits
from lean_bento.request_context import begin

__all__ = ["Deadlines", "FastPath"]

Task = asyncio.Task[Any]

MEDIA_TYPES = {name.encode(): name for name in (JSON, NPY)}
"""As they are usually written."""

JSON_HEADERS = [*SECURITY_HEADERS, (b"content-type", JSON.encode())]
"""Of every answer; the server caches what stands before the content-length."""


class FastPath:
    """The ASGI application in front of BentoML's."""

    def __init__(
        self,
        app: ErrorMiddleware,
        methods: Mapping[str, APIMethod],
        limits: Mapping[str, EndpointLimits],
        instance: Callable[[], Any],
    ) -> None:
        """Stand in front of ``app``.

        Args:
            app: BentoML's application.
            methods: API methods by path.
            limits: of each of these paths.
            instance: gives the service's instance, once the application has started.
        """
        self._app = app
        self._methods = {path: m for path, m in methods.items() if can_be_fast(m)}
        self._limits = limits
        self._instance = instance
        self._endpoints: dict[tuple[str, str], Endpoint] | None = None
        self._semaphore: asyncio.Semaphore | None = None
        self._deadlines = cast("Deadlines", None)
        self._load_shedding: LoadSheddingMiddleware | None = None
        self._refusal: list[Message] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it to BentoML's application."""
        if scope["type"] == "lifespan":
            self._endpoints = None  # each start makes another instance
        elif scope["type"] == "http":
            if self._endpoints is None:  # at the first probe, so that no request waits for it
                self._endpoints = self._find_endpoints()
            if scope["method"] == "POST":
                media_type, declared = _about_body(scope)
                endpoint = self._endpoints.get((scope["path"], media_type))
                if endpoint:
                    return await self._serve(endpoint, declared, scope, receive, send)
        return await self._app(scope, receive, send)

    def _find_endpoints(self) -> dict[tuple[str, str], Endpoint]:
        """Look once the application has started: middlewares and instance exist only then."""
        stack = read_stack(self._app.app, self._methods)
        if stack is None:
            return {}
        self._semaphore = stack.semaphore
        self._load_shedding = stack.load_shedding
        self._deadlines = Deadlines(stack.timeout, asyncio.get_running_loop())
        instance = self._instance()
        endpoints = {}
        for path, method in self._methods.items():
            metrics = stack.metrics and EndpointMetrics(stack.metrics, path)
            call = method.func.__get__(instance)
            for media_type, read in readers(method).items():
                endpoint = Endpoint(read, call, self._limits[path], metrics)
                endpoints[path, media_type] = endpoint
        return endpoints

    async def _serve(
        self, endpoint: Endpoint, declared: int, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer under the limits of BentoML's own path, and count it as that does."""
        semaphore, deadlines, metrics = self._semaphore, self._deadlines, endpoint.metrics
        overloaded = self._load_shedding is not None and self._load_shedding.is_overloaded()
        if overloaded or (semaphore is not None and semaphore.locked()):
            await self._shed(endpoint, scope, receive, send)
            return
        context = begin(scope)
        began = metrics.start() if metrics else 0.0
        status: int | None = None
        content = b""
        task = deadlines.start()
        try:
            if semaphore is None:
                status, content = await endpoint.answer(context, receive, declared)
            else:
                await semaphore.acquire()
                try:
                    status, content = await endpoint.answer(context, receive, declared)
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
        length = (b"content-length", b"%d" % len(content))
        if status != HTTPStatus.OK:
            start = {"status": status, "headers": [*JSON_HEADERS, length]}
            await self._app.send_error(scope, receive, send, start, content)
            return
        headers = [*JSON_HEADERS, length, *context.headers]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _shed(self, endpoint: Endpoint, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse at the least cost: the dearer a refusal, the fewer answers under overload."""
        if endpoint.metrics:
            endpoint.metrics.finish(endpoint.metrics.start(), 429)
        if self._refusal is None:
            messages: list[Message] = []

            async def keep(message: Message) -> None:
                messages.append(message)

            start = {"status": 429, "headers": []}
            await self._app.send_error(scope, receive, keep, start, error_body(TOO_MANY))
            self._refusal = messages
        for message in self._refusal:
            await send(message)


class Deadlines:
    """One time limit for many tasks, kept with a single timer.

    A timer for each request costs more than encoding an application does, and BentoML's own leaves
    each timer behind until it fires. With one limit for all, whoever began first is due first: a
    dictionary in order of arrival and one timer for its first entry are enough.
    """

    def __init__(self, seconds: float | None, loop: asyncio.AbstractEventLoop) -> None:
        """Allow each task of ``loop`` so many seconds; None for no limit."""
        self.seconds = seconds
        self._loop = loop
        self._due: dict[Task, float] = {}
        self._expired: set[Task] = set()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> Task:
        """Start the clock for the current task and return the task, for ``stop``."""
        loop = self._loop
        task = cast("Task", asyncio.current_task(loop))
        if self.seconds is not None:
            self._due[task] = loop.time() + self.seconds
            if self._timer is None:
                self._timer = loop.call_at(self._due[task], self._expire)
        return task

    def is_over(self, task: Task) -> bool:
        """Whether it was the limit that cancelled a task; takes the cancelling back if so."""
        if task not in self._expired:
            return False
        self._expired.remove(task)
        task.uncancel()
        return True

    def stop(self, task: Task) -> None:
        """Stop a task's clock."""
        self._due.pop(task, None)

    def _expire(self) -> None:
        loop = self._loop
        now = loop.time()
        while self._due:
            task, due = next(iter(self._due.items()))
            if due > now:
                self._timer = loop.call_at(due, self._expire)
                return
            del self._due[task]
            self._expired.add(task)
            task.cancel()
        self._timer = None


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
