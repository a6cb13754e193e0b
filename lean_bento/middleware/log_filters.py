"""Keep out of the log what does not belong there.

BentoML logs every refused request with a stack trace and the values that were sent: an
applicant's data, and a flood on demand. A refusal is an answer, not an error of the service;
the metrics count it. What is wrong with the service itself is logged, with the id that the client
was given. A worker that refuses to start says why in a sentence, as the first process does.
"""

import logging

from bentoml.exceptions import BentoMLException, ServiceUnavailable
from pydantic import ValidationError

from lean_bento.fault_ids import add_error_id

__all__ = ["filter_logs"]

REQUESTS = "bentoml._internal.server.http_app"
START = "bentoml.serve"
UVICORN = "uvicorn.error"
SERVER_ERROR = 500


def filter_logs() -> None:
    """Filter BentoML's and uvicorn's loggers; more than once is the same as once."""
    requests = logging.getLogger(REQUESTS)
    requests.addFilter(_is_ours)
    requests.addFilter(add_error_id)
    logging.getLogger(START).addFilter(_say_in_a_sentence)
    logging.getLogger(UVICORN).addFilter(_keep_last_line)


def _is_ours(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if getattr(error, "is_logged", False):  # once, where it happened
        return False
    if isinstance(error, ServiceUnavailable):  # a state, not a fault: a line, not a trace
        return _say_in_a_sentence(record)
    if isinstance(error, BentoMLException):
        return int(error.error_code) >= SERVER_ERROR
    return not isinstance(error, ValidationError)


def _say_in_a_sentence(record: logging.LogRecord) -> bool:
    """What is meant to be read has a sentence; a trace would hide it."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, BentoMLException):
        record.msg, record.args = f"{record.getMessage()}: {error}", ()
        record.exc_info = None
    return True


def _keep_last_line(record: logging.LogRecord) -> bool:
    """Why an application did not start is told by a trace as text, after BentoML has told it."""
    if str(record.msg).startswith("Traceback"):
        record.msg = record.msg.strip().splitlines()[-1]
    return True
