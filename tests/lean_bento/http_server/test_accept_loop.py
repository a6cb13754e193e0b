"""How many of the clients that come together are taken in at a turn of the event loop."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import uvicorn
import uvloop
from starlette.responses import PlainTextResponse
from uvicorn.server import Server as UvicornServer

from lean_bento.http_server import server as http_server
from lean_bento.http_server.server import Server

CLIENTS = 60
TURNS = 8
BUSY = 0.01
"""Seconds of a busy turn."""


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=CLIENTS) as listening:
        yield listening


async def begin(server: UvicornServer, listening: socket.socket) -> asyncio.Task[None]:
    """Start a server; gives the task that ends with it."""
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110  it has no event
        await asyncio.sleep(0.01)
    return serving


def come(opened: ExitStack, listening: socket.socket) -> list[socket.socket]:
    """Connect all clients; the server has had no turn yet to take them in."""
    address = listening.getsockname()
    return [opened.enter_context(socket.create_connection(address)) for _ in range(CLIENTS)]


def taken_in(kind: type[UvicornServer], listening: socket.socket, busy: float) -> int:
    """How many of CLIENTS that have come are connected after so many turns of so many seconds."""

    async def scenario() -> int:
        server = kind(uvicorn.Config(None, log_config=None, lifespan="off"))
        serving = await begin(server, listening)
        with ExitStack() as opened:
            come(opened, listening)
            for _ in range(TURNS):
                time.sleep(busy)  # noqa: ASYNC251  a turn's work
                await asyncio.sleep(0)
            found = len(server.server_state.connections)
            server.should_exit = True
            await serving
        return found

    return uvloop.run(scenario())


def test_a_busy_worker_takes_in_all_who_came_meanwhile(listening: socket.socket) -> None:
    assert taken_in(Server, listening, BUSY) == CLIENTS


def test_without_it_each_would_wait_for_the_turns_of_all_before(listening: socket.socket) -> None:
    assert taken_in(UvicornServer, listening, BUSY) <= TURNS


def test_an_idle_worker_leaves_some_to_the_others(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        http_server, "SECONDS_PER_CONNECTION", 60.0
    )  # however slow the machine, a turn is shorter

    assert taken_in(Server, listening, 0) <= 2 * TURNS  # one by uvloop, one by ours


def test_who_is_there_at_the_end_is_answered_and_nobody_waits_for_who_stays(
    listening: socket.socket,
) -> None:
    async def scenario() -> list[bytes]:
        server = Server(uvicorn.Config(PlainTextResponse("here"), log_config=None, lifespan="off"))
        serving = await begin(server, listening)
        with ExitStack() as opened:
            clients = come(opened, listening)
            for client in clients[1:]:
                client.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            server.should_exit = True
            time.sleep(0.2)  # noqa: ASYNC251  the end comes before the next look at the sockets
            await asyncio.wait_for(serving, timeout=5)
            return [client.recv(1000) for client in clients]

    silent, *answers = uvloop.run(scenario())

    assert silent == b""
    assert all(answer.endswith(b"here") for answer in answers)


def test_at_the_end_nobody_is_taken_in(listening: socket.socket) -> None:
    address = listening.getsockname()
    taken_in(Server, listening, 0)

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
