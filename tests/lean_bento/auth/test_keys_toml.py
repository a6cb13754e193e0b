"""The file of keys: what is read from it, and that it is replaced as a whole."""

import os
import stat
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from lean_bento.auth.api_keys import Key
from lean_bento.auth.keys_toml import COMMAND, read_keys, write_keys
from lean_bento.errors import KeysError

A, B, C = (sha256(key).hexdigest() for key in (b"a", b"b", b"c"))


def written(folder: Path, text: str) -> Path:
    path = folder / "keys.toml"
    path.write_text(text)
    return path


def test_names_hashes_and_last_days_are_read(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        f'bank = {{ sha256 = "{A}" }}\n# asks at night\n[night-job]\n'
        f'sha256 = "{B}"\nexpires = 2027-01-31\n',
    )

    assert read_keys(path) == [Key("bank", A), Key("night-job", B, date(2027, 1, 31))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "no key in it"),
        ("# nothing\n", "no key in it"),
        ("bank = {", "no readable TOML (Invalid"),
        ("\x00", "no readable TOML (Invalid"),
        ("a = " + "[" * 3000, "no readable TOML ("),
        ('bank = "secret"', "bank in another form"),
        ("bank = {}", "bank in another form"),
        (f'bank = {{ sha256 = "{A[1:]}" }}', "bank in another form"),
        (f'bank = {{ sha256 = "{A.upper()}" }}', "bank in another form"),
        (f"bank = {{ sha256 = {'1' * 64} }}", "bank in another form"),
        (f'"b nk" = {{ sha256 = "{A}" }}', "b nk in another form"),
        (f'bank = {{ sha256 = "{A}", expires = "2027-01-31" }}', "bank in another form"),
        (f'bank = {{ sha256 = "{A}", expires = 2027-01-31T00:00:00Z }}', "bank in another form"),
        (f'bank = {{ sha256 = "{A}", expiry = 2027-01-31 }}', "bank in another form"),
        ("bank = []", "bank in another form"),
        (f'bank = [{{ sha256 = "{A}" }}, 1]', "bank in another form"),
        (f'bank = [{{ sha256 = "{A}" }}, {{ sha256 = "{A}" }}]', "one hash twice"),
        (f'a = {{ sha256 = "{A}" }}\nb = {{ sha256 = "{A}" }}', "one hash twice"),
    ],
)
def test_what_is_not_as_it_should_be_is_told_in_a_sentence(
    tmp_path: Path, text: str, found: str
) -> None:
    path = written(tmp_path, text)

    with pytest.raises(KeysError) as error:
        read_keys(path)

    assert str(error.value).startswith(f"{path}: found {found}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["missing.toml", ".", "pipe", "/dev/zero"])
def test_a_file_that_is_none_is_told_with_the_reason(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(KeysError, match=r"no readable TOML \((No such|Not a regular) file"):
        read_keys(tmp_path / name)


@pytest.mark.parametrize("broken", ["bank = {", "\ufeff", "bank = 1", "a = " + "[" * 3000])
def test_a_file_that_add_cannot_fix_is_to_be_moved_away_first(tmp_path: Path, broken: str) -> None:
    path = written(tmp_path, broken)

    with pytest.raises(KeysError, match=f"; correct it, or move it away and run: .* {path}$"):
        read_keys(path)


def test_the_command_that_fixes_it_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "not there.toml"

    with pytest.raises(KeysError) as error:
        read_keys(path)

    assert str(error.value).endswith(f"; run: python -m lean_bento.auth add NAME --file '{path}'")


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(KeysError, match="no readable TOML"):
        read_keys(path)


def test_two_keys_may_have_one_name_and_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    keys = [Key("bank", A, date(2027, 1, 31)), Key("bank", B), Key("broker", C)]

    write_keys(path, keys, COMMAND)

    assert read_keys(path) == keys
    assert len(path.read_text().splitlines()) == 3, "a comment, and a line for each name"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
