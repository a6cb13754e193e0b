"""Everything that can be wrong with a log for a reason that a person can fix.

::

    AuditLogError
    ├── BrokenLogError   a log is not as it was written
    ├── NoLogError       there is no log where one was named
    └── LogWriteError    a log cannot be written

Each message is one sentence: what was found and what was expected.
"""

from pathlib import Path

__all__ = ["AuditLogError", "BrokenLogError", "LogWriteError", "NoLogError"]


class AuditLogError(Exception):
    """Root of the tree."""


class BrokenLogError(AuditLogError):
    """A decision log is not as it was written; names the file and the line where it is known."""

    def __init__(
        self, *, found: str, expected: str, file: str | None = None, line: int | None = None
    ) -> None:
        place = [file] if file is not None else []
        place += [f"line {line}"] if line is not None else []
        super().__init__(": ".join([*place, f"found {found}, expected {expected}"]))
        self._what = {"found": found, "expected": expected}
        self.line = line

    def at(self, line: int, file: str | None = None) -> "BrokenLogError":
        """Say the same with its place."""
        return BrokenLogError(**self._what, file=file, line=line)


class NoLogError(AuditLogError):
    """There is no decision log where one was named."""

    def __init__(self, path: Path, *, found: str) -> None:
        place = str(path)[:100]
        super().__init__(
            f"{place}: found {found}, expected a decision log: a folder or a file of it"
        )


class LogWriteError(AuditLogError):
    """A decision is not in the decision log, because that cannot be written."""

    def __init__(self, problem: object) -> None:
        super().__init__(f"The decision log cannot be written: {problem}")
