"""API keys: how one is found by its secret, and kept in step with its file.

Only the SHA-256 of a key is known here. A key is 256 random bits of the operating system, too many
to guess. The slow, salted hashes that passwords need would cost every request and add nothing.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from time import monotonic
from typing import Final

from lean_bento.errors import KeysError

logger = logging.getLogger("bentoml.service")

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
        name: of its owner; at most 64 letters, digits, ``_`` and ``-``. While a key is rotated, two
            have one name.
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

    def __init__(self, path: Path, read: Callable[[Path], Iterable[Key]]) -> None:
        """Read a file of keys with ``read``.

        Raises:
            KeysError: if the file is not valid.
        """
        self._path = path
        self._read = read
        self._state = self._look()
        self._keys = ApiKeys(read(path))
        self._next_look = monotonic() + INTERVAL

    def keys(self) -> ApiKeys:
        """Return the keys in the file; while it cannot be read, the last ones that it had."""
        now = monotonic()
        if now >= self._next_look:
            self._next_look = now + INTERVAL
            if (state := self._look()) != self._state:
                self._state = state
                self._update()
        return self._keys

    def _look(self) -> tuple[int, ...]:
        try:
            found = self._path.stat()
        except OSError:
            return ()
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino

    def _update(self) -> None:
        try:
            keys = ApiKeys(self._read(self._path))
        except KeysError as error:
            logger.error("The API keys stay as they were: %s", error)  # noqa: TRY400  a sentence
            return
        before, after = (
            {(key.name, key.sha256) for key in each.keys} for each in (self._keys, keys)
        )
        logger.info(
            "API keys read again: added %s; removed %s",
            _names(after - before),
            _names(before - after),
        )
        self._keys = keys


def _names(keys: set[tuple[str, str]]) -> str:
    return ", ".join(sorted(name for name, _ in keys)) or "none"


def digest_of(key: bytes) -> str:
    """SHA-256 of a key, 64 hexadecimal digits."""
    return sha256(key).hexdigest()
