"""Everything that is wrong for a reason that a person can fix.

::

    LeanBentoError
    └── KeysError   a file of API keys is not what was expected
"""

from pathlib import Path

__all__ = ["KeysError", "LeanBentoError"]


class LeanBentoError(Exception):
    """Root of the tree."""


class KeysError(LeanBentoError):
    """A file of API keys is not what was expected."""

    def __init__(
        self, path: Path, *, found: str, fix: str, expected: str = "names and hashes of keys"
    ) -> None:
        super().__init__(f"{path}: found {found}, expected {expected}; {fix}")
