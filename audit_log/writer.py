"""Writes entries to the files of one worker's log, durably and each linked to the one before.

A file begins with a header that holds what its entries have in common, among it the last hash of
the file before. After any failure the file is left as it is, because a part of a line may be in
it; the next attempt begins another, which goes on from the last entry that was durable. Knows
nothing of threads and of credit.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic_core import to_json

from audit_log.errors import BrokenLogError
from audit_log.files import (
    LogFile,
    files_in,
    is_being_written,
    last_line,
    lineage,
    lineage_of,
    make_folder,
)
from audit_log.links import followed, read_headers
from audit_log.records import GENESIS_HASH, seal, unseal

__all__ = ["FORMAT", "Writer", "utc_now"]

FORMAT: Final = 1
"""Of the files; in every header."""

LINES_AT_ONCE: Final = 500
"""Entries made into lines, hashed and written at once: some five milliseconds."""


def utc_now() -> datetime:
    """Say what time it is."""
    return datetime.now(UTC)


class _Place(NamedTuple):
    """Where a log has got to: the last line's file, hash and number."""

    file: str | None
    hash: str
    sequence: int


_BEGINNING: Final = _Place(None, GENESIS_HASH, 0)


class Writer:
    """Writes one worker's log."""

    def __init__(
        self,
        folder: Path,
        header: Mapping[str, Any],
        *,
        worker: int,
        max_file_size: int,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Go on where this worker's log ended, once there is something to write.

        Args:
            folder: of the log; it must be there.
            header: what all entries have in common.
            worker: its number on this host.
            max_file_size: bytes after which another file is begun.
            now: the time, UTC.
        """
        self._folder = folder
        self._header = header
        self._worker = worker
        self._lineage = ""  # until there is something to write
        self._max_file_size = max_file_size
        self._now = now
        self._file: LogFile | None = None
        self._place = self._durable = _BEGINNING

    def write(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Append entries; when this returns they are durable, if it raises none of them counts.

        Without entries it finds out whether the log can be written.

        Raises:
            OSError: if they cannot be written.
        """
        rest = iter(entries)
        try:
            while part := list(islice(rest, LINES_AT_ONCE)):
                self._append(part)
            file = self._file or self._begin()
            file.sync()
        except BaseException:
            self._abandon()
            raise
        file.keeps = True
        self._durable = self._place

    def close(self) -> None:
        """End the file under way."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _append(self, entries: list[Mapping[str, Any]]) -> None:
        file = self._file
        if file is None:
            file = self._begin()
        elif file.size >= self._max_file_size or file.day != self._now().date():
            file.sync()
            file.keeps = True
            self.close()
            file = self._begin()
        name, previous, sequence = self._place
        lines = []
        for entry in entries:
            sequence += 1
            content = to_json({"sequence": sequence, **entry}, inf_nan_mode="null")
            line, previous = seal(content, previous)
            lines.append(line)
        file.append(b"".join(lines))
        self._place = _Place(name, previous, sequence)

    def _begin(self) -> LogFile:
        make_folder(self._folder)  # somebody may have removed it
        if not self._lineage:
            self._go_on()
        now = self._now()
        self._file = file = LogFile.create(self._folder, self._lineage, now)
        header = {
            "format": FORMAT,
            "file": file.path.name,
            "begun": now.isoformat(timespec="microseconds"),
            "continues": self._place.file,
            "sequence": self._place.sequence,
            **self._header,
        }
        line, sealed = seal(to_json(header), self._place.hash)
        file.append(line)
        self._place = _Place(file.path.name, sealed, self._place.sequence)
        return file

    def _abandon(self) -> None:
        file, self._file = self._file, None
        self._place = self._durable
        if file is not None:
            file.discard()

    def _go_on(self) -> None:
        """Find the end of this worker's lineage; of another while a process writes that one."""
        for other in count():
            name = lineage(self._worker, other)
            files = [file for file in files_in(self._folder) if lineage_of(file.name) == name]
            if not any(map(is_being_written, files)):
                break
        headers = read_headers(files)
        ends = [self._folder / name for name in headers.keys() - followed(headers).keys()]
        # Several ends only where the log is broken, as `verify` tells.
        found = max(map(_end_of, ends), key=lambda place: place.sequence, default=_BEGINNING)
        self._place = self._durable = found
        self._lineage = name


def _end_of(file: Path) -> _Place:
    try:
        fields = unseal(last_line(file) or b"")
    except (BrokenLogError, FileNotFoundError):
        return _BEGINNING  # broken: for `verify` to find; not there: removed meanwhile
    return _Place(file.name, fields["hash"], fields["sequence"])
