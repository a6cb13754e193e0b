"""The HTTP server of a worker: uvicorn's, with connections that are accepted and kept our way."""

import logging
import socket
from typing import Any, Final

import uvicorn

from lean_bento.http_server.accept_loop import AcceptLoop
from lean_bento.http_server.protocol import HttpProtocol

__all__ = ["Server", "use_server"]

IDLE: Final = 75
"""Seconds, at least, that a connection without a request is kept.

Longer than nginx and the load balancers of clouds keep theirs, which is 60: they would send the
next request on one that is being closed here, and answer 502. ``--timeout-keep-alive`` asks for
more.
"""

logger = logging.getLogger("bentoml.service")


class Server(uvicorn.Server):
    """Accepts several connections at a turn, each a ``HttpProtocol``."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        config.http = HttpProtocol
        config.ws = "none"
        config.timeout_keep_alive = max(config.timeout_keep_alive, IDLE)

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to end.

        Raises:
            SystemExit: if there is to be TLS and its files cannot be read; the log says which.
        """
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
        acceptors: list[Any] = [AcceptLoop(self, each) for each in sockets or []]
        self.servers = acceptors + self.servers  # first, to take in who is there at the end


def use_server() -> None:
    """Have BentoML, which is about to make its server, make this one."""
    uvicorn.Server = Server  # type: ignore[misc]  # on purpose
