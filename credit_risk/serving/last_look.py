"""One more look at the sockets before the connections of an ending worker are closed.

Told to end, uvicorn closes every connection on which nothing is under way. A request that was sent
before but lies unread in its socket, because the loop was busy, would be lost with it.
"""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["look_once_more"]

PAUSE: Final = 0.05
"""Seconds in which what was sent before is read."""

_close = HttpToolsProtocol.shutdown


def look_once_more() -> None:
    """Have uvicorn close its connections a moment later, after the loop has read them."""
    HttpToolsProtocol.shutdown = _shut_down_later  # type: ignore[assignment,method-assign]  # on purpose


def _shut_down_later(connection: HttpToolsProtocol) -> None:
    # Timers run before the sockets are read; two turns later they have been.
    loop = connection.loop
    loop.call_later(PAUSE, loop.call_soon, loop.call_soon, _close, connection)
