"""A key is found by its secret, also while the file of keys changes under a running service."""

import hmac
import logging
import os
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from lean_bento import KeyCommand
from lean_bento.auth import api_keys
from lean_bento.auth.api_keys import INDEX, ApiKeys, Key, KeyFile
from lean_bento.auth.keys_toml import read_keys
from lean_bento.errors import KeysError

COMMAND = KeyCommand()

A, B = (sha256(key).hexdigest() for key in (b"a", b"b"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.toml"


def test_a_key_is_found_by_what_was_sent_and_nothing_else_is() -> None:
    bank = Key("bank", A)
    known = ApiKeys([bank, Key("broker", B)])

    assert known.find(b"a") == bank
    assert known.find(b"A") is None
    assert known.find(b"") is None
    assert known.find(A.encode()) is None, "a hash is no key"


def test_a_hash_that_only_begins_alike_is_not_taken() -> None:
    alike = A[:INDEX] + B[INDEX:]

    assert ApiKeys([Key("bank", alike)]).find(b"a") is None


def test_whole_hashes_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []

    def remember(known: str, found: str) -> bool:
        compared.append((known, found))
        return hmac.compare_digest(known, found)

    monkeypatch.setattr(api_keys, "compare_digest", remember)
    alike = A[:INDEX] + B[INDEX:]
    ApiKeys([Key("bank", A)]).find(b"a")
    ApiKeys([Key("bank", alike)]).find(b"a")

    assert compared == [(A, A), (alike, A)]


def test_a_key_is_taken_until_the_end_of_its_last_day() -> None:
    assert Key("bank", A, date(2027, 1, 31)).ends == datetime(2027, 2, 1, tzinfo=UTC).timestamp()
    assert Key("bank", A).ends == float("inf")
    assert Key("bank", A, date.max).ends > 0


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the file at every request."""
    monkeypatch.setattr(api_keys, "INTERVAL", 0.0)


@pytest.mark.usefixtures("heard", "impatient")
def test_what_is_added_counts_and_what_is_removed_does_not(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bank = COMMAND.add(path, "bank").encode()
    keys = KeyFile(path, read_keys)

    broker = COMMAND.add(path, "broker").encode()
    assert keys.keys().find(broker)
    COMMAND.remove(path, "bank")
    assert keys.keys().find(bank) is None
    assert keys.keys().find(broker)

    assert caplog.messages == [
        "API keys read again: added broker; removed none",
        "API keys read again: added none; removed bank",
    ]


def test_the_file_is_looked_at_once_a_second(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(api_keys, "monotonic", lambda: now)
    COMMAND.add(path, "bank")
    keys = KeyFile(path, read_keys)
    broker = COMMAND.add(path, "broker").encode()

    now = 100.99
    assert keys.keys().find(broker) is None
    now = 101
    assert keys.keys().find(broker)


@pytest.mark.usefixtures("heard", "impatient")
@pytest.mark.parametrize("broken", ["", "bank = {", "a = " + "[" * 3000])
def test_while_the_file_is_broken_the_last_keys_count(
    path: Path, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    bank = COMMAND.add(path, "bank").encode()
    keys = KeyFile(path, read_keys)

    path.write_text(broken)
    found = [keys.keys().find(bank) for _ in range(3)]

    assert all(found)
    (message,) = caplog.messages
    assert message.startswith(f"The API keys stay as they were: {path}: found no")
    assert caplog.records[0].levelno == logging.ERROR


@pytest.mark.usefixtures("heard", "impatient")
def test_a_file_that_goes_and_comes_back_is_read_again(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bank = COMMAND.add(path, "bank").encode()
    keys = KeyFile(path, read_keys)

    path.unlink()
    assert keys.keys().find(bank)
    broker = COMMAND.add(path, "broker").encode()

    assert keys.keys().find(broker)
    assert keys.keys().find(bank) is None
    assert len(caplog.messages) == 2


@pytest.mark.usefixtures("heard", "impatient")
def test_a_pipe_in_its_place_is_not_waited_for(path: Path) -> None:
    bank = COMMAND.add(path, "bank").encode()
    keys = KeyFile(path, read_keys)

    path.unlink()
    os.mkfifo(path)

    assert keys.keys().find(bank)


@pytest.mark.usefixtures("heard", "impatient")
def test_another_file_of_the_same_size_and_time_is_noticed(path: Path, tmp_path: Path) -> None:
    COMMAND.add(path, "bank")
    keys = KeyFile(path, read_keys)
    other = tmp_path / "other.toml"
    shop = COMMAND.add(other, "shop").encode()
    before = path.stat()
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))

    other.replace(path)

    assert path.stat().st_size == before.st_size
    assert keys.keys().find(shop)


def test_the_file_is_not_looked_at_for_every_request(path: Path) -> None:
    COMMAND.add(path, "bank")
    keys = KeyFile(path, read_keys)

    broker = COMMAND.add(path, "broker").encode()

    assert keys.keys().find(broker) is None, "within the first second"


def test_a_file_that_is_not_as_it_should_be_is_refused_at_the_start(path: Path) -> None:
    with pytest.raises(KeysError, match="no readable TOML"):
        KeyFile(path, read_keys)
