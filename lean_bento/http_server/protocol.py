"""The HTTP protocol of a connection: reads requests, refuses what is none, writes answers.

uvicorn reads a head, which is all before the body, however long it is and however slowly it comes.
It begins a request while the body is still to come, keeps trailers, answers in plain text what is
not HTTP, and loses the body of a request that offers another protocol. Here a head has a limit, a
request of usual size has a time limit and begins when it is complete, errors have the shape of all
others, and offers of another protocol are declined: it stays HTTP/1.1. uvicorn has no setting for
any of these, so this is a subclass of its ``HttpToolsProtocol``.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from starlette.types import Message

from lean_bento.bentoml_internals import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from lean_bento.error_response import ErrorResponse
from lean_bento.middleware.errors import with_security_headers

__all__ = ["HttpProtocol", "ResponseCycle"]

Header = tuple[bytes, bytes]

MAX_HEAD: Final = 64 * 1024
"""Bytes of the address and all headers, each with four for its colon, space and line end."""

COMPLETE_BODY: Final = 16 * 1024
"""Bytes of a body that is waited for; a larger one is read while its request is under way."""

READ_TIMEOUT: Final = 10.0
"""Seconds in which a head is complete, and again a body that is waited for."""

SHUTDOWN_DELAY: Final = 0.05
"""Seconds in which what was sent before the end of the worker is read."""

ERRORS: Final = {
    HTTPStatus.BAD_REQUEST: "What was sent is not HTTP/1.1, of a known method and with a path.",
    HTTPStatus.REQUEST_TIMEOUT: f"The request took more than {READ_TIMEOUT:.0f} s to come.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        f"The address and the headers have more than {MAX_HEAD} bytes."
    ),
}

FRAMING: Final = {b"connection", b"content-length", b"transfer-encoding"}
"""Headers that say how an answer ends."""

DISCARDED_TRAILERS: Final[Any] = deque(maxlen=0)
"""Takes the headers that come after the body, which nothing reads."""


class _HeadTooLargeError(Exception):
    """Ends the parser's work."""


class HttpProtocol(HttpToolsProtocol):
    """Reads the requests of a connection, and refuses what is none."""

    _in_head = False
    _reading = 0  # bytes that are being read
    _before = 0  # bytes of the head that were read before these
    _deadline: asyncio.TimerHandle | None = None
    _refusal = HTTPStatus.BAD_REQUEST
    _waiting: Any = None  # the application, for the body of the last request

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """Wait for a head."""
        super().connection_made(transport)
        self.access_log = False  # BentoML has one of its own, and drops each of uvicorn's lines
        self._set_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the request that is being read."""
        self._waiting = None
        self._unset_deadline()
        self._unset_keepalive_if_required()  # uvicorn does not when the client resets
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came, within the limit of a head."""
        self._unset_keepalive_if_required()
        self._reading = len(data)
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as offer:
            self._decline(data[offer.args[0] :])
            return
        except HttpParserError:
            self._refuse(self._refusal)
            return
        if self._in_head:
            self._before += self._reading
            if self._before > MAX_HEAD:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
                return
        self._watch()

    def on_message_begin(self) -> None:
        """Note that a head begins, somewhere in what is being read."""
        super().on_message_begin()
        self._in_head = True
        self._before = -self._reading  # the rest of these may be the request's before it

    def on_headers_complete(self) -> None:
        """Check the length of a head, and begin with its request."""
        if self._before > 0 or self._reading > MAX_HEAD:  # hardly ever: time to count
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if size > MAX_HEAD:
                self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
                raise _HeadTooLargeError
        self._in_head = False
        self._unset_deadline()
        super().on_headers_complete()
        if not self.parser.should_upgrade():
            self.headers = DISCARDED_TRAILERS

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        super().on_body(body)
        if self._waiting and len(self.cycle.body) > COMPLETE_BODY:
            self._begin()

    def on_message_complete(self) -> None:
        """Begin the request whose body was waited for."""
        super().on_message_complete()
        if self._waiting:
            self._begin()

    def on_response_complete(self) -> None:
        """Go on with the next pipelined request."""
        super().on_response_complete()
        self._watch()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401  handed on
        """Wait for the body: a client that sends it slowly takes no place among others."""
        cycle.__class__ = ResponseCycle  # uvicorn has no setting for it
        if not cycle.more_body or declared_length(cycle.scope["headers"]) > COMPLETE_BODY:
            super()._start_asgi_task(cycle, app)
            return
        self._waiting = app
        if cycle.waiting_for_100_continue:
            cycle.waiting_for_100_continue = False
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _begin(self) -> None:
        app, self._waiting = self._waiting, None
        self._unset_deadline()
        super()._start_asgi_task(self.cycle, app)

    def _should_upgrade(self) -> bool:
        return True  # uvicorn then begins no request

    def _decline(self, rest: bytes) -> None:
        """Begin the request again, without the offer of another protocol.

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
        """End with the worker, a moment later.

        uvicorn closes a connection on which nothing is under way. A request that was sent before
        but lies unread in its socket, because the loop was busy, would be lost with it. Timers run
        before the sockets are read; two turns later they have been.
        """
        self.loop.call_later(
            SHUTDOWN_DELAY, self.loop.call_soon, self.loop.call_soon, super().shutdown
        )

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer, once all that was asked before is answered, and close."""
        cycle = self.cycle
        is_answering = cycle is not None and not cycle.response_complete
        if self.pipeline or (is_answering and not cycle.more_body):
            cycle.keep_alive = False  # the last to be answered; then uvicorn closes
            return
        if not (is_answering and cycle.response_started) and not self.transport.is_closing():
            self.transport.write(self._answer(status))
        self.transport.close()

    def _answer(self, status: HTTPStatus) -> bytes:
        body = ErrorResponse(error=ERRORS[status]).model_dump_json().encode()
        headers = with_security_headers(
            [
                *self.server_state.default_headers,
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
                (b"connection", b"close"),
            ]
        )
        lines = [b"HTTP/1.1 %d %b" % (status, status.phrase.encode())]
        lines += [b"%b: %b" % each for each in headers]
        return b"\r\n".join([*lines, b"", body])

    def _watch(self) -> None:
        if self._in_head or self._waiting:
            if not self._deadline:
                self._set_deadline()
        elif self.cycle and self.cycle.response_complete and not self.timeout_keep_alive_task:
            # The rest of a body whose request is answered: uvicorn would then wait for ever.
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _set_deadline(self) -> None:
        self._deadline = self.loop.call_later(READ_TIMEOUT, self._give_up)

    def _give_up(self) -> None:
        if self._in_head or self._waiting:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:  # nothing was asked, so nothing is answered
            self.transport.close()

    def _unset_deadline(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None


class ResponseCycle(RequestResponseCycle):
    """Writes a complete answer in one piece, head and body together.

    uvicorn writes the head as soon as it has it and the body later, and searches each header of
    each answer for forbidden characters. Here the head waits for the body, as ASGI asks. The
    headers in front of ``content-length`` are those of many answers and are checked once;
    ``content-length`` and what stands behind it belong to one answer. Unusual answers go uvicorn's
    way.
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
        head = _head(start["status"], self.default_headers, start["headers"], len(body))
        if head is None:
            return False
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.writelines((head, body))
        self.message_event.set()
        self.on_response()
        return True


def _head(
    status: int, server_headers: list[Header], headers: list[Header], length: int
) -> bytes | None:
    """Write the head of an answer with a body of ``length`` bytes; None leaves it to uvicorn."""
    try:
        place = headers.index((b"content-length", b"%d" % length))
        constant = constant_head(status, (*server_headers, *headers[:place]))
    except (
        AttributeError,
        TypeError,
        ValueError,
    ):  # no list of tuples
        return None
    own = [_line(*header) for header in headers[place + 1 :]] if place + 1 < len(headers) else []
    if constant is None or None in own:
        return None
    return b"%b%d\r\n%b\r\n" % (constant, length, b"".join(cast("Any", own)))


@lru_cache(maxsize=1024)
def constant_head(status: int, headers: tuple[Header, ...]) -> bytes | None:
    lines = [STATUS_LINE[status]]
    for header in headers:
        if (line := _line(*header)) is None:
            return None
        lines.append(line)
    return b"".join([*lines, b"content-length: "])


def _line(name: bytes, value: bytes) -> bytes | None:
    name = name.lower()
    if HEADER_RE.search(name) or HEADER_VALUE_RE.search(value) or name in FRAMING:
        return None
    return b"%b: %b\r\n" % (name, value)


def declared_length(headers: Iterable[Header]) -> int:
    """Length of a body by its Content-Length header, bytes; 0 without one, as if chunked."""
    for name, value in headers:
        if name == b"content-length":
            return int(value)
    return 0
