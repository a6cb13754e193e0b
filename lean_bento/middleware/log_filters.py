"""Filters of BentoML's and uvicorn's log lines.

BentoML logs every refused request with a stack trace and the values that were sent: people's data,
and as many lines as a client likes. A refusal is an answer, not an error of the service; the
metrics count it. An error of the service is logged with the id that is in its answer. A worker
that cannot start logs the reason as a sentence, as the first process does. The access log names
the API key of each request.
"""

import logging

from bentoml.exceptions import BentoMLException, ServiceUnavailable
from pydantic import ValidationError

from lean_bento.errors import AlreadyLoggedError
from lean_bento.request_context import current

SERVER_ERROR = 500


def filter_logs() -> None:
    """Filter the loggers; more than once is the same as once."""
    requests = logging.getLogger("bentoml._internal.server.http_app")
    requests.addFilter(_is_an_error_of_the_service)
    requests.addFilter(_add_error_id)
    logging.getLogger("bentoml.access").addFilter(_add_key_name)
    logging.getLogger("bentoml.serve").addFilter(_shorten_to_a_sentence)
    logging.getLogger("uvicorn.error").addFilter(_keep_last_line)


def _is_an_error_of_the_service(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, AlreadyLoggedError):
        return False
    if isinstance(error, ServiceUnavailable):  # a state, not a fault: a line, not a trace
        return _shorten_to_a_sentence(record)
    if isinstance(error, BentoMLException):
        return int(error.error_code) >= SERVER_ERROR
    return not isinstance(error, ValidationError)


def _add_error_id(record: logging.LogRecord) -> bool:
    context = current()
    if record.exc_info and context:
        record.msg = f"{record.msg} (error {context.error_id})"
    return True


def _add_key_name(record: logging.LogRecord) -> bool:
    context = current()
    if context and context.key_name:
        record.msg = f"{record.msg} (key={context.key_name})"  # no name has a % in it
    return True


def _shorten_to_a_sentence(record: logging.LogRecord) -> bool:
    """Put the sentence of an exception into the line, in place of its trace."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, BentoMLException):
        record.msg, record.args = f"{record.getMessage()}: {error}", ()
        record.exc_info = None
    return True


def _keep_last_line(record: logging.LogRecord) -> bool:
    """Shorten the trace of a failed start, which BentoML has logged before, to its last line."""
    if str(record.msg).startswith("Traceback"):
        record.msg = record.msg.strip().splitlines()[-1]
    return True
