"""The file of API keys while the service runs: what changes in it counts within a second.

It is looked at when somebody asks, at most once a second, and read when it is not what it was.
"""

import logging
from pathlib import Path
from time import monotonic

from lean_bento.auth.api_keys import ApiKeys, Key, read_keys
from lean_bento.errors import KeysError

__all__ = ["KeyFile"]

logger = logging.getLogger("bentoml.service")
INTERVAL = 1.0
"""Seconds between two looks at the file."""


class KeyFile:
    """Keeps a ring of keys in step with its file."""

    def __init__(self, path: Path) -> None:
        """Read a file of keys.

        Raises:
            KeysError: if it is not as it should be.
        """
        self._path = path
        self._state = self._look()
        self._ring = ApiKeys(read_keys(path))
        self._next_look = monotonic() + INTERVAL

    def ring(self) -> ApiKeys:
        """Give the keys that the file holds, or, while it cannot be read, last held."""
        now = monotonic()
        if now >= self._next_look:
            self._next_look = now + INTERVAL
            if (state := self._look()) != self._state:
                self._state = state
                self._read()
        return self._ring

    def _look(self) -> tuple[int, ...]:
        try:
            found = self._path.stat()
        except OSError:
            return ()
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino

    def _read(self) -> None:
        try:
            ring = ApiKeys(read_keys(self._path))
        except KeysError as error:
            logger.error("The API keys stay as they were: %s", error)  # noqa: TRY400  a sentence
            return
        before, after = self._ring.keys, ring.keys
        logger.info(
            "API keys read again: in %s; out %s", _names(after - before), _names(before - after)
        )
        self._ring = ring


def _names(keys: frozenset[Key]) -> str:
    return ", ".join(sorted(key.name for key in keys)) or "none"
