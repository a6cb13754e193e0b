"""Call ASGI applications, and what a request needs, in this process."""

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, TypeVar

import httpx

from lean_bento.request_context import begin

Message = dict[str, Any]
T = TypeVar("T")


def ask(app: Any, method: str = "GET", path: str = "/here", **how: Any) -> httpx.Response:
    """Send one request to an application; ``how`` as for httpx."""

    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **how)

    return asyncio.run(call())


def in_a_request(work: Callable[[], T], query: bytes = b"", **attributes: Any) -> T:
    """Do some work while a request is being answered, whose context has these attributes."""

    def run() -> T:
        context = begin({"path": "/here", "query_string": query})
        for name, value in attributes.items():
            setattr(context, name, value)
        return work()

    return copy_context().run(run)
