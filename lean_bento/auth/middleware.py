"""The door: who has no API key does not get in, and nothing that they send is read.

Every path wants ``Authorization: Bearer <key>`` but ``/livez`` and ``/readyz``, which whoever
runs the service asks; one name for each is enough, so ``/healthz`` wants it, too. There is no door
unless the environment names a file of keys, and none where the runner is asked unless it names
another. Knows nothing of credit.
"""

import logging
import os
from http import HTTPStatus
from pathlib import Path
from time import time
from typing import Final

from bentoml.exceptions import BentoMLConfigException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lean_bento.auth.api_keys import KEYS_VARIABLE, Key, read_keys
from lean_bento.auth.key_file import KeyFile
from lean_bento.auth.key_metrics import RequestsByKey
from lean_bento.error_response import ErrorResponse
from lean_bento.errors import KeysError
from lean_bento.fault_ids import new_error_id
from lean_bento.middleware.errors import as_error_response
from lean_bento.middleware.headers import SECURITY_HEADERS_AS_TEXT
from lean_bento.request_context import CALLER, name_callers_in_access_log

__all__ = [
    "OPEN",
    "RUNNER_KEYS_VARIABLE",
    "AuthMiddleware",
    "with_auth",
    "auth_is_on",
    "refuse_wrong_keys",
    "say_who_may_ask",
]

logger = logging.getLogger("bentoml.service")
RUNNER_KEYS_VARIABLE: Final = "CREDIT_RISK_RUNNER_API_KEYS_FILE"
"""As KEYS_VARIABLE, for the port of a runner of its own, where only classifiers ask."""
OPEN: Final = frozenset({"/livez", "/readyz"})
"""Paths that want no key."""
NOBODY: Final = "(nobody)"
"""In the metrics instead of a name; no key can be called so."""
WITHOUT = "This needs an API key: send the header Authorization: Bearer <key>."
UNKNOWN = "This API key is not known here."


class AuthMiddleware:
    """Lets in who has a key, under the name of the key."""

    def __init__(self, app: ASGIApp, keys: KeyFile) -> None:
        """Stand before ``app``."""
        self._app = app
        self._keys = keys
        self._answers = RequestsByKey()
        self._logged: set[tuple[str, bool]] = set()
        name_callers_in_access_log()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or not."""
        if scope["type"] == "lifespan" or scope["path"] in OPEN:
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing behind this door speaks WebSocket
            await send({"type": "websocket.close"})
            return
        try:
            caller, answer = self._admit(scope)
        except Exception:
            logger.exception("Exception at the door (error %s)", new_error_id())
            caller, answer = NOBODY, _our_fault(scope)
        CALLER.set(caller)

        async def count(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._answers.count(caller, message["status"])
            await send(message)

        await answer(scope, receive, count)

    def _admit(self, scope: Scope) -> tuple[str, ASGIApp]:
        """Say who asks, and what is to answer: the application or a refusal."""
        sent = _bearer(scope)
        if not sent:
            return NOBODY, _refusal(HTTPStatus.UNAUTHORIZED, WITHOUT)
        key = self._keys.ring().find(sent)
        if key is None:
            return NOBODY, _refusal(HTTPStatus.UNAUTHORIZED, UNKNOWN)
        over = time() >= key.ends
        if (met := (key.name, over)) not in self._logged:
            self._logged.add(met)
            logger.info("API key %s is %s", key.name, "refused: expired" if over else "in use")
        if over:
            sentence = f"This API key ended with {key.expires} (UTC): ask for another."
            return key.name, _refusal(HTTPStatus.FORBIDDEN, sentence)
        return key.name, self._app


def with_auth(app: ASGIApp, variable: str) -> ASGIApp:
    """Put the door before an application, if the environment variable names a file of keys.

    Raises:
        KeysError: if that file is not as it should be.
        BentoMLConfigException: if the variable is empty.
    """
    path = _path(variable)
    return app if path is None else AuthMiddleware(app, KeyFile(path))


def auth_is_on() -> bool:
    """Whether a key is wanted."""
    return _path(KEYS_VARIABLE) is not None


def say_who_may_ask() -> None:
    """Write into the log who may ask, before the workers start.

    Raises:
        BentoMLConfigException: if the file of keys is not as it should be.
    """
    keys = _keys(KEYS_VARIABLE)
    if keys is None:
        logger.warning(
            "The service is open: whoever reaches its port may ask. %s=FILE wants API keys.",
            KEYS_VARIABLE,
        )
    else:
        logger.info("Who asks needs an API key: %s", ", ".join(key.name for key in keys))


def refuse_wrong_keys() -> None:
    """Check the files of keys, the runner's too, before the workers start.

    Raises:
        BentoMLConfigException: if one is not as it should be.
    """
    _keys(KEYS_VARIABLE)
    _keys(RUNNER_KEYS_VARIABLE)


def _keys(variable: str) -> list[Key] | None:
    path = _path(variable)
    if path is None:
        return None
    try:
        return read_keys(path)
    except KeysError as error:
        # BentoML prints its own exceptions as a sentence, every other one as a trace.
        msg = f"{variable}: {error}"
        raise BentoMLConfigException(msg) from None


def _path(variable: str) -> Path | None:
    named = os.environ.get(variable)
    if named == "":  # better refused than open
        msg = f"{variable}: found an empty variable, expected the path of a file of keys; unset it"
        raise BentoMLConfigException(msg)
    return None if named is None else Path(named)


def _bearer(scope: Scope) -> bytes:
    name: bytes
    value: bytes
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, key = value.partition(b" ")
            return key.strip() if scheme.lower() == b"bearer" else b""
    return b""


def _our_fault(scope: Scope) -> JSONResponse:
    """Say what the application behind the door says of errors of its own."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _refusal(status, as_error_response(status, b"", scope, None).error)


def _refusal(status: HTTPStatus, sentence: str) -> JSONResponse:
    challenge = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    return JSONResponse(
        ErrorResponse(error=sentence).model_dump(), status, SECURITY_HEADERS_AS_TEXT | challenge
    )
