"""The door: only the media types that an endpoint names get in, and nothing compressed.

BentoML reads multipart and form bodies everywhere, and pickles on every service but the first.
A model names what it takes in ``media_types``, any other parameter in BentoML's ``ContentType``.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from lean_bento.error_response import ErrorResponse, echo

__all__ = ["JSON", "ContentTypeMiddleware", "media_types_of"]

JSON = "application/json"
IDENTITY = "identity"
"""The Content-Encoding of what is sent as it is."""


class ContentTypeMiddleware:
    """Answers 415 to a POST whose body is not in a form that its endpoint takes."""

    def __init__(self, app: ASGIApp, accepted: Mapping[str, tuple[str, ...]]) -> None:
        """Wrap ``app``; ``accepted`` holds the media types of each path."""
        self.app = app
        self._accepted = accepted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or not."""
        accepted = self._accepted.get(scope["path"]) if scope["type"] == "http" else None
        if accepted and scope["method"] == "POST":
            refusal = _refuse(Headers(scope=scope), accepted)
            if refusal:
                answer = JSONResponse(
                    refusal.model_dump(), status_code=HTTPStatus.UNSUPPORTED_MEDIA_TYPE
                )
                return await answer(scope, receive, send)
        return await self.app(scope, receive, send)


def _refuse(headers: Headers, accepted: tuple[str, ...]) -> ErrorResponse | None:
    found = headers.get("content-type", JSON).split(";")[0].strip().lower()
    if found not in accepted:
        return ErrorResponse(
            error=f"The body is {echo(found)}, expected {' or '.join(accepted)}: "
            "set the Content-Type header."
        )
    for encoding in headers.getlist("content-encoding"):
        if encoding.lower() != IDENTITY:
            return ErrorResponse(
                error=f"The body has the Content-Encoding {echo(encoding)}, expected none: "
                "send it as it is, without that header."
            )
    return None


def media_types_of(spec: Any) -> tuple[str, ...]:  # noqa: ANN401  BentoML's input_spec of a method
    """The media types that an API method takes."""
    return getattr(spec, "media_types", None) or (spec.media_type or JSON,)
