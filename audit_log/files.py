"""The files of a decision log: their names, how one is written, and where the last one ended.

``decisions_<host>_w<worker>_<UTC time of its beginning>_<process>.jsonl``: the files of one worker
of one host are a *lineage*. A file is written by one process, which holds a lock on it, and never
again after that. Knows nothing of what is in a line.
"""

import errno
import fcntl
import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from audit_log.errors import NoLogError

__all__ = [
    "PRIVATE_FILE",
    "LogFile",
    "files_in",
    "is_being_written",
    "last_line",
    "lineage",
    "lineage_of",
    "log_files",
    "make_folder",
    "prepare",
    "raw_lines",
]

SUFFIX: Final = ".jsonl"
NAME: Final = re.compile(r"(decisions_[^_]+_w[\d.]+)_\d{8}T\d{12}Z_\d+\.jsonl")
PRIVATE_FOLDER: Final = 0o700
PRIVATE_FILE: Final = 0o600
"""Applicants' data: nobody's but the service's."""


def lineage(worker: int, other: int = 0) -> str:
    """What the names of a worker's files begin with, on this host; ``other`` than the first."""
    host = re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())
    return f"decisions_{host}_w{worker}" + (f".{other}" if other else "")


def lineage_of(name: str) -> str:
    """Which lineage a file of this name belongs to."""
    return name.rsplit("_", 2)[0]


def files_in(folder: Path) -> list[Path]:
    """The files of a log that are in a folder, in the order of their names."""
    return sorted(each for each in folder.iterdir() if _is_one(each))


def log_files(path: Path) -> list[Path]:
    """The files of a log: all of a folder, or the one that is named.

    Raises:
        NoLogError: if there are none.
    """
    if not path.exists():
        raise NoLogError(path, found="nothing")
    if not path.is_dir():
        if not _is_one(path):
            raise NoLogError(path, found="another file")
        return [path]
    if not (files := files_in(path)):
        raise NoLogError(path, found="a folder without one")
    return files


def _is_one(path: Path) -> bool:
    return NAME.fullmatch(path.name) is not None and path.is_file()


def make_folder(folder: Path) -> None:
    """Make the folder of a log if it is not there, for nobody else to read."""
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)


def prepare(folder: Path) -> None:
    """Make the folder if need be, and see that files can be made in it.

    Raises:
        OSError: if not.
    """
    make_folder(folder)
    probe = folder / f".probe-{os.getpid()}"
    probe.touch(PRIVATE_FILE)
    probe.unlink()


def is_being_written(path: Path) -> bool:
    """Whether a process holds the lock on a file; not if it is gone."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False


def last_line(path: Path) -> bytes | None:
    """The last line of a file that has its newline, without it; None if there is none."""
    with path.open("rb") as file:
        end = size = file.seek(0, os.SEEK_END)
        tail = b""
        while end and tail.count(b"\n") < 2:  # noqa: PLR2004  one before it and its own
            start = max(0, end - 65536)
            file.seek(start)
            tail = file.read(end - start) + tail
            end = start
    lines = tail.split(b"\n")[:-1] if size else []
    return lines[-1] if lines else None


@dataclass(slots=True)
class LogFile:
    """A file that is being written.

    Attributes:
        path: where it is.
        day: in UTC, when it was begun.
        size: bytes written.
        keeps: whether anything in it has been promised to be there.
    """

    path: Path
    day: date
    _descriptor: int
    size: int = 0
    keeps: bool = False

    @classmethod
    def create(cls, folder: Path, name: str, now: datetime) -> "LogFile":
        """Begin a file that was not there, and make its name durable."""
        path = folder / f"{name}_{now:%Y%m%dT%H%M%S%fZ}_{os.getpid()}{SUFFIX}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        file = cls(path, now.date(), os.open(path, flags, PRIVATE_FILE))
        try:
            fcntl.flock(file._descriptor, fcntl.LOCK_EX)  # a reader may look at it just now
            _sync_folder(folder)
        except OSError:
            file.discard()
            raise
        return file

    def append(self, data: bytes) -> None:
        """Write all of ``data`` at the end."""
        rest = memoryview(data)
        while rest:
            written = os.write(self._descriptor, rest)
            rest = rest[written:]
            self.size += written

    def sync(self) -> None:
        """Return once what was written outlives a loss of power, and can be found by the name.

        Raises:
            OSError: if not; also if somebody has removed the file or moved it away.
        """
        os.fdatasync(self._descriptor)
        if not os.path.samestat(self.path.stat(), os.fstat(self._descriptor)):
            raise FileNotFoundError(errno.ENOENT, "Another file has this name", str(self.path))

    def close(self) -> None:
        """End the file, and let others have it."""
        os.close(self._descriptor)

    def discard(self) -> None:
        """End the file; without it if it keeps nothing."""
        if not self.keeps:
            self.path.unlink(missing_ok=True)
        self.close()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def raw_lines(path: Path) -> Iterator[bytes]:
    """Read the lines of a file with their newlines; a torn last one has none."""
    with path.open("rb") as file:
        yield from file
