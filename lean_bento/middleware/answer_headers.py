"""Headers that a method adds to its answer, whichever path the request takes.

A method of BentoML's class API returns its answer's body and nothing else. This ASGI middleware
stands outside of both paths and is there only for services that declare such headers.
"""

from contextvars import ContextVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["ResponseHeadersMiddleware", "add_header"]

_HEADERS: ContextVar[list[tuple[bytes, bytes]] | None] = ContextVar("answer_headers", default=None)
OK = 200


def add_header(name: str, value: str) -> None:
    """Add a header to the answer of the current request, if it is one of success."""
    headers = _HEADERS.get()
    if headers is not None:
        headers.append((name.lower().encode("latin-1"), value.encode("latin-1")))


class ResponseHeadersMiddleware:
    """Adds to each answer what ``add_header`` was given meanwhile."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        # A list, so that what a task of its own adds is seen here too.
        headers: list[tuple[bytes, bytes]] = []
        _HEADERS.set(headers)

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == OK:
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        return await self.app(scope, receive, add)
