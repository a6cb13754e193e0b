"""Keep out of the log what does not belong there.

BentoML logs every refused request with a stack trace and the values that were sent: an
applicant's data, and a flood on demand. A refusal is an answer, not an error of the service;
the metrics count it. What is wrong with the service itself is logged, with the id that the client
was given.
"""

import logging

from bentoml.exceptions import BentoMLException, ServiceUnavailable
from pydantic import ValidationError

from credit_risk.serving.fault_ids import add_fault_id

__all__ = ["keep_quiet"]

REQUESTS = "bentoml._internal.server.http_app"
UVICORN = "uvicorn.access"
SERVER_ERROR = 500


def keep_quiet() -> None:
    """Filter BentoML's request logger; more than once is the same as once."""
    requests = logging.getLogger(REQUESTS)
    requests.addFilter(_is_ours)
    requests.addFilter(add_fault_id)
    # BentoML has an access log of its own and drops uvicorn's lines, but only after uvicorn has
    # put each together. Without anywhere to go, uvicorn does not begin.
    logging.getLogger(UVICORN).propagate = False


def _is_ours(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if getattr(error, "is_logged", False):  # once, where it happened
        return False
    if isinstance(error, ServiceUnavailable):  # a state, not a fault: a line, not a trace
        record.msg, record.args = f"{record.getMessage()}: {error}", ()
        record.exc_info = None
        return True
    if isinstance(error, BentoMLException):
        return int(error.error_code) >= SERVER_ERROR
    return not isinstance(error, ValidationError)
