"""Everything that can be wrong with a log for a reason that a person can fix.

::

    AuditLogError
    ├── BrokenLogError   a log is not as it was written
    ├── NoLogError       there is no log where one was named
    └── LogWriteError    a log cannot be written

Each message is one sentence: what was found and what was expected.
"""

from pathlib import Path
from typing import Self


class AuditLogError(Exception):
    """Root of the tree."""


class BrokenLogError(AuditLogError):
    """A log is not as it was written; names the file and the line where they are known."""

    def __init__(self, *, found: str, expected: str) -> None:
        super().__init__(f"found {found}, expected {expected}")

    def at(self, place: str) -> Self:
        """Put a place before what is known: first the line, then its file."""
        self.args = (f"{place}: {self}",)
        return self


class NoLogError(AuditLogError):
    """There is no log where one was named."""

    def __init__(self, path: Path, *, found: str, entry: str) -> None:
        expected = f"a {entry} log: a folder or a file of it"
        super().__init__(f"{str(path)[:100]}: found {found}, expected {expected}")


class LogWriteError(AuditLogError):
    """Entries are not in the log, because it cannot be written."""

    def __init__(self, problem: object) -> None:
        super().__init__(f"The log cannot be written: {problem}")
