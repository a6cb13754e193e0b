"""Bearer-token authentication: a request without a valid key is refused before its body is read.

Every path needs ``Authorization: Bearer <key>`` except ``/livez`` and ``/readyz``, the probes of an
orchestrator. ``/healthz`` is a second name of ``/livez`` and needs a key. Without a file of keys
the service is open.
"""

import asyncio
import logging
import os
from collections import Counter
from functools import cache
from http import HTTPStatus
from pathlib import Path
from time import time
from typing import Any, Final

from bentoml.exceptions import BentoMLConfigException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lean_bento.auth.api_keys import DAY, Key, KeyFile
from lean_bento.auth.keys_toml import COMMAND, read_keys
from lean_bento.error_response import ErrorResponse
from lean_bento.errors import KeysError
from lean_bento.middleware.errors import SECURITY_HEADERS, sentence_for
from lean_bento.request_context import begin

logger = logging.getLogger("bentoml.service")
OPEN_PATHS: Final = frozenset({"/livez", "/readyz"})
"""Paths that need no key."""
NOBODY: Final = "(nobody)"
"""In the metrics instead of the name of a key; no key can have this name."""
MISSING = "This needs an API key: send the header Authorization: Bearer <key>."
UNKNOWN = "This API key is not known here."


class AuthMiddleware:
    """Hands on a request that has a valid key, with the key's name in the request's context."""

    def __init__(self, app: ASGIApp, keys: KeyFile, prefix: str) -> None:
        """Stand in front of ``app``; ``prefix`` begins the names of the metrics."""
        self._app = app
        self._keys = keys
        self._answers = RequestsByKey(prefix)
        self._logged: dict[Key, tuple[bool, float]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on a request, or refuse it."""
        if scope["type"] == "lifespan" or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing behind this speaks WebSocket
            await send({"type": "websocket.close"})
            return
        context = begin(scope)
        try:
            context.key_name, answer = self._authenticate(scope)
        except Exception:
            logger.exception("Exception in authentication (error %s)", context.error_id)
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            answer = _refusal(status, sentence_for(status, scope))
        name = context.key_name or NOBODY

        async def count(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._answers.count(name, message["status"])
            await send(message)

        await answer(scope, receive, count)

    def _authenticate(self, scope: Scope) -> tuple[str | None, ASGIApp]:
        """Return the key's name, and the ASGI application that is to answer."""
        sent = _bearer(scope)
        if not sent:
            return None, _refusal(HTTPStatus.UNAUTHORIZED, MISSING)
        key = self._keys.keys().find(sent)
        if key is None:
            return None, _refusal(HTTPStatus.UNAUTHORIZED, UNKNOWN)
        now = time()
        expired = now >= key.ends
        if self._logged.get(key) != (event := (expired, now // DAY)):
            self._logged[key] = event
            state = f"in use until {key.expires}" if key.expires else "in use"
            logger.info("API key %s is %s", key.name, "refused: expired" if expired else state)
            self._answers.tell_of_end(key)
        if expired:
            sentence = f"This API key ended with {key.expires} (UTC): ask for another."
            return key.name, _refusal(HTTPStatus.FORBIDDEN, sentence)
        return key.name, self._app


class RequestsByKey:
    """Counts answers by the name of the key and their status.

    All answers of a turn of the event loop are written together, for the reason given in
    ``fast_path.metrics``. The names come from the file of keys, so no client can add series.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._waiting: Counter[tuple[str, int]] = Counter()

    def count(self, name: str, status: int) -> None:
        """Count an answer."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._write)
        self._waiting[name, status] += 1

    def tell_of_end(self, key: Key) -> None:
        """Tell when a key that is in use ends, if it does."""
        if key.expires:
            _ends(self._prefix).labels(key.name).set(key.ends)

    def _write(self) -> None:
        for (name, status), number in self._waiting.items():
            _series(self._prefix, name, status).inc(number)
        self._waiting.clear()


@cache
def _ends(prefix: str) -> Any:  # noqa: ANN401  see below
    import prometheus_client  # noqa: PLC0415  see below

    about = "When an API key that is in use ends, seconds since 1970"
    name = f"{prefix}_api_key_expires_timestamp_seconds"
    return prometheus_client.Gauge(name, about, ["key"], multiprocess_mode="mostrecent")


@cache
def _total(prefix: str) -> Any:  # noqa: ANN401  untyped where it is skipped
    import prometheus_client  # noqa: PLC0415  it looks for the workers' folder when imported

    about = "Answers by the name of the API key and the status; refused without one: (nobody)"
    return prometheus_client.Counter(f"{prefix}_requests_by_key", about, ["key", "status"])


@cache
def _series(prefix: str, name: str, status: int) -> Any:  # noqa: ANN401  see above
    return _total(prefix).labels(name, status)


def key_file_of(variable: str) -> Path | None:
    """Return the file of keys that an environment variable names; None where it is not set.

    Raises:
        BentoMLConfigException: if the variable is empty.
    """
    named = os.environ.get(variable)
    if named == "":  # better refused than open
        msg = f"{variable}: found an empty variable, expected the path of a file of keys; unset it"
        raise BentoMLConfigException(msg)
    return None if named is None else Path(named)


def configured_keys(variable: str, command: str = COMMAND) -> list[Key] | None:
    """Read the keys of the file that an environment variable names; None where it is not set.

    Raises:
        BentoMLConfigException: if the file is not as it should be.
    """
    path = key_file_of(variable)
    if path is None:
        return None
    try:
        return read_keys(path, command=command)
    except KeysError as error:
        # BentoML prints its own exceptions as a sentence, every other one as a trace.
        msg = f"{variable}: {error}"
        raise BentoMLConfigException(msg) from None


def _bearer(scope: Scope) -> bytes:
    name: bytes
    value: bytes
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, key = value.partition(b" ")
            return key.strip() if scheme.lower() == b"bearer" else b""
    return b""


def _refusal(status: HTTPStatus, sentence: str) -> JSONResponse:
    headers = {name.decode(): value.decode() for name, value in SECURITY_HEADERS}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(ErrorResponse(error=sentence).model_dump(), status, headers)
