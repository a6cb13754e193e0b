"""The file of API keys: TOML that has the names, hashes and last days of keys, and never a key.

``bank = { sha256 = "...", expires = 2027-01-31 }``. While a key is rotated its name has a list, the
older one first: ``bank = [{ sha256 = "...", expires = 2027-01-31 }, { sha256 = "..." }]``.
"""

import errno
import fcntl
import os
import re
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from errno import EINVAL
from pathlib import Path
from shlex import quote
from stat import S_ISREG
from typing import Any, Final

from lean_bento.auth.api_keys import INDEX, Key
from lean_bento.errors import KeysError

COMMAND: Final = "python -m lean_bento.auth"
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""Name of a key: without characters that have a meaning in TOML, in a log or in Prometheus."""
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
ENTRY: Final = 'NAME = { sha256 = "64 hexadecimal digits", expires = a date or nothing }'


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
    keys: list[Key] = []
    for name, entry in entries.items():
        found = [_key(name, each) for each in (entry if isinstance(entry, list) else [entry])]
        if not found or None in found:
            raise KeysError(path, found=f"{name} in another form", expected=ENTRY, fix=anew)
        keys += filter(None, found)
    if not keys and not may_be_empty:
        raise KeysError(path, found="no key in it", fix=add)
    if len({key.sha256[:INDEX] for key in keys}) < len(keys):
        raise KeysError(path, found="one hash twice", fix="remove one of the two")
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


@contextmanager
def alone(path: Path) -> Iterator[None]:
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


def write_keys(path: Path, keys: Iterable[Key], command: str) -> None:
    """Replace a file as a whole; a new one can be read by its owner only, an old one as before."""
    path = path.resolve()  # the file that a link names is replaced, not the link
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    new = Path(name)
    try:
        with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123  a Path opens no handle
            file.write(f"# Names and SHA-256 hashes of API keys; {command}\n")
            file.writelines(_lines(keys))
            if path.exists():
                before = path.stat()
                os.fchown(handle, before.st_uid, before.st_gid)
                os.fchmod(handle, before.st_mode & 0o777)
            file.flush()
            os.fsync(handle)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _lines(keys: Iterable[Key]) -> Iterator[str]:
    entries: dict[str, list[str]] = {}
    for key in keys:
        expires = f", expires = {key.expires}" if key.expires else ""
        entries.setdefault(key.name, []).append(f'{{ sha256 = "{key.sha256}"{expires} }}')
    for name, found in entries.items():
        yield f"{name} = {found[0]}\n" if len(found) == 1 else f"{name} = [{', '.join(found)}]\n"
