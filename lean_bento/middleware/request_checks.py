"""Checks of a request on BentoML's own path: media type, size of the body, query.

BentoML accepts multipart and form bodies everywhere, pickles on every service but the first, and
bodies of any size, and it ignores a query. A body whose header announces too many bytes is refused
unread, any other one at the first byte above the limit. Nothing above the limit is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus

from bentoml.exceptions import BentoMLException, InvalidArgument
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lean_bento.codecs.csv_bodies import accepts_csv
from lean_bento.codecs.npy import JSON
from lean_bento.codecs.tables import CSV
from lean_bento.endpoint_options import EndpointOptions
from lean_bento.error_response import echo
from lean_bento.request_context import begin
from lean_bento.rows import RowLimit

OTHER_BODY = 16 * 1024
"""Bytes of a body at a path that takes none."""


@dataclass(frozen=True)
class EndpointLimits:
    """Limits and options of an API method.

    Attributes:
        options: of the method.
        body: bytes of a body at most.
        rows: limit of the rows of a body; None for a body without rows.
    """

    options: EndpointOptions
    body: int
    rows: RowLimit | None = None

    @cached_property
    def in_csv(self) -> bool:
        """Whether its rows come and go in CSV as well."""
        return CSV in self.options.media_types


class RequestChecksMiddleware:
    """Answers 415, 413 or 400 to a request that its endpoint does not take."""

    def __init__(self, app: ASGIApp, limits: Mapping[str, EndpointLimits]) -> None:
        """Wrap ``app``; ``limits`` holds those of each path of an API method."""
        self.app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request and hand it on."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        limits = self._limits.get(scope["path"])
        most = limits.body if limits else OTHER_BODY
        headers = Headers(scope=scope)
        try:
            if limits and scope["method"] == "POST":
                _check_media_type(headers, limits.options.media_types)
            if int(headers.get("content-length", 0)) > most:
                raise too_large(most)
            if limits and scope["method"] == "POST":
                limits.options.check_query(scope["query_string"])
                context = begin(scope)
                context.row_limit = limits.rows
                context.accepts_csv = limits.in_csv and accepts_csv(scope["headers"])
        except BentoMLException as error:
            answer = JSONResponse({"error": str(error)}, error.error_code)
            return await answer(scope, receive, send)
        read = 0

        async def count() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise too_large(most)
            return message

        return await self.app(scope, count, send)


def too_large(limit: int) -> BentoMLException:
    """Make the error of a body above the limit; BentoML answers it with its status."""
    msg = f"The body is too large, expected at most {limit} bytes."
    return BentoMLException(msg, error_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def _check_media_type(headers: Headers, accepted: tuple[str, ...]) -> None:
    found = headers.get("content-type", JSON).split(";")[0].strip().lower()
    if found not in accepted:
        msg = (
            f"The body is {echo(found)}, expected {' or '.join(accepted)}: "
            "set the Content-Type header."
        )
        raise InvalidArgument(msg, error_code=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    for encoding in headers.getlist("content-encoding"):
        if encoding.lower() != "identity":
            msg = (
                f"The body has the Content-Encoding {echo(encoding)}, expected none: "
                "send it as it is, without that header."
            )
            raise InvalidArgument(msg, error_code=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
