"""How many connections a worker accepts in a turn of its loop, and what becomes of them."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import uvicorn
import uvloop
from raw_http import Connection
from starlette.responses import PlainTextResponse
from uvicorn.server import Server as UvicornServer

from lean_bento.http_server import accept_loop
from lean_bento.http_server.server import Server

CLIENTS = 60
TURNS = 8
BUSY = 0.01
"""Seconds of a busy turn."""


def config(app: object = None, **settings: object) -> uvicorn.Config:
    return uvicorn.Config(app, log_config=None, lifespan="off", **settings)  # type: ignore[arg-type]


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=CLIENTS) as listening:
        yield listening


async def begin(server: UvicornServer, listening: socket.socket) -> asyncio.Task[None]:
    """Start a server; returns the task that ends with it."""
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110  it has no event
        await asyncio.sleep(0.01)
    return serving


def connect(opened: ExitStack, listening: socket.socket) -> list[Connection]:
    """Connect all clients; the server has had no turn yet to accept them."""
    address = listening.getsockname()
    return [opened.enter_context(Connection(address)) for _ in range(CLIENTS)]


def accepted(kind: type[UvicornServer], listening: socket.socket, busy: float) -> int:
    """How many of CLIENTS connections are accepted after TURNS turns of ``busy`` seconds."""

    async def scenario() -> int:
        server = kind(config())
        serving = await begin(server, listening)
        with ExitStack() as opened:
            connect(opened, listening)
            for _ in range(TURNS):
                time.sleep(busy)  # noqa: ASYNC251  a turn's work
                await asyncio.sleep(0)
            found = len(server.server_state.connections)
            server.should_exit = True
            await serving
        return found

    return uvloop.run(scenario())


def test_a_busy_worker_accepts_all_waiting_connections(listening: socket.socket) -> None:
    assert accepted(Server, listening, BUSY) == CLIENTS


def test_uvicorns_server_accepts_one_a_turn(listening: socket.socket) -> None:
    assert accepted(UvicornServer, listening, BUSY) <= TURNS


def test_an_idle_worker_leaves_connections_to_the_others(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accept_loop, "SECONDS_PER_CONNECTION", 60.0)  # no turn is as long

    assert accepted(Server, listening, 0) <= 2 * TURNS  # one by uvloop, one by ours


def test_at_the_end_requests_are_answered_and_idle_connections_closed(
    listening: socket.socket,
) -> None:
    async def scenario() -> list[bytes]:
        server = Server(config(PlainTextResponse("here")))
        serving = await begin(server, listening)
        with ExitStack() as opened:
            idle, *clients = connect(opened, listening)
            for client in clients:
                client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            server.should_exit = True
            time.sleep(0.2)  # noqa: ASYNC251  the end comes before the next look at the sockets
            await asyncio.wait_for(serving, timeout=5)
            return [client.rest() for client in (idle, *clients)]

    nothing, *answers = uvloop.run(scenario())

    assert nothing == b""
    assert all(answer.endswith(b"here") for answer in answers)


def test_after_the_end_no_connection_is_accepted(listening: socket.socket) -> None:
    address = listening.getsockname()
    accepted(Server, listening, 0)

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
