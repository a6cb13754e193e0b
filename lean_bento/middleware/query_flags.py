"""Yes-or-no questions in the query of a request, such as ``?reasons=false``.

An API method names its flags, the OpenAPI document lists them, and the method reads them: BentoML
itself passes an API method nothing but its body. What would not be read is refused: whoever writes
it means something by it. Knows nothing of credit.
"""

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from bentoml.exceptions import InvalidArgument
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from lean_bento.error_response import echo

__all__ = ["QUERY", "Flag", "QueryFlagsMiddleware", "check_query", "flags_of"]

QUERY: Final[ContextVar[bytes]] = ContextVar("query", default=b"")
"""The query of the request that is being answered."""

Function = TypeVar("Function", bound=Callable[..., Any])
VALUES: Final = {"true": True, "false": False}


@dataclass(frozen=True)
class Flag:
    """A flag that a request may set.

    Attributes:
        name: in the query.
        description: what it is for.
        default: what holds without it.
    """

    name: str
    description: str
    default: bool

    def of(self, function: Function) -> Function:
        """Decorate an API method that reads this flag."""
        function.flags = (*flags_of(function), self)  # type: ignore[attr-defined]
        return function

    def read(self) -> bool:
        """Read the flag of the request that is being answered.

        Raises:
            InvalidArgument: if it is neither ``true`` nor ``false``.
        """
        query = QUERY.get()
        if not query:
            return self.default
        found = dict(_pairs(query)).get(self.name)
        if found is None:
            return self.default
        if found not in VALUES:
            msg = f"The query has {self.name}={echo(found)}, expected true or false."
            raise InvalidArgument(msg)
        return VALUES[found]


def flags_of(function: Callable[..., Any]) -> tuple[Flag, ...]:
    """The flags that an API method reads."""
    return getattr(function, "flags", ())


class QueryFlagsMiddleware:
    """Answers 400 to a POST with a query that its endpoint would not read; BentoML's path only."""

    def __init__(self, app: ASGIApp, flags: Mapping[str, tuple[Flag, ...]]) -> None:
        """Wrap ``app``; ``flags`` holds those of each path."""
        self.app = app
        self._flags = flags

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or not."""
        asks = (
            scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in self._flags
        )
        if asks and scope["query_string"]:
            try:
                check_query(scope["query_string"], self._flags[scope["path"]])
            except InvalidArgument as error:
                answer = JSONResponse({"error": str(error)}, error.error_code)
                return await answer(scope, receive, send)
        return await self.app(scope, receive, send)


def check_query(query: bytes, flags: Iterable[Flag]) -> None:
    """See that a query holds flags of a method, each once at most.

    Raises:
        InvalidArgument: names the first parameter that is none of them or repeats.
    """
    known = [flag.name for flag in flags]
    seen = set()
    for name, _ in _pairs(query):
        if name not in known:
            msg = f"The query has {echo(name)}, expected {' or '.join(known) or 'nothing'}."
            raise InvalidArgument(msg)
        if name in seen:
            msg = f"The query has {name} more than once."
            raise InvalidArgument(msg)
        seen.add(name)


def _pairs(query: bytes) -> list[tuple[str, str]]:
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True)
