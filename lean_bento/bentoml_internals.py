"""The internals of BentoML that this project leans on, in one place, checked at import.

BentoML promises nothing about them. If one has gone or lost what is used of it, importing this
module fails with a sentence, before anything is served.
"""

from typing import Any

import bentoml

try:
    from _bentoml_impl.client import RemoteProxy
    from _bentoml_impl.serde import ALL_SERDE, JSONSerde, Payload
    from _bentoml_impl.server.app import ContextMiddleware
    from _bentoml_sdk.method import APIMethod
    from bentoml._internal.context import server_context
    from bentoml._internal.server.http.instruments import RunnerTrafficMetricsMiddleware
    from bentoml._internal.server.http.traffic import MaxConcurrencyMiddleware, TimeoutMiddleware
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
except ImportError as error:
    msg = f"BentoML {bentoml.__version__} has other internals: {error}; see Pipfile for a version"
    raise ImportError(msg) from None

__all__ = [
    "ALL_SERDE",
    "APIMethod",
    "ContextMiddleware",
    "JSONSerde",
    "MaxConcurrencyMiddleware",
    "OpenTelemetryMiddleware",
    "Payload",
    "RemoteProxy",
    "RunnerTrafficMetricsMiddleware",
    "TimeoutMiddleware",
    "server_context",
]

METRICS = ("request_duration", "request_total", "request_in_progress", "last_request_timestamp")
USED: dict[Any, tuple[str, ...]] = {
    bentoml.Service: ("all_services", "on_load_bento", "to_asgi", "openapi_spec"),
    APIMethod: ("func", "route", "input_spec", "output_spec", "ctx_param", "batchable"),
    JSONSerde: ("parse_request", "serialize_model", "deserialize_model"),
    RemoteProxy: ("to_async",),
    RunnerTrafficMetricsMiddleware: ("_setup",),
    RunnerTrafficMetricsMiddleware.__init__: ("_is_setup",),
    RunnerTrafficMetricsMiddleware._setup.__wrapped__: tuple(f"metrics_{m}" for m in METRICS),  # noqa: SLF001
    MaxConcurrencyMiddleware.__init__: ("_semaphore",),
    TimeoutMiddleware.__init__: ("timeout",),
    OpenTelemetryMiddleware.__init__: ("excluded_urls",),
}
"""What is used of each: an attribute of a class, or a name that a function assigns."""


def check(used: dict[Any, tuple[str, ...]]) -> None:
    """Make sure that everything is still there.

    Raises:
        ImportError: names the first that is not.
    """
    for owner, names in used.items():
        code = getattr(owner, "__code__", None)
        there = code.co_names if code else dir(owner)
        for name in names:
            if name not in there:
                msg = (
                    f"BentoML {bentoml.__version__} has other internals: "
                    f"{owner.__qualname__} is without {name}; see Pipfile for a version that fits"
                )
                raise ImportError(msg)


check(USED)
