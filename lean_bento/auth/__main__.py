"""The command that makes API keys and keeps their file.

    python -m credit_risk.keys add NAME --expires 2027-01-31
    python -m credit_risk.keys list
    python -m credit_risk.keys remove NAME

The file is the one that ``--file`` or ``CREDIT_RISK_API_KEYS_FILE`` names. ``add`` shows the key,
once: only its hash is kept. A running service notices by itself. Commands that are given at once
wait for each other.
"""

import argparse
import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from secrets import token_urlsafe
from typing import Final

from lean_bento.auth.api_keys import KEYS_VARIABLE, NAME, Key, command, digest_of, read_keys
from lean_bento.errors import KeysError

__all__ = ["add", "main", "remove"]

PREFIX: Final = "crk_"
"""By which scanners of repositories and logs know a key: ``crk_[A-Za-z0-9_-]{43}``."""
BYTES: Final = 32
HEADER: Final = "# Who may ask: names and SHA-256 hashes of API keys; python -m credit_risk.keys\n"


def add(path: Path, name: str, expires: date | None = None) -> str:
    """Make a key and add it to a file, which is made if it is not there; gives the key.

    It is on the disk when it is given.

    Raises:
        KeysError: if the name is taken, or the file not as it should be.
    """
    secret = PREFIX + token_urlsafe(BYTES)
    with _alone(path):
        keys = read_keys(path, may_be_empty=True) if path.exists() else []
        if name in {key.name for key in keys}:
            raise KeysError(path, found=f"{name} already", fix="choose another name, or remove it")
        _write(path, [*keys, Key(name, digest_of(secret.encode()), expires)])
    return secret


def remove(path: Path, name: str) -> None:
    """Remove a key from a file; the last one stays, since a service does not start without.

    Raises:
        KeysError: if it is not there or the last, or the file not as it should be.
    """
    with _alone(path):
        keys = read_keys(path)
        others = [key for key in keys if key.name != name]
        if len(others) == len(keys):
            raise KeysError(path, found=f"no {name}", fix=command(path, "list"))
        if not others:
            add_one = command(path, "add NAME")
            raise KeysError(path, found=f"only {name}", expected="another key to stay", fix=add_one)
        _write(path, others)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other commands waiting, and what was written from getting lost with the power.

    The folder is locked, since the file is replaced and may not be there yet.

    Raises:
        KeysError: if the folder is not there or cannot be written.
    """
    try:
        folder = os.open(path.resolve().parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
            os.fsync(folder)
        finally:
            os.close(folder)
    except (OSError, RuntimeError) as error:  # the latter of a link to itself
        raise KeysError(
            path,
            found=f"no place for it ({getattr(error, 'strerror', error)})",
            expected="a folder that can be written",
            fix="make one, or name another file with --file",
        ) from None


def _write(path: Path, keys: Iterable[Key]) -> None:
    """Replace a file as a whole; a new one is its owner's alone, an old one keeps its rights."""
    path = path.resolve()  # what a link names is replaced, not the link
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    new = Path(name)
    try:
        with open(handle, "w") as file:  # noqa: PTH123  a Path opens no handle
            file.write(HEADER + "".join(map(_line, keys)))
            if path.exists():
                before = path.stat()
                os.fchown(handle, before.st_uid, before.st_gid)
                os.fchmod(handle, before.st_mode & 0o777)
            file.flush()
            os.fsync(handle)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _line(key: Key) -> str:
    expires = f", expires = {key.expires}" if key.expires else ""
    return f'{key.name} = {{ sha256 = "{key.sha256}"{expires} }}\n'


def _named(text: str) -> str:
    if not NAME.fullmatch(text):
        msg = f"found {text!r}, expected at most 64 letters, digits, _ and -"
        raise argparse.ArgumentTypeError(msg)
    return text


def _day(text: str) -> date:
    today = datetime.now(UTC).date()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day < today:
        msg = f"found {text}, expected a day from today, {today}, on"
        raise argparse.ArgumentTypeError(msg)
    return day


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m credit_risk.keys", description="Keep API keys.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in {
        "add": "make a key and show it, once",
        "list": "name the keys and their last days",
        "remove": "take a key back",
    }.items():
        sub = commands.add_parser(name, help=text)
        sub.add_argument("--file", default=os.environ.get(KEYS_VARIABLE), help=KEYS_VARIABLE)
        if name != "list":
            sub.add_argument("name", type=_named, metavar="NAME", help="who it is given to")
        if name == "add":
            sub.add_argument("--expires", type=_day, metavar="YYYY-MM-DD", help="last day, UTC")
    return parser


def main(arguments: list[str] | None = None) -> str:
    """Do what the command line asks for; gives what is to be printed."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if not asked.file:
        parser.error(f"found no file, expected --file or {KEYS_VARIABLE}")
    path = Path(asked.file)
    try:
        match asked.command:
            case "add":
                return add(path, asked.name, asked.expires)
            case "remove":
                remove(path, asked.name)
                return f"{asked.name} is removed; a running service refuses it within seconds."
            case _:
                keys = read_keys(path)
                return "\n".join(f"{key.name}\t{key.expires or 'no end'}" for key in keys)
    except KeysError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    print(main())  # noqa: T201  a command speaks
