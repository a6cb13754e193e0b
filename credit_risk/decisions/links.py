"""How the files of a log follow each other: read from their headers."""

from collections.abc import Iterable
from pathlib import Path

from credit_risk.decisions.chain import Fields, unseal
from credit_risk.decisions.files import raw_lines
from credit_risk.errors import BrokenLogError

__all__ = ["followed", "read_headers"]


def read_headers(files: Iterable[Path]) -> dict[str, Fields]:
    """The header of each file by the file's name; without those that have none or a broken one."""
    found = {}
    for file in files:
        line = next(raw_lines(file), b"")
        try:
            if line.endswith(b"\n"):
                found[file.name] = unseal(line[:-1])
        except BrokenLogError:
            continue  # found again when the lines are read
    return found


def followed(headers: dict[str, Fields]) -> dict[str, str]:
    """Of each file that another goes on from, the hash of the line where it does.

    What stands behind that line was never answered: writing it had failed.
    """
    return {h["continues"]: h["previous"] for h in headers.values() if h["continues"]}
