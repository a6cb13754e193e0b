"""Whether a log is as it was written: each line of each file, and how the files follow each other.

What a chain of hashes cannot show: that the last lines of a lineage's last file are gone, that its
first files are (retention takes those), that all of it is, and that somebody who can write here
wrote another chain. Knows nothing of what was decided.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from audit_log.errors import BrokenLogError
from audit_log.files import lineage_of, log_files, raw_lines
from audit_log.links import followed, read_headers, read_lines
from audit_log.records import Fields

__all__ = ["Finding", "verify"]


@dataclass
class Finding:
    """What is known of a file.

    Attributes:
        path: of the file.
        entries: how many are as they were written, up to the first that is not.
        problem: why the log is not as it was written; None if it is.
        notes: what is worth knowing and no problem.
    """

    path: Path
    entries: int = 0
    problem: str | None = None
    notes: list[str] = field(default_factory=list)


def verify(path: Path) -> Iterator[Finding]:
    """Check a file, or all files of a folder.

    Raises:
        NoLogError: if there is no log.
    """
    files = log_files(path)
    headers = read_headers(files)
    following = followed(headers)
    starts = _Starts.of({file.name for file in files}, headers)
    for file in files:
        finding = _check_lines(file, following.get(file.name))
        if finding.problem is None and file.name in headers and path.is_dir():
            finding.problem = starts.problem(file.name, headers[file.name])
            finding.notes += starts.notes(file.name, headers[file.name])
        yield finding


def _check_lines(file: Path, following: Fields | None) -> Finding:
    """Check a file's lines; ``following`` is the header of the file that goes on from it."""
    finding = Finding(file)
    last = b""

    def remembered(line: bytes) -> bytes:
        nonlocal last
        last = line
        return line

    number, end_at = 0, None
    end = (following["previous"], following["sequence"]) if following else None
    try:
        for number, fields in enumerate(read_lines(file, map(remembered, raw_lines(file)))):
            finding.entries = number  # the header is number 0
            if (fields["hash"], fields["sequence"]) == end:
                end_at = number
    except BrokenLogError as error:
        finding.problem = str(error)
        return finding
    except OSError as error:
        finding.problem = f"cannot be read: {error.strerror}"
        return finding
    if not last:
        finding.notes.append("is empty: begun, and nothing written")
    elif not last.endswith(b"\n"):
        finding.notes.append(f"a torn last line of {len(last)} bytes is skipped")
    if end and end_at is None:
        finding.problem = "found no line that the next file goes on from, expected one"
    elif end_at is not None and number > end_at:
        finding.notes.append(f"the last {number - end_at} were refused: a write had failed")
    return finding


@dataclass(frozen=True)
class _Starts:
    """Where the files of a folder go on from.

    Attributes:
        names: of all files.
        ways_on: how many files go on from each.
        first: the file of each lineage that may go on from one that is gone.
    """

    names: Collection[str]
    ways_on: Counter[str | None]
    first: Mapping[str, str]

    @classmethod
    def of(cls, names: Collection[str], headers: Mapping[str, Fields]) -> "_Starts":
        """Look at all headers."""
        beginnings = [name for name, h in headers.items() if h["continues"] not in names]
        beginnings.sort(key=lambda name: (headers[name]["sequence"], name), reverse=True)
        first = {lineage_of(name): name for name in beginnings}  # the last one counts
        return cls(names, Counter(h["continues"] for h in headers.values()), first)

    def problem(self, name: str, header: Fields) -> str | None:
        """Why a file does not go on from where it should, if so."""
        before = header["continues"]
        if before and (ways := self.ways_on[before]) > 1:
            return f"found {ways} files that go on from {before}, expected one"
        if before in self.names or name == self.first[lineage_of(name)]:
            return None
        if before is None:
            return "found another beginning of this worker's log, expected one"
        return f"found no file {before}, which this one goes on from"

    def notes(self, name: str, header: Fields) -> list[str]:
        """What is worth knowing of where a file goes on from."""
        before = header["continues"]
        is_first = before and self.first.get(lineage_of(name)) == name
        return [f"{before}, which came before, is not here"] if is_first else []
