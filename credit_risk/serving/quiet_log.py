"""Keep what clients get wrong out of the error log.

BentoML logs every refused request with a stack trace and the values that were sent: an
applicant's data, and a flood on demand. A refusal is an answer, not an error of the service;
the metrics count it. What is wrong with the service itself is logged as before.
"""

import logging

from bentoml.exceptions import BentoMLException
from pydantic import ValidationError

__all__ = ["keep_refusals_out"]

LOGGER = "bentoml._internal.server.http_app"
SERVER_ERROR = 500


def keep_refusals_out() -> None:
    """Install the filter on BentoML's request logger; more than once is the same as once."""
    logging.getLogger(LOGGER).addFilter(_is_ours)


def _is_ours(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, BentoMLException):
        return int(error.error_code) >= SERVER_ERROR
    return not isinstance(error, ValidationError)
