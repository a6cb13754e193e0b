"""The HTTP server of a worker: uvicorn's, with an accept loop and a protocol of its own."""

import gc
import logging
import socket
from importlib.metadata import version
from typing import Any, ClassVar, Final

import uvicorn
from bentoml.exceptions import BentoMLException

from lean_bento.bentoml_internals import server_context
from lean_bento.http_server.accept_loop import AcceptLoop
from lean_bento.http_server.protocol import HttpProtocol

MIN_KEEP_ALIVE: Final = 75
"""Seconds that an idle connection is kept; ``--timeout-keep-alive`` sets more.

nginx and the load balancers of clouds keep theirs for 60. Were it less here, they would send a
request on a connection that is being closed, and answer 502.
"""

GC_THRESHOLD: Final = 20_000
"""New objects before a garbage collection; a batch of 1,000 rows makes some 5,000."""

logger = logging.getLogger("bentoml.service")


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
