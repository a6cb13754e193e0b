"""The command that makes API keys and keeps their file.

    python -m lean_bento.auth add NAME --expires 2027-01-31 --file keys.toml
    python -m lean_bento.auth list --file keys.toml
    python -m lean_bento.auth remove NAME --file keys.toml

``add`` shows the key once; only its hash is kept. A running service notices a change by itself.
Commands that run at the same time wait for each other.
"""

import argparse
import errno
import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from secrets import token_urlsafe
from typing import Final

from lean_bento.auth.api_keys import COMMAND, NAME, Key, digest_of, fix_by, read_keys
from lean_bento.errors import KeysError

BYTES: Final = 32


@dataclass(frozen=True)
class KeyCommand:
    """The command under one name.

    Attributes:
        command: by which it is run, for its help and for errors.
        variable: environment variable that names the file where ``--file`` does not.
        prefix: of each key, by which scanners of repositories and logs know it:
            ``<prefix>[A-Za-z0-9_-]{43}``.
    """

    command: str = COMMAND
    variable: str = "LEAN_BENTO_API_KEYS_FILE"
    prefix: str = "key_"

    def add(self, path: Path, name: str, expires: date | None = None) -> str:
        """Make a key, add it to a file, which may not exist yet, and return it.

        The key is on the disk then.

        Raises:
            KeysError: if the name is taken, or the file is not valid.
        """
        secret = self.prefix + token_urlsafe(BYTES)
        with _alone(path):
            keys = self._read(path, may_be_empty=True) if path.exists() else []
            if name in {key.name for key in keys}:
                fix = "choose another name, or remove it"
                raise KeysError(path, found=f"{name} already", fix=fix)
            _write(path, [*keys, Key(name, digest_of(secret.encode()), expires)], self.command)
        return secret

    def remove(self, path: Path, name: str) -> None:
        """Remove a key from a file; the last one stays, since a service cannot start without keys.

        Raises:
            KeysError: if the key is not there or is the last one, or the file is not valid.
        """
        with _alone(path):
            keys = self._read(path)
            others = [key for key in keys if key.name != name]
            if len(others) == len(keys):
                fix = fix_by(path, "list", self.command)
                raise KeysError(path, found=f"no {name}", fix=fix)
            if not others:
                fix = fix_by(path, "add NAME", self.command)
                expected = "another key to stay"
                raise KeysError(path, found=f"only {name}", expected=expected, fix=fix)
            _write(path, others, self.command)

    def main(self, arguments: list[str] | None = None) -> str:
        """Run the command; return the text to print."""
        parser = self._parser()
        options = parser.parse_args(arguments)
        if not options.file:
            parser.error(f"found no file, expected --file or {self.variable}")
        path = Path(options.file)
        try:
            match options.command:
                case "add":
                    return self.add(path, options.name, options.expires)
                case "remove":
                    self.remove(path, options.name)
                    return (
                        f"{options.name} is removed; a running service refuses it within seconds."
                    )
                case _:
                    keys = self._read(path)
                    return "\n".join(f"{key.name}\t{key.expires or 'no end'}" for key in keys)
        except KeysError as error:
            parser.exit(1, f"{error}\n")

    def _read(self, path: Path, *, may_be_empty: bool = False) -> list[Key]:
        return read_keys(path, may_be_empty=may_be_empty, command=self.command)

    def _parser(self) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(self.command, description="Keep API keys.")
        commands = parser.add_subparsers(dest="command", required=True)
        for name, text in {
            "add": "make a key and show it, once",
            "list": "list the names of the keys and their last days",
            "remove": "remove a key",
        }.items():
            sub = commands.add_parser(name, help=text)
            sub.add_argument("--file", default=os.environ.get(self.variable), help=self.variable)
            if name != "list":
                sub.add_argument("name", type=_named, metavar="NAME", help="of the key's owner")
            if name == "add":
                sub.add_argument("--expires", type=_day, metavar="YYYY-MM-DD", help="last day, UTC")
        return parser


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Lock out other commands, and make the change durable.

    The folder is locked, since the file is replaced and may not exist yet.

    Raises:
        KeysError: if the folder is not there or cannot be written.
    """
    try:
        file = path.resolve()
        if file.is_symlink():  # a link to itself, of which Python 3.13 says nothing here
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
            os.fsync(folder)
        finally:
            os.close(folder)
    except (OSError, RuntimeError) as error:  # the latter of a link to itself, in 3.11
        raise KeysError(
            path,
            found=f"no place for it ({getattr(error, 'strerror', error)})",
            expected="a folder that can be written",
            fix="make one, or name another file with --file",
        ) from None


def _write(path: Path, keys: Iterable[Key], command: str) -> None:
    """Replace a file as a whole; a new one can be read by its owner only, an old one as before."""
    path = path.resolve()  # the file that a link names is replaced, not the link
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    new = Path(name)
    try:
        with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123  a Path opens no handle
            file.write(f"# Names and SHA-256 hashes of API keys; {command}\n")
            file.writelines(map(_line, keys))
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
