"""Who asked stands in the access log."""

import logging

import pytest

from lean_bento.request_context import ACCESS_LOG, CALLER, name_callers_in_access_log


@pytest.mark.usefixtures("heard")
def test_a_line_of_the_access_log_ends_with_the_key_s_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = logging.getLogger(ACCESS_LOG)
    name_callers_in_access_log()
    name_callers_in_access_log()

    log.info("%s %.1f ms", "open", 1)
    token = CALLER.set("bank")
    log.info("%s %.1f ms", "locked", 1)
    CALLER.reset(token)

    assert caplog.messages == ["open 1.0 ms", "locked 1.0 ms (key=bank)"]
