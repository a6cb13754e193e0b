"""Read a log: the lines of a file, and the entries of all files with the header of each.

A file begins with a header, which holds what its entries have in common. Entries are numbered,
over all files of a worker chain.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

from audit_log import records
from audit_log.errors import BrokenLogError
from audit_log.files import LogKind
from audit_log.records import Fields

Progress = Callable[[float], Any]
"""Called with the share that is done, 0 to 1."""

ENTRIES_AT_ONCE: Final = 1000
HEADER: Final = {"file": str, "begun": str, "continues": str | None, "sequence": int}


def read_entries(
    path: Path, kind: LogKind, progress: Progress = lambda _: None
) -> Iterator[tuple[Fields, list[Fields]]]:
    """Read a file, or all files of a folder: the header, and some of its entries in order.

    Entries whose writing had failed are left out, as far as the next file tells.

    Raises:
        BrokenLogError: at the first line that is not as it was written.
        NoLogError: if there is no log.
    """
    files = kind.files_at(path)
    following = followers(read_headers(files)[0])
    whole = sum(file.stat().st_size for file in files) or 1
    done = 0
    for file in files:
        last = following[file.name]["previous"] if file.name in following else None
        with file.open("rb") as raw:
            lines = read_lines(file.name, raw, last)
            try:
                header = next(lines, None)
                while header and (part := list(islice(lines, ENTRIES_AT_ONCE))):
                    yield header, part
            except BrokenLogError as error:
                error.at(file.name)
                raise
        done += file.stat().st_size
        progress(min(done / whole, 1.0))


@contextmanager
def checked_content(header: Fields, kind: LogKind) -> Iterator[None]:
    """Do something with the entries under a header.

    Raises:
        BrokenLogError: if that fails because they, or the header, are not what a service writes.
    """
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        found = f"what no service wrote ({error!r:.100})"
        raise BrokenLogError(found=found, expected=kind.prefix).at(header["file"]) from None


def read_lines(
    name: str,
    raw: Iterable[bytes],
    last: str | None = None,
    after: tuple[int, int, str] = (0, 0, ""),
) -> Iterator[Fields]:
    """Read the lines of the file of this name: its header, then its entries.

    Args:
        name: of the file.
        raw: its lines with their newlines; one without, which can only be the last, is skipped.
        last: the hash of the line to end with.
        after: the line before: its number, its entry's and its hash; none before the header.

    Raises:
        BrokenLogError: at the first that is not as it was written, or does not belong there.
    """
    before, sequence, previous = after
    for number, line in enumerate(raw, start=before + 1):
        if not line.endswith(b"\n"):
            return
        try:
            fields = records.verify(line[:-1])
            if number == 1:
                _check_header(fields, name)
                sequence = fields["sequence"]
            elif fields["previous"] != previous:
                raise BrokenLogError(found="a line that does not follow", expected="the next one")
            elif fields.get("sequence") != (sequence := sequence + 1):
                found = f"the sequence {fields.get('sequence')!r:.100}"
                raise BrokenLogError(found=found, expected=str(sequence))
        except BrokenLogError as error:
            error.at(f"line {number}")
            raise
        previous = fields["hash"]
        yield fields
        if previous == last:
            return


def _check_header(fields: Fields, name: str) -> None:
    if not all(key in fields and isinstance(fields[key], kind) for key, kind in HEADER.items()):
        raise BrokenLogError(found="another line", expected="the header of the file")
    if fields["file"] != name:
        found = f"the header of {fields['file']:.100}"
        raise BrokenLogError(found=found, expected="that of this file")


def read_headers(files: Iterable[Path]) -> tuple[dict[str, Fields], list[Exception]]:
    """Read the header of each file, by its name.

    A file without a whole line is left out; so is one whose header is broken or cannot be read,
    and the error is returned.
    """
    headers: dict[str, Fields] = {}
    errors: list[Exception] = []
    for file in files:
        try:
            with file.open("rb") as raw:
                if header := next(read_lines(file.name, raw), None):
                    headers[file.name] = header
        except BrokenLogError as error:
            errors.append(error.at(file.name))
        except OSError as error:
            errors.append(error)
    return headers, errors


def followers(headers: dict[str, Fields]) -> dict[str, Fields]:
    """Return, by the name of each file that another goes on from, the header of that one.

    Its ``previous`` is the hash of the line where it goes on. Behind that line are entries whose
    writing had failed.
    """
    return {h["continues"]: h for h in headers.values() if h["continues"]}


def read_last_line(file: Path) -> Fields:
    """Read the last line of a file that has its newline.

    Raises:
        BrokenLogError: if there is none, or it is not as it was written.
    """
    with file.open("rb") as raw:
        end = raw.seek(0, os.SEEK_END)
        tail = b""
        while end and tail.count(b"\n") < 2:  # noqa: PLR2004  one before it and its own
            start = max(0, end - 65536)
            raw.seek(start)
            tail = raw.read(end - start) + tail
            end = start
    whole = tail.split(b"\n")[:-1]
    return records.verify(whole[-1] if whole else b"")
