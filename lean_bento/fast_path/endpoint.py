"""One API method as the fast path answers it, under the limits of BentoML's own path."""

import asyncio
from codecs import BOM_UTF8
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from starlette.types import Receive, Scope, Send

from lean_bento.bentoml_internals import APIMethod
from lean_bento.codecs.chunked_json import LONG, read_in_parts, write_in_parts
from lean_bento.codecs.csv_bodies import accepts_csv, read_csv_rows, write_csv_rows
from lean_bento.codecs.json_encoding import check_encoding
from lean_bento.codecs.npy import JSON, NPY, read_npy
from lean_bento.codecs.tables import CSV
from lean_bento.endpoint_options import options_of
from lean_bento.error_response import ErrorResponse
from lean_bento.errors import InvalidBodyError
from lean_bento.fast_path.metrics import EndpointMetrics
from lean_bento.fast_path.stack import Stack
from lean_bento.middleware.errors import SECURITY_HEADERS, ErrorMiddleware, error_messages
from lean_bento.middleware.load_shedding import TOO_MANY
from lean_bento.middleware.request_checks import EndpointLimits, too_large
from lean_bento.request_context import RequestContext, begin
from lean_bento.rows import DivisibleList, RowAnswers

Task = asyncio.Task[Any]
Error = tuple[HTTPStatus, ErrorResponse]

JSON_HEADERS = [*SECURITY_HEADERS, (b"content-type", JSON.encode())]
CSV_HEADERS = [*SECURITY_HEADERS, (b"content-type", CSV.encode())]
"""Of every answer; the server caches what stands before the content-length."""

SHED = error_messages(HTTPStatus.TOO_MANY_REQUESTS, ErrorResponse(error=TOO_MANY))
"""Made once: the dearer a refusal, the fewer answers under overload."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An API method with what a request for it needs.

    Attributes:
        read: body to model; raises ValidationError or BentoMLException.
        call: the bound method.
        limits: that a request must keep.
        stack: limits that BentoML's path keeps as well.
        deadlines: of all requests.
        metrics: of this path; None where metrics are off.
        errors: sends the answers that are errors.
    """

    read: Callable[[bytes], Awaitable[Any]]
    call: Callable[[Any], Awaitable[BaseModel]]
    limits: EndpointLimits
    stack: Stack
    deadlines: "Deadlines"
    metrics: EndpointMetrics | None
    errors: ErrorMiddleware

    async def serve(self, scope: Scope, receive: Receive, send: Send, length: int) -> None:
        """Answer a request whose body has ``length`` bytes, 0 if not known, and count it."""
        semaphore, deadlines, metrics = self.stack.semaphore, self.deadlines, self.metrics
        load_shedding = self.stack.load_shedding
        overloaded = load_shedding is not None and load_shedding.is_overloaded()
        if overloaded or (semaphore is not None and semaphore.locked()):
            await self._shed(send, "queue_delay" if overloaded else "concurrency")
            return
        context = begin(scope)
        began = metrics.start() if metrics else 0.0
        status: int | None = None
        content: bytes | None = None
        error: Error | None = None
        if semaphore is not None:
            await semaphore.acquire()  # at once: it is not locked
        task = deadlines.start()
        try:
            content = await self._answer(scope, context, receive, length)
            status = None if content is None else 200
        except asyncio.CancelledError:
            if not deadlines.is_over(task):
                raise
            error = deadlines.error()
        except Exception as raised:  # noqa: BLE001  whatever it is, it gets an answer
            error = self.errors.explain(raised, scope)
        finally:
            deadlines.stop(task)
            if semaphore is not None:
                semaphore.release()
            if metrics:
                metrics.finish(began, error[0] if error else status)
        if error:
            await self.errors.send_error(receive, send, *error)
        elif content is not None:
            kind = CSV_HEADERS if context.accepts_csv else JSON_HEADERS
            headers = [*kind, (b"content-length", b"%d" % len(content)), *context.headers]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": content})

    async def _shed(self, send: Send, cause: str) -> None:
        if self.metrics:
            self.metrics.shed(cause)
        for message in SHED:
            await send({**message})  # which CORS adds headers to

    async def _answer(
        self, scope: Scope, context: RequestContext, receive: Receive, length: int
    ) -> bytes | None:
        """Read, validate, call and serialise; None if the client has gone.

        Raises:
            InvalidBodyError: if the model refuses the body.
            BentoMLException: if the request does not keep the limits.
        """
        limits = self.limits
        if length > limits.body:
            raise too_large(limits.body)
        if context.query:
            limits.options.check_query(context.query)
        context.row_limit = limits.rows
        if limits.in_csv:
            context.accepts_csv = accepts_csv(scope["headers"])
        body = await _read(receive, limits.body)
        if body is None:
            return None
        try:
            value = await self.read(body)
        except ValidationError as error:
            check_encoding(body, error)
            findings = error.errors(include_url=False, include_context=False, include_input=False)
            raise InvalidBodyError(findings) from None
        answer = await self.call(value)
        if context.accepts_csv and isinstance(answer, RowAnswers):
            return await write_csv_rows(answer)
        if len(body) > LONG and isinstance(answer, RowAnswers):
            return await write_in_parts(answer)
        return answer.__pydantic_serializer__.to_json(answer)


def readers(method: APIMethod) -> dict[str, Callable[[bytes], Awaitable[Any]]]:
    """Return a reader of bodies for each media type that a method takes."""
    spec = method.input_spec
    validate_json = spec.model_validate_json
    divisible = issubclass(spec, DivisibleList)

    async def read_json_body(body: bytes) -> Any:  # noqa: ANN401  the method's own model
        body = body.removeprefix(BOM_UTF8)
        if divisible and len(body) > LONG:
            spec.check_body(body)  # each part looks only at itself
            return await read_in_parts(body, spec)
        return validate_json(body or b"{}")  # as BentoML reads an empty body

    async def read_npy_body(body: bytes) -> Any:  # noqa: ANN401  the method's own model
        return spec.model_validate(read_npy(body))

    async def read_csv_body(body: bytes) -> Any:  # noqa: ANN401  the method's own model
        return await read_csv_rows(body, spec)

    every = {JSON: read_json_body, NPY: read_npy_body, CSV: read_csv_body}
    return {media_type: every[media_type] for media_type in options_of(method.func).media_types}


async def _read(receive: Receive, most: int) -> bytes | None:
    """Read a request's body; None if the client goes away before its end.

    Raises:
        BentoMLException: as soon as it has more than ``most`` bytes.
    """
    pieces: list[bytes] = []
    length = 0
    while (message := await receive())["type"] == "http.request":
        piece = message.get("body", b"")
        length += len(piece)
        if length > most:
            raise too_large(most)
        pieces.append(piece)
        if not message.get("more_body"):
            return b"".join(pieces)  # of one piece: that piece, not copied
    return None


class Deadlines:
    """One time limit for many tasks, kept with a single timer.

    A timer for each request costs more than reading a body does, and BentoML's own leaves each
    timer behind until it fires. With one limit for all, whoever began first is due first: a
    dictionary in order of arrival and one timer for its first entry are enough.
    """

    def __init__(self, seconds: float | None, loop: asyncio.AbstractEventLoop) -> None:
        """Allow each task of ``loop`` so many seconds; None for no limit."""
        self._seconds = seconds
        self._loop = loop
        self._due: dict[Task, float] = {}
        self._expired: set[Task] = set()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> Task:
        """Start the clock for the current task and return the task, for ``stop``."""
        loop = self._loop
        task = cast("Task", asyncio.current_task(loop))
        if self._seconds is not None:
            self._due[task] = loop.time() + self._seconds
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

    def error(self) -> Error:
        """Make the answer to a request that was not answered in time, in BentoML's words."""
        sentence = f"Not able to process the request in {self._seconds} seconds"
        return HTTPStatus.GATEWAY_TIMEOUT, ErrorResponse(error=sentence)

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
