"""Write entries to the files of one worker's log, durably and each linked to the one before.

A file begins with a header, which names the file that it goes on from. After a failure the file
is left as it is, because a part of a line may be in it; the next attempt begins another one, which
goes on from the last durable entry.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from time import perf_counter
from typing import Any, Final, NamedTuple

from pydantic_core import to_json

from audit_log import records
from audit_log.errors import BrokenLogError
from audit_log.files import LogFile, LogKind, chain_of, is_being_written, make_folder
from audit_log.reader import followers, read_headers, read_last_line

FORMAT: Final = 1
"""Of the files; in every header."""

LINES_AT_ONCE: Final = 500
"""Entries made into lines, hashed and written at once: some five milliseconds."""


class _Place(NamedTuple):
    """The last line of a log, so far: its file, hash and number."""

    file: str | None
    hash: str
    sequence: int


_BEGINNING: Final = _Place(None, records.GENESIS_HASH, 0)


@dataclass
class LogWriter:
    """Writes one worker's log; goes on where it ended, once there is something to write.

    Attributes:
        folder: of the log.
        header: what all entries have in common.
        kind: of the log.
        worker: its number on this host.
        max_file_size: bytes after which another file is begun.
        now: returns the time, UTC.
        on_sync: called with the seconds that each sync to the disk took.
    """

    folder: Path
    header: Mapping[str, Any]
    _: KW_ONLY
    kind: LogKind
    worker: int = 1
    max_file_size: int = 64_000_000
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    on_sync: Callable[[float], object] = lambda _: None
    _chain: str = field(default="", init=False)
    _file: LogFile | None = field(default=None, init=False)
    _place: _Place = field(default=_BEGINNING, init=False)
    _durable: _Place = field(default=_BEGINNING, init=False)

    def append(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Append entries; when this returns they are durable, if it raises none of them counts.

        Without entries it finds out whether the log can be written.

        Raises:
            OSError: if they cannot be written.
        """
        rest = iter(entries)
        try:
            file = self._current_file()
            while part := list(islice(rest, LINES_AT_ONCE)):
                file.append(self._make_lines(part))
            began = perf_counter()
            file.sync()
            self.on_sync(perf_counter() - began)
        except BaseException:
            self._abandon()
            raise
        self._durable = self._place

    def close(self) -> None:
        """End the file under way."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _make_lines(self, entries: list[Mapping[str, Any]]) -> bytes:
        name, previous, sequence = self._place
        lines = []
        for entry in entries:
            sequence += 1
            content = to_json({"sequence": sequence, **entry}, inf_nan_mode="null")
            line, previous = records.append(content, previous)
            lines.append(line)
        self._place = _Place(name, previous, sequence)
        return b"".join(lines)

    def _current_file(self) -> LogFile:
        file = self._file
        if file and file.size < self.max_file_size and file.day == self.now().date():
            return file
        self.close()
        make_folder(self.folder)  # somebody may have removed it
        if not self._chain:
            self._resume()
        now = self.now()
        self._file = file = LogFile.create(self.folder, self._chain, now)
        header = {
            "format": FORMAT,
            "file": file.path.name,
            "begun": now.isoformat(timespec="microseconds"),
            "continues": self._place.file,
            "sequence": self._place.sequence,
            **self.header,
        }
        line, digest = records.append(to_json(header), self._place.hash)
        file.append(line)
        self._place = _Place(file.path.name, digest, self._place.sequence)
        return file

    def _abandon(self) -> None:
        """End the file under way; take it away if nothing in it is durable."""
        file, self._file = self._file, None
        self._place = self._durable
        if file is not None:
            file.close(remove=file.path.name != self._durable.file)

    def _resume(self) -> None:
        """Find the end of this worker's chain; of another while a process writes that one."""
        for other in count():
            chain = self.kind.worker_chain(self.worker, other)
            files = [f for f in self.kind.files_in(self.folder) if chain_of(f.name) == chain]
            if not any(map(is_being_written, files)):
                break
        headers, _ = read_headers(files)
        ends = [self.folder / name for name in headers.keys() - followers(headers).keys()]
        # Several ends only where the log is broken, as `verify` tells.
        found = max(map(_last_place, ends), key=lambda place: place.sequence, default=_BEGINNING)
        self._place = self._durable = found
        self._chain = chain


def _last_place(file: Path) -> _Place:
    try:
        fields = read_last_line(file)
    except (BrokenLogError, FileNotFoundError):
        return _BEGINNING  # broken: for `verify` to find; not there: removed meanwhile
    return _Place(file.name, fields["hash"], fields["sequence"])
