"""How the server of a worker begins, and how many connections it accepts in a turn of its loop."""

import asyncio
import gc
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import pytest
import uvicorn
import uvloop
from bentoml.exceptions import BentoMLException
from raw_http import Connection
from running import PROJECT, in_a_thread
from starlette.responses import PlainTextResponse
from uvicorn.server import Server as UvicornServer

from lean_bento import server_context
from lean_bento.http_server import server as http_server
from lean_bento.http_server.server import Server, check_server_in_use, collect_garbage_rarely

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
    monkeypatch.setattr(http_server, "SECONDS_PER_CONNECTION", 60.0)  # no turn is as long

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


@pytest.mark.parametrize(("asked", "kept"), [(5, 75), (620, 620)])
def test_an_idle_connection_is_kept_longer_than_proxies_keep_theirs(asked: int, kept: int) -> None:
    assert Server(config(timeout_keep_alive=asked)).config.timeout_keep_alive == kept


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "No such file or directory"), ("no certificate", "SSL")]
)
def test_tls_without_readable_files_ends_with_a_sentence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str | None, problem: str
) -> None:
    certificate = tmp_path / "cert.pem"
    if content:
        certificate.write_text(content)
    settings = config(ssl_certfile=certificate, ssl_keyfile=tmp_path / "key.pem")

    with pytest.raises(SystemExit) as ended:
        Server(settings).run()

    (message,) = caplog.messages
    assert ended.value.code == 1
    assert message.startswith(f"TLS cannot begin with certificate {certificate}, key {tmp_path}")
    assert problem in message


def test_a_worker_with_another_server_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "in_use", False)
    check_server_in_use()  # this process is no worker
    monkeypatch.setattr(server_context, "worker_index", 1)

    with pytest.raises(BentoMLException, match=re.escape(f"uvicorn {version('uvicorn')}")):
        check_server_in_use()


def test_a_worker_with_this_server_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "in_use", False)
    monkeypatch.setattr(server_context, "worker_index", 1)

    with in_a_thread(Server(config(PlainTextResponse("here")))) as address, Connection(address):
        check_server_in_use()


def test_bentoml_makes_the_server_that_is_put_in_place() -> None:
    """In a process of its own: every other server of this one would be replaced."""
    code = (
        "import uvicorn; from lean_bento.http_server import use_server; use_server(); "
        "print(type(uvicorn.Server(uvicorn.Config(None))).__module__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "lean_bento.http_server.server"


def test_objects_that_exist_are_no_longer_collected() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    gc.set_threshold(700)  # Python's own; a service in this process may have raised it
    try:
        collect_garbage_rarely()

        assert gc.get_threshold()[0] > 700
        assert gc.get_freeze_count() > frozen
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
