"""Load shedding: a request that had to wait for too much work is refused before it begins.

The event loop first reads every socket that has data and then begins one request after the other.
Under overload the last of them begin long after they were read, and no limit of concurrency counts
them while they wait. Only the worker's own CPU time counts: a worker that was paused, because its
core or its host was busy, is not overloaded.
"""

import asyncio
from http import HTTPStatus
from time import monotonic, thread_time

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

TOO_MANY = "Too many requests"
"""The sentence that BentoML answers to too many requests at once."""


class LoadSheddingMiddleware:
    """Answers 429 to a POST that begins too late."""

    def __init__(self, app: ASGIApp, max_queue_delay: float) -> None:
        """Wrap ``app``.

        Args:
            app: the next layer.
            max_queue_delay: seconds of work that may lie between reading and beginning a request.
        """
        self.app = app
        self._max_queue_delay = max_queue_delay
        self._turn_began = 0.0  # zero between turns
        self._work_before = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on a request, or refuse it."""
        if scope["type"] == "http" and scope["method"] == "POST" and self.is_overloaded():
            answer = JSONResponse({"error": TOO_MANY}, HTTPStatus.TOO_MANY_REQUESTS)
            return await answer(scope, receive, send)
        return await self.app(scope, receive, send)

    def is_overloaded(self) -> bool:
        """Whether too much work of this turn has come before the request that begins now."""
        now = monotonic()
        if not self._turn_began:
            self._turn_began = now
            self._work_before = thread_time()
            # Runs once all requests that are ready now have begun.
            asyncio.get_running_loop().call_soon(self._end_turn)
        # Work takes at least its CPU time, and the clock costs a sixth of asking for that.
        late = now - self._turn_began > self._max_queue_delay
        return late and thread_time() - self._work_before > self._max_queue_delay

    def _end_turn(self) -> None:
        self._turn_began = 0.0
