"""The command that makes API keys and keeps their file."""

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from lean_bento import KeyCommand
from lean_bento.auth.api_keys import ApiKeys
from lean_bento.auth.keys_toml import read_keys
from lean_bento.errors import KeysError

COMMAND = KeyCommand("python -m toy.keys", "TOY_API_KEYS_FILE", "toy_")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.toml"


def test_what_is_added_is_found(path: Path) -> None:
    bank = COMMAND.add(path, "bank")
    night = COMMAND.add(path, "night-job", date(2027, 1, 31))
    known = ApiKeys(read_keys(path))

    found = [known.find(key.encode()) for key in (bank, night)]

    assert [(key.name, key.expires) for key in found if key] == [
        ("bank", None),
        ("night-job", date(2027, 1, 31)),
    ]


def test_a_key_is_long_random_known_by_its_beginning_and_not_in_the_file(path: Path) -> None:
    keys = {COMMAND.add(path, f"key-{number}") for number in range(20)}

    assert len(keys) == 20
    assert all(re.fullmatch(r"toy_[A-Za-z0-9_-]{43}", key) for key in keys)
    assert not [key for key in keys if key in path.read_text() or key[4:] in path.read_text()]


def test_a_new_file_is_its_owner_s_alone(path: Path) -> None:
    COMMAND.add(path, "bank")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_old_file_keeps_its_rights_and_its_link(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(path)
    COMMAND.add(path, "bank")
    path.chmod(0o640)

    COMMAND.add(link, "broker")

    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert [key.name for key in read_keys(path)] == ["bank", "broker"]
    assert {each.name for each in tmp_path.iterdir()} == {"keys.toml", "link"}


@pytest.mark.parametrize("empty", ["", "# no key yet\n"])
def test_an_empty_file_can_be_added_to_and_a_broken_one_is_left_alone(
    path: Path, empty: str
) -> None:
    path.write_text(empty)
    COMMAND.add(path, "bank")
    path.write_text("broken")

    with pytest.raises(
        KeysError, match=rf"; correct it, or move it away and run: {COMMAND.command}"
    ):
        COMMAND.add(path, "broker")

    assert path.read_text() == "broken"


def test_a_link_to_itself_is_told(path: Path) -> None:
    path.symlink_to(path)

    with pytest.raises(KeysError, match="found no "):
        COMMAND.add(path, "bank")


def test_a_name_is_given_once(path: Path) -> None:
    COMMAND.add(path, "bank")

    with pytest.raises(KeysError, match="found bank already"):
        COMMAND.add(path, "bank")


def test_what_is_added_at_once_is_all_there_and_nothing_else(path: Path) -> None:
    names = [f"key-{number}" for number in range(24)]
    COMMAND.add(path, "gone")
    with ThreadPoolExecutor(8) as threads:
        shown = [threads.submit(COMMAND.add, path, name) for name in names]
        threads.submit(COMMAND.remove, path, "gone").result()
        keys = [each.result() for each in shown]
    known = ApiKeys(read_keys(path))

    found = [known.find(key.encode()) for key in keys]

    assert [key and key.name for key in found] == names
    assert len(known.keys) == len(names)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_what_is_removed_is_gone_and_the_last_one_stays(path: Path) -> None:
    COMMAND.add(path, "bank")
    COMMAND.add(path, "broker")

    COMMAND.remove(path, "bank")

    assert [key.name for key in read_keys(path)] == ["broker"]
    with pytest.raises(KeysError, match=f"found no bank, .* list --file {path}$"):
        COMMAND.remove(path, "bank")
    with pytest.raises(KeysError, match="found only broker, expected another key to stay"):
        COMMAND.remove(path, "broker")


DAY = date(2099, 1, 31)


def test_while_a_key_is_rotated_two_are_known_by_its_name(path: Path) -> None:
    COMMAND.add(path, "broker")
    before = COMMAND.add(path, "bank")
    after = COMMAND.rotate(path, "bank", DAY)
    known = ApiKeys(read_keys(path))
    found = [known.find(key.encode()) for key in (before, after)]

    assert [key and (key.name, key.expires) for key in found] == [("bank", DAY), ("bank", None)]
    COMMAND.remove(path, "bank", older=True)
    known = ApiKeys(read_keys(path))
    assert known.find(before.encode()) is None
    assert known.find(after.encode())
    COMMAND.rotate(path, "bank", DAY)
    COMMAND.remove(path, "bank")
    assert [key.name for key in read_keys(path)] == ["broker"]


def test_a_last_day_is_not_put_off_by_rotating(path: Path) -> None:
    COMMAND.add(path, "bank", date(2098, 1, 31))
    COMMAND.rotate(path, "bank", DAY, expires=date(2100, 1, 31))

    assert [key.expires for key in read_keys(path)] == [date(2098, 1, 31), date(2100, 1, 31)]


def test_a_key_is_rotated_again_once_the_one_before_has_expired(path: Path) -> None:
    COMMAND.add(path, "bank")
    COMMAND.rotate(path, "bank", date(2026, 1, 31))
    newest = COMMAND.rotate(path, "bank", DAY)
    keys = read_keys(path)

    assert [key.expires for key in keys] == [DAY, None]
    assert ApiKeys(keys).find(newest.encode()) == keys[1]


def test_what_cannot_be_rotated_is_told_with_the_command_that_helps(path: Path) -> None:
    COMMAND.add(path, "bank")
    COMMAND.add(path, "old", date(2026, 1, 31))
    COMMAND.rotate(path, "bank", DAY)
    before = path.read_text()

    with pytest.raises(KeysError, match=r"found 2 valid keys of bank, .* remove bank --older "):
        COMMAND.rotate(path, "bank", DAY)
    for name in ("old", "nobody"):
        with pytest.raises(KeysError, match=rf"found no valid keys of {name}, .* list "):
            COMMAND.rotate(path, name, DAY)
    with pytest.raises(KeysError, match=r"found no older key of old, .* list "):
        COMMAND.remove(path, "old", older=True)
    assert path.read_text() == before


def test_the_command_adds_lists_and_removes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(COMMAND.variable, str(path))
    today = datetime.now(UTC).date()

    key = COMMAND.main(["add", "bank"])
    COMMAND.main(["add", "night-job", "--expires", f"{today}"])

    assert ApiKeys(read_keys(path)).find(key.encode())
    assert COMMAND.main(["list"]) == f"bank\tno end\nnight-job\t{today}"
    assert COMMAND.main(["remove", "bank", "--file", str(path)]).startswith("bank is removed")
    assert COMMAND.main(["list"]) == f"night-job\t{today}"


def test_the_command_rotates_and_ends_the_older_key(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(COMMAND.variable, str(path))
    COMMAND.main(["add", "bank"])

    key = COMMAND.main(["rotate", "bank", "--until", f"{DAY}"])

    assert ApiKeys(read_keys(path)).find(key.encode())
    assert COMMAND.main(["list"]) == f"bank\t{DAY}\nbank\tno end"
    assert COMMAND.main(["remove", "bank", "--older"]).startswith("The older key of bank is remove")
    assert COMMAND.main(["list"]) == "bank\tno end"


YESTERDAY = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "bank"], f"found no file, expected --file or {COMMAND.variable}"),
        (["add", "a b", "--file", "x"], "found 'a b', expected at most 64 letters"),
        (["add", "(nobody)", "--file", "x"], "found '(nobody)', expected at most 64 letters"),
        (["add", "bank", "--expires", YESTERDAY, "--file", "x"], "expected a day from today"),
        (["add", "bank", "--expires", "soon", "--file", "x"], "found soon, expected a day"),
        (["list", "--file", "no/such.toml"], "no/such.toml: found no readable TOML"),
        (
            ["add", "bank", "--file", "no/such.toml"],
            "no/such.toml: found no place for it (No such file or directory), expected a folder",
        ),
        (["add", "bank", "--file", "/proc/keys.toml"], "/proc/keys.toml: found no place for it ("),
    ],
)
def test_what_cannot_be_done_is_told_without_a_trace(
    arguments: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv(COMMAND.variable, raising=False)

    with pytest.raises(SystemExit) as end:
        COMMAND.main(arguments)

    assert end.value.code
    assert said in capsys.readouterr().err
