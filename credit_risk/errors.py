"""Everything that can go wrong for a reason a person can mend.

::

    CreditRiskError
    ├── BrokenLogError       a decision log is not as it was written
    ├── DataError            a file of loans is not what was expected
    ├── EncodingError        values cannot be written into the 29 columns
    ├── KeysError            a file of API keys is not what was expected
    ├── ModelRefusedError    a stored model does not fit this code
    ├── NoLogError           there is no decision log where one was named
    ├── PolicyError          thresholds that make no sense
    └── UnloggedError        the decision log cannot be written

Each message is one sentence: what was found, what was expected, and, where there is one, the
command that mends it. HTTP statuses are decided at the edge, not here; what is wrong with the
server's configuration is BentoML's own exception, which its command line prints as a sentence.
"""

from pathlib import Path

__all__ = [
    "BrokenLogError",
    "CreditRiskError",
    "DataError",
    "EncodingError",
    "KeysError",
    "ModelRefusedError",
    "NoLogError",
    "PolicyError",
    "UnloggedError",
]


class CreditRiskError(Exception):
    """Root of the tree."""


class BrokenLogError(CreditRiskError):
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


class DataError(CreditRiskError):
    """A file of loans is not what was expected; names file, row and column."""

    def __init__(
        self, source: str, problem: str, *, row: int | None = None, column: str | None = None
    ) -> None:
        place = [f"row {row}"] if row is not None else []
        place += [f"column {column!r}"] if column is not None else []
        super().__init__(": ".join(filter(None, [source, ", ".join(place), problem])))
        self.source = source
        self.row = row
        self.column = column


class EncodingError(CreditRiskError):
    """Values cannot be written into the 29 columns; the message names the column."""


class KeysError(CreditRiskError):
    """A file of API keys is not what was expected."""

    def __init__(
        self, path: Path, *, found: str, mend: str, expected: str = "names and hashes of keys"
    ) -> None:
        super().__init__(f"{path}: found {found}, expected {expected}; {mend}")


class ModelRefusedError(CreditRiskError):
    """A stored model does not fit this code or the installed versions."""

    def __init__(self, tag: str, *, found: str, expected: str, mend: str) -> None:
        super().__init__(f"{tag}: found {found}, expected {expected}; run: {mend}")


class NoLogError(CreditRiskError):
    """There is no decision log where one was named."""

    def __init__(self, path: Path, *, found: str) -> None:
        place = str(path)[:100]
        super().__init__(
            f"{place}: found {found}, expected a decision log: a folder or a file of it"
        )


class PolicyError(CreditRiskError):
    """Thresholds that make no sense together."""


class UnloggedError(CreditRiskError):
    """A decision is not in the decision log, because that cannot be written."""

    def __init__(self, problem: object) -> None:
        super().__init__(f"The decision log cannot be written: {problem}")
