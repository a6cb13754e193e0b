"""The command that makes API keys and keeps their file.

    python -m lean_bento.auth add NAME --expires 2027-01-31 --file keys.toml
    python -m lean_bento.auth rotate NAME --until 2026-12-31 --file keys.toml
    python -m lean_bento.auth list --file keys.toml
    python -m lean_bento.auth remove NAME --file keys.toml

``add`` and ``rotate`` show the new key once; only its hash is kept. A running service notices a
change by itself. Commands that run at the same time wait for each other.
"""

import argparse
import os
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from secrets import token_urlsafe
from time import time
from typing import Final

from lean_bento.auth.api_keys import Key, digest_of
from lean_bento.auth.keys_toml import COMMAND, NAME, alone, fix_by, read_keys, write_keys
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
        with alone(path):
            keys = self._read(path, may_be_empty=True) if path.exists() else []
            if name in {key.name for key in keys}:
                fix = "choose another name, rotate it or remove it"
                raise KeysError(path, found=f"{name} already", fix=fix)
            secret, key = self._make(name, expires)
            write_keys(path, [*keys, key], self.command)
        return secret

    def rotate(self, path: Path, name: str, until: date, expires: date | None = None) -> str:
        """Add a second key under a name and return it; the one before is valid until that day.

        Expired keys of that name are removed.

        Raises:
            KeysError: if the name has no valid key or two of them, or the file is not valid.
        """
        with alone(path):
            keys = self._read(path)
            valid = [key for key in keys if key.name == name and time() < key.ends]
            if len(valid) != 1:
                fix = fix_by(path, f"remove {name} --older" if valid else "list", self.command)
                found = f"{len(valid) or 'no'} valid keys of {name}"
                raise KeysError(path, found=found, expected="one", fix=fix)
            before = replace(valid[0], expires=min(until, valid[0].expires or until))
            secret, key = self._make(name, expires)
            others = [key for key in keys if key.name != name]
            write_keys(path, [*others, before, key], self.command)
        return secret

    def remove(self, path: Path, name: str, *, older: bool = False) -> None:
        """Remove the keys of a name, or the older one only, while it is rotated.

        The last key of a file stays, since a service cannot start without keys.

        Raises:
            KeysError: if the key is not there or is the last one, or the file is not valid.
        """
        with alone(path):
            keys = self._read(path)
            removed = [key for key in keys if key.name == name]
            if older:
                removed = removed[:-1]
            others = [key for key in keys if key not in removed]
            if not removed:
                fix = fix_by(path, "list", self.command)
                found = f"no older key of {name}" if older else f"no {name}"
                raise KeysError(path, found=found, fix=fix)
            if not others:
                fix = fix_by(path, "add NAME", self.command)
                expected = "another key to stay"
                raise KeysError(path, found=f"only {name}", expected=expected, fix=fix)
            write_keys(path, others, self.command)

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
                case "rotate":
                    return self.rotate(path, options.name, options.until, options.expires)
                case "remove":
                    self.remove(path, options.name, older=options.older)
                    what = f"The older key of {options.name}" if options.older else options.name
                    return f"{what} is removed; a running service refuses it within seconds."
                case _:
                    keys = self._read(path)
                    return "\n".join(f"{key.name}\t{key.expires or 'no end'}" for key in keys)
        except KeysError as error:
            parser.exit(1, f"{error}\n")

    def _make(self, name: str, expires: date | None) -> tuple[str, Key]:
        secret = self.prefix + token_urlsafe(BYTES)
        return secret, Key(name, digest_of(secret.encode()), expires)

    def _read(self, path: Path, *, may_be_empty: bool = False) -> list[Key]:
        return read_keys(path, may_be_empty=may_be_empty, command=self.command)

    def _parser(self) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(self.command, description="Keep API keys.")
        commands = parser.add_subparsers(dest="command", required=True)
        for name, text in {
            "add": "make a key and show it, once",
            "rotate": "make a second key under a name and show it, once",
            "list": "list the names of the keys and their last days",
            "remove": "remove the keys of a name",
        }.items():
            sub = commands.add_parser(name, help=text)
            sub.add_argument("--file", default=os.environ.get(self.variable), help=self.variable)
            if name != "list":
                sub.add_argument("name", type=_named, metavar="NAME", help="of the key's owner")
            if name in ("add", "rotate"):
                sub.add_argument("--expires", type=_day, metavar="YYYY-MM-DD", help="last day, UTC")
        until = "last day of the key before, UTC"
        rotate, remove = commands.choices["rotate"], commands.choices["remove"]
        rotate.add_argument("--until", type=_day, metavar="YYYY-MM-DD", help=until, required=True)
        remove.add_argument("--older", action="store_true", help="only the one before the newest")
        return parser


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
