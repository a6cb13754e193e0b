"""Cross-origin requests: which pages of other sites may call, and read what they are answered.

BentoML puts Starlette's middleware behind its own. Here it is the outermost layer: a browser asks
without a key whether it may send one, and reads every refusal.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lean_bento.config import Configuration
from lean_bento.error_response import ErrorResponse
from lean_bento.middleware.errors import SECURITY_HEADERS, Header

IN_STATE: Final = "cors"
"""Name in the state of the application, where the server's protocol finds the middleware."""

ORIGIN: Final = re.compile(r"\*|null|[a-z][a-z0-9+.-]*://[^/\s]+")
"""As browsers send it: without a path, and so without a slash at its end."""


class OutermostCORSMiddleware(CORSMiddleware):
    """Starlette's middleware, whose own answers are like all others here."""

    def __init__(self, app: ASGIApp, **options: Any) -> None:  # noqa: ANN401  Starlette's
        """Wrap ``app``; ``options`` are Starlette's, and a list may be a single text."""
        for name in ("allow_methods", "expose_headers"):  # the others BentoML makes lists
            if isinstance(options.get(name), str):
                options[name] = [options[name]]
        super().__init__(app, **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight; add headers to any other answer."""
        if scope["type"] == "lifespan":
            scope.get("state", {})[IN_STATE] = self
        await super().__call__(scope, receive, send)

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer whether a page may send its request."""
        answer = super().preflight_response(request_headers)
        if answer.status_code != HTTPStatus.OK:
            found = bytes(answer.body).decode()
            sentence = f"{found}, expected what http.cors of the service's configuration allows."
            headers = {k: v for k, v in answer.headers.items() if not k.startswith("content-")}
            error = ErrorResponse(error=sentence).model_dump()
            answer = JSONResponse(error, answer.status_code, headers)
        answer.raw_headers[:0] = SECURITY_HEADERS
        return answer

    def headers_of_answer(self, request_headers: Iterable[Header]) -> list[Header]:
        """Return the headers that an answer of the server itself gets."""
        answer: Message = {"type": "http.response.start"}

        async def send(_: Message) -> None:
            pass

        adding = self.send(answer, send, Headers(raw=list(request_headers)))
        with suppress(StopIteration):  # it waits for nothing but its own argument
            adding.send(None)
        return list(answer["headers"])


def check_origins(configuration: Configuration, service: str) -> None:
    """Check the origins of ``services.<service>.http.cors``.

    Raises:
        BentoMLConfigException: if there are none, or one that no browser sends.
    """
    cors = configuration.section(service, "http")["cors"]
    name = "access_control_allow_origins"
    found = [cors[name]] if isinstance(cors[name], str) else cors[name]
    if cors["enabled"] and not (found is not None and all(map(ORIGIN.fullmatch, found))):
        expected = 'a list of origins like https://shop.example, or "*"'
        place = f"{service}.http.cors.{name}"
        raise configuration.error(place, found, expected)


def move_outwards(app: Starlette, served: ASGIApp) -> ASGIApp:
    """Take the middleware out of BentoML's application; put it around all that is served."""
    classes: list[object] = [each.cls for each in app.user_middleware]
    if CORSMiddleware not in classes:
        return served
    found = app.user_middleware.pop(classes.index(CORSMiddleware))
    return OutermostCORSMiddleware(served, **found.kwargs)
