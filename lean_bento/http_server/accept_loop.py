"""The accept loop of a worker, beside uvloop's own.

uvloop accepts one connection a turn of the event loop. Where a turn is a batch of requests, the
last of a hundred clients that connect together waits for a hundred batches, and clients that
connect anew for every request hardly ever share one. uvloop has no setting for it. The accept loop
accepts more connections after a busy turn. An idle worker still accepts few a turn, which leaves
some to other idle workers: clients keep connections, and with them all the work.
"""

import asyncio
import select
import socket
from contextlib import suppress
from time import monotonic
from typing import Any, Final

import uvicorn

SECONDS_PER_CONNECTION: Final = 0.0002
"""Busy time of a turn for each connection accepted after it; an idle worker's turn is shorter."""

MAX_BACKLOG: Final = 2**16
"""More connections than a listening socket queues."""


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
