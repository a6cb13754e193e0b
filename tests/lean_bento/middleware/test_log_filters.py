"""What a line of the log tells, and what it leaves out."""

import logging

import pytest
from bentoml.exceptions import BentoMLException, ServiceUnavailable

from lean_bento.middleware.log_filters import REQUESTS, START, UVICORN, filter_logs

TRACE = """Traceback (most recent call last):
  File "service.py", line 1, in <module>
ValueError: why
"""

pytestmark = pytest.mark.usefixtures("heard")


@pytest.mark.parametrize(
    ("logger", "error"),
    [
        (START, BentoMLException("found nothing, expected a model")),
        (START, ValueError("a fault of ours")),
        (REQUESTS, ServiceUnavailable("the disk is full")),
        (REQUESTS, ValueError("a fault of ours")),
    ],
)
def test_a_sentence_is_said_and_a_fault_has_its_trace(
    caplog: pytest.LogCaptureFixture, logger: str, error: Exception
) -> None:
    filter_logs()
    logging.getLogger(logger).error("It failed", exc_info=error)

    (record,) = caplog.records
    if isinstance(error, BentoMLException):
        assert (record.getMessage(), record.exc_info) == (f"It failed: {error}", None)
    else:
        assert record.exc_info is not None


def test_a_trace_that_comes_as_text_is_its_last_line(caplog: pytest.LogCaptureFixture) -> None:
    filter_logs()
    logging.getLogger(UVICORN).error(TRACE)
    logging.getLogger(UVICORN).error("Application startup failed. Exiting.")

    assert caplog.messages == ["ValueError: why", "Application startup failed. Exiting."]
