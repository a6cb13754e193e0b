"""What fails is found in the log under the id in the answer."""

import logging
import re

import pytest
from lean_bento.fault_ids import add_error_id, new_error_id


def test_a_line_with_a_trace_ends_with_the_id(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("of this test")
    logger.addFilter(add_error_id)
    fault_id = new_error_id()
    logger.error("Exception on %s", "/here", exc_info=ValueError("why"))
    logger.error("no trace on %s", "/here")

    assert re.fullmatch("[0-9a-f]{8}", fault_id)
    assert [record.getMessage() for record in caplog.records] == [
        f"Exception on /here (error {fault_id})",
        "no trace on /here",
    ]
    assert new_error_id() != fault_id
