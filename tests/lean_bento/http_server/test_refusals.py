"""The answer to what is no request; tests/lean_bento/http_server/test_protocol.py says to what."""

import json
from http import HTTPStatus

import pytest

from lean_bento.http_server.refusals import ERRORS, refusal


@pytest.mark.parametrize("status", ERRORS)
def test_a_refusal_is_a_whole_answer_of_the_usual_shape(status: HTTPStatus) -> None:
    head, _, body = refusal(status, [(b"x-own", b"1")]).partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    headers = dict(line.split(b": ") for line in lines)

    assert first.startswith(b"HTTP/1.1 %d " % status)
    assert json.loads(body) == {"error": ERRORS[status], "detail": []}
    assert headers[b"content-length"] == b"%d" % len(body)
    assert headers[b"connection"] == b"close"
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"x-own"] == b"1"
