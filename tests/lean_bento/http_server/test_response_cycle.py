"""What an answer looks like on the wire: as uvicorn's own, whatever an application sends."""

import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from secrets import token_hex
from typing import Any

import pytest
import uvicorn
from running import in_a_thread
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lean_bento.http_server.protocol import constant_head
from lean_bento.http_server.server import Server

Headers = list[tuple[bytes, bytes]]


def headers(length: int, *more: tuple[bytes, bytes]) -> Headers:
    return [(b"Content-Type", b"text/plain"), (b"content-length", b"%d" % length), *more]


ANSWERS: dict[str, tuple[int, Headers, list[bytes]]] = {
    "usual": (200, headers(5), [b"hello"]),
    "empty": (200, headers(0), [b""]),
    "large": (200, headers(300_000), [b"x" * 300_000]),
    "refusal": (429, headers(4, (b"Retry-After", b"1")), [b"busy"]),
    "unknown status": (599, headers(5), [b"hello"]),
    "in parts": (200, headers(10), [b"hello", b"world"]),
    "all in the first part": (200, headers(5), [b"hello", b""]),
    "of no stated length": (200, [], [b"hello", b"world"]),
    "chunked": (200, [(b"Transfer-Encoding", b"chunked")], [b"hello"]),
    "chunked with a length": (200, headers(5, (b"Transfer-Encoding", b"chunked")), [b"hello"]),
    "no content": (204, [], [b""]),
    "not modified": (304, [(b"etag", b"1")], [b""]),
    "the last": (200, headers(5, (b"Connection", b"close")), [b"hello"]),
    "too short": (200, headers(6), [b"hello"]),
    "too long": (200, headers(4), [b"hello"]),
    "headers of its own": (
        200,
        [(b"Cache-Control", b"no-store"), *headers(5, (b"X-Id", b"7"), (b"X-More", b"8"))],
        [b"hello"],
    ),
    "a late chunk": (200, headers(5, (b"x", b"1"), (b"Transfer-Encoding", b"x")), [b"hello"]),
    "two lengths": (200, headers(5, (b"Content-Length", b"5")), [b"hello"]),
    "an early name with a space": (200, [(b"x y", b"1"), *headers(5)], [b"hello"]),
    "a name with a space": (200, headers(5, (b"x y", b"1")), [b"hello"]),
    "a value with a line": (200, headers(5, (b"x", b"1\r\nset-cookie: a=b")), [b"hello"]),
}


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Send the answer that the path names, and read what was asked before or after it."""
    expects = any(header == b"expect" for header, _ in scope["headers"])
    if not expects:
        await receive()
    name = scope["path"].strip("/").replace("-", " ")
    if name == "fails in between":
        await send({"type": "http.response.start", "status": 200, "headers": headers(5)})
        raise RuntimeError
    status, found, parts = ANSWERS[name]
    await send({"type": "http.response.start", "status": status, "headers": found})
    for part in parts[:-1]:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": parts[-1]})
    if expects:
        await receive()


def config(application: Any = answer) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        log_config=None,
        lifespan="off",
        date_header=False,
        server_header=False,
        http=HttpToolsProtocol,
    )


@pytest.fixture(scope="module")
def ours() -> Iterator[tuple[str, int]]:
    with in_a_thread(Server(config())) as address:
        yield address


@pytest.fixture(scope="module")
def uvicorns() -> Iterator[tuple[str, int]]:
    with in_a_thread(uvicorn.Server(config())) as address:
        yield address


def asked(address: tuple[str, int], *requests: tuple[str, str]) -> bytes:
    """Everything that comes back for requests behind each other, the last of which closes."""
    lines = [f"{method} /{name.replace(' ', '-')} HTTP/1.1" for method, name in requests]
    text = "\r\nHost: test\r\n\r\n".join(lines) + "\r\nHost: test\r\nConnection: close\r\n\r\n"
    found = b""
    with socket.create_connection(address, timeout=10) as client, suppress(ConnectionResetError):
        client.sendall(text.encode())
        while piece := client.recv(65_536):
            found += piece
    return found


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_uvicorns_own_to_the_byte(
    ours: tuple[str, int], uvicorns: tuple[str, int], name: str, method: str
) -> None:
    kept = (method, name), ("GET", "usual")
    found = asked(ours, *kept)

    assert found == asked(uvicorns, *kept)
    assert asked(ours, *kept) == found  # and again, when its head is known
    assert b"set-cookie" not in found


def test_a_usual_answer_has_what_the_application_sent(ours: tuple[str, int]) -> None:
    usual = "GET", "usual"
    first = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello"

    assert asked(ours, usual, usual).startswith(first)


def test_nobody_is_asked_to_go_on_after_the_answer(
    ours: tuple[str, int], uvicorns: tuple[str, int]
) -> None:
    request = (
        b"POST /usual HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 99999\r\n\r\n"
    )

    def answered(address: tuple[str, int]) -> bytes:
        with socket.create_connection(address, timeout=10) as client:
            client.sendall(request)
            found = client.recv(65_536)
            client.sendall(b"hi")
            client.shutdown(socket.SHUT_WR)
            return found + client.recv(65_536)

    assert answered(ours) == answered(uvicorns)


def test_what_fails_before_its_body_gets_an_answer(ours: tuple[str, int]) -> None:
    assert asked(ours, ("GET", "fails in between")).startswith(b"HTTP/1.1 500 Internal")


def test_an_id_of_its_own_in_each_answer_keeps_the_heads_that_are_known_few() -> None:
    async def hello(_: Scope, receive: Receive, send: Send) -> None:
        await receive()
        found = [*headers(5), (b"x-id", token_hex(16).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": found})
        await send({"type": "http.response.body", "body": b"hello"})

    before = constant_head.cache_info().misses
    with in_a_thread(Server(config(hello))) as address:
        answers = asked(address, *[("GET", "any")] * 50)

    assert len(set(re.findall(rb"x-id: (\w+)", answers))) == 50
    assert constant_head.cache_info().misses - before <= 2
