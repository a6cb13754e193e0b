"""Yes-or-no questions in the query of a request, such as ``?reasons=false``.

An API method names its flags, the OpenAPI document lists them, and the method reads them: BentoML
itself passes an API method nothing but its body. Knows nothing of credit.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from bentoml.exceptions import InvalidArgument

from credit_risk.refusal import echo

__all__ = ["QUERY", "Flag", "flags_of"]

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
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        found = dict(pairs).get(self.name)
        if found is None:
            return self.default
        if found not in VALUES:
            msg = f"The query has {self.name}={echo(found)}, expected true or false."
            raise InvalidArgument(msg)
        return VALUES[found]


def flags_of(function: Callable[..., Any]) -> tuple[Flag, ...]:
    """The flags that an API method reads."""
    return getattr(function, "flags", ())
