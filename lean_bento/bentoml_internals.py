"""Internals of BentoML, uvicorn, circus and prometheus_client that lean_bento uses.

These packages promise nothing about them, so the Pipfile pins compatible releases, and a name that
has gone is an ImportError of one sentence before anything is served. They are checked when this
module is imported, but for prometheus_client, which looks for the workers' folder when it is
imported: it is checked where it is first used.
"""

from collections.abc import Callable
from importlib.metadata import version
from types import FunctionType
from typing import Any, Final

import bentoml


def _gone(package: str, problem: object) -> ImportError:
    found = f"{package} {version(package)} has other internals"
    return ImportError(f"{found}: {problem}; see Pipfile for a version that fits")


try:
    from _bentoml_impl.client.proxy2 import AsyncClient, RemoteProxy
    from _bentoml_impl.serde import ALL_SERDE, JSONSerde, Payload
    from _bentoml_impl.server.app import ContextMiddleware
    from _bentoml_sdk.io_models import IODescriptor
    from _bentoml_sdk.method import APIMethod
    from bentoml._internal.bento.bento import BaseBentoInfo
    from bentoml._internal.configuration import (
        get_bentoml_config_file_from_env,
        get_bentoml_override_config_json_from_env,
    )
    from bentoml._internal.configuration.containers import BentoMLConfiguration
    from bentoml._internal.configuration.helpers import get_default_config
    from bentoml._internal.context import server_context
    from bentoml._internal.server.http.instruments import RunnerTrafficMetricsMiddleware
    from bentoml._internal.server.http.traffic import MaxConcurrencyMiddleware, TimeoutMiddleware
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
except ImportError as error:
    raise _gone("bentoml", error) from None  # noqa: EM101  a package
try:
    from uvicorn import Config, Server
    from uvicorn.protocols.http.flow_control import FlowControl
    from uvicorn.protocols.http.httptools_impl import (
        HEADER_RE,
        HEADER_VALUE_RE,
        STATUS_LINE,
        HttpToolsProtocol,
        RequestResponseCycle,
    )
    from uvicorn.server import ServerState
except ImportError as error:
    raise _gone("uvicorn", error) from None  # noqa: EM101  a package
try:
    from bentoml._internal.utils import circus
    from circus.arbiter import Arbiter
    from circus.exc import ConflictError
    from circus.sockets import CircusSocket
    from circus.watcher import Watcher
    from tornado.platform.asyncio import BaseAsyncIOLoop
except ImportError as error:
    raise _gone("kantoku", error) from None  # noqa: EM101  a package

__all__ = [
    "ALL_SERDE",
    "HEADER_RE",
    "HEADER_VALUE_RE",
    "STATUS_LINE",
    "APIMethod",
    "BentoMLConfiguration",
    "ConflictError",
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
    "circus",
    "get_bentoml_config_file_from_env",
    "get_bentoml_override_config_json_from_env",
    "get_default_config",
    "server_context",
]

Names = dict[Any, str]
"""Names that are used of each owner: attributes of a class, or names in the code of a function."""


def _of_bentoml() -> Names:
    metrics: Any = RunnerTrafficMetricsMiddleware
    return {
        bentoml.Service: "all_services on_load_bento to_asgi openapi_spec mount_asgi_app __call__ "
        "__attrs_post_init__ inject_config schema apis dependencies inner labels middlewares "
        "models name",
        BaseBentoInfo: "all_models",
        BentoMLConfiguration.__init__: "override_config_file override_config_values "
        "override_config_json override_defaults validate_schema use_version config",
        APIMethod: "func route input_spec ctx_param batchable is_stream is_task",
        IODescriptor.from_input.__func__: "__root_input__",
        JSONSerde: "parse_request serialize_model deserialize_model",
        RemoteProxy: "to_async",
        AsyncClient: "call",
        AsyncClient.__init__: "media_type",
        type(server_context): "worker_index bento_name bento_version service_name",
        metrics.__init__: "_is_setup app",
        metrics._setup.__wrapped__: "metrics_request_duration metrics_request_total "  # noqa: SLF001
        "metrics_request_in_progress metrics_last_request_timestamp",
        MaxConcurrencyMiddleware.__init__: "_semaphore app",
        TimeoutMiddleware.__init__: "timeout app",
        ContextMiddleware.__init__: "app",
        OpenTelemetryMiddleware.__init__: "excluded_urls app",
    }


def _of_uvicorn() -> Names:
    return {
        Server: "run startup",
        Server.__init__: "config server_state",
        Server._serve: "lifespan startup",  # noqa: SLF001
        Server.startup: "servers",
        Server.shutdown: "servers shutdown",
        ServerState.__init__: "connections default_headers",
        Config: "load",
        Config.__init__: "http ws timeout_keep_alive ssl_certfile ssl_keyfile",
        Config.load: "http_protocol_class ssl",
        FlowControl.__init__: "write_paused",
        HttpToolsProtocol: "connection_made connection_lost data_received on_message_begin "
        "on_headers_complete on_body on_message_complete on_response_complete shutdown "
        "timeout_keep_alive_handler _start_asgi_task _should_upgrade _unset_keepalive_if_required",
        HttpToolsProtocol.__init__: "config server_state app_state access_log cycle parser "
        "pipeline timeout_keep_alive timeout_keep_alive_task transport loop",
        HttpToolsProtocol.on_message_begin: "url headers",
        HttpToolsProtocol.on_headers_complete: "_start_asgi_task _should_upgrade",
        HttpToolsProtocol.on_response_complete: "_start_asgi_task",
        RequestResponseCycle: "send",
        RequestResponseCycle.__init__: "scope transport flow default_headers message_event "
        "on_response disconnected keep_alive waiting_for_100_continue body more_body "
        "response_started response_complete",
    }


def _of_circus() -> Names:
    return {
        circus.create_standalone_arbiter: "Arbiter",
        circus.Arbiter: "start stop",
        Arbiter: "manage_watchers",
        Arbiter.__init__: "sockets loop",
        CircusSocket.__init__: "is_unix host port",
        Watcher.__init__: "respawn",
        BaseAsyncIOLoop: "call_later",
        BaseAsyncIOLoop.initialize: "asyncio_loop",
    }


def _of_prometheus() -> Names:
    from prometheus_client import Counter, Gauge, Histogram  # noqa: PLC0415  see above

    return {
        Histogram: "labels",
        Histogram.observe: "_sum _upper_bounds _buckets inc",
        Counter: "labels inc",
        Gauge: "labels inc set_to_current_time",
    }


USED: Final[dict[str, Callable[[], Names]]] = {
    "bentoml": _of_bentoml,
    "uvicorn": _of_uvicorn,
    "kantoku": _of_circus,
    "prometheus-client": _of_prometheus,
}


def check(package: str) -> None:
    """Check every name that is used of a package.

    Raises:
        ImportError: names the package, its version and the first name that has gone.
    """
    try:
        for owner, names in USED[package]().items():
            code = owner.__code__ if isinstance(owner, FunctionType) else None
            there = {*code.co_names, *code.co_varnames} if code else {*dir(owner)}
            for name in names.split():
                if name not in there:
                    msg = f"{owner.__qualname__} is without {name}"
                    raise AttributeError(msg)
    except (AttributeError, ImportError) as error:
        raise _gone(package, error) from None


for each in USED.keys() - {"prometheus-client"}:
    check(each)
