"""The HTTP server of a worker: uvicorn's, with an accept loop and a protocol of its own.

uvloop accepts one connection a turn of the event loop. Where a turn is a batch of requests, the
last of a hundred clients that come together waits for a hundred batches, and clients that connect
anew for every request are hardly ever in one. The accept loop takes in more connections after a
busy turn. An idle worker still takes one a turn, so that other idle workers get theirs:
connections are kept, and the worker that has them all has all the work.
"""

import asyncio
import gc
import logging
import select
import socket
from contextlib import suppress
from importlib.metadata import version
from time import monotonic
from typing import Any, ClassVar, Final

import uvicorn
from bentoml.exceptions import BentoMLException

from lean_bento.bentoml_internals import server_context
from lean_bento.http_server.protocol import HttpProtocol

__all__ = ["AcceptLoop", "Server", "check_server_in_use", "collect_garbage_rarely", "use_server"]

KEEP_ALIVE: Final = 75
"""Seconds, at least, that a connection without a request is kept.

Longer than nginx and the load balancers of clouds keep theirs, which is 60: they would send the
next request on a connection that is being closed here, and answer 502. ``--timeout-keep-alive``
sets more.
"""

SECONDS_PER_CONNECTION: Final = 0.0002
"""Busy time of a turn for each connection accepted at its end; an idle worker's turn is shorter."""

MAX_BACKLOG: Final = 2**16
"""More connections than a queue holds."""

NEW_OBJECTS: Final = 20_000
"""Objects before the youngest are collected; a batch of 1,000 makes some 5,000."""

logger = logging.getLogger("bentoml.service")


class AcceptLoop:
    """Accepts connections beside the event loop's own server; to uvicorn it is another server."""

    def __init__(self, server: uvicorn.Server, listening: socket.socket) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._listening = listening.dup()
        self._listening.setblocking(False)  # noqa: FBT003  its only argument
        self._backlog = select.poll()
        self._backlog.register(self._listening, select.POLLIN)
        self._waiting_since: float | None = None
        self._joining: set[asyncio.Task[None]] = set()
        self._is_open = True
        self._loop.add_reader(self._listening, self._accept_share)

    def _accept_share(self) -> None:
        now = monotonic()
        busy = 0 if self._waiting_since is None else now - self._waiting_since
        self._accept(1 + int(busy / SECONDS_PER_CONNECTION))
        self._waiting_since = now if self._backlog.poll(0) else None

    def _accept(self, most: int) -> None:
        with suppress(OSError):  # nobody waits; uvloop meets and reports any other error, too
            for _ in range(most):
                connection, _ = self._listening.accept()
                task = self._loop.create_task(self._join(connection))
                self._joining.add(task)  # the loop itself holds tasks only weakly
                task.add_done_callback(self._joining.discard)

    async def _join(self, connection: socket.socket) -> None:
        server = self._server
        protocol_class: Any = server.config.http_protocol_class
        with suppress(OSError):  # the client has gone
            _, protocol = await self._loop.connect_accepted_socket(
                lambda: protocol_class(
                    config=server.config,
                    server_state=server.server_state,
                    app_state=server.lifespan.state,
                ),
                connection,
                ssl=server.config.ssl,
            )
            if not self._is_open:  # uvicorn has shut the others down already
                protocol.shutdown()

    def close(self) -> None:
        """Accept the connections that wait, and no more."""
        self._is_open = False
        self._accept(MAX_BACKLOG)
        self._loop.remove_reader(self._listening)
        self._listening.close()

    async def wait_closed(self) -> None:
        """Wait for nothing: uvicorn waits for the connections."""


class Server(uvicorn.Server):
    """Accepts several connections a turn, each an ``HttpProtocol``."""

    in_use: ClassVar[bool] = False
    """Whether one serves in this process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        config.http = HttpProtocol
        config.ws = "none"
        config.timeout_keep_alive = max(config.timeout_keep_alive, KEEP_ALIVE)

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to end.

        Raises:
            SystemExit: if TLS is configured and its files cannot be read; the log names them.
        """
        Server.in_use = True
        config = self.config
        try:
            config.load()
        except OSError as error:  # SSLError is one; neither names the file
            files = f"certificate {config.ssl_certfile}, key {config.ssl_keyfile}"
            logger.error("TLS cannot begin with %s: %s", files, error)  # noqa: TRY400  a sentence
            raise SystemExit(1) from None
        super().run(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does."""
        await super().startup(sockets)
        accept_loops: list[Any] = [AcceptLoop(self, each) for each in sockets or []]
        self.servers = accept_loops + self.servers  # closed first: they take in the last clients


def use_server() -> None:
    """Replace uvicorn's server, before BentoML makes one."""
    uvicorn.Server = Server  # type: ignore[misc]  # on purpose


def check_server_in_use() -> None:
    """Check in a worker that BentoML made the server that ``use_server`` put in place.

    Raises:
        BentoMLException: if it made another; the worker does not start.
    """
    if server_context.worker_index and not Server.in_use:
        found = f"BentoML {version('bentoml')} with uvicorn {version('uvicorn')}"
        msg = f"{found} runs another HTTP server than lean_bento's; see Pipfile for a version"
        raise BentoMLException(msg)


def collect_garbage_rarely() -> None:
    """Freeze what is loaded and collect less often; call it once everything is loaded.

    What lives until the end need not be looked at by each collection: otherwise all requests
    under way stand still for a tenth of a second every few seconds. What a request makes is
    freed with it; looking through it while it is in use costs a large batch a tenth of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
