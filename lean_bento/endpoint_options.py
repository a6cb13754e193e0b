"""Options of an endpoint beside its signature: flags of its query, media types of its body.

``bentoml.Context`` gives a method its query as well, and costs 10 microseconds a request; reading
a flag from the request context costs a fiftieth of that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import unwrap
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from bentoml.exceptions import InvalidArgument

from lean_bento.codecs.npy import JSON
from lean_bento.error_response import echo
from lean_bento.request_context import current

Function = TypeVar("Function", bound=Callable[..., Any])
VALUES: Final = {"true": True, "false": False}


@dataclass(frozen=True)
class Flag:
    """A yes-or-no parameter of the query, such as ``?reasons=false``.

    Attributes:
        name: in the query.
        description: for the OpenAPI document.
        otherwise: its value in a query without it.
    """

    name: str
    description: str
    otherwise: bool

    def read(self) -> bool:
        """Return the value of the flag in the current request.

        Raises:
            InvalidArgument: if it is neither ``true`` nor ``false``.
        """
        context = current()
        if context is None or not context.query:
            return self.otherwise
        found = dict(_pairs(context.query)).get(self.name)
        if found is None:
            return self.otherwise
        if found not in VALUES:
            msg = f"The query has {self.name}={echo(found)}, expected true or false."
            raise InvalidArgument(msg)
        return VALUES[found]


@dataclass(frozen=True)
class EndpointOptions:
    """Options of an API method.

    Attributes:
        flags: of the query.
        media_types: of the body.
    """

    flags: tuple[Flag, ...] = ()
    media_types: tuple[str, ...] = (JSON,)

    def check_query(self, query: bytes) -> None:
        """Check that a query holds only flags of the method, each once at most.

        Raises:
            InvalidArgument: names the first parameter that is unknown or repeated.
        """
        known = [flag.name for flag in self.flags]
        seen = set()
        for name, _ in _pairs(query):
            if name not in known:
                msg = f"The query has {echo(name)}, expected {' or '.join(known) or 'nothing'}."
                raise InvalidArgument(msg)
            if name in seen:
                msg = f"The query has {name} more than once."
                raise InvalidArgument(msg)
            seen.add(name)


_NONE: Final = EndpointOptions()
_BY_FUNCTION: Final[dict[Callable[..., Any], EndpointOptions]] = {}


def options(
    *, flags: tuple[Flag, ...] = (), media_types: tuple[str, ...] = (JSON,)
) -> Callable[[Function], Function]:
    """Decorate an API method, below ``@bentoml.api``."""

    def decorate(function: Function) -> Function:
        _BY_FUNCTION[function] = EndpointOptions(flags, media_types)
        return function

    return decorate


def options_of(function: Callable[..., Any]) -> EndpointOptions:
    """Return the options of an API method, whatever other decorators it has."""
    return _BY_FUNCTION.get(unwrap(function, stop=_BY_FUNCTION.__contains__), _NONE)


def _pairs(query: bytes) -> list[tuple[str, str]]:
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True)
