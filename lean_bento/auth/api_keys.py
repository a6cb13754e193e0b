"""API keys as the service sees them: names, hashes and last days, read from a file.

The file holds the SHA-256 of each key, never a key. A key is 256 bits of the operating system's
randomness, which nobody tries out; the slow, salted hashes that passwords need would cost every
request and add nothing. ``lean_bento.auth.__main__`` writes the file. Knows nothing of HTTP.
"""

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
from typing import Any, Final

from lean_bento.errors import KeysError

__all__ = ["KEYS_VARIABLE", "NAME", "Key", "ApiKeys", "command", "digest_of", "read_keys"]

KEYS_VARIABLE: Final = "CREDIT_RISK_API_KEYS_FILE"
"""Environment variable that names the file; without it the service is open."""
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""What a key may be called: no sign in it means anything to TOML, to a log or to Prometheus."""
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
ENTRY: Final = 'NAME = { sha256 = "64 hexadecimal digits", expires = a date or nothing }'
DAY: Final = 86_400
"""Seconds."""
INDEX: Final = 16
"""Digits of a hash by which a key is looked up."""


@dataclass(frozen=True)
class Key:
    """What is known of an API key.

    Attributes:
        name: who it was given to; at most 64 letters, digits, ``_`` and ``-``.
        sha256: of the key, 64 hexadecimal digits.
        expires: the last day, UTC, on which it is taken; None for no end.
    """

    name: str
    sha256: str
    expires: date | None = None

    @cached_property
    def ends(self) -> float:
        """When it is no longer taken, seconds since 1970."""
        if self.expires is None:
            return float("inf")
        return datetime.combine(self.expires, time(tzinfo=UTC)).timestamp() + DAY


class ApiKeys:
    """The keys that are taken."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self.keys = frozenset(keys)
        self._by_index = {key.sha256[:INDEX]: key for key in self.keys}

    def find(self, key: bytes) -> Key | None:
        """Find what is known of a key, in a time that tells nothing about any other.

        The look-up goes by a part of the hash of what was sent: nobody can aim at a hash, and none
        leads back to its key. The whole is compared in constant time.
        """
        digest = digest_of(key)
        found = self._by_index.get(digest[:INDEX])
        return found if found and compare_digest(found.sha256, digest) else None


def digest_of(key: bytes) -> str:
    """SHA-256 of a key, 64 hexadecimal digits."""
    return sha256(key).hexdigest()


def command(path: Path, arguments: str) -> str:
    """Say what mends a file."""
    return f"run: python -m credit_risk.keys {arguments} --file {quote(str(path))}"


def read_keys(path: Path, *, may_be_empty: bool = False) -> list[Key]:
    """Read a file of keys.

    Raises:
        KeysError: if it cannot be read, holds no key, or one that is not as it should be.
    """
    try:
        entries = tomllib.loads(_text(path))
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        fix = _add(path) if isinstance(error, FileNotFoundError) else _anew(path)
        raise KeysError(path, found=f"no readable TOML ({reason})", fix=fix) from None
    keys = [_key(path, name, entry) for name, entry in entries.items()]
    if not keys and not may_be_empty:
        raise KeysError(path, found="no key in it", fix=_add(path))
    if len({key.sha256[:INDEX] for key in keys}) < len(keys):
        raise KeysError(path, found="one hash under two names", fix="remove one of the two")
    return keys


def _text(path: Path) -> str:
    """Whatever else a path may name, a pipe, a device, may never come to its end."""
    if not S_ISREG(path.stat().st_mode):
        raise OSError(EINVAL, "Not a regular file")
    return path.read_text()


def _key(path: Path, name: str, entry: Any) -> Key:  # noqa: ANN401  whatever the file holds
    fields = entry if isinstance(entry, dict) else {}
    digest, expires = fields.get("sha256"), fields.get("expires")
    good = (
        NAME.fullmatch(name)
        and fields.keys() <= {"sha256", "expires"}
        and isinstance(digest, str)
        and DIGEST.fullmatch(digest)
        and (expires is None or type(expires) is date)  # a datetime is a date, too
    )
    if not good:
        raise KeysError(path, found=f"{name} in another form", expected=ENTRY, fix=_anew(path))
    return Key(name, str(digest), expires)


def _add(path: Path) -> str:
    return command(path, "add NAME")


def _anew(path: Path) -> str:
    """Nothing is added to what cannot be read."""
    return f"correct it, or move it away and {_add(path)}"
