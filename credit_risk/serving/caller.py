"""Who asks: the name of the API key that the request being answered came with.

Set at the door, read by whoever keeps a record. Never the key itself.
"""

from contextvars import ContextVar
from typing import Final

__all__ = ["CALLER"]

CALLER: Final[ContextVar[str | None]] = ContextVar("caller", default=None)
"""Name of the key; None where the service is open."""
