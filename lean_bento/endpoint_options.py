"""Options of an endpoint beside its signature: parameters of its query, media types of its body.

A method reads a parameter with ``query_value``. ``bentoml.Context`` gives it its query as well, and
costs 10 microseconds a request; this costs a fiftieth of that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import unwrap
from typing import Any, ClassVar, Final, Protocol, TypeVar
from urllib.parse import parse_qsl

from bentoml.exceptions import InvalidArgument

from lean_bento.codecs.npy import JSON
from lean_bento.error_response import echo

Value_co = TypeVar("Value_co", bool, str, covariant=True)
Function = TypeVar("Function", bound=Callable[..., Any])


class Parameter(Protocol[Value_co]):
    """A parameter of the query."""

    @property
    def otherwise(self) -> Value_co:
        """Its value in a query without it."""

    def value_in(self, query: bytes) -> Value_co:
        """Return its value in a query that was checked."""


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
    words: ClassVar = ("true", "false")

    @property
    def schema(self) -> dict[str, Any]:
        """What it may be, as a JSON schema."""
        return {"type": "boolean", "default": self.otherwise}

    def value_in(self, query: bytes) -> bool:
        """Return its value in a query that was checked."""
        found = dict(_pairs(query)).get(self.name)
        return self.otherwise if found is None else found == "true"


@dataclass(frozen=True)
class Choice:
    """A parameter of the query that is one of several words, such as ``?order=falling``.

    Attributes:
        name: in the query.
        description: for the OpenAPI document.
        words: that it may be.
        otherwise: the word of a query without it.
    """

    name: str
    description: str
    words: tuple[str, ...]
    otherwise: str

    @property
    def schema(self) -> dict[str, Any]:
        """What it may be, as a JSON schema."""
        return {"type": "string", "enum": list(self.words), "default": self.otherwise}

    def value_in(self, query: bytes) -> str:
        """Return its word in a query that was checked."""
        return dict(_pairs(query)).get(self.name) or self.otherwise


@dataclass(frozen=True)
class EndpointOptions:
    """Options of an API method.

    Attributes:
        query: parameters of the query.
        media_types: of the body.
    """

    query: tuple[Flag | Choice, ...] = ()
    media_types: tuple[str, ...] = (JSON,)

    def check_query(self, query: bytes) -> None:
        """Check that a query holds only parameters of the method, each once and with its words.

        Raises:
            InvalidArgument: names the first parameter that is unknown, repeated or something else.
        """
        known = {parameter.name: parameter.words for parameter in self.query}
        seen: dict[str, str] = {}
        for name, found in _pairs(query):
            if name not in known:
                msg = f"The query has {echo(name)}, expected {' or '.join(known) or 'nothing'}."
                raise InvalidArgument(msg)
            if name in seen:
                msg = f"The query has {name} more than once."
                raise InvalidArgument(msg)
            seen[name] = found
        for name, found in seen.items():
            if found not in known[name]:
                expected = " or ".join(known[name])
                msg = f"The query has {name}={echo(found)}, expected {expected}."
                raise InvalidArgument(msg)


_NONE: Final = EndpointOptions()
_BY_FUNCTION: Final[dict[Callable[..., Any], EndpointOptions]] = {}


def options(
    *, query: tuple[Flag | Choice, ...] = (), media_types: tuple[str, ...] = (JSON,)
) -> Callable[[Function], Function]:
    """Decorate an API method, below ``@bentoml.api``."""

    def decorate(function: Function) -> Function:
        _BY_FUNCTION[function] = EndpointOptions(query, media_types)
        return function

    return decorate


def options_of(function: Callable[..., Any]) -> EndpointOptions:
    """Return the options of an API method, whatever other decorators it has."""
    return _BY_FUNCTION.get(unwrap(function, stop=_BY_FUNCTION.__contains__), _NONE)


def _pairs(query: bytes) -> list[tuple[str, str]]:
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True)
