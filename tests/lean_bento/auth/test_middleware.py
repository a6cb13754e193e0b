"""A request with a valid key is handed on under its name, and no other is."""

import asyncio
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from asgi import Message
from bentoml.exceptions import BentoMLConfigException
from prometheus_client import REGISTRY

from lean_bento import ErrorResponse, KeyCommand, current
from lean_bento.auth import middleware
from lean_bento.auth.api_keys import KeyFile
from lean_bento.auth.keys_toml import read_keys
from lean_bento.auth.middleware import (
    MISSING,
    NOBODY,
    OPEN_PATHS,
    UNKNOWN,
    AuthMiddleware,
    RequestsByKey,
    configured_keys,
    key_file_of,
)

COMMAND = KeyCommand()
METRICS = map("toy{}_requests_by_key".format, count())
VARIABLE = "TOY_API_KEYS_FILE"

pytestmark = pytest.mark.usefixtures("heard")


class Application:
    """Answers 200 and remembers the names of the keys."""

    def __init__(self) -> None:
        self.names: list[str | None] = []

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:  # noqa: ARG002  an ASGI application's
        context = current()
        self.names.append(context.key_name if context else None)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class Auth:
    """The middleware before an application, with a file that has a key called ``bank``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.key = COMMAND.add(path, "bank")
        self.application = Application()
        self.metric = next(METRICS)
        self.restart()

    def restart(self) -> None:
        """Read the file again."""
        self.middleware = AuthMiddleware(
            self.application, KeyFile(self.path, read_keys), self.metric
        )

    def ask(self, path: str = "/name", kind: str = "http", **headers: str) -> list[Message]:
        """Send one request, whose body nobody may read; gives what was sent back."""
        sent: list[Message] = []

        async def receive() -> Message:
            pytest.fail("the body was read")

        async def send(message: Message) -> None:
            sent.append(message)

        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        scope = {"type": kind, "method": "POST", "path": path, "query_string": b"", "headers": raw}

        async def request() -> None:
            await self.middleware(scope, receive, send)
            await asyncio.sleep(0)  # answers are counted at the end of the turn

        asyncio.run(request())
        return sent

    def counted(self, name: str, status: int) -> float:
        labels = {"key": name, "status": str(status)}
        return REGISTRY.get_sample_value(f"{self.metric}_requests_by_key_total", labels) or 0


@pytest.fixture
def auth(tmp_path: Path) -> Auth:
    return Auth(tmp_path / "keys.toml")


def refusal(sent: list[Message]) -> tuple[int, str]:
    return sent[0]["status"], ErrorResponse.model_validate_json(sent[1]["body"], strict=True).error


def test_a_request_with_a_key_is_handed_on_under_its_name(auth: Auth) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        sent = auth.ask(authorization=f"{scheme} {auth.key}")

        assert sent[0]["status"] == 200
    assert auth.application.names == ["bank"] * 3
    assert auth.counted("bank", 200) == 3


@pytest.mark.parametrize(
    "sent", [None, "", "Bearer", "Bearer ", "Basic {key}", "{key}", "Bearer{key}"]
)
def test_a_request_without_a_key_is_told_how_to_send_one(auth: Auth, sent: str | None) -> None:
    headers = {} if sent is None else {"authorization": sent.format(key=auth.key)}

    answer = auth.ask(**headers)

    assert refusal(answer) == (401, MISSING)
    assert (b"www-authenticate", b"Bearer") in answer[0]["headers"]
    assert auth.application.names == []
    assert auth.counted(NOBODY, 401) == 1


@pytest.mark.parametrize("wrong", ["{key}x", "{key} x", "{upper}", "bank", "{hash}", "\xff"])
def test_a_key_that_is_not_known_is_refused(auth: Auth, wrong: str) -> None:
    digest = sha256(auth.key.encode()).hexdigest()
    sent = wrong.format(key=auth.key, upper=auth.key.upper(), hash=digest)

    answer = auth.ask(authorization=f"Bearer {sent}")

    assert refusal(answer) == (401, UNKNOWN)
    assert auth.application.names == []


def test_the_hash_of_nothing_in_the_file_lets_nobody_in(auth: Auth) -> None:
    auth.path.write_text(f'nothing = {{ sha256 = "{sha256(b"").hexdigest()}" }}')
    auth.restart()

    for headers in ({}, {"authorization": "Bearer "}):
        assert refusal(auth.ask(**headers)) == (401, MISSING)


def test_an_expired_key_is_refused_by_name_and_logged_once(
    auth: Auth, caplog: pytest.LogCaptureFixture
) -> None:
    old = COMMAND.add(auth.path, "old", date(2026, 1, 31))
    auth.restart()

    sent = auth.ask(authorization=f"Bearer {old}")
    auth.ask(authorization=f"Bearer {old}")

    assert refusal(sent) == (403, "This API key ended with 2026-01-31 (UTC): ask for another.")
    assert auth.application.names == []
    assert auth.counted("old", 403) == 2
    assert caplog.messages == ["API key old is refused: expired"]


def test_while_a_key_is_rotated_both_have_its_name_and_the_log_tells_which_is_in_use(
    auth: Auth, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    day = date(2099, 1, 31)
    new = COMMAND.rotate(auth.path, "bank", day)
    auth.restart()
    now = datetime(2099, 1, 30, tzinfo=UTC).timestamp()
    monkeypatch.setattr(middleware, "time", lambda: now)

    for key in (auth.key, new, auth.key, new):
        auth.ask(authorization=f"Bearer {key}")
    now += 86_400
    auth.ask(authorization=f"Bearer {auth.key}")
    now += 86_400
    refused = auth.ask(authorization=f"Bearer {auth.key}")
    auth.ask(authorization=f"Bearer {new}")

    assert refusal(refused)[0] == 403
    assert auth.application.names == ["bank"] * 6
    assert (auth.counted("bank", 200), auth.counted("bank", 403)) == (6, 1)
    assert caplog.messages == [
        "API key bank is in use until 2099-01-31",
        "API key bank is in use",
        "API key bank is in use until 2099-01-31",
        "API key bank is refused: expired",
        "API key bank is in use",
    ]


def test_a_key_is_taken_on_its_last_day(auth: Auth) -> None:
    today = COMMAND.add(auth.path, "today", datetime.now(UTC).date())
    auth.restart()

    assert auth.ask(authorization=f"Bearer {today}")[0]["status"] == 200


def test_an_error_of_authentication_is_an_id_to_the_client_and_a_trace_in_the_log(
    auth: Auth, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(KeyFile, "keys", None)

    sent = auth.ask(authorization="Bearer x")
    status, error = refusal(sent)

    assert status == 500
    assert (b"cache-control", b"no-store") in sent[0]["headers"]
    assert auth.counted(NOBODY, 500) == 1
    (record,) = caplog.records
    assert record.exc_info
    assert error.split()[-1].removesuffix(".") in record.getMessage()


@pytest.mark.parametrize("path", sorted(OPEN_PATHS))
def test_the_probes_want_no_key_and_are_not_counted(auth: Auth, path: str) -> None:
    assert auth.ask(path)[0]["status"] == 200
    assert auth.counted(NOBODY, 200) == 0


@pytest.mark.parametrize("near", ["/livez/", "//livez", "/livez/../name", "/LIVEZ", "/healthz"])
def test_a_path_that_only_looks_like_a_probe_wants_a_key(auth: Auth, near: str) -> None:
    assert auth.ask(near)[0]["status"] == 401


def test_a_websocket_is_closed(auth: Auth) -> None:
    sent = auth.ask(kind="websocket", authorization=f"Bearer {auth.key}")

    assert sent == [{"type": "websocket.close"}]
    assert auth.application.names == []


def test_answers_are_counted_by_name_and_status() -> None:
    metric = next(METRICS)

    async def answer() -> None:
        counts, others = RequestsByKey(metric), RequestsByKey(metric)
        for _ in range(2):
            counts.count("one", 200)
            counts.count("one", 200)
            counts.count("one", 403)
            others.count("other", 200)
            await asyncio.sleep(0)

    asyncio.run(answer())

    def counted(name: str, status: int) -> float | None:
        labels = {"key": name, "status": str(status)}
        return REGISTRY.get_sample_value(f"{metric}_requests_by_key_total", labels)

    assert [counted("one", 200), counted("one", 403), counted("other", 200)] == [4, 2, 2]
    assert counted("other", 403) is None


def test_without_the_variable_there_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)

    assert key_file_of(VARIABLE) is None
    assert configured_keys(VARIABLE) is None


def test_the_keys_of_the_file_that_the_variable_names_are_read(
    auth: Auth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(auth.path))

    assert key_file_of(VARIABLE) == auth.path
    assert [key.name for key in configured_keys(VARIABLE) or []] == ["bank"]


@pytest.mark.parametrize("read", [key_file_of, configured_keys])
def test_an_empty_variable_is_told_as_such(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")

    with pytest.raises(BentoMLConfigException, match=rf"^{VARIABLE}: found an empty variable, "):
        read(VARIABLE)


@pytest.mark.parametrize("named", ["/no/such/file", "/dev/null"])
def test_a_file_that_is_none_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv(VARIABLE, named)

    with pytest.raises(BentoMLConfigException, match=rf"^{VARIABLE}: .*found no .*toy\.keys"):
        configured_keys(VARIABLE, "python -m toy.keys")
