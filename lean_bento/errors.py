"""Everything that is wrong for a reason that a person can fix.

::

    LeanBentoError
    ├── AlreadyLoggedError  an error of the service that is in the log where it happened
    ├── InvalidBodyError    the body of a request is not what its endpoint takes
    └── KeysError           a file of API keys is not what was expected
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class LeanBentoError(Exception):
    """Root of the tree."""


class AlreadyLoggedError(LeanBentoError):
    """An error of the service that is in the log already: no request logs it again."""


class InvalidBodyError(LeanBentoError):
    """The body of a request is not what its endpoint takes; ``findings`` are pydantic's."""

    def __init__(self, findings: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("the body is not valid")
        self.findings = findings


class KeysError(LeanBentoError):
    """A file of API keys is not what was expected."""

    def __init__(
        self, path: Path, *, found: str, fix: str, expected: str = "names and hashes of keys"
    ) -> None:
        super().__init__(f"{path}: found {found}, expected {expected}; {fix}")
