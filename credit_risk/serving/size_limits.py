"""How large a request may be.

A body that says that it is too large is refused before any of it is read, one that does not say
as soon as it is; nothing above the limit is kept. What is in a body is counted once it is read.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus

from bentoml.exceptions import BentoMLException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BodyLimits", "check_rows", "declared_length", "too_large"]


class BodyLimits:
    """Answers 413 to a request whose body is too large."""

    def __init__(self, app: ASGIApp, limits: Mapping[str, int], otherwise: int) -> None:
        """Wrap ``app``; ``limits`` holds the bytes that each path takes, if not ``otherwise``."""
        self.app = app
        self._limits = limits
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or not."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        limit = self._limits.get(scope["path"], self._otherwise)
        if declared_length(scope["headers"]) > limit:
            error = too_large(limit)
            answer = JSONResponse({"error": str(error)}, error.error_code)
            return await answer(scope, receive, send)
        read = 0

        async def count() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise too_large(limit)
            return message

        return await self.app(scope, count, send)


def declared_length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """What the Content-Length header says, in bytes; 0 without one, as in a chunked request."""
    for name, value in headers:
        if name == b"content-length":
            return int(value)
    return 0


def too_large(limit: int) -> BentoMLException:
    """Say what was expected; BentoML answers such an exception with its status."""
    msg = f"The body is too large, expected at most {limit} bytes."
    return BentoMLException(msg, error_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def check_rows(found: int, limit: int) -> None:
    """Refuse more rows than a request may have.

    Raises:
        BentoMLException: with status 413.
    """
    if found > limit:
        msg = f"The body has {found} rows, expected at most {limit}: send them in parts."
        raise BentoMLException(msg, error_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
