"""How lines make a file, and files a log: a header, decisions by number, one file after another."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from audit_log.errors import BrokenLogError
from audit_log.files import raw_lines
from audit_log.records import Fields, lines_of

__all__ = ["followed", "read_header", "read_headers", "read_lines"]


def read_lines(file: Path, raw: Iterable[bytes]) -> Iterator[Fields]:
    """Read the lines of a file, ``raw`` as they are in it: its header, and then its decisions.

    Raises:
        BrokenLogError: at the first that is not as it was written, or not what belongs there.
    """
    sequence = 0
    for number, fields in enumerate(lines_of(iter(raw)), start=1):
        if number == 1:
            _check_header(fields, file.name)
            sequence = fields["sequence"]
        elif fields.get("sequence") != (sequence := sequence + 1):
            found = f"the sequence {fields.get('sequence')!r:.100}"
            raise BrokenLogError(found=found, expected=str(sequence), line=number)
        yield fields


def read_header(file: Path) -> Fields | None:
    """The header of a file; None if it has no whole line.

    Raises:
        BrokenLogError: if that is not the header of this file.
    """
    return next(read_lines(file, islice(raw_lines(file), 1)), None)


def read_headers(files: Iterable[Path]) -> dict[str, Fields]:
    """The header of each file by the file's name; without those that have none or a broken one."""
    found = {}
    for file in files:
        try:
            if header := read_header(file):
                found[file.name] = header
        except (BrokenLogError, OSError):
            continue  # found again when the lines are read
    return found


def followed(headers: dict[str, Fields]) -> dict[str, Fields]:
    """Of each file that another goes on from, the header of that one.

    Its ``previous`` is the hash of the line where it does; what stands behind that line was never
    answered: writing it had failed.
    """
    return {h["continues"]: h for h in headers.values() if h["continues"]}


def _check_header(fields: Fields, name: str) -> None:
    kinds = {"file": str, "begun": str, "continues": str | None, "sequence": int}
    if not all(key in fields and isinstance(fields[key], kind) for key, kind in kinds.items()):
        raise BrokenLogError(found="another line", expected="the header of the file", line=1)
    if fields["file"] != name:
        found = f"the header of {fields['file']:.100}"
        raise BrokenLogError(found=found, expected="that of this file", line=1)
