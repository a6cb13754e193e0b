"""The HTTP server of a worker: uvicorn's, with an accept loop and a protocol of its own.

uvloop accepts one connection a turn of the event loop. Where a turn is a batch of requests, the
last of a hundred clients that connect together waits for a hundred batches, and clients that
connect anew for every request hardly ever share one. uvloop has no setting for it. The accept loop
accepts more connections after a busy turn. An idle worker still accepts few a turn, which leaves
some to other idle workers: clients keep connections, and with them all the work.
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

MIN_KEEP_ALIVE: Final = 75
"""Seconds that an idle connection is kept; ``--timeout-keep-alive`` sets more.

nginx and the load balancers of clouds keep theirs for 60. Were it less here, they would send a
request on a connection that is being closed, and answer 502.
"""

SECONDS_PER_CONNECTION: Final = 0.0002
"""Busy time of a turn for each connection accepted after it; an idle worker's turn is shorter."""

MAX_BACKLOG: Final = 2**16
"""More connections than a listening socket queues."""

GC_THRESHOLD: Final = 20_000
"""New objects before a garbage collection; a batch of 1,000 rows makes some 5,000."""

logger = logging.getLogger("bentoml.service")


class AcceptLoop:
    """Accepts connections beside uvloop's own server; uvicorn treats both alike."""

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
        self._loop.add_reader(self._listening, self._accept_after_turn)

    def _accept_after_turn(self) -> None:
        now = monotonic()
        busy = 0 if self._waiting_since is None else now - self._waiting_since
        self._accept(1 + int(busy / SECONDS_PER_CONNECTION))
        self._waiting_since = now if self._backlog.poll(0) else None

    def _accept(self, most: int) -> None:
        with suppress(OSError):  # no client waits; uvloop reports any other error
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
            if not self._is_open:  # uvicorn has already shut the others down
                protocol.shutdown()

    def close(self) -> None:
        """Accept the waiting connections, then stop."""
        self._is_open = False
        self._accept(MAX_BACKLOG)
        self._loop.remove_reader(self._listening)
        self._listening.close()

    async def wait_closed(self) -> None:
        """Do nothing: uvicorn itself waits for the connections."""


class Server(uvicorn.Server):
    """Serves with an accept loop and the ``HttpProtocol``."""

    in_use: ClassVar[bool] = False
    """Whether one runs in this process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        config.http = HttpProtocol
        config.ws = "none"
        config.timeout_keep_alive = max(config.timeout_keep_alive, MIN_KEEP_ALIVE)

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
        """Start an accept loop for each listening socket."""
        await super().startup(sockets)
        accept_loops: list[Any] = [AcceptLoop(self, each) for each in sockets or []]
        self.servers = accept_loops + self.servers  # closed first, for the last clients


def use_server() -> None:
    """Replace uvicorn's server; call it before BentoML makes one."""
    uvicorn.Server = Server  # type: ignore[misc]  # on purpose


def check_server_in_use() -> None:
    """Check in a worker that it runs the server that ``use_server`` put in place.

    Raises:
        BentoMLException: if it runs another; the worker then does not start.
    """
    if server_context.worker_index and not Server.in_use:
        found = f"BentoML {version('bentoml')} with uvicorn {version('uvicorn')}"
        msg = f"{found} runs another HTTP server than lean_bento's; see Pipfile for a version"
        raise BentoMLException(msg)


def collect_garbage_rarely() -> None:
    """Exempt the objects that exist from garbage collection, and collect new ones less often.

    Call it once everything is loaded. A collection of objects that live until the end stops all
    requests for a tenth of a second every few seconds. The objects of a request are freed with it;
    collections meanwhile take a tenth of the time of a large batch.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
