"""How much work on others a request may have to wait for, before it begins.

The event loop reads every socket that has something and only then lets one request after the
other begin. Under overload the last of them begin long after they were read, and no limit of
concurrency sees them wait. What counts is the worker's own work: one that stood still, because
its core or its host did other things, has not too much to do, and refusing would not help it.
"""

import asyncio
from http import HTTPStatus
from time import monotonic, thread_time

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["TOO_MANY", "LoadSheddingMiddleware"]

TOO_MANY = "Too many requests"
"""As BentoML says it of too many at once."""


class LoadSheddingMiddleware:
    """Answers 429 to a POST that begins too late."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        """Wrap ``app``; a request may wait for so many seconds of work."""
        self.app = app
        self._seconds = seconds
        self._turn_began = 0.0  # zero between turns
        self._work_before = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or not."""
        if scope["type"] == "http" and scope["method"] == "POST" and self.is_over():
            answer = JSONResponse({"error": TOO_MANY}, HTTPStatus.TOO_MANY_REQUESTS)
            return await answer(scope, receive, send)
        return await self.app(scope, receive, send)

    def is_over(self) -> bool:
        """Whether the request that begins now has waited for too much work of its turn."""
        now = monotonic()
        if not self._turn_began:
            self._turn_began = now
            self._work_before = thread_time()
            # Runs once all that is ready now has begun.
            asyncio.get_running_loop().call_soon(self._end_turn)
        # Work takes at least its time, and the time is six times as cheap to ask for.
        late = now - self._turn_began > self._seconds
        return late and thread_time() - self._work_before > self._seconds

    def _end_turn(self) -> None:
        self._turn_began = 0.0
