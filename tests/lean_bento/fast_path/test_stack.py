"""The lean path is only taken where every middleware is known."""

import asyncio

import pytest
from bentoml._internal.server.http.traffic import MaxConcurrencyMiddleware, TimeoutMiddleware
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from lean_bento.fast_path.stack import Stack, read_stack


def stack_of(*middlewares: Middleware) -> Stack | None:
    app = Starlette(middleware=list(middlewares))
    app.middleware_stack = app.build_middleware_stack()
    return read_stack(app, ["/classify", "/classify_batch"])


def test_limits_are_those_of_the_application() -> None:
    async def scenario() -> Stack | None:
        return stack_of(
            Middleware(TimeoutMiddleware, timeout=7),
            Middleware(MaxConcurrencyMiddleware, max_concurrency=3),
        )

    stack = asyncio.run(scenario())

    assert stack is not None
    assert stack.timeout == 7
    assert stack.semaphore is not None
    assert stack.semaphore._value == 3


def test_an_application_without_limits_has_none() -> None:
    assert stack_of() == Stack(timeout=None, semaphore=None, metrics=None)


@pytest.mark.parametrize("middleware", [CORSMiddleware, GZipMiddleware])
def test_a_middleware_that_is_not_known_is_left_its_work(middleware: type) -> None:
    assert stack_of(Middleware(middleware)) is None


@pytest.mark.parametrize(
    ("excluded", "lean"),
    [(".*", True), ("/classify", True), ("/classify_batch", False), ("/livez", False), ("", False)],
)
def test_tracing_is_known_only_where_it_leaves_every_endpoint_out(
    excluded: str, *, lean: bool
) -> None:
    stack = stack_of(Middleware(OpenTelemetryMiddleware, excluded_urls=excluded))

    assert (stack is not None) is lean
