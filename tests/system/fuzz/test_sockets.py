"""Broken HTTP, slow clients and vanishing ones, as no client library sends them."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from operator import itemgetter

import pytest
from course import COURSE_EXAMPLE
from fuzz.effort import for_each, share
from fuzz.hostile import as_json, damaged
from fuzz.target import SENT, Target, count
from fuzz.wire import HANG, Request, prompt
from hypothesis import strategies as st
from raw_http import Connection

pytestmark = pytest.mark.hypothesis  # `make test-system` draws more
KIND = "not quite HTTP"
EACH = share("sockets")
BODY = as_json(COURSE_EXAMPLE)
GOOD = bytes(Request(body=BODY))
HEAD = b"POST /classify HTTP/1.1\r\nHost: fuzz\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
MEGABYTE = 1_000_000


def statuses(target: Target, content: bytes) -> tuple[list[int], float]:
    """Statuses that come back for bytes after which nothing more comes, and after how long."""
    return prompt(lambda: _statuses(target, content), itemgetter(1))


def _statuses(target: Target, content: bytes) -> tuple[list[int], float]:
    began = time.monotonic()
    with Connection(target.address) as client:
        client.send(content, last=True)
        found = list(client.answers())
    for answer in found:
        if answer.status >= 400:
            assert set(json.loads(answer.body)) == {"error", "detail"}
    return [answer.status for answer in found], time.monotonic() - began


BROKEN = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(50),
    "no such version": GOOD.replace(b"HTTP/1.1", b"HTTP/7.7"),
    "no such method": GOOD.replace(b"POST", b"BREW"),
    "a long method": GOOD.replace(b"POST", b"P" * MEGABYTE),
    "no path": GOOD.replace(b"/classify ", b""),
    "a path of raw bytes": GOOD.replace(b"/classify", b"/\xff\xfe\x00"),
    "a path of a megabyte": GOOD.replace(b"/classify", b"/" + b"p" * MEGABYTE),
    "a header of a megabyte": HEAD + b"X: " + b"y" * MEGABYTE + b"\r\n\r\n",
    "a header without an end": HEAD + b"X: y",
    "a header without a colon": HEAD + b"nothing\r\n\r\n",
    "a header with a zero": HEAD + b"X: \x00\r\n\r\n",
    "ten thousand headers": HEAD + b"X: y\r\n" * 10_000 + b"\r\n",
    "two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length and chunks": HEAD + b"Content-Length: 3\r\n" + CHUNKED[len(HEAD) :] + b"0\r\n\r\n",
    "a negative length": HEAD + b"Content-Length: -5\r\n\r\n" + BODY,
    "a length that is no number": HEAD + b"Content-Length: many\r\n\r\n" + BODY,
    "a length too long for a number": HEAD + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n" + BODY,
    "a length that is too small": HEAD + b"Content-Length: 5\r\n\r\n" + BODY,
    "a length that is too large": HEAD + b"Content-Length: 5000\r\n\r\n" + BODY,
    "chunks that are none": CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n",
    "a chunk that is too long": CHUNKED + b"f" * 20 + b"\r\nabc",
    "chunks without an end": CHUNKED + b"5\r\n{    \r\n",
    "a smuggled request": HEAD + b"Content-Length: 0\r\n\r\n" + GOOD + b"G",
    "a proxy's request": b"CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere\r\n\r\n",
    "an upgrade": b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("broken", BROKEN)
def test_broken_http_harms_no_other_request(target: Target, broken: str) -> None:
    count(KIND)

    found, seconds = statuses(target, BROKEN[broken])

    assert all(status < 500 for status in found)
    assert seconds < HANG
    target.is_well()


def test_damaged_requests_harm_no_other_request(target: Target) -> None:
    """Each is a good request with a few bytes changed, taken away or added."""
    before = SENT[KIND]

    def send(content: bytes) -> None:
        count(KIND)
        found, seconds = statuses(target, content)
        assert all(status < 500 for status in found), found
        assert seconds < HANG
        target.is_well()

    for_each(damaged(st.just(GOOD), most=6) | st.binary(max_size=500), EACH, send)

    assert SENT[KIND] - before >= EACH


def test_requests_one_behind_the_other_are_answered_in_order(target: Target) -> None:
    """Every second one is bad, without reaching into the next."""
    bad = bytes(Request(body=BODY[:-5]))
    with Connection(target.address) as client:
        client.send((GOOD + bad) * 30)
        found = [client.answer() for _ in range(60)]

    assert [answer and answer.status for answer in found] == [200, 400] * 30
    assert {answer.body for answer in found[::2] if answer} == {target.known[0]}


def test_clients_that_vanish_harm_no_other_request(target: Target) -> None:
    for end in range(1, len(GOOD) + 1, 7):
        count(KIND)
        with Connection(target.address) as client:
            client.send(GOOD[:end])

    target.is_well()


@pytest.fixture
def slow_clients(target: Target) -> Iterator[list[Connection]]:
    """A hundred that have begun and do not go on, half of them amid the headers."""
    with ExitStack() as stack:
        clients = [stack.enter_context(Connection(target.address)) for _ in range(100)]
        for place, client in enumerate(clients):
            count(KIND)
            client.send(GOOD[:60] if place % 2 else GOOD[:-50])
        yield clients


def test_slow_clients_do_not_delay_others(target: Target, slow_clients: list[Connection]) -> None:
    for _ in range(20):
        target.is_well()

    client = slow_clients[-2]  # the last that has sent its headers, and has 10 s for the rest
    for place in range(len(GOOD) - 50, len(GOOD)):
        client.send(GOOD[place : place + 1])
    answer = client.answer()

    assert answer is not None
    assert answer.body == target.known[0]


def test_a_client_that_expects_100_continue_gets_it(target: Target) -> None:
    head, _, body = GOOD.partition(b"\r\n\r\n")
    with Connection(target.address) as client:
        client.send(head + b"\r\nExpect: 100-continue\r\n\r\n")
        told = client.answer(final=False)
        client.send(body)
        answer = client.answer()

    assert told is not None
    assert told.status == 100
    assert answer is not None
    assert answer.body == target.known[0]
