"""Read the decisions of a log, each with the header that holds for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from audit_log.errors import BrokenLogError
from audit_log.files import log_files, raw_lines
from audit_log.links import followed, read_headers, read_lines
from audit_log.records import Fields

__all__ = ["Progress", "no_progress", "read_parts", "understood"]

Progress = Callable[[float], Any]
"""Called with the share that is done, 0 to 1."""

ROWS_AT_ONCE = 1000


def no_progress(_: float) -> None:
    """Tell nobody."""


def read_parts(path: Path, progress: Progress) -> Iterator[tuple[Fields, list[Fields]]]:
    """Read a file, or all files of a folder: the header, and some of its decisions in order.

    Without what was never answered because writing it had failed, as far as the next file tells.

    Raises:
        BrokenLogError: at the first line that is not as it was written.
        NoLogError: if there is no log.
    """
    files = log_files(path)
    ends = followed(read_headers(files))
    whole = sum(file.stat().st_size for file in files) or 1
    done = 0
    for file in files:
        end = ends[file.name]["previous"] if file.name in ends else None
        lines = _until(end, read_lines(file, raw_lines(file)))
        try:
            header = next(lines, None)
            while header and (part := list(islice(lines, ROWS_AT_ONCE))):
                yield header, part
        except BrokenLogError as error:
            raise error.at(error.line or 1, file.name) from None
        done += file.stat().st_size
        progress(min(done / whole, 1.0))


@contextmanager
def understood(header: Fields) -> Iterator[None]:
    """Do something with decisions that stand under a header.

    Raises:
        BrokenLogError: if that fails because they, or the header, are not what the service writes.
    """
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        found = f"what no service wrote ({error!r:.100})"
        raise BrokenLogError(found=found, expected="decisions", file=header["file"]) from None


def _until(end: str | None, lines: Iterator[Fields]) -> Iterator[Fields]:
    for fields in lines:
        yield fields
        if fields["hash"] == end:
            return
