"""Hosts a BentoML class service fast and hardened; see README.md.

What models of requests and answers need is here at once and takes pydantic only. What hosts a
service loads BentoML, so it is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lean_bento.codecs.duplicate_keys import UniqueKeys
from lean_bento.codecs.tables import harmless
from lean_bento.error_response import ErrorResponse, explain_findings
from lean_bento.errors import AlreadyLoggedError, LeanBentoError
from lean_bento.request_context import RequestContext, add_header, current, query_value
from lean_bento.rows import (
    DivisibleList,
    RowAnswers,
    RowBatch,
    check_size,
    count_values,
    say_what_was_found,
    written_as_is,
)

if TYPE_CHECKING:
    from lean_bento.auth.command import KeyCommand
    from lean_bento.batching import MicroBatcher
    from lean_bento.bentoml_internals import server_context
    from lean_bento.codecs.npy import JSON, NPY
    from lean_bento.codecs.tables import CSV
    from lean_bento.config import Batching, Configuration, read_configuration
    from lean_bento.endpoint_options import Choice, Flag, options
    from lean_bento.http_server import collect_garbage_rarely
    from lean_bento.remote import dependency_call
    from lean_bento.service import LeanService
    from lean_bento.shared_series import Series, SharedSeries, buckets

__all__ = [
    "CSV",
    "JSON",
    "NPY",
    "AlreadyLoggedError",
    "Batching",
    "Choice",
    "Configuration",
    "DivisibleList",
    "ErrorResponse",
    "Flag",
    "KeyCommand",
    "LeanBentoError",
    "LeanService",
    "MicroBatcher",
    "RequestContext",
    "RowAnswers",
    "RowBatch",
    "Series",
    "SharedSeries",
    "UniqueKeys",
    "add_header",
    "buckets",
    "check_size",
    "collect_garbage_rarely",
    "count_values",
    "current",
    "dependency_call",
    "explain_findings",
    "harmless",
    "options",
    "query_value",
    "read_configuration",
    "say_what_was_found",
    "server_context",
    "written_as_is",
]

_MODULES = {
    "CSV": "codecs.tables",
    "JSON": "codecs.npy",
    "NPY": "codecs.npy",
    "Batching": "config",
    "Choice": "endpoint_options",
    "Configuration": "config",
    "Flag": "endpoint_options",
    "KeyCommand": "auth.command",
    "LeanService": "service",
    "MicroBatcher": "batching",
    "Series": "shared_series",
    "SharedSeries": "shared_series",
    "buckets": "shared_series",
    "collect_garbage_rarely": "http_server",
    "dependency_call": "remote",
    "options": "endpoint_options",
    "read_configuration": "config",
    "server_context": "bentoml_internals",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  of each name its own type
    if name not in _MODULES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    found = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found
