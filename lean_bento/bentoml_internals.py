"""Internals of BentoML, uvicorn, circus and prometheus_client that are leaned on, all checked.

These packages promise nothing about them, so the Pipfile pins compatible releases. If a name has
gone, importing this module fails with a sentence, before anything is served. What may not be
imported early is checked where it is first used: prometheus_client looks for the workers' folder
when it is imported, and only the first process needs circus.
"""

from importlib.metadata import version
from types import FunctionType
from typing import Any, Final

import bentoml


def _other_internals(package: str, problem: object) -> ImportError:
    found = f"{package} {version(package)} has other internals"
    return ImportError(f"{found}: {problem}; see Pipfile for a version that fits")


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
    raise _other_internals("bentoml", error) from None  # noqa: EM101  a package
try:
    from uvicorn import Config, Server
    from uvicorn.protocols.http.httptools_impl import (
        HEADER_RE,
        HEADER_VALUE_RE,
        STATUS_LINE,
        HttpToolsProtocol,
        RequestResponseCycle,
    )
except ImportError as error:
    raise _other_internals("uvicorn", error) from None  # noqa: EM101  a package

__all__ = [
    "ALL_SERDE",
    "HEADER_RE",
    "HEADER_VALUE_RE",
    "STATUS_LINE",
    "APIMethod",
    "ContextMiddleware",
    "HttpToolsProtocol",
    "JSONSerde",
    "MaxConcurrencyMiddleware",
    "OpenTelemetryMiddleware",
    "Payload",
    "RemoteProxy",
    "RequestResponseCycle",
    "RunnerTrafficMetricsMiddleware",
    "TimeoutMiddleware",
    "check",
    "check_metrics",
    "server_context",
]

Names = dict[Any, str]

METRICS = ["request_duration", "request_total", "request_in_progress", "last_request_timestamp"]
BENTOML: Final[Names] = {
    bentoml.Service: "all_services on_load_bento to_asgi openapi_spec add_asgi_middleware "
    "mount_asgi_app __call__ __attrs_post_init__",
    APIMethod: "func route input_spec output_spec ctx_param batchable is_stream is_task",
    JSONSerde: "parse_request serialize_model deserialize_model",
    RemoteProxy: "to_async",
    type(server_context): "worker_index bento_name bento_version service_name",
    RunnerTrafficMetricsMiddleware: "_setup",
    RunnerTrafficMetricsMiddleware.__init__: "_is_setup",
    RunnerTrafficMetricsMiddleware._setup.__wrapped__: " ".join(f"metrics_{m}" for m in METRICS),  # noqa: SLF001
    MaxConcurrencyMiddleware.__init__: "_semaphore",
    TimeoutMiddleware.__init__: "timeout",
    OpenTelemetryMiddleware.__init__: "excluded_urls",
}
UVICORN: Final[Names] = {
    Server: "run startup",
    Server.__init__: "config server_state",
    Server.startup: "servers",
    Config: "load",
    Config.__init__: "http ws timeout_keep_alive",
    Config.load: "http_protocol_class ssl",
    HttpToolsProtocol: "connection_made connection_lost data_received on_message_begin "
    "on_headers_complete on_body on_message_complete on_response_complete shutdown "
    "timeout_keep_alive_handler _start_asgi_task _should_upgrade _unset_keepalive_if_required",
    HttpToolsProtocol.__init__: "access_log cycle parser pipeline server_state "
    "timeout_keep_alive timeout_keep_alive_task transport loop",
    HttpToolsProtocol.on_message_begin: "url headers",
    RequestResponseCycle: "send",
    RequestResponseCycle.__init__: "scope transport flow default_headers message_event "
    "on_response disconnected keep_alive waiting_for_100_continue body more_body "
    "response_started response_complete",
}
"""Names that are used of each: attributes of a class, or names that a function assigns."""


def names_of(owner: Any) -> set[str]:  # noqa: ANN401  a class or a function
    """List the names that an owner has."""
    return {*owner.__code__.co_names} if isinstance(owner, FunctionType) else {*dir(owner)}


def check(package: str, used: Names) -> None:
    """Check that everything is still there.

    Raises:
        ImportError: names the first that is not.
    """
    for owner, names in used.items():
        there = names_of(owner)
        for name in names.split():
            if name not in there:
                raise _other_internals(package, f"{owner.__qualname__} is without {name}")


def check_metrics() -> None:
    """Check what is used of prometheus_client.

    Raises:
        ImportError: as ``check``.
    """
    from prometheus_client import Counter, Gauge, Histogram  # noqa: PLC0415  see above

    used: Names = {
        Histogram: "labels",
        Histogram._prepare_buckets: "_upper_bounds",  # noqa: SLF001
        Histogram._metric_init: "_buckets _sum",  # noqa: SLF001
        Counter: "labels inc",
        Gauge: "labels inc set_to_current_time",
    }
    check("prometheus-client", used)


check("bentoml", BENTOML)
check("uvicorn", UVICORN)
