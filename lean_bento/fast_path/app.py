"""The fast path: from a request to an API method without the framework's detours.

BentoML's own path costs several times what the method itself does. For a POST of JSON or of a
``.npy`` file to an ``@bentoml.api`` method this one reads the body, validates it with the method's
own model, awaits the method, serialises the answer, and counts it in the same metrics under the
same limits. Every other request takes BentoML's path. All requests do so while a middleware is in
use that this path does not know: tracing, the access log.
"""

import asyncio
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from starlette.types import Receive, Scope, Send

from lean_bento.bentoml_internals import APIMethod
from lean_bento.codecs.npy import JSON, NPY
from lean_bento.codecs.tables import CSV
from lean_bento.fast_path.endpoint import Deadlines, Endpoint, readers
from lean_bento.fast_path.metrics import EndpointMetrics
from lean_bento.fast_path.series import EndpointSeries
from lean_bento.fast_path.stack import read_stack
from lean_bento.middleware.errors import ErrorMiddleware
from lean_bento.middleware.request_checks import EndpointLimits

MEDIA_TYPES = {name.encode(): name for name in (JSON, NPY, CSV)}
"""As they are usually written."""


class FastPath:
    """The ASGI application in front of BentoML's."""

    def __init__(
        self,
        app: ErrorMiddleware,
        methods: Mapping[str, APIMethod],
        limits: Mapping[str, EndpointLimits],
        instance: Callable[[], Any],
        prefix: str,
    ) -> None:
        """Stand in front of ``app``.

        Args:
            app: BentoML's application.
            methods: API methods by path.
            limits: of each of these paths.
            instance: gives the service's instance, once the application has started.
            prefix: of the names of its own metrics.
        """
        self._app = app
        self._methods = {path: m for path, m in methods.items() if _can_be_fast(m)}
        self._limits = limits
        self._instance = instance
        self._prefix = prefix
        self._endpoints: dict[tuple[str, str], Endpoint] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it to BentoML's application."""
        if scope["type"] == "lifespan":
            self._endpoints = None  # each start makes another instance
        elif scope["type"] == "http":
            if self._endpoints is None:  # at the first probe, so that no request waits for it
                self._endpoints = self._find_endpoints()
            if scope["method"] == "POST":
                media_type, length = _about_body(scope)
                endpoint = self._endpoints.get((scope["path"], media_type))
                if endpoint:
                    return await endpoint.serve(scope, receive, send, length)
        return await self._app(scope, receive, send)

    def _find_endpoints(self) -> dict[tuple[str, str], Endpoint]:
        """Look once the application has started: middlewares and instance exist only then."""
        stack = read_stack(self._app.app, self._methods)
        if stack is None:
            return {}
        deadlines = Deadlines(stack.timeout, asyncio.get_running_loop())
        instance = self._instance()
        endpoints = {}
        for path, method in self._methods.items():
            metrics = None
            if stack.metrics:
                series = EndpointSeries.find(stack.metrics, path, self._prefix)
                metrics = EndpointMetrics(series)
            call = method.func.__get__(instance)
            limits = self._limits[path]
            for media_type, read in readers(method).items():
                endpoint = Endpoint(read, call, limits, stack, deadlines, metrics, self._app)
                endpoints[path, media_type] = endpoint
        return endpoints


def _can_be_fast(method: APIMethod) -> bool:
    """Whether a method takes a whole body, awaits, and answers at once."""
    plain = not (method.batchable or method.is_stream or method.is_task or method.ctx_param)
    whole_body = getattr(method.input_spec, "__root_input__", False)  # BentoML's own mark
    return plain and whole_body and inspect.iscoroutinefunction(method.func)


def _about_body(scope: Scope) -> tuple[str, int]:
    """Media type and length of a body by its headers; JSON and 0 where they do not say.

    A body in another encoding has a media type that no endpoint takes.
    """
    media_type, length = None, 0
    name: bytes
    value: bytes
    for name, value in scope["headers"]:
        if name == b"content-type" and media_type is None:
            media_type = MEDIA_TYPES.get(value)
            if media_type is None:
                media_type = value.partition(b";")[0].strip().lower().decode("latin-1")
        elif name == b"content-length":
            length = int(value)
        elif name == b"content-encoding" and value.lower() != b"identity":
            return "", length
    return JSON if media_type is None else media_type, length
