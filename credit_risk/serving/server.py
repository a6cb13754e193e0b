"""The HTTP server of a worker: uvicorn's, with connections that are accepted and kept our way."""

import socket
from typing import Any

import uvicorn

from credit_risk.serving.accepting import Acceptor
from credit_risk.serving.connection import Connection

__all__ = ["Server", "use_server"]


class Server(uvicorn.Server):
    """Accepts several connections at a turn, each a ``Connection``."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does."""
        self.config.http_protocol_class = Connection
        await super().startup(sockets)
        acceptors: list[Any] = [Acceptor(self, each) for each in sockets or []]
        self.servers = acceptors + self.servers  # first, to take in who is there at the end


def use_server() -> None:
    """Have BentoML, which is about to make its server, make this one."""
    uvicorn.Server = Server  # type: ignore[misc]  # on purpose
