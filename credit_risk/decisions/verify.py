"""Whether a log is as it was written: each line of each file, and how the files follow each other.

What a chain of hashes cannot show: that the last lines of a lineage's last file are gone, that its
first files are (retention takes those), that all of it is, and that somebody who can write here
wrote another chain. Knows nothing of what was decided.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from credit_risk.decisions.chain import Fields, lines_of
from credit_risk.decisions.files import lineage_of, log_files, raw_lines
from credit_risk.decisions.links import followed, read_headers
from credit_risk.errors import BrokenLogError

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
    """Check a file, or all files of a folder."""
    files = log_files(path)
    headers = read_headers(files)
    ends = followed(headers)
    begun: set[str] = set()
    for file in files:
        finding = _check_lines(file, ends.get(file.name))
        if finding.problem is None and file.name in headers and path.is_dir():
            _check_start(finding, headers[file.name], headers.keys(), begun)
        begun.add(lineage_of(file))
        yield finding


def _check_lines(file: Path, end: str | None) -> Finding:
    """Check a file's lines; ``end`` is the hash that the next file goes on from, if any."""
    finding = Finding(file)
    last = b""

    def remembered(line: bytes) -> bytes:
        nonlocal last
        last = line
        return line

    number, end_at = 0, None
    try:
        for number, fields in enumerate(
            lines_of(map(remembered, raw_lines(file)))
        ):  # the header is number 0
            finding.entries = number
            if fields["hash"] == end:
                end_at = number
    except BrokenLogError as error:
        finding.problem = str(error)
        return finding
    if last and not last.endswith(b"\n"):
        finding.notes.append(f"a torn last line of {len(last)} bytes is skipped")
    if end and end_at is None:
        finding.problem = "found no line that the next file goes on from, expected one"
    elif end_at is not None and number > end_at:
        finding.notes.append(f"the last {number - end_at} were refused: a write had failed")
    return finding


def _check_start(finding: Finding, header: Fields, names: Collection[str], begun: set[str]) -> None:
    """Check that what a file goes on from is here."""
    before = header["continues"]
    if before is not None and before not in names:
        if lineage_of(finding.path) in begun:
            finding.problem = f"found no file {before}, which this one goes on from"
        else:
            finding.notes.append(f"{before}, which came before, is not here")
