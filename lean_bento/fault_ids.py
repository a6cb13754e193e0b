"""The id of an internal error: the same in the answer and in the server's log.

The client learns nothing but the id; whoever runs the service finds the trace under it.
"""

import logging
import secrets
from contextvars import ContextVar

__all__ = ["ERROR_ID", "add_error_id", "new_error_id"]

ERROR_ID: ContextVar[str] = ContextVar("fault_id", default="")
"""Of the request that is being answered; empty where nothing was given one."""


def new_error_id() -> str:
    """Give the request an id, in case it fails."""
    fault_id = secrets.token_hex(4)
    ERROR_ID.set(fault_id)
    return fault_id


def add_error_id(record: logging.LogRecord) -> bool:
    """Filter of a logger: puts the id at the end of a line with a trace."""
    if record.exc_info and ERROR_ID.get():
        record.msg = f"{record.msg} (error {ERROR_ID.get()})"
    return True
