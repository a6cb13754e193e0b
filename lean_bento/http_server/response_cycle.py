"""A request and its answer, whose head leaves with the body.

uvicorn writes the head as soon as it has it and the body later, and searches each header of each
answer for what may not be in one. Here the head waits for the body, as ASGI asks, and what was
found of a head is kept: most answers have one that others had. What is unusual goes uvicorn's way.
Leans on uvicorn's ``RequestResponseCycle``.
"""

from functools import lru_cache

from starlette.types import Message
from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    RequestResponseCycle,
)

__all__ = ["ResponseCycle"]

UNCACHED_HEAD = b"", -1
"""Of a head that uvicorn should look at."""


class ResponseCycle(RequestResponseCycle):
    """Sends an answer that comes whole as a whole."""

    _start: Message | None = None

    async def send(self, message: Message) -> None:  # type: ignore[override]  # Starlette's type
        """Keep the beginning of an answer until its body comes, and send both."""
        if message["type"] == "http.response.start" and not self.response_started:
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None:
            if self._send_whole(start, message):
                return
            await super().send(start)  # type: ignore[arg-type]  # as above
        await super().send(message)  # type: ignore[arg-type]

    def _send_whole(self, start: Message, message: Message) -> bool:
        if (
            message.get("more_body")
            or not self.keep_alive
            or self.disconnected
            or self.flow.write_paused
            or self.scope["method"] == "HEAD"
        ):
            return False
        headers = *self.default_headers, *map(tuple, start["headers"])
        head, length = _head(start["status"], headers)
        body = message.get("body", b"")
        if len(body) != length:
            return False
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.writelines((head, body))
        self.message_event.set()
        self.on_response()
        return True


@lru_cache(maxsize=1024)
def _head(status: int, headers: tuple[tuple[bytes, bytes], ...]) -> tuple[bytes, int]:
    """Bytes of a head, and how long it says that its body is."""
    lines, length = [STATUS_LINE[status]], -1
    for name, value in headers:
        if HEADER_RE.search(name) or HEADER_VALUE_RE.search(value):
            return UNCACHED_HEAD
        match name.lower():
            case b"connection" | b"transfer-encoding":
                return UNCACHED_HEAD
            case b"content-length":
                length = int(value)
            case _:
                pass
        lines.append(b"%b: %b\r\n" % (name.lower(), value))
    return b"".join([*lines, b"\r\n"]), length
