"""SHA-256 of the files of a folder, to tell whether any was altered, added or taken away.

Knows nothing of what the files are.
"""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

__all__ = ["digest", "hash_files", "odd_one"]


def hash_files(folder: Path, *, leave_out: str) -> dict[str, str]:
    """Hash each file below a folder; by name relative to it, but for the one left out."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {
        name: sha256(path.read_bytes()).hexdigest()
        for name, path in sorted(files.items())
        if path.is_file() and name != leave_out
    }


def odd_one(found: Mapping[str, str], expected: Mapping[str, str]) -> str | None:
    """Name the first file whose hash differs, or that only one side has; None if all agree."""
    names = sorted(found.keys() | expected.keys())
    return next((name for name in names if found.get(name) != expected.get(name)), None)


def digest(hashes: Mapping[str, str]) -> str:
    """One SHA-256 for many: of a line ``<hash>  <name>`` each, sorted by name, as sha256sum's."""
    lines = (f"{each}  {name}\n" for name, each in sorted(hashes.items()))
    return sha256("".join(lines).encode()).hexdigest()
