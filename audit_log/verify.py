"""Check that a log is as it was written: each line, and how the files follow each other.

A chain of hashes cannot show that the last lines of a worker's last file are gone, that its first
files are (retention takes those), that all of it is, or that somebody who can write here wrote
another chain.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from audit_log.errors import BrokenLogError
from audit_log.files import LogKind, chain_of
from audit_log.reader import followers, read_headers, read_lines
from audit_log.records import Fields


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


def verify(path: Path, kind: LogKind) -> Iterator[Finding]:
    """Check a file, or all files of a folder.

    Raises:
        NoLogError: if there is no log.
    """
    files = kind.files_at(path)
    headers, _ = read_headers(files)
    following = followers(headers)
    beginnings = Beginnings({file.name for file in files}, headers)
    for file in files:
        finding = Finding(file)
        try:
            _check_lines(finding, following.get(file.name))
            if file.name in headers and path.is_dir():
                beginnings.check(finding, headers[file.name]["continues"])
        except BrokenLogError as error:
            finding.problem = str(error)
        except OSError as error:
            finding.problem = f"cannot be read: {error.strerror}"
        yield finding


def _check_lines(finding: Finding, follower: Fields | None) -> None:
    """Check a file's lines; ``follower`` is the header of the file that goes on from it."""
    line = b""

    def raw() -> Iterator[bytes]:
        nonlocal line
        with finding.path.open("rb") as file:
            for line in file:  # noqa: UP028  the last one is looked at below
                yield line

    end = (follower["previous"], follower["sequence"]) if follower else None
    end_at = None
    for number, fields in enumerate(read_lines(finding.path.name, raw())):
        finding.entries = number  # the header is number 0
        if (fields["hash"], fields["sequence"]) == end:
            end_at = number
    if not line:
        finding.notes.append("is empty: begun, and nothing written")
    elif not line.endswith(b"\n"):
        finding.notes.append(f"a torn last line of {len(line)} bytes is skipped")
    if end and end_at is None:
        raise BrokenLogError(found="no line that the next file goes on from", expected="one")
    if end_at is not None and finding.entries > end_at:
        refused = finding.entries - end_at
        finding.notes.append(f"the last {refused} were refused: a write had failed")


class Beginnings:
    """Where the files of a folder go on from."""

    def __init__(self, names: Collection[str], headers: Mapping[str, Fields]) -> None:
        self._names = names
        self._ways_on = Counter(header["continues"] for header in headers.values())
        # Of each chain the one file whose predecessor may be gone, or never was.
        self._first: dict[str, str] = {}
        for name in sorted(headers, key=lambda name: (headers[name]["sequence"], name)):
            if headers[name]["continues"] not in names:
                self._first.setdefault(chain_of(name), name)

    def check(self, finding: Finding, before: str | None) -> None:
        """Check that a file goes on from the right one: ``before``, which its header names."""
        name = finding.path.name
        is_first = self._first.get(chain_of(name)) == name
        if before and is_first:
            finding.notes.append(f"{before}, which came before, is not here")
        if before and (ways := self._ways_on[before]) > 1:
            finding.problem = f"found {ways} files that go on from {before}, expected one"
        elif before is None and not is_first:
            finding.problem = "found another beginning of this worker's log, expected one"
        elif before not in self._names and not is_first:
            finding.problem = f"found no file {before}, which this one goes on from"
