"""Read on where an earlier reading ended, and check the log as ``verify`` does.

What was read of a file is described by a position. A file whose status is as it was then is not
read again. Of any other the bytes that were read must have the same SHA-256; if they have not, the
file is read from its beginning. So nothing of an earlier reading is used for other bytes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from audit_log.errors import BrokenLogError
from audit_log.files import LogKind
from audit_log.reader import ENTRIES_AT_ONCE, Progress, followers, read_headers, read_lines
from audit_log.records import Fields
from audit_log.verify import Beginnings, Finding

BLOCK: Final = 1 << 20


class Position(NamedTuple):
    """How far a file was read.

    Attributes:
        size: bytes, up to the end of a line.
        sha256: of those bytes.
        lines: how many they are.
        sequence: number of the last one's entry.
        hash: of the last one.
        status: of the file before it was read: number, size and times, which change with it.
    """

    size: int = 0
    sha256: str = ""
    lines: int = 0
    sequence: int = 0
    hash: str = ""
    status: tuple[int, ...] = ()


@dataclass
class Unread:
    """What is to be read of a file, once.

    Attributes:
        path: of the file.
        header: its first line.
        since: where an earlier reading ended, if that still holds; None to begin at the beginning.
        position: how far the file is read; that of its end after ``entries``.
    """

    path: Path
    header: Fields
    since: Position | None
    _follower: Fields | None
    position: Position = field(init=False)

    def __post_init__(self) -> None:
        """Begin where the earlier reading ended."""
        self.position = self.since or Position()

    def entries(self) -> Iterator[list[Fields]]:
        """Read some entries at once, in order, without those whose writing had failed.

        Raises:
            BrokenLogError: at the first line that is not as it was written.
        """
        status = _status(self.path)
        last = self._follower["previous"] if self._follower else None
        at_end = self.position.hash == last if last else self.position.status == status
        if self.since and at_end:
            self.position = self.position._replace(status=status)
            return
        with self.path.open("rb") as raw:
            yield from self._read(raw, status, last)
        if last and self.position.hash != last:
            found = "no line that the next file goes on from"
            raise BrokenLogError(found=found, expected="one").at(self.path.name)

    def _read(
        self, raw: BinaryIO, status: tuple[int, ...], last: str | None
    ) -> Iterator[list[Fields]]:
        digest, size = _digest(raw, self.position.size), self.position.size

        def whole_lines() -> Iterator[bytes]:
            nonlocal size
            for line in raw:
                if line.endswith(b"\n"):
                    digest.update(line)
                    size += len(line)
                yield line

        _, _, count, sequence, before, _ = self.position
        lines = read_lines(self.path.name, whole_lines(), last, (count, sequence, before))
        try:
            while part := list(islice(lines, ENTRIES_AT_ONCE)):
                count, sequence, before = count + len(part), part[-1]["sequence"], part[-1]["hash"]
                yield part if self.position.lines else part[1:]  # without the header
                self.position = Position(size, digest.hexdigest(), count, sequence, before, status)
        except BrokenLogError as error:
            error.at(self.path.name)
            raise
        self.position = self.position._replace(status=status)


def read_on(
    path: Path,
    kind: LogKind,
    positions: Mapping[str, Position],
    progress: Progress = lambda _: None,
) -> Iterator[Unread]:
    """Read a file, or all files of a folder, from where earlier readings ended.

    Args:
        path: of the file or the folder.
        kind: of the log.
        positions: of the earlier reading, by the name of the file.
        progress: is told how much of the bytes is done.

    Raises:
        BrokenLogError: at the first line that is not as it was written, or the first file that does
            not follow another as it should.
        NoLogError: if there is no log.
    """
    files = kind.files_at(path)
    headers, errors = read_headers(files)
    if errors:
        raise errors[0]
    following = followers(headers)
    beginnings = Beginnings({file.name for file in files}, headers)
    whole, done = sum(file.stat().st_size for file in files) or 1, 0
    for file in files:
        if header := headers.get(file.name):
            if path.is_dir():
                _check_beginning(beginnings, file, header)
            follower = following.get(file.name)
            since = _holds(file, positions.get(file.name), follower)
            yield Unread(file, header, since, follower)
        done += file.stat().st_size
        progress(min(done / whole, 1.0))


def _check_beginning(beginnings: Beginnings, file: Path, header: Fields) -> None:
    beginnings.check(finding := Finding(file), header["continues"])
    if finding.problem:
        found, _, expected = finding.problem.removeprefix("found ").partition(", ")
        raise BrokenLogError(
            found=found, expected=expected.removeprefix("expected ") or "the one that it names"
        ).at(file.name)


def _holds(file: Path, known: Position | None, follower: Fields | None) -> Position | None:
    """Return a position if the file has still the bytes that were read then."""
    if known is None or (follower and follower["sequence"] < known.sequence):
        return None  # behind the line where the next file goes on are entries that do not count
    if known.status == _status(file):
        return known
    with file.open("rb") as raw:
        return known if _digest(raw, known.size).hexdigest() == known.sha256 else None


def _digest(raw: BinaryIO, size: int) -> Any:  # noqa: ANN401  hashlib names no type
    """Hash the first bytes of a file, and leave it behind them."""
    digest, left = sha256(), size
    while left and (block := raw.read(min(left, BLOCK))):
        digest.update(block)
        left -= len(block)
    return digest


def _status(file: Path) -> tuple[int, ...]:
    found = file.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
