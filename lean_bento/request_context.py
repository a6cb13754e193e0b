"""Who asks: the name of the API key that the request being answered came with.

Set at the door, read by whoever keeps a record. Never the key itself.
"""

import logging
from contextvars import ContextVar
from typing import Final

__all__ = ["CALLER", "name_callers_in_access_log"]

ACCESS_LOG = "bentoml.access"

CALLER: Final[ContextVar[str | None]] = ContextVar("caller", default=None)
"""Name of the key; None where the service is open."""


def name_callers_in_access_log() -> None:
    """End each line of BentoML's access log with who asked; more than once is the same as once."""
    logging.getLogger(ACCESS_LOG).addFilter(_name_caller)


def _name_caller(record: logging.LogRecord) -> bool:
    if caller := CALLER.get():
        record.msg = f"{record.msg} (key={caller})"  # no name has a % in it
    return True
