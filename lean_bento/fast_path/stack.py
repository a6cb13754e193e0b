"""Inspection of the middlewares in the application that BentoML built.

The fast path keeps the limits and the metrics of that application. It is used only if every
middleware in it is known, since an unknown one has been switched on for a reason.
"""

from asyncio import Semaphore
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import Router

from lean_bento.bentoml_internals import (
    ContextMiddleware,
    MaxConcurrencyMiddleware,
    OpenTelemetryMiddleware,
    RunnerTrafficMetricsMiddleware,
    TimeoutMiddleware,
)
from lean_bento.middleware.load_shedding import LoadSheddingMiddleware
from lean_bento.middleware.request_checks import RequestChecksMiddleware
from lean_bento.middleware.routes import RoutesMiddleware

WITHOUT_EFFECT = (
    RoutesMiddleware,
    ServerErrorMiddleware,
    ExceptionMiddleware,
    ContextMiddleware,
    RequestChecksMiddleware,
)
"""Middlewares whose work the fast path does itself, or which BentoML's own path needs only."""


@dataclass(frozen=True)
class Stack:
    """Limits and metrics of the application, shared by both paths.

    Attributes:
        timeout: seconds for a request; None without a limit.
        semaphore: limits concurrency; None without a limit.
        metrics: counts requests; None where metrics are off.
        load_shedding: limits the delay of a request; None without a limit.
    """

    timeout: float | None = None
    semaphore: Semaphore | None = None
    metrics: RunnerTrafficMetricsMiddleware | None = None
    load_shedding: LoadSheddingMiddleware | None = None


def read_stack(app: Any, paths: Collection[str]) -> Stack | None:  # noqa: ANN401  Starlette's, seen as any ASGI application
    """Read the middlewares of a built application.

    Args:
        app: around a Starlette that has started, so that its middlewares exist.
        paths: of the API methods.

    Returns:
        None if a middleware is not known, or if one of the paths is traced.
    """
    found: dict[str, Any] = {}
    layer: Any = app
    while not isinstance(layer, Router):
        if isinstance(layer, Starlette):
            layer = layer.middleware_stack
            continue
        if isinstance(layer, RunnerTrafficMetricsMiddleware):
            found["metrics"] = layer
        elif isinstance(layer, TimeoutMiddleware):
            found["timeout"] = layer.timeout
        elif isinstance(layer, LoadSheddingMiddleware):
            found["load_shedding"] = layer
        elif isinstance(layer, MaxConcurrencyMiddleware):
            found["semaphore"] = layer._semaphore  # noqa: SLF001  one limit for both paths
        elif isinstance(layer, OpenTelemetryMiddleware):
            excluded = layer.excluded_urls
            if not excluded or not all(excluded.url_disabled(f"http://host{p}") for p in paths):
                return None
        elif not isinstance(layer, WITHOUT_EFFECT):
            return None
        layer = layer.app
    return Stack(**found)
