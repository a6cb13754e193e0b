"""The bytes of a file of loans, from a path or a URL, unpacked if they are compressed."""

import gzip
import hashlib
import os
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit
from zipfile import BadZipFile, ZipFile, ZipInfo

from credit_risk.errors import DataError
from credit_risk.training.data.download import DESTINATION, MAX_BYTES, fetch
from credit_risk.training.data.wording import first_sentence

EXPECTED: Final = "CSV, Parquet or XLSX"
GZIP: Final = b"\x1f\x8b"
ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")  # the second: of no files
OFFICE: Final = "[Content_Types].xml"  # a file in every zip that is a document of Office


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Source:
    """A file.

    Attributes:
        name: of the file, without folders.
        sha256: of the file's bytes as they are stored, in hexadecimal.
        content: the bytes, unpacked.
        notes: how it was packed, for a person to read.
    """

    name: str
    sha256: str
    content: bytes
    notes: tuple[str, ...]


def load(source: str | Path, max_bytes: int = MAX_BYTES) -> Source:
    """Read a path or an http(s) URL; unpack gzip, and a zip of one file.

    Raises:
        DataError: if it cannot be read or unpacked, or is larger than ``max_bytes`` unpacked.
    """
    name, content = _read(source)
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        unpacked, notes = _unpack(content, max_bytes)
    except (OSError, EOFError, RuntimeError, ValueError, BadZipFile, zlib.error) as error:
        # RuntimeError: of zipfile, where a password is needed
        raise DataError(
            name, f"found {first_sentence(str(error))}, expected a table in {EXPECTED}"
        ) from None
    if len(unpacked) > max_bytes:
        raise DataError(name, f"found more than the {max_bytes:,} bytes expected, unpacked")
    return Source(name, sha256, unpacked, notes)


def _read(source: str | Path) -> tuple[str, bytes]:
    """Return the file's name and its bytes."""
    if isinstance(source, str) and source.lower().startswith(("http://", "https://")):
        content, url = fetch(source), urlsplit(source)
        return PurePosixPath(unquote(url.path)).name or str(url.hostname), content
    # A name that is not in the locale's encoding is UTF-8 all the same.
    name = os.fsencode(source).decode("utf-8", errors="replace")
    try:
        return Path(name).name, Path(source).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        problem = f"cannot be read: {reason}; expected a {EXPECTED} file or an http(s) URL"
        if isinstance(error, FileNotFoundError) and Path(source).name == DESTINATION.name:
            problem = f"cannot be read: {reason}; run: make data"
        raise DataError(name, problem) from None


def _unpack(content: bytes, max_bytes: int) -> tuple[bytes, tuple[str, ...]]:
    """Return the bytes inside and what they were inside of; at most one byte above the maximum."""
    if content.startswith(GZIP):
        with gzip.GzipFile(fileobj=BytesIO(content)) as file:
            return _inside(file, max_bytes), ("gzip",)
    if content.startswith(ZIP):
        with ZipFile(BytesIO(content)) as archive:
            if OFFICE in archive.namelist():
                return content, ()
            only = _only(archive)
            with archive.open(only) as file:
                return _inside(file, max_bytes), (f"{only.filename} in a zip",)
    return content, ()


def _inside(file: _Readable, max_bytes: int) -> bytes:
    inside = file.read(max_bytes + 1)
    if inside.startswith((GZIP, *ZIP)):
        msg = "a compressed file in a compressed file"
        raise ValueError(msg)
    return inside


def _only(archive: ZipFile) -> ZipInfo:
    """Return the one file of a zip; what macOS adds does not count."""
    files = [
        each
        for each in archive.infolist()
        if not each.is_dir() and not each.filename.startswith(("__MACOSX/", "."))
    ]
    if len(files) != 1:
        msg = f"a zip of {len(files)} files"
        raise ValueError(msg)
    return files[0]
