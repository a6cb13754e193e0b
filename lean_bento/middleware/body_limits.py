"""How large a request may be.

A body that says that it is too large is refused before any of it is read, one that does not say
as soon as it is; nothing above the limit is kept. Rows and values are counted in what was read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from bentoml.exceptions import BentoMLException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BodyLimitsMiddleware", "RowLimit", "declared_length", "too_large"]


class BodyLimitsMiddleware:
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


@dataclass(frozen=True, slots=True)
class RowLimit:
    """How many rows a request may have, and how many values in all.

    Attributes:
        most: rows.
        width: values that a row needs at most, the row itself among them.
    """

    most: int
    width: int

    def check(self, *, rows: int = 0, values: int = 0) -> None:
        """Let a body in that has so many of either.

        Raises:
            BentoMLException: with status 413, if that is too many.
        """
        if rows > self.most:
            found = f"more than {self.most} rows"
        elif values > self.most * self.width:
            found = f"{values} values, which {self.most} rows do not need"
        else:
            return
        msg = f"The body has {found}: send at most {self.most} rows at once."
        raise BentoMLException(msg, error_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
