"""The files of a log: their names, and how one is written.

``<prefix>_<host>_w<worker>_<UTC time of its beginning>_<process>.jsonl``. The files of one worker
of one host are a *worker chain*: each goes on from the end of another. A file is written by one
process, which holds a lock on it, and never again after that.
"""

import errno
import fcntl
import os
import re
import socket
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from audit_log.errors import NoLogError

NAME: Final = r"_[^_]+_w[\d.]+_\d{8}T\d{12}Z_\d+\.jsonl"
"""Of a file, after the prefix."""
NOT_SUPPORTED: Final = (errno.EINVAL, errno.ENOTSUP, errno.ENOTTY)
"""What file systems without ``F_FULLFSYNC`` say to it, such as those of a network."""


@dataclass(frozen=True)
class LogKind:
    """What a log is about, and its words for it.

    Attributes:
        entry: what an entry is called, such as ``payment``.
        prefix: what the names of its files begin with, such as ``payments``.
        time_field: the field of an entry that has its time, ISO 8601.
    """

    entry: str
    prefix: str
    time_field: str

    def worker_chain(self, worker: int, other: int = 0) -> str:
        """Name a chain of a worker on this host: its first, or another one."""
        host = re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())
        return f"{self.prefix}_{host}_w{worker}" + (f".{other}" if other else "")

    def files_in(self, folder: Path) -> list[Path]:
        """List the files of a log in a folder, in the order of their names."""
        return sorted(each for each in folder.iterdir() if self._names(each))

    def files_at(self, path: Path) -> list[Path]:
        """List the files of a log: all of a folder, or the one that is named.

        Raises:
            NoLogError: if there are none.
        """
        if path.is_dir():
            files, found = self.files_in(path), "a folder without one"
        else:
            files = [path] if self._names(path) else []
            found = "another file" if path.exists() else "nothing"
        if not files:
            raise NoLogError(path, found=found, entry=self.entry)
        return files

    def _names(self, path: Path) -> bool:
        return bool(re.fullmatch(re.escape(self.prefix) + NAME, path.name)) and path.is_file()


def chain_of(name: str) -> str:
    """Return the worker chain that the file of this name belongs to."""
    return name.rsplit("_", 2)[0]


def make_folder(folder: Path) -> None:
    """Make the folder of a log if it is not there, for nobody else to read."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def prepare_folder(folder: Path) -> None:
    """Make the folder of a log if need be, and see that files can be made in it.

    Raises:
        OSError: if not.
    """
    make_folder(folder)
    probe = folder / f".probe-{os.getpid()}"
    probe.touch(0o600)
    probe.unlink()


def is_being_written(path: Path) -> bool:
    """Tell whether a process holds the lock on a file; none does if the file is gone."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False


@dataclass(slots=True)
class LogFile:
    """A file that is being written, for nobody else to read.

    Attributes:
        path: where it is.
        day: in UTC, when it was begun.
        size: bytes written.
    """

    path: Path
    day: date
    _descriptor: int
    _status: os.stat_result
    size: int = 0

    @classmethod
    def create(cls, folder: Path, chain: str, now: datetime) -> "LogFile":
        """Begin a file that was not there, and make its name durable."""
        path = folder / f"{chain}_{now:%Y%m%dT%H%M%S%fZ}_{os.getpid()}.jsonl"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        file = cls(path, now.date(), descriptor, os.fstat(descriptor))
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # a reader may look at it just now
            _sync_folder(folder)
        except OSError:
            file.close(remove=True)
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
        _sync_data(self._descriptor)
        if not os.path.samestat(self.path.stat(), self._status):
            raise FileNotFoundError(errno.ENOENT, "Another file has this name", str(self.path))

    def close(self, *, remove: bool = False) -> None:
        """End the file, and release the lock; take the file away if it holds nothing durable."""
        if remove:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)


def _sync_data(descriptor: int) -> None:
    """Sync a file; macOS has no ``fdatasync``, and its ``fsync`` stops at the drive's cache."""
    if hasattr(os, "fdatasync"):
        os.fdatasync(descriptor)
        return
    try:
        fcntl.fcntl(descriptor, getattr(fcntl, "F_FULLFSYNC", -1))
    except OSError as error:
        if error.errno not in NOT_SUPPORTED:
            raise
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
