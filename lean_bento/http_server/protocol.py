"""The HTTP protocol of a connection: reads requests, refuses invalid ones, writes answers.

uvicorn reads a head, which is all before the body, of any size and at any pace. It begins a request
before the body has come, keeps trailers, refuses in plain text, and loses the body of a request
that offers another protocol. It has no setting for any of these, so this is a subclass of its
``HttpToolsProtocol``. A head has a size limit. A request of usual size has a time limit and begins
when it is complete. A refusal has the shape of every other error. The protocol stays HTTP/1.1.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from starlette.types import Message

from lean_bento.bentoml_internals import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from lean_bento.http_server.refusals import MAX_HEAD, READ_TIMEOUT, refusal
from lean_bento.middleware.cors import IN_STATE

Header = tuple[bytes, bytes]

MAX_BUFFERED_BODY: Final = 16 * 1024
"""Bytes of a body that is read before its request begins; a larger one is read by the request."""

SHUTDOWN_DELAY: Final = 0.05
"""Seconds to read requests that were sent before the worker was told to end."""

FRAMING_HEADERS: Final = {b"connection", b"content-length", b"transfer-encoding"}
"""Headers that say where an answer ends."""

DISCARDED_TRAILERS: Final[Any] = deque(maxlen=0)
"""Takes the headers that come after a body, and keeps none."""


class HttpProtocol(HttpToolsProtocol):
    """Reads the requests of a connection, and refuses invalid ones."""

    _in_head = False
    _chunk_size = 0  # bytes of the chunk that is being parsed
    _head_size = 0  # bytes of the head in the chunks before it
    _deadline: asyncio.TimerHandle | None = None
    _parser_error = HTTPStatus.BAD_REQUEST
    _buffering: Any = None  # the application that waits for the body of the last request

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """Wait for a head."""
        super().connection_made(transport)
        self.access_log = False  # BentoML has its own, and drops each of uvicorn's lines
        self._set_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the request that is being read."""
        self._buffering = None
        self._unset_deadline()
        self._unset_keepalive_if_required()  # uvicorn does not when the client resets
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse a chunk, within the limit of a head."""
        self._unset_keepalive_if_required()
        self._chunk_size = len(data)
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as offer:
            self._decline(data[offer.args[0] :])
            return
        except HttpParserError:
            self._refuse(self._parser_error)
            return
        if self._in_head:
            self._head_size += self._chunk_size
            if self._head_size > MAX_HEAD:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
                return
        self._limit_time()

    def on_message_begin(self) -> None:
        """Note that a head begins, somewhere in this chunk."""
        super().on_message_begin()
        self._in_head = True
        self._head_size = -self._chunk_size  # an earlier request may have most of the chunk

    def on_headers_complete(self) -> None:
        """Check the size of a head, and begin its request.

        Raises:
            ValueError: if it is too large; the parser ends with it.
        """
        if self._head_size > 0 or self._chunk_size > MAX_HEAD:  # hardly ever: time to count
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if size > MAX_HEAD:
                self._parser_error = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
                raise ValueError
        self._in_head = False
        self._unset_deadline()
        super().on_headers_complete()
        if not self.parser.should_upgrade():
            self.headers = DISCARDED_TRAILERS

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        super().on_body(body)
        if self._buffering and len(self.cycle.body) > MAX_BUFFERED_BODY:
            self._begin()

    def on_message_complete(self) -> None:
        """Begin the request whose body is complete now."""
        super().on_message_complete()
        if self._buffering:
            self._begin()

    def on_response_complete(self) -> None:
        """Go on with the next pipelined request."""
        super().on_response_complete()
        self._limit_time()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401  handed on
        """Buffer the body first: a slow client then takes no place among concurrent requests."""
        cycle.__class__ = ResponseCycle  # uvicorn has no setting for it
        declared = int(dict(cycle.scope["headers"]).get(b"content-length", 0))
        if not cycle.more_body or declared > MAX_BUFFERED_BODY:
            super()._start_asgi_task(cycle, app)
            return
        self._buffering = app
        if cycle.waiting_for_100_continue:
            cycle.waiting_for_100_continue = False
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _begin(self) -> None:
        app, self._buffering = self._buffering, None
        self._unset_deadline()
        super()._start_asgi_task(self.cycle, app)

    def _should_upgrade(self) -> bool:
        return True  # uvicorn then begins no request, and data_received declines

    def _decline(self, rest: bytes) -> None:
        """Parse a request again, without its offer of another protocol.

        Java's ``HttpClient`` offers HTTP/2 with every request that is not TLS.
        """
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        if method == b"CONNECT":
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        lines = [b"%b %b HTTP/%b" % (method, self.url, version)]
        lines += [b"%b: %b" % each for each in self.headers if each[0] != b"upgrade"]
        self.parser = HttpRequestParser(self)
        self.data_received(b"\r\n".join([*lines, b"", rest]))

    def shutdown(self) -> None:
        """Close with the worker, a moment later.

        uvicorn closes an idle connection at once. A request that lies unread in its socket,
        because the loop was busy, would be lost. Timers run before the sockets are read; two turns
        later they have been.
        """
        self.loop.call_later(
            SHUTDOWN_DELAY, self.loop.call_soon, self.loop.call_soon, super().shutdown
        )

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer with an error after all earlier requests, and close."""
        cycle = self.cycle
        is_answering = cycle is not None and not cycle.response_complete
        if self.pipeline or (is_answering and not cycle.more_body):
            cycle.keep_alive = False  # uvicorn closes after its answer
            return
        if not (is_answering and cycle.response_started) and not self.transport.is_closing():
            of_body = cycle.scope["headers"] if is_answering else ()
            headers = [*self.server_state.default_headers]
            if cors := self.app_state.get(IN_STATE):
                headers += cors.headers_of_answer(self.headers if self._in_head else of_body)
            self.transport.write(refusal(status, headers))
        self.transport.close()

    def _limit_time(self) -> None:
        if self._in_head or self._buffering:
            if not self._deadline:
                self._set_deadline()
        elif self.cycle and self.cycle.response_complete and not self.timeout_keep_alive_task:
            # For the rest of a body whose request is answered uvicorn has no time limit.
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _set_deadline(self) -> None:
        self._deadline = self.loop.call_later(READ_TIMEOUT, self._time_out)

    def _time_out(self) -> None:
        if self._in_head or self._buffering:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:  # no request has begun, so there is nothing to answer
            self.transport.close()

    def _unset_deadline(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None


class ResponseCycle(RequestResponseCycle):
    """Writes a complete answer in one piece, head and body together.

    uvicorn writes the head as soon as it has it and the body later, and checks each header of each
    answer. Here the head waits for the body, as ASGI asks. The headers in front of
    ``content-length`` are those of many answers: they are checked once and cached as bytes.
    ``content-length`` and what stands behind it belong to one answer. Unusual answers, and headers
    that are not valid, are left to uvicorn.
    """

    _start: Message | None = None

    async def send(self, message: Message) -> None:  # type: ignore[override]  # Starlette's type
        """Keep the beginning of an answer until its body comes, and send both."""
        if message["type"] == "http.response.start" and not self.response_started:
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None:
            if self._send_complete(start, message):
                return
            await super().send(start)  # type: ignore[arg-type]  # as above
        await super().send(message)  # type: ignore[arg-type]

    def _send_complete(self, start: Message, message: Message) -> bool:
        if (
            message.get("more_body")
            or not self.keep_alive
            or self.disconnected
            or self.flow.write_paused
            or self.scope["method"] == "HEAD"
        ):
            return False
        body = message.get("body", b"")
        try:
            head = _head(start["status"], self.default_headers, start["headers"], len(body))
        except (AttributeError, LookupError, TypeError, ValueError):
            return False
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.writelines((head, body))
        self.message_event.set()
        self.on_response()
        return True


def _head(status: int, server_headers: list[Header], headers: list[Header], length: int) -> bytes:
    """Write the head of an answer with a body of ``length`` bytes.

    Raises:
        ValueError: if the length is not declared, or as ``_lines``; other errors if the headers
            are not a list of tuples.
    """
    place = headers.index((b"content-length", b"%d" % length))
    head = constant_head(status, (*server_headers, *headers[:place]))
    return b"%b%d\r\n%b\r\n" % (head, length, _lines(headers[place + 1 :]))


@lru_cache(maxsize=1024)
def constant_head(status: int, headers: tuple[Header, ...]) -> bytes:
    """Write a head up to the value of its ``content-length``."""
    return b"%b%bcontent-length: " % (STATUS_LINE[status], _lines(headers))


def _lines(headers: Iterable[Header]) -> bytes:
    """Write header lines.

    Raises:
        ValueError: if a header has a forbidden character or is one of ``FRAMING_HEADERS``.
    """
    parts: list[bytes] = []
    for name, value in headers:
        if HEADER_VALUE_RE.search(value):
            raise ValueError
        parts += _line_start(name), value, b"\r\n"
    return b"".join(parts)


@lru_cache(maxsize=1024)
def _line_start(name: bytes) -> bytes:
    name = name.lower()
    if HEADER_RE.search(name) or name in FRAMING_HEADERS:
        raise ValueError
    return name + b": "
