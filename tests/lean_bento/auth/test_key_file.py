"""A file of API keys that changes under a running service."""

import logging
import os
from pathlib import Path

import pytest

from credit_risk.keys import COMMAND
from lean_bento.auth import KeyFile, key_file
from lean_bento.errors import KeysError

pytestmark = pytest.mark.usefixtures("heard")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.toml"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the file whenever somebody asks."""
    monkeypatch.setattr(key_file, "INTERVAL", 0.0)


@pytest.mark.usefixtures("impatient")
def test_what_is_added_counts_and_what_is_removed_does_not(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bank = COMMAND.add(path, "bank").encode()
    keys = KeyFile(path)

    broker = COMMAND.add(path, "broker").encode()
    assert keys.ring().find(broker)
    COMMAND.remove(path, "bank")
    assert keys.ring().find(bank) is None
    assert keys.ring().find(broker)

    assert caplog.messages == [
        "API keys read again: in broker; out none",
        "API keys read again: in none; out bank",
    ]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("broken", ["", "bank = {", "a = " + "[" * 3000])
def test_while_the_file_is_broken_the_last_keys_count(
    path: Path, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    bank = COMMAND.add(path, "bank").encode()
    keys = KeyFile(path)

    path.write_text(broken)
    found = [keys.ring().find(bank) for _ in range(3)]

    assert all(found)
    (message,) = caplog.messages
    assert message.startswith(f"The API keys stay as they were: {path}: found no")
    assert caplog.records[0].levelno == logging.ERROR


@pytest.mark.usefixtures("impatient")
def test_a_file_that_goes_and_comes_back_is_read_again(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bank = COMMAND.add(path, "bank").encode()
    keys = KeyFile(path)

    path.unlink()
    assert keys.ring().find(bank)
    broker = COMMAND.add(path, "broker").encode()

    assert keys.ring().find(broker)
    assert keys.ring().find(bank) is None
    assert len(caplog.messages) == 2


@pytest.mark.usefixtures("impatient")
def test_a_pipe_in_its_place_is_not_waited_for(path: Path) -> None:
    bank = COMMAND.add(path, "bank").encode()
    keys = KeyFile(path)

    path.unlink()
    os.mkfifo(path)

    assert keys.ring().find(bank)


@pytest.mark.usefixtures("impatient")
def test_another_file_of_the_same_size_and_time_is_noticed(path: Path, tmp_path: Path) -> None:
    COMMAND.add(path, "bank")
    keys = KeyFile(path)
    other = tmp_path / "other.toml"
    shop = COMMAND.add(other, "shop").encode()
    before = path.stat()
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))

    other.replace(path)

    assert path.stat().st_size == before.st_size
    assert keys.ring().find(shop)


def test_the_file_is_not_looked_at_for_every_request(path: Path) -> None:
    COMMAND.add(path, "bank")
    keys = KeyFile(path)

    broker = COMMAND.add(path, "broker").encode()

    assert keys.ring().find(broker) is None, "within the first second"


def test_a_file_that_is_not_as_it_should_be_is_refused_at_the_start(path: Path) -> None:
    with pytest.raises(KeysError, match="no readable TOML"):
        KeyFile(path)
