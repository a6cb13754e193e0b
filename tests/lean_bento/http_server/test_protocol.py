"""What a connection reads, refuses and forgets, on uvicorn with an application that echoes."""

import gc
import json
import logging
import socket
import struct
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from threading import Event

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from running import in_a_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from lean_bento.http_server import protocol as connection
from lean_bento.http_server.protocol import COMPLETE_BODY, MAX_HEAD, HttpProtocol
from lean_bento.http_server.server import Server

KEPT = b"POST /echo HTTP/1.1\r\nHost: test\r\n"
"""The beginning of a request that others may follow."""
BEGIN = KEPT + b"Connection: close\r\n"
CHUNKED = BEGIN + b"Transfer-Encoding: chunked\r\n\r\n"
HELLO = KEPT + b"Content-Length: 5\r\n\r\nhello"
LAST = BEGIN + b"Content-Length: 5\r\n\r\nhello"
SLOW = 0.4
"""Seconds that a head, and then a body, may take in a hurry."""
PATIENCE = 30
"""Seconds to wait for what comes; a shared machine can be slow."""

BEGUN: list[str] = []


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the body and with how many headers there are when it has been read."""
    BEGUN.append(scope["path"])
    request = Request(scope, receive)
    body = await request.body()
    headers = {"headers": str(len(scope["headers"]))}
    await PlainTextResponse(body or "nothing", headers=headers)(scope, receive, send)


@contextmanager
def serving(app: ASGIApp, idle: float = PATIENCE) -> Iterator[tuple[str, int]]:
    """Serve an application; a connection is kept ``idle`` seconds between requests."""
    server = Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    with pytest.MonkeyPatch.context() as patch, in_a_thread(server) as address:
        patch.setattr(server.config, "timeout_keep_alive", idle)
        yield address


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    with serving(echo) as address:
        yield address


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on, what begins has ``SLOW`` seconds to come."""
    return lambda: monkeypatch.setattr(connection, "READ_TIMEOUT", SLOW)


@pytest.fixture
def begun() -> list[str]:
    """The path of each request that has begun since the test did."""
    BEGUN.clear()
    return BEGUN


def received(client: socket.socket) -> bytes:
    """Everything until the server closes."""
    found = b""
    with suppress(ConnectionResetError):
        while piece := client.recv(65_536):
            found += piece
    return found


def sent(address: tuple[str, int], *pieces: bytes, pause: float = 0.05) -> bytes:
    """What comes back for a request that is sent piece by piece."""
    with socket.create_connection(address, timeout=PATIENCE) as client:
        for piece in pieces:
            with suppress(ConnectionError):  # it may be refused before it is read to the end
                client.sendall(piece)
            time.sleep(pause)
        return received(client)


def answered(client: socket.socket, times: int = 1) -> bytes:
    """So many answers to ``HELLO``."""
    found = b""
    while found.count(b"hello") < times:
        found += (piece := client.recv(65_536))
        assert piece, "the server has closed"
    return found


def statuses(answers: bytes) -> list[int]:
    return [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:]]


def error(answer: bytes) -> str:
    """The sentence of a refusal in the uniform shape, after which the connection is closed."""
    head, _, body = answer.partition(b"\r\n\r\n")
    refusal = json.loads(body)
    assert set(refusal) == {"error", "detail"}
    for header in (b"content-type: application/json", b"connection: close", b"no-store"):
        assert header in head
    return str(refusal["error"])


@pytest.mark.parametrize(
    "content",
    [
        b"hello\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01" + bytes(100),
        BEGIN + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        BEGIN + b"no colon\r\n\r\n",
        CHUNKED + b"zz\r\n",
    ],
)
def test_what_is_not_http_is_told_so(address: tuple[str, int], content: bytes) -> None:
    answer = sent(address, content)

    assert statuses(answer) == [400]
    assert error(answer) == "What was sent is not HTTP/1.1, of a known method and with a path."


def many_headers(size: int) -> bytes:
    """A head with so many bytes of address and headers."""
    times, rest = divmod(size - len("/echo") - len("Host: test\r\nConnection: close\r\n"), 12)
    return BEGIN + b"a: 3456789\r\n" * (times - 1) + b"b" * (rest + 8) + b": \r\n\r\n"


@pytest.mark.parametrize("parts", [1, 4])
def test_a_head_is_read_up_to_its_size(address: tuple[str, int], parts: int) -> None:
    def answered(size: int) -> bytes:
        head = many_headers(size)
        step = -(-len(head) // parts)
        return sent(address, *(head[at : at + step] for at in range(0, len(head), step)))

    assert statuses(answered(MAX_HEAD)) == [200]
    refused = answered(MAX_HEAD + 1)
    assert statuses(refused) == [431]
    assert error(refused) == "The address and the headers have more than 65536 bytes."


@pytest.mark.parametrize("beginning", [b"GET /", BEGIN + b"X-Endless: ", b"POST /echo?"])
def test_a_head_without_an_end_is_refused_while_it_comes(
    address: tuple[str, int], beginning: bytes
) -> None:
    with socket.create_connection(address, timeout=PATIENCE) as client:
        client.sendall(beginning)
        taken = 0
        with suppress(ConnectionError):
            while taken < 100 * MAX_HEAD:
                taken += client.send(b"x" * MAX_HEAD)
                time.sleep(0.001)

    assert taken < 100 * MAX_HEAD
    assert statuses(sent(address, LAST)) == [200]


def test_a_slow_head_is_given_up(address: tuple[str, int], hurry: Callable[[], None]) -> None:
    hurry()
    began = time.monotonic()
    answer = sent(address, BEGIN)

    assert statuses(answer) == [408]
    assert "took more than" in error(answer)
    assert time.monotonic() - began >= SLOW


def test_a_slow_head_is_given_up_after_others_too(
    address: tuple[str, int], hurry: Callable[[], None]
) -> None:
    with socket.create_connection(address, timeout=PATIENCE) as client:
        client.sendall(HELLO)
        first = answered(client)
        hurry()
        client.sendall(BEGIN[:20])
        second = received(client)

    assert statuses(first) == [200]
    assert statuses(second) == [408]


SLOW_BODIES = {
    "a length": [BEGIN + b"Content-Length: 5\r\n\r\nhe", b"ll", b"o"],
    "chunks": [CHUNKED, b"2\r\nhe\r\n", b"3\r\nllo\r\n", b"0\r\n\r\n"],
}


@pytest.mark.parametrize("kind", SLOW_BODIES)
def test_a_body_is_waited_for(address: tuple[str, int], begun: list[str], kind: str) -> None:
    *parts, last = SLOW_BODIES[kind]
    with socket.create_connection(address, timeout=PATIENCE) as client:
        for part in parts:
            client.sendall(part)
            time.sleep(SLOW / 5)
        before = len(begun)
        client.sendall(last)
        answer = received(client)

    assert (before, len(begun)) == (0, 1)
    assert statuses(answer) == [200]
    assert answer.endswith(b"hello")


@pytest.mark.parametrize("kind", SLOW_BODIES)
@pytest.mark.parametrize("before", [b"", HELLO])
def test_a_slow_body_is_given_up(
    address: tuple[str, int],
    begun: list[str],
    hurry: Callable[[], None],
    kind: str,
    before: bytes,
) -> None:
    hurry()
    answers = sent(address, before + SLOW_BODIES[kind][0])

    assert statuses(answers) == ([200, 408] if before else [408])
    assert len(begun) == bool(before)


def test_a_slow_body_behind_another_request_is_given_up(
    address: tuple[str, int], begun: list[str], hurry: Callable[[], None]
) -> None:
    with socket.create_connection(address, timeout=PATIENCE) as client:
        time.sleep(0.05)  # it is accepted
        hurry()
        client.sendall(HELLO + SLOW_BODIES["a length"][0])
        first = answered(client)
        client.sendall(b"l")
        second = received(client)

    assert statuses(first + second) == [200, 408]
    assert len(begun) == 1


LARGE = bytes(4 * COMPLETE_BODY)


@pytest.mark.parametrize(
    "head",
    [
        BEGIN + b"Content-Length: %d\r\n\r\n" % len(LARGE),
        CHUNKED + b"%x\r\n" % len(LARGE),
        BEGIN + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(LARGE),
    ],
    ids=["a length", "chunks", "wants to be asked"],
)
def test_a_large_body_is_read_while_its_request_is_under_way(
    address: tuple[str, int], begun: list[str], hurry: Callable[[], None], head: bytes
) -> None:
    hurry()
    with socket.create_connection(address, timeout=PATIENCE) as client:
        client.sendall(head)
        client.sendall(LARGE[: 2 * COMPLETE_BODY])
        time.sleep(2 * SLOW)  # it may take its time
        assert len(begun) == 1
        client.sendall(LARGE[2 * COMPLETE_BODY :])
        client.sendall(b"\r\n0\r\n\r\n" if b"chunked" in head else b"")
        answer = received(client)

    assert answer.count(b"HTTP/1.1 200") == 1
    assert answer.endswith(LARGE)


ASKS = b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"


def test_who_wants_to_be_asked_for_a_small_body_is_asked_before_the_request_begins(
    address: tuple[str, int], begun: list[str]
) -> None:
    with socket.create_connection(address, timeout=PATIENCE) as client:
        client.sendall(BEGIN + ASKS)

        assert client.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert begun == []

        client.sendall(b"hello")
        answer = received(client)

    assert statuses(answer) == [200]
    assert answer.endswith(b"hello")


def test_who_was_asked_and_sends_nothing_is_given_up(
    address: tuple[str, int], begun: list[str], hurry: Callable[[], None]
) -> None:
    hurry()

    assert statuses(sent(address, BEGIN + ASKS)) == [100, 408]
    assert begun == []


@pytest.mark.parametrize("rest", [b"a", bytes(999_999)], ids=["some of it", "all of it"])
def test_the_rest_of_a_body_whose_request_is_answered_is_not_waited_for_without_end(
    rest: bytes,
) -> None:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("no", 401)(scope, receive, send)

    with serving(refuse, idle=SLOW) as address, socket.create_connection(address) as client:
        client.settimeout(PATIENCE)
        client.sendall(KEPT + b"Content-Length: 1000000\r\n\r\na")
        answer = client.recv(65_536)
        client.sendall(rest)

        assert statuses(answer + received(client)) == [401]


def test_a_connection_that_its_client_resets_is_forgotten_at_once() -> None:
    forgotten = Event()
    with serving(echo, idle=100 * PATIENCE) as address:
        with socket.create_connection(address, timeout=PATIENCE) as client:
            client.sendall(HELLO)
            answered(client)
            (kept,) = (
                each
                for each in gc.get_objects()
                if isinstance(each, HttpProtocol) and each.client == client.getsockname()
            )
            weakref.finalize(kept, forgotten.set)
            del kept
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for _ in range(100):
            gc.collect()
            if was_forgotten := forgotten.wait(0.1):
                break

    assert was_forgotten


def test_who_asks_nothing_is_told_nothing(
    address: tuple[str, int], hurry: Callable[[], None]
) -> None:
    hurry()
    with socket.create_connection(address, timeout=PATIENCE) as client:
        assert client.recv(100) == b""


def test_what_was_asked_before_is_answered_first(address: tuple[str, int]) -> None:
    answers = sent(address, HELLO + HELLO + b"nonsense\r\n\r\n" + HELLO)

    assert statuses(answers) == [200, 200]
    assert answers.count(b"hello") == 2
    assert answers.count(b"connection: close") == 1


def test_headers_after_the_body_are_forgotten(address: tuple[str, int]) -> None:
    body = b"5\r\nhello\r\n0\r\n"
    plain = sent(address, CHUNKED + body + b"\r\n")
    with_trailers = sent(address, CHUNKED + body + b"Late: yes\r\n" * 100 + b"\r\n")

    assert statuses(with_trailers) == [200]
    assert b"headers: 3\r\n" in plain
    assert b"headers: 3\r\n" in with_trailers


def test_a_large_body_leaves_the_next_head_its_room(address: tuple[str, int]) -> None:
    body = bytes(4 * MAX_HEAD)
    large = KEPT + b"Content-Length: %d\r\n\r\n" % len(body) + body

    answers = sent(address, large + LAST[:30], LAST[30:])

    assert answers.count(b"HTTP/1.1 200") == 2
    assert answers.endswith(b"hello")


@given(st.lists(st.integers(1, 3 * len(HELLO)), max_size=6))
def test_requests_are_answered_however_they_are_cut(
    address: tuple[str, int], cuts: list[int]
) -> None:
    content = 3 * HELLO
    places = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    pieces = [content[a:b] for a, b in pairwise(places)]

    with socket.create_connection(address, timeout=PATIENCE) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            client.sendall(piece)
        answers = answered(client, times=3)

    assert statuses(answers) == [200] * 3


@pytest.mark.parametrize("offer", [b"h2c", b"websocket", b"TLS/1.0, HTTP/2.0"])
def test_an_offer_of_another_protocol_is_declined(address: tuple[str, int], offer: bytes) -> None:
    head = KEPT + b"Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMA\r\nUpgrade: "
    request = head + offer + b"\r\nContent-Length: 5\r\n\r\nhello"
    content = request + HELLO + request + LAST

    answers = sent(address, *(content[at : at + 90] for at in range(0, len(content), 90)))
    at_once = sent(address, content)

    for found in (answers, at_once):
        assert statuses(found) == [200] * 4
        assert found.count(b"\r\n\r\nhello") == 4


def test_nobody_is_led_elsewhere(address: tuple[str, int]) -> None:
    answer = sent(address, b"CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere\r\n\r\n" + HELLO)

    assert statuses(answer) == [400]
    assert error(answer) == "What was sent is not HTTP/1.1, of a known method and with a path."


def test_nothing_of_it_is_logged(
    address: tuple[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "uvicorn.error")
    upgrade = KEPT + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"

    assert statuses(sent(address, b"nonsense\r\n\r\n")) == [400]
    assert statuses(sent(address, upgrade + LAST)) == [200, 200]
    assert caplog.records == []
