"""Requests as they are drawn, and one kept connection to send them on."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from raw_http import Answer, Connection, address_of

Found = TypeVar("Found")

HANG = 2.0
"""Seconds; an answer that takes longer each time counts as none."""
TRIES = 3
"""A machine may stand still for a while: a late answer is asked for again."""
KEPT = 3.0
"""Seconds that a connection may lie idle before a new one is made; the server allows more."""


@dataclass(frozen=True, repr=False)
class Request:
    """A request; prints its beginning only, since Hypothesis warns of long ones.

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


def prompt(ask: Callable[[], Found], seconds: Callable[[Found], float]) -> Found:
    """An answer, asked for again if it took too many ``seconds``."""
    for _ in range(TRIES - 1):
        found = ask()
        if seconds(found) <= HANG:
            return found
    return ask()


class Wire:
    """One connection, made anew when the server has closed it."""

    def __init__(self, url: str) -> None:
        self.address = address_of(url)
        self._connection: Connection | None = None
        self._used = 0.0

    def ask(self, request: Request) -> Answer | None:
        """Send a request; None if the connection ends without an answer."""
        return prompt(lambda: self._ask(request), lambda answer: answer.seconds if answer else 0)

    def _ask(self, request: Request) -> Answer | None:
        if self._connection is None or time.monotonic() - self._used > KEPT:
            self.close()
            self._connection = Connection(self.address)
        self._connection.send(bytes(request))
        answer = self._connection.answer(request.method)
        self._used = time.monotonic()
        if answer is None or answer.closes:
            self.close()
        return answer

    def close(self) -> None:
        if self._connection is not None:
            self._connection.socket.close()
            self._connection = None
