"""Errors of the service are logged with what finds them again, refusals are not logged."""

import logging

import pytest
from asgi import in_a_request
from bentoml.exceptions import BentoMLException, InvalidArgument, ServiceUnavailable
from pydantic import TypeAdapter, ValidationError

from lean_bento import AlreadyLoggedError, current
from lean_bento.middleware.log_filters import filter_logs

ACCESS = "bentoml.access"
REQUESTS = "bentoml._internal.server.http_app"
START = "bentoml.serve"
UVICORN = "uvicorn.error"
TRACE = """Traceback (most recent call last):
  File "service.py", line 1, in <module>
ValueError: why
"""

pytestmark = pytest.mark.usefixtures("heard")


@pytest.fixture(autouse=True)
def _filtered() -> None:
    filter_logs()
    filter_logs()  # once more is the same as once


def invalid() -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(int).validate_python("secret")
    return caught.value


class DiskFullError(AlreadyLoggedError, ServiceUnavailable):
    """Logged where it happened."""


@pytest.mark.parametrize(
    ("logger", "error"),
    [
        (START, BentoMLException("found nothing, expected a model")),
        (START, ValueError("an error of ours")),
        (REQUESTS, ServiceUnavailable("the disk is full")),
        (REQUESTS, ValueError("an error of ours")),
    ],
)
def test_a_sentence_is_logged_as_one_and_an_error_of_ours_with_its_trace(
    caplog: pytest.LogCaptureFixture, logger: str, error: Exception
) -> None:
    logging.getLogger(logger).error("It failed", exc_info=error)

    (record,) = caplog.records
    if isinstance(error, BentoMLException):
        assert (record.getMessage(), record.exc_info) == (f"It failed: {error}", None)
    else:
        assert record.exc_info is not None


@pytest.mark.parametrize("error", [InvalidArgument("secret"), invalid(), DiskFullError("full")])
def test_a_refusal_and_what_is_logged_already_are_not_logged(
    caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    logging.getLogger(REQUESTS).error("It failed", exc_info=error)

    assert caplog.records == []


def test_a_line_with_a_trace_ends_with_the_id_of_the_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> str:
        logging.getLogger(REQUESTS).error("Failed on %s", "/here", exc_info=ValueError("why"))
        logging.getLogger(REQUESTS).error("no trace on %s", "/here")
        context = current()
        assert context is not None
        return context.error_id

    error_id = in_a_request(fail)

    assert caplog.messages == [f"Failed on /here (error {error_id})", "no trace on /here"]


def test_a_line_of_the_access_log_ends_with_the_key_s_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = logging.getLogger(ACCESS)

    in_a_request(lambda: log.info("%s %.1f ms", "open", 1))
    in_a_request(lambda: log.info("%s %.1f ms", "with a key", 1), key_name="bank")

    assert caplog.messages == ["open 1.0 ms", "with a key 1.0 ms (key=bank)"]


def test_a_trace_that_comes_as_text_is_its_last_line(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger(UVICORN).error(TRACE)
    logging.getLogger(UVICORN).error("Application startup failed. Exiting.")

    assert caplog.messages == ["ValueError: why", "Application startup failed. Exiting."]
