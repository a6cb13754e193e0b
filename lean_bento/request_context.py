"""The context of the request that is being answered: who sent it, its limits, its headers."""

import secrets
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from lean_bento.endpoint_options import Parameter
    from lean_bento.rows import RowLimit

Header = tuple[bytes, bytes]
Value = TypeVar("Value", bool, str)

_IN_SCOPE = "lean_bento.request_context"


@dataclass
class RequestContext:
    """The context of one request.

    Attributes:
        path: of the request.
        query: as it was sent, without the question mark.
        key_name: name of the API key that it came with; None where the service is open.
        row_limit: of its body; None for no limit.
        accepts_csv: whether rows are answered in CSV and not in JSON.
        headers: to add to its answer, if that is one of success.
    """

    path: str = ""
    query: bytes = b""
    key_name: str | None = None
    row_limit: "RowLimit | None" = None
    accepts_csv: bool = False
    headers: list[Header] = field(default_factory=list)

    @cached_property
    def error_id(self) -> str:
        """Id of an error of the service, in the answer and in the server's log."""
        return secrets.token_hex(4)


_CURRENT: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def current() -> RequestContext | None:
    """Return the context of the current request; None outside of one."""
    return _CURRENT.get()


def query_value(parameter: "Parameter[Value]") -> Value:
    """Return the value of a parameter in the query of the current request."""
    context = _CURRENT.get()
    if context is None or not context.query:
        return parameter.otherwise
    return parameter.value_in(context.query)


def begin(scope: Any) -> RequestContext:  # noqa: ANN401  an ASGI scope
    """Return the context of a request; the outermost layer that calls this makes it."""
    context: RequestContext | None = scope.get(_IN_SCOPE)
    if context is None:
        context = scope[_IN_SCOPE] = RequestContext(scope["path"], scope["query_string"])
        _CURRENT.set(context)
    return context


def add_header(name: str, value: str) -> None:
    """Add a header to the answer of the current request, if that is one of success."""
    context = _CURRENT.get()
    if context is not None:
        context.headers.append((name.lower().encode("latin-1"), value.encode("latin-1")))
