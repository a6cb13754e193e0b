"""Answers to what is no request: not HTTP, too large a head, or too slow."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from lean_bento.bentoml_internals import STATUS_LINE
from lean_bento.error_response import ErrorResponse
from lean_bento.middleware.errors import with_security_headers

MAX_HEAD: Final = 64 * 1024
"""Bytes of the address and all headers, each with four for its colon, space and line end."""

READ_TIMEOUT: Final = 10.0
"""Seconds for a head, and again for a body that is buffered."""

ERRORS: Final = {
    HTTPStatus.BAD_REQUEST: "What was sent is not HTTP/1.1, of a known method and with a path.",
    HTTPStatus.REQUEST_TIMEOUT: f"The request took more than {READ_TIMEOUT:.0f} s to come.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        f"The address and the headers have more than {MAX_HEAD} bytes."
    ),
}


def refusal(status: HTTPStatus, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Write a whole answer, after which the connection is closed.

    Args:
        status: one of ``ERRORS``.
        headers: beside those of every answer.
    """
    body = ErrorResponse(error=ERRORS[status]).model_dump_json().encode()
    headers = with_security_headers([*headers, (b"content-type", b"application/json")])
    lines = b"".join(b"%b: %b\r\n" % each for each in headers)
    end = b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(body), body)
    return STATUS_LINE[status] + lines + end
