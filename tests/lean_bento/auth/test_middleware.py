"""Who gets in, who does not, and under which name."""

import asyncio
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from bentoml.exceptions import BentoMLConfigException

from credit_risk.keys import COMMAND
from lean_bento import ErrorResponse
from lean_bento.auth import AuthMiddleware, KeyFile
from lean_bento.auth import middleware as key_door
from lean_bento.auth.api_keys import KEYS_VARIABLE
from lean_bento.auth.middleware import (
    NOBODY,
    RUNNER_KEYS_VARIABLE,
    refuse_wrong_keys,
    say_who_may_ask,
    with_auth,
)
from lean_bento.request_context import CALLER

pytestmark = pytest.mark.usefixtures("heard")

Message = dict[str, Any]


class Application:
    """Answers 200 and remembers who asked."""

    def __init__(self) -> None:
        self.callers: list[str | None] = []

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:  # noqa: ARG002  an ASGI application's
        self.callers.append(CALLER.get())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class Counts:
    """Takes the place of the metrics."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def count(self, name: str, status: int) -> None:
        self.seen.append((name, status))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.toml"


@pytest.fixture
def key(path: Path) -> str:
    return COMMAND.add(path, "bank")


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
def counts() -> Counts:
    return Counts()


@pytest.fixture
def door(
    application: Application,
    counts: Counts,
    path: Path,
    key: str,  # noqa: ARG001  so that there is one
    monkeypatch: pytest.MonkeyPatch,
) -> AuthMiddleware:
    monkeypatch.setattr(key_door, "RequestsByKey", lambda: counts)
    return AuthMiddleware(application, KeyFile(path))


def ask(app: Any, path: str = "/classify", kind: str = "http", **headers: str) -> list[Message]:
    """Send one request, whose body nobody may read; gives what was sent back."""
    sent: list[Message] = []

    async def receive() -> Message:
        pytest.fail("the body was read")

    async def send(message: Message) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": kind, "method": "POST", "path": path, "headers": raw}
    asyncio.run(app(scope, receive, send))
    return sent


def refusal(sent: list[Message]) -> tuple[int, str]:
    return sent[0]["status"], ErrorResponse.model_validate_json(sent[1]["body"], strict=True).error


def test_who_has_a_key_gets_in_under_its_name(
    door: AuthMiddleware, key: str, application: Application, counts: Counts
) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        sent = ask(door, authorization=f"{scheme} {key}")

        assert sent[0]["status"] == 200
    assert application.callers == ["bank"] * 3
    assert counts.seen == [("bank", 200)] * 3


@pytest.mark.parametrize("kept", ["", "Bearer", "Bearer ", "Basic {key}", "{key}", "Bearer{key}"])
def test_who_shows_no_key_is_told_how(
    door: AuthMiddleware, key: str, application: Application, counts: Counts, kept: str
) -> None:
    sent = ask(door, authorization=kept.format(key=key))

    assert refusal(sent) == (401, key_door.WITHOUT)
    assert (b"www-authenticate", b"Bearer") in sent[0]["headers"]
    assert application.callers == []
    assert counts.seen == [(NOBODY, 401)]


def test_who_sends_no_header_is_told_how(door: AuthMiddleware) -> None:
    assert refusal(ask(door)) == (401, key_door.WITHOUT)


@pytest.mark.parametrize("wrong", ["{key}x", "{key} x", "{upper}", "bank", "{hash}", "\xff"])
def test_a_key_that_is_not_known_does_not_get_in(
    door: AuthMiddleware, key: str, application: Application, wrong: str
) -> None:
    digest = sha256(key.encode()).hexdigest()

    sent = ask(
        door, authorization="Bearer " + wrong.format(key=key, upper=key.upper(), hash=digest)
    )

    assert refusal(sent) == (401, key_door.UNKNOWN)
    assert application.callers == []


def test_the_hash_of_nothing_in_the_file_lets_nobody_in(
    application: Application, path: Path
) -> None:
    path.write_text(f'nothing = {{ sha256 = "{sha256(b"").hexdigest()}" }}')
    door = AuthMiddleware(application, KeyFile(path))

    for headers in ({}, {"authorization": "Bearer "}):
        assert refusal(ask(door, **headers)) == (401, key_door.WITHOUT)


def test_an_expired_key_is_refused_by_name_and_logged_once(
    door: AuthMiddleware,
    application: Application,
    counts: Counts,
    path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    old = COMMAND.add(path, "old", date(2026, 1, 31))
    door = AuthMiddleware(application, KeyFile(path))
    caplog.clear()

    sent = ask(door, authorization=f"Bearer {old}")
    ask(door, authorization=f"Bearer {old}")

    assert refusal(sent) == (403, "This API key ended with 2026-01-31 (UTC): ask for another.")
    assert application.callers == []
    assert counts.seen == [("old", 403)] * 2
    assert caplog.messages == ["API key old is refused: expired"]


def test_a_key_is_taken_on_its_last_day(application: Application, path: Path) -> None:
    today = COMMAND.add(path, "today", datetime.now(UTC).date())

    sent = ask(AuthMiddleware(application, KeyFile(path)), authorization=f"Bearer {today}")

    assert sent[0]["status"] == 200


def test_an_error_at_the_door_is_an_id_to_the_client_and_a_trace_in_the_log(
    door: AuthMiddleware,
    counts: Counts,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(KeyFile, "ring", None)

    sent = ask(door, authorization="Bearer x")
    status, error = refusal(sent)

    assert status == 500
    assert (b"cache-control", b"no-store") in sent[0]["headers"]
    assert counts.seen == [(NOBODY, 500)]
    (record,) = caplog.records
    assert record.exc_info
    assert error.split()[-1].removesuffix(".") in record.getMessage()


@pytest.mark.parametrize("path_asked", sorted(key_door.OPEN))
def test_the_probes_want_no_key_and_are_not_counted(
    door: AuthMiddleware, counts: Counts, path_asked: str
) -> None:
    assert ask(door, path_asked)[0]["status"] == 200
    assert counts.seen == []


@pytest.mark.parametrize("near", ["/livez/", "//livez", "/livez/../classify", "/LIVEZ", "/healthz"])
def test_what_only_looks_like_a_probe_wants_a_key(door: AuthMiddleware, near: str) -> None:
    assert ask(door, near)[0]["status"] == 401


def test_a_websocket_is_closed(door: AuthMiddleware, key: str, application: Application) -> None:
    sent = ask(door, kind="websocket", authorization=f"Bearer {key}")

    assert sent == [{"type": "websocket.close"}]
    assert application.callers == []


def test_without_a_file_there_is_no_door(
    application: Application, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv(KEYS_VARIABLE, raising=False)

    say_who_may_ask()

    assert with_auth(application, KEYS_VARIABLE) is application
    assert f"The service is open: whoever reaches its port may ask. {KEYS_VARIABLE}" in caplog.text


def test_with_a_file_there_is_one_and_who_may_ask_is_logged(
    application: Application,
    path: Path,
    key: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    COMMAND.add(path, "broker")
    monkeypatch.setenv(KEYS_VARIABLE, str(path))

    say_who_may_ask()

    assert ask(with_auth(application, KEYS_VARIABLE))[0]["status"] == 401
    assert caplog.messages == ["Who asks needs an API key: bank, broker"]
    assert key not in caplog.text


def test_an_empty_variable_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEYS_VARIABLE, "")

    for refuses in (say_who_may_ask, refuse_wrong_keys):
        with pytest.raises(
            BentoMLConfigException, match=rf"^{KEYS_VARIABLE}: found an empty variable, "
        ):
            refuses()


@pytest.mark.parametrize("named", ["/no/such/file", "/dev/null"])
def test_a_file_that_is_none_keeps_the_service_from_starting(
    monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv(KEYS_VARIABLE, named)

    with pytest.raises(BentoMLConfigException, match=rf"^{KEYS_VARIABLE}: .*found no "):
        say_who_may_ask()
    with pytest.raises(BentoMLConfigException, match=rf"^{KEYS_VARIABLE}: .*found no "):
        refuse_wrong_keys()


def test_so_does_one_of_the_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEYS_VARIABLE, raising=False)
    monkeypatch.setenv(RUNNER_KEYS_VARIABLE, "/no/such/file")

    with pytest.raises(BentoMLConfigException, match=rf"^{RUNNER_KEYS_VARIABLE}: .*found no "):
        refuse_wrong_keys()
