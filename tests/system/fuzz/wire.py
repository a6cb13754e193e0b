"""Requests as bytes on a socket: a library for clients would refuse to send most of them."""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from http.client import parse_headers
from typing import BinaryIO, TypeVar
from urllib.parse import urlsplit

Found = TypeVar("Found")

HANG = 2.0
"""Seconds; an answer that takes longer each time counts as none."""
TRIES = 3
"""A machine may stand still for a while: what is late is asked again."""
PATIENCE = 20.0
"""Seconds after which one stops listening altogether."""
KEPT = 3.0
"""Seconds that a connection may lie idle before a new one is made; the server allows more."""


@dataclass(frozen=True, repr=False)
class Request:
    """What is sent; prints its beginning only, since Hypothesis warns of long ones.

    Attributes:
        target: path and query, as they stand in the request line.
        headers: besides Host and Content-Length, which are true.
        status: expected; None where either a refusal or an answer is right.
    """

    method: bytes = b"POST"
    target: bytes = b"/classify"
    headers: tuple[tuple[bytes, bytes], ...] = ((b"Content-Type", b"application/json"),)
    body: bytes = b""
    status: int | None = None

    def __repr__(self) -> str:
        return f"{bytes(self)[:1_000]!r}, {len(self.body)} bytes of body"

    def __bytes__(self) -> bytes:
        headers = [(b"Host", b"fuzz"), *self.headers, (b"Content-Length", b"%d" % len(self.body))]
        lines = [b"%b %b HTTP/1.1" % (self.method, self.target)]
        lines += [b"%b: %b" % header for header in headers]
        return b"\r\n".join([*lines, b"", self.body])


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes
    seconds: float


def prompt(ask: Callable[[], Found], seconds: Callable[[Found], float]) -> Found:
    """What comes back, asked for again if it took too many ``seconds``."""
    for _ in range(TRIES - 1):
        found = ask()
        if seconds(found) <= HANG:
            return found
    return ask()


class Wire:
    """One connection, made anew when the server has closed it."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self.address = (address.hostname, address.port)
        self._socket: socket.socket | None = None
        self._used = 0.0

    def ask(self, request: Request) -> Answer | None:
        """Send a request; None if the connection ends without an answer."""
        return prompt(lambda: self._ask(request), lambda answer: answer.seconds if answer else 0)

    def _ask(self, request: Request) -> Answer | None:
        if self._socket is None or time.monotonic() - self._used > KEPT:
            self.close()
            self._socket = socket.create_connection(self.address, timeout=PATIENCE)
            self._file = self._socket.makefile("rb")
        began = time.monotonic()
        with suppress(ConnectionError):  # it may be answered before it is read to the end
            self._socket.sendall(bytes(request))
        answer = read_answer(self._file, request.method, began)
        self._used = time.monotonic()
        if answer is None or answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer

    def close(self) -> None:
        if self._socket is not None:
            self._file.close()
            self._socket.close()
            self._socket = None


def read_answer(file: BinaryIO, method: bytes, began: float) -> Answer | None:
    """Read one answer off a connection."""
    status = 100
    while status == 100:
        try:
            line = file.readline(65_536)
        except ConnectionError:
            line = b""
        if not line:
            return None
        status = int(line.split()[1])
        headers = parse_headers(file)
    if method == b"HEAD" or status in {204, 304}:
        body = b""
    elif "content-length" in headers:
        body = file.read(int(headers["content-length"]))
    else:
        body = file.read()
    return Answer(status, headers, body, time.monotonic() - began)
