"""Helpers to call ASGI applications in this process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import Any, TypeVar

import httpx

from lean_bento.request_context import begin

Message = dict[str, Any]
T = TypeVar("T")


def client_of(app: Any) -> httpx.AsyncClient:
    """A client of an application."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


def ask(app: Any, method: str = "GET", path: str = "/here", **how: Any) -> httpx.Response:
    """Send one request to an application that is not started; ``how`` as for httpx."""

    async def call() -> httpx.Response:
        async with client_of(app) as client:
            return await client.request(method, path, **how)

    return asyncio.run(call())


@asynccontextmanager
async def started(app: Any) -> AsyncIterator[None]:
    """Start an application, and stop it at the end of the ``async with``."""
    ready, stop = asyncio.Event(), asyncio.Event()

    async def receive() -> Message:
        if not ready.is_set():
            return {"type": "lifespan.startup"}
        await stop.wait()
        return {"type": "lifespan.shutdown"}

    async def send(message: Message) -> None:
        assert message["type"].endswith(".complete"), message
        ready.set()

    life = asyncio.create_task(app({"type": "lifespan", "asgi": {}}, receive, send))
    await asyncio.wait([life, asyncio.create_task(ready.wait())], return_when="FIRST_COMPLETED")
    try:
        yield
    finally:
        stop.set()
        await life


def in_a_request(work: Callable[[], T], query: bytes = b"", **attributes: Any) -> T:
    """Do some work while a request is being answered, whose context has these attributes."""

    def run() -> T:
        context = begin({"path": "/here", "query_string": query})
        for name, value in attributes.items():
            setattr(context, name, value)
        return work()

    return copy_context().run(run)
