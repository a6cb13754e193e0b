"""Take in as many new connections at a turn of the event loop as it was busy for.

uvloop accepts one a turn. Where a turn is a batch of requests, the last of a hundred clients that
come together waits for a hundred batches, and clients that connect anew for every request are
hardly ever in one. An idle worker still takes one a turn, so that other idle ones get theirs:
connections are kept, and whoever takes them all has all the work. Leans on uvicorn's ``Server``.
"""

import asyncio
import select
import socket
from contextlib import suppress
from time import monotonic
from typing import Any, Final

import uvicorn

__all__ = ["AcceptLoop"]

SHARE: Final = 0.0002
"""Seconds of a turn for each connection taken in at its end; an idle worker's turn is shorter."""

ALL: Final = 2**16
"""More connections than a queue holds."""


class AcceptLoop:
    """Accepts connections beside the event loop's own server; to uvicorn it is another server."""

    def __init__(self, server: uvicorn.Server, listening: socket.socket) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._listening = listening.dup()
        self._listening.setblocking(False)  # noqa: FBT003  its only argument
        self._queue = select.poll()
        self._queue.register(self._listening, select.POLLIN)
        self._waiting_since: float | None = None
        self._joining: set[asyncio.Task[None]] = set()
        self._is_open = True
        self._loop.add_reader(self._listening, self._take_share)

    def _take_share(self) -> None:
        now = monotonic()
        busy = 0 if self._waiting_since is None else now - self._waiting_since
        self._accept(1 + int(busy / SHARE))
        self._waiting_since = now if self._queue.poll(0) else None

    def _accept(self, most: int) -> None:
        with suppress(OSError):  # nobody waits; any other uvloop meets, too, and reports
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
            if not self._is_open:  # uvicorn has told the others already
                protocol.shutdown()

    def close(self) -> None:
        """Take in who is there, and nobody more."""
        self._is_open = False
        self._accept(ALL)
        self._loop.remove_reader(self._listening)
        self._listening.close()

    async def wait_closed(self) -> None:
        """Wait for nothing: connections are uvicorn's."""
