"""HTTP/1.1 as bytes on a socket: a client library refuses to send some of it and hides the rest."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from running import wait_until

PATIENCE = 30.0
"""Seconds to wait for what comes; a shared machine can be slow."""
OK = 200
BODILESS = {204, 304}
ESTABLISHED = "01"
"""A state in ``/proc/net/tcp``."""


@dataclass(frozen=True)
class Answer:
    """An answer of the server.

    Attributes:
        headers: by their names in lower case.
        seconds: since the last bytes were sent.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float = 0.0

    @property
    def closes(self) -> bool:
        """Whether the server ends the connection with it."""
        return self.headers.get("connection", "").lower() == "close"


def parse(
    received: bytes, method: bytes = b"POST", *, closed: bool = False
) -> tuple[Answer, bytes] | None:
    """Split the first answer off what was received; None while it is not complete.

    A body of no stated length ends when the connection is ``closed``.
    """
    head, end, rest = received.partition(b"\r\n\r\n")
    if not end:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    status = int(first.split()[1])
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    if status < OK or status in BODILESS or method == b"HEAD":
        length = 0
    elif "content-length" in headers:
        length = int(headers["content-length"])
    elif closed:
        length = len(rest)
    else:
        return None
    return (Answer(status, headers, rest[:length]), rest[length:]) if len(rest) >= length else None


def address_of(url: str) -> tuple[str, int]:
    """Host and port of a URL."""
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 80)


class Queues(NamedTuple):
    """Bytes that lie at one end of a connection, and whether a program has taken it."""

    sending: int
    receiving: int
    accepted: bool


def queues(near: tuple[str, int], far: tuple[str, int]) -> Queues | None:
    """What the system tells of the end of a connection that is ``near``; None if it is gone."""
    ends = [
        f"{int.from_bytes(socket.inet_aton(host), 'little'):08X}:{port:04X}"
        for host, port in (near, far)
    ]
    for line in Path("/proc/net/tcp").read_text().splitlines():
        _, local, remote, state, waiting, _, _, _, _, file, *_ = line.split()
        if [local, remote] == ends:
            sending, _, receiving = waiting.partition(":")
            accepted = state != ESTABLISHED or file != "0"
            return Queues(int(sending, 16), int(receiving, 16), accepted)
    return None


class Connection:
    """A connection to a server; the end of a ``with`` closes it."""

    def __init__(self, address: str | tuple[str, int], timeout: float = PATIENCE) -> None:
        """Connect to a URL, or to host and port."""
        address = address_of(address) if isinstance(address, str) else address
        self.socket = socket.create_connection(address, timeout=timeout)
        self._received = b""
        self._closed = False
        self._sent = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, content: bytes, *, last: bool = False) -> None:
        """Send bytes; the server may answer and close before it has read all of them.

        With the ``last`` ones the server is told that nothing more comes.
        """
        self._sent = time.monotonic()
        with suppress(ConnectionError):
            self.socket.sendall(content)
        if last:
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)

    def wait_until_read(self) -> None:
        """Wait until the server, which is on this machine, has read all that was sent."""
        wait_until(self._is_read)

    def _is_read(self) -> bool:
        try:
            ours, theirs = self.socket.getsockname(), self.socket.getpeername()
        except OSError:
            return True  # the server has closed
        here, there = queues(ours, theirs), queues(theirs, ours)
        sent = here is None or here.sending == 0
        return sent and (there is None or (there.receiving == 0 and there.accepted))

    def answer(self, method: bytes = b"POST", *, final: bool = True) -> Answer | None:
        """Wait for the next answer; None if the server closes the connection instead.

        A ``final`` one comes after those that only inform, such as 100 Continue.
        """
        while True:
            found = parse(self._received, method, closed=self._closed)
            if found:
                answer, self._received = found
                if answer.status >= OK or not final:
                    return replace(answer, seconds=time.monotonic() - self._sent)
            elif self._closed:
                return None
            else:
                self._receive()

    def answers(self) -> Iterator[Answer]:
        """Every answer until the server closes the connection."""
        while answer := self.answer():
            yield answer

    def rest(self) -> bytes:
        """Everything until the server closes the connection, as it comes."""
        while not self._closed:
            self._receive()
        return self._received

    def _receive(self) -> None:
        piece = b""
        with suppress(ConnectionError):
            piece = self.socket.recv(65_536)
        self._received += piece
        self._closed = not piece


def ask(address: str | tuple[str, int], content: bytes) -> Answer | None:
    """Send bytes on a connection of their own and wait for the answer."""
    with Connection(address) as connection:
        connection.send(content)
        return connection.answer()
