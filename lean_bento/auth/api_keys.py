"""API keys: names, hashes and last days, read from a file, and again when the file changes.

The file holds the SHA-256 of each key, never a key. A key is 256 random bits of the operating
system, too many to guess. The slow, salted hashes that passwords need would cost every request and
add nothing. ``python -m lean_bento.auth`` writes the file.
"""

import logging
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from errno import EINVAL
from functools import cached_property
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from shlex import quote
from stat import S_ISREG
from time import monotonic
from typing import Any, Final

from lean_bento.errors import KeysError

logger = logging.getLogger("bentoml.service")

COMMAND: Final = "python -m lean_bento.auth"
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""Name of a key: without characters that have a meaning in TOML, in a log or in Prometheus."""
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
ENTRY: Final = 'NAME = { sha256 = "64 hexadecimal digits", expires = a date or nothing }'
DAY: Final = 86_400
"""Seconds."""
INDEX: Final = 16
"""Digits of a hash by which a key is looked up; all digits are compared afterwards."""
INTERVAL: Final = 1.0
"""Seconds between two looks at the file."""


@dataclass(frozen=True)
class Key:
    """An API key, without its secret.

    Attributes:
        name: of its owner; at most 64 letters, digits, ``_`` and ``-``.
        sha256: of the key, 64 hexadecimal digits.
        expires: the last day, UTC, on which it is valid; None for no end.
    """

    name: str
    sha256: str
    expires: date | None = None

    @cached_property
    def ends(self) -> float:
        """End of its last day, seconds since 1970."""
        if self.expires is None:
            return float("inf")
        return datetime.combine(self.expires, time(tzinfo=UTC)).timestamp() + DAY


class ApiKeys:
    """A set of keys, looked up by the secret."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self.keys = frozenset(keys)
        self._by_index = {key.sha256[:INDEX]: key for key in self.keys}

    def find(self, key: bytes) -> Key | None:
        """Find a key; the time that it takes tells nothing about any other key.

        The look-up uses a part of the hash of the key that was sent. Nobody can choose a hash, and
        a hash does not lead back to its key. The whole hash is compared in constant time.
        """
        digest = digest_of(key)
        found = self._by_index.get(digest[:INDEX])
        return found if found and compare_digest(found.sha256, digest) else None


class KeyFile:
    """Keeps the keys in step with their file.

    At a request, at most once a second, it checks whether the file has changed, and reads it again
    if so.
    """

    def __init__(self, path: Path, command: str = COMMAND) -> None:
        """Read a file of keys; ``command`` is the one that an error recommends.

        Raises:
            KeysError: if the file is not valid.
        """
        self._path = path
        self._command = command
        self._state = self._look()
        self._keys = ApiKeys(read_keys(path, command=command))
        self._next_look = monotonic() + INTERVAL

    def keys(self) -> ApiKeys:
        """Return the keys in the file; while it cannot be read, the last ones that it had."""
        now = monotonic()
        if now >= self._next_look:
            self._next_look = now + INTERVAL
            if (state := self._look()) != self._state:
                self._state = state
                self._read()
        return self._keys

    def _look(self) -> tuple[int, ...]:
        try:
            found = self._path.stat()
        except OSError:
            return ()
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino

    def _read(self) -> None:
        try:
            keys = ApiKeys(read_keys(self._path, command=self._command))
        except KeysError as error:
            logger.error("The API keys stay as they were: %s", error)  # noqa: TRY400  a sentence
            return
        before, after = self._keys.keys, keys.keys
        logger.info(
            "API keys read again: added %s; removed %s",
            _names(after - before),
            _names(before - after),
        )
        self._keys = keys


def _names(keys: frozenset[Key]) -> str:
    return ", ".join(sorted(key.name for key in keys)) or "none"


def digest_of(key: bytes) -> str:
    """SHA-256 of a key, 64 hexadecimal digits."""
    return sha256(key).hexdigest()


def fix_by(path: Path, arguments: str, command: str = COMMAND) -> str:
    """Return the command that fixes a file, for a sentence."""
    return f"run: {command} {arguments} --file {quote(str(path))}"


def read_keys(path: Path, *, may_be_empty: bool = False, command: str = COMMAND) -> list[Key]:
    """Read a file of keys; ``command`` is the one that an error recommends.

    Raises:
        KeysError: if it cannot be read, has no key, or an entry that is not valid.
    """
    add = fix_by(path, "add NAME", command)
    anew = f"correct it, or move it away and {add}"  # nothing is added to an unreadable file
    try:
        entries = tomllib.loads(_text(path))
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        fix = add if isinstance(error, FileNotFoundError) else anew
        raise KeysError(path, found=f"no readable TOML ({reason})", fix=fix) from None
    keys = []
    for name, entry in entries.items():
        if (key := _key(name, entry)) is None:
            raise KeysError(path, found=f"{name} in another form", expected=ENTRY, fix=anew)
        keys.append(key)
    if not keys and not may_be_empty:
        raise KeysError(path, found="no key in it", fix=add)
    if len({key.sha256[:INDEX] for key in keys}) < len(keys):
        raise KeysError(path, found="one hash under two names", fix="remove one of the two")
    return keys


def _text(path: Path) -> str:
    """Read a regular file; a pipe or a device may never come to its end."""
    if not S_ISREG(path.stat().st_mode):
        raise OSError(EINVAL, "Not a regular file")
    return path.read_text(encoding="utf-8")


def _key(name: str, entry: Any) -> Key | None:  # noqa: ANN401  whatever the file holds
    fields = entry if isinstance(entry, dict) else {}
    digest, expires = fields.get("sha256"), fields.get("expires")
    good = (
        NAME.fullmatch(name)
        and fields.keys() <= {"sha256", "expires"}
        and isinstance(digest, str)
        and DIGEST.fullmatch(digest)
        and (expires is None or type(expires) is date)  # a datetime is a date, too
    )
    return Key(name, str(digest), expires) if good else None
