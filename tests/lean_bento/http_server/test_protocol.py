"""What a connection reads, refuses, forgets and writes."""

import gc
import logging
import re
import socket
import struct
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from secrets import token_hex
from threading import Event
from typing import Any, Literal

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from raw_http import PATIENCE, Answer, Connection
from running import in_a_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lean_bento.error_response import ErrorResponse
from lean_bento.http_server import protocol
from lean_bento.http_server.protocol import (
    MAX_BUFFERED_BODY,
    MAX_HEAD,
    HttpProtocol,
    constant_head,
)
from lean_bento.http_server.server import Server
from lean_bento.middleware.cors import OutermostCORSMiddleware

Address = tuple[str, int]
Headers = list[tuple[bytes, bytes]]

KEPT = b"POST /echo HTTP/1.1\r\nHost: test\r\n"
"""The beginning of a request that others may follow."""
BEGIN = KEPT + b"Connection: close\r\n"
CHUNKED = BEGIN + b"Transfer-Encoding: chunked\r\n\r\n"
HELLO = KEPT + b"Content-Length: 5\r\n\r\nhello"
LAST = BEGIN + b"Content-Length: 5\r\n\r\nhello"
NOT_HTTP = "What was sent is not HTTP/1.1, of a known method and with a path."
SLOW = 0.4
"""Seconds for a head, and then for a body, where a test does not wait for ten."""

BEGUN: list[str] = []


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the body and with the number of headers once it has been read."""
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
        return
    BEGUN.append(scope["path"])
    request = Request(scope, receive)
    body = await request.body()
    headers = {"headers": str(len(scope["headers"]))}
    await PlainTextResponse(body or "nothing", headers=headers)(scope, receive, send)


@contextmanager
def serving(
    app: ASGIApp, idle: float = PATIENCE, lifespan: Literal["on", "off"] = "off"
) -> Iterator[Address]:
    """Serve an application that keeps an idle connection for ``idle`` seconds."""
    server = Server(uvicorn.Config(app, log_config=None, lifespan=lifespan))
    with pytest.MonkeyPatch.context() as patch, in_a_thread(server) as address:
        patch.setattr(server.config, "timeout_keep_alive", idle)
        yield address


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    with serving(echo) as address:
        yield address


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on, what begins has ``SLOW`` seconds to come."""
    return lambda: monkeypatch.setattr(protocol, "READ_TIMEOUT", SLOW)


@pytest.fixture
def begun() -> list[str]:
    """The path of each request that has begun since the test did."""
    BEGUN.clear()
    return BEGUN


def sent(address: Address, *pieces: bytes) -> list[Answer]:
    """Send bytes piece by piece; returns the answers until the server closes."""
    with Connection(address) as client:
        for piece in pieces:
            client.send(piece)
            client.wait_until_read()
        return list(client.answers())


def one(client: Connection) -> Answer:
    answer = client.answer()
    assert answer, "the server has closed"
    return answer


def statuses(answers: list[Answer]) -> list[int]:
    return [answer.status for answer in answers]


def error(answer: Answer) -> str:
    """The sentence of a refusal in the uniform shape, after which the connection is closed."""
    assert answer.closes
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    return ErrorResponse.model_validate_json(answer.body).error


@pytest.mark.parametrize(
    "content",
    [
        b"hello\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01" + bytes(100),
        BEGIN + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        BEGIN + b"no colon\r\n\r\n",
        CHUNKED + b"zz\r\n",
        b"CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere\r\n\r\n" + HELLO,
    ],
)
def test_bytes_that_are_not_http_are_refused(address: Address, content: bytes) -> None:
    (answer,) = sent(address, content)

    assert answer.status == 400
    assert error(answer) == NOT_HTTP


def many_headers(size: int) -> bytes:
    """A head with so many bytes of address and headers."""
    times, rest = divmod(size - len("/echo") - len("Host: test\r\nConnection: close\r\n"), 12)
    return BEGIN + b"a: 3456789\r\n" * (times - 1) + b"b" * (rest + 8) + b": \r\n\r\n"


@pytest.mark.parametrize("parts", [1, 4])
def test_a_head_is_read_up_to_its_size_limit(address: Address, parts: int) -> None:
    def answer_to(size: int) -> Answer:
        head = many_headers(size)
        step = -(-len(head) // parts)
        (answer,) = sent(address, *(head[at : at + step] for at in range(0, len(head), step)))
        return answer

    assert answer_to(MAX_HEAD).status == 200
    refused = answer_to(MAX_HEAD + 1)
    assert refused.status == 431
    assert error(refused) == "The address and the headers have more than 65536 bytes."


@pytest.mark.parametrize("beginning", [b"GET /", BEGIN + b"X-Endless: ", b"POST /echo?"])
def test_a_head_without_an_end_is_refused_while_it_comes(
    address: Address, beginning: bytes
) -> None:
    with Connection(address) as client:
        client.send(beginning)
        taken = 0
        with suppress(ConnectionError):
            while taken < 100 * MAX_HEAD:
                taken += client.socket.send(b"x" * MAX_HEAD)
                time.sleep(0.001)

    assert taken < 100 * MAX_HEAD
    assert statuses(sent(address, LAST)) == [200]


def test_a_slow_head_times_out(address: Address, hurry: Callable[[], None]) -> None:
    hurry()
    began = time.monotonic()
    (answer,) = sent(address, BEGIN)

    assert answer.status == 408
    assert "took more than" in error(answer)
    assert time.monotonic() - began >= SLOW


def test_a_slow_head_times_out_after_other_requests_too(
    address: Address, hurry: Callable[[], None]
) -> None:
    with Connection(address) as client:
        client.send(HELLO)
        first = one(client)
        hurry()
        client.send(BEGIN[:20])

        assert statuses([first, *client.answers()]) == [200, 408]


SLOW_BODIES = {
    "a length": [BEGIN + b"Content-Length: 5\r\n\r\nhe", b"ll", b"o"],
    "chunks": [CHUNKED, b"2\r\nhe\r\n", b"3\r\nllo\r\n", b"0\r\n\r\n"],
}


@pytest.mark.parametrize("kind", SLOW_BODIES)
def test_a_request_begins_when_its_body_is_complete(
    address: Address, begun: list[str], kind: str
) -> None:
    *parts, last = SLOW_BODIES[kind]
    with Connection(address) as client:
        for part in parts:
            client.send(part)
            client.wait_until_read()
        before = len(begun)
        client.send(last)
        (answer,) = client.answers()

    assert (before, len(begun)) == (0, 1)
    assert (answer.status, answer.body) == (200, b"hello")


@pytest.mark.parametrize("kind", SLOW_BODIES)
@pytest.mark.parametrize("before", [b"", HELLO])
def test_a_slow_body_times_out(
    address: Address, begun: list[str], hurry: Callable[[], None], kind: str, before: bytes
) -> None:
    hurry()
    answers = sent(address, before + SLOW_BODIES[kind][0])

    assert statuses(answers) == ([200, 408] if before else [408])
    assert len(begun) == bool(before)


def test_a_slow_body_behind_another_request_times_out(
    address: Address, begun: list[str], hurry: Callable[[], None]
) -> None:
    with Connection(address) as client:
        client.send(HELLO)
        one(client)  # so that it was accepted before
        hurry()
        client.send(HELLO + SLOW_BODIES["a length"][0])
        first = one(client)
        client.send(b"l")

        assert statuses([first, *client.answers()]) == [200, 408]
        assert len(begun) == 2


LARGE = bytes(4 * MAX_BUFFERED_BODY)


@pytest.mark.parametrize(
    "head",
    [
        BEGIN + b"Content-Length: %d\r\n\r\n" % len(LARGE),
        CHUNKED + b"%x\r\n" % len(LARGE),
        BEGIN + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(LARGE),
    ],
    ids=["a length", "chunks", "expects 100"],
)
def test_a_large_body_is_read_by_its_request(
    address: Address, begun: list[str], hurry: Callable[[], None], head: bytes
) -> None:
    hurry()
    with Connection(address) as client:
        client.send(head)
        client.send(LARGE[: 2 * MAX_BUFFERED_BODY])
        time.sleep(2 * SLOW)  # without a time limit
        assert len(begun) == 1
        client.send(LARGE[2 * MAX_BUFFERED_BODY :])
        client.send(b"\r\n0\r\n\r\n" if b"chunked" in head else b"")
        (answer,) = client.answers()

    assert answer.status == 200
    assert answer.body == LARGE


EXPECTS_100 = BEGIN + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"


def test_a_small_body_is_asked_for_before_its_request_begins(
    address: Address, begun: list[str]
) -> None:
    with Connection(address) as client:
        client.send(EXPECTS_100)

        asked = client.answer(final=False)
        assert asked
        assert (asked.status, asked.headers, begun) == (100, {}, [])

        client.send(b"hello")
        (answer,) = client.answers()

    assert (answer.status, answer.body) == (200, b"hello")


def test_a_body_that_was_asked_for_and_does_not_come_times_out(
    address: Address, begun: list[str], hurry: Callable[[], None]
) -> None:
    hurry()
    with Connection(address) as client:
        client.send(EXPECTS_100)
        found = client.answer(final=False), *client.answers()

    assert [answer and answer.status for answer in found] == [100, 408]
    assert begun == []


@pytest.mark.parametrize("rest", [b"a", bytes(999_999)], ids=["some of it", "all of it"])
def test_the_rest_of_a_body_has_a_time_limit_after_the_answer(rest: bytes) -> None:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("no", 401)(scope, receive, send)

    with serving(refuse, idle=SLOW) as address, Connection(address) as client:
        client.send(KEPT + b"Content-Length: 1000000\r\n\r\na")
        first = one(client)
        client.send(rest)

        assert statuses([first, *client.answers()]) == [401]


def test_a_connection_that_its_client_resets_is_forgotten_at_once() -> None:
    forgotten = Event()
    with serving(echo, idle=100 * PATIENCE) as address:
        with Connection(address) as client:
            client.send(HELLO)
            one(client)
            (kept,) = (
                each
                for each in gc.get_objects()
                if isinstance(each, HttpProtocol) and each.client == client.socket.getsockname()
            )
            weakref.finalize(kept, forgotten.set)
            del kept
            reset = struct.pack("ii", 1, 0)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        for _ in range(100):
            gc.collect()
            if was_forgotten := forgotten.wait(0.1):
                break

    assert was_forgotten


def test_a_connection_without_a_request_is_closed_without_an_answer(
    address: Address, hurry: Callable[[], None]
) -> None:
    hurry()
    with Connection(address) as client:
        assert client.rest() == b""


def test_earlier_requests_are_answered_before_a_refusal(address: Address) -> None:
    answers = sent(address, HELLO + HELLO + b"nonsense\r\n\r\n" + HELLO)

    assert [(answer.status, answer.body) for answer in answers] == [(200, b"hello")] * 2
    assert [answer.closes for answer in answers] == [False, True]


@pytest.mark.parametrize("trailers", [b"", b"Late: yes\r\n" * 100])
def test_headers_after_the_body_are_discarded(address: Address, trailers: bytes) -> None:
    (answer,) = sent(address, CHUNKED + b"5\r\nhello\r\n0\r\n" + trailers + b"\r\n")

    assert answer.status == 200
    assert answer.headers["headers"] == "3"


def test_a_large_body_does_not_count_for_the_next_head(address: Address) -> None:
    body = bytes(4 * MAX_HEAD)
    large = KEPT + b"Content-Length: %d\r\n\r\n" % len(body) + body

    first, second = sent(address, large + LAST[:30], LAST[30:])

    assert (first.status, second.status) == (200, 200)
    assert second.body == b"hello"


@given(st.lists(st.integers(1, 3 * len(HELLO)), max_size=6))
def test_requests_are_answered_however_they_are_cut(address: Address, cuts: list[int]) -> None:
    content = 3 * HELLO
    places = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})

    with Connection(address) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for a, b in pairwise(places):
            client.send(content[a:b])
        answers = [one(client) for _ in range(3)]

    assert statuses(answers) == [200] * 3


@pytest.mark.parametrize("offer", [b"h2c", b"websocket", b"TLS/1.0, HTTP/2.0"])
@pytest.mark.parametrize("step", [90, 10_000])
def test_an_offer_of_another_protocol_is_declined(
    address: Address, offer: bytes, step: int
) -> None:
    head = KEPT + b"Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMA\r\nUpgrade: "
    request = head + offer + b"\r\nContent-Length: 5\r\n\r\nhello"
    content = request + HELLO + request + LAST

    answers = sent(address, *(content[at : at + step] for at in range(0, len(content), step)))

    assert [(answer.status, answer.body) for answer in answers] == [(200, b"hello")] * 4


def test_refusals_and_declined_offers_are_not_logged(
    address: Address, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "uvicorn.error")
    upgrade = KEPT + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"

    assert statuses(sent(address, b"nonsense\r\n\r\n")) == [400]
    assert statuses(sent(address, upgrade + LAST)) == [200, 200]
    assert caplog.records == []


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
    """Send the answer that the path names, and read the request before or after it."""
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
def ours() -> Iterator[Address]:
    with in_a_thread(Server(config())) as address:
        yield address


@pytest.fixture(scope="module")
def uvicorns() -> Iterator[Address]:
    with in_a_thread(uvicorn.Server(config())) as address:
        yield address


def asked(address: Address, *requests: tuple[str, str]) -> bytes:
    """All bytes that come back for pipelined requests, the last of which closes."""
    lines = [f"{method} /{name.replace(' ', '-')} HTTP/1.1" for method, name in requests]
    text = "\r\nHost: test\r\n\r\n".join(lines) + "\r\nHost: test\r\nConnection: close\r\n\r\n"
    with Connection(address) as client:
        client.send(text.encode())
        return client.rest()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_uvicorns_own_to_the_byte(
    ours: Address, uvicorns: Address, name: str, method: str
) -> None:
    kept = (method, name), ("GET", "usual")
    found = asked(ours, *kept)

    assert found == asked(uvicorns, *kept)
    assert asked(ours, *kept) == found  # and again, when its head is cached
    assert b"set-cookie" not in found


def test_a_usual_answer_has_what_the_application_sent(ours: Address) -> None:
    usual = "GET", "usual"
    first = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello"

    assert asked(ours, usual, usual).startswith(first)


def test_no_body_is_asked_for_after_the_answer(ours: Address, uvicorns: Address) -> None:
    request = (
        b"POST /usual HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 99999\r\n\r\n"
    )

    def answered(address: Address) -> tuple[object, ...]:
        with Connection(address) as client:
            client.send(request)
            found = one(client)
            client.send(b"hi", last=True)
            return found.status, found.headers, found.body, client.rest()

    assert answered(ours) == answered(uvicorns)


def test_a_request_that_fails_before_the_body_of_its_answer_is_answered(ours: Address) -> None:
    assert asked(ours, ("GET", "fails in between")).startswith(b"HTTP/1.1 500 Internal")


@pytest.mark.parametrize("is_late", [True, False])
def test_a_header_of_one_answer_is_cached_only_in_front_of_the_length(*, is_late: bool) -> None:
    async def hello(_: Scope, receive: Receive, send: Send) -> None:
        await receive()
        own = [(b"x-id", token_hex(16).encode())]
        found = [*headers(5), *own] if is_late else [*own, *headers(5)]
        await send({"type": "http.response.start", "status": 200, "headers": found})
        await send({"type": "http.response.body", "body": b"hello"})

    before = constant_head.cache_info().misses
    with in_a_thread(Server(config(hello))) as address:
        answers = asked(address, *[("GET", "any")] * 50)
    cache = constant_head.cache_info()

    assert len(set(re.findall(rb"x-id: (\w+)", answers))) == 50
    assert answers.count(b"\r\n\r\nhello") == 50
    assert cache.misses - before <= (2 if is_late else 50)
    assert cache.currsize <= (cache.maxsize or 0)


SHOP = "https://shop.example"
ORIGIN = b"Origin: https://shop.example\r\nAccept: */*\r\n"
"""A header has been read when the next one begins."""
OTHER_SITES = OutermostCORSMiddleware(echo, allow_origins=[SHOP])


@pytest.fixture(scope="module")
def open_to_a_shop() -> Iterator[Address]:
    with serving(OTHER_SITES, lifespan="on") as address:
        yield address


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (400, BEGIN + ORIGIN + b"no colon\r\n\r\n"),
        (400, BEGIN + ORIGIN + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        (408, BEGIN + ORIGIN + b"Content-Length: 5\r\n\r\nhe"),
        (408, BEGIN + ORIGIN),
        (431, BEGIN + ORIGIN + b"a: 3456789\r\n" * 6_000 + b"\r\n"),
    ],
)
def test_a_page_of_another_site_may_read_a_refusal_once_its_origin_was_read(
    open_to_a_shop: Address, hurry: Callable[[], None], status: int, content: bytes
) -> None:
    hurry()
    (answer,) = sent(open_to_a_shop, content)

    assert answer.status == status
    assert error(answer)
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert answer.headers["vary"] == "Origin"


def test_a_refusal_of_no_origin_or_another_one_is_readable_by_none(
    open_to_a_shop: Address,
) -> None:
    for origin in (b"", ORIGIN.replace(b"shop", b"other")):
        (answer,) = sent(open_to_a_shop, BEGIN + origin + b"no colon\r\n\r\n")

        assert answer.status == 400
        assert answer.headers["vary"] == "Origin"
        assert "access-control-allow-origin" not in answer.headers
    (garbage,) = sent(open_to_a_shop, KEPT + ORIGIN + b"Content-Length: 0\r\n\r\n", b"\x16\x03")[1:]
    assert "access-control-allow-origin" not in garbage.headers
