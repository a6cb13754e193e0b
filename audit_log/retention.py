"""Remove what is old enough: whole files only, so that what stays is as it was written."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from audit_log.errors import BrokenLogError
from audit_log.files import LogKind, is_being_written
from audit_log.reader import read_headers, read_last_line


def remove_old(path: Path, kind: LogKind, older_than: timedelta) -> Iterator[Path]:
    """Remove the files whose last entry is older, and yield each.

    A file that is being written stays, and so do those that go on from one that stays: the
    beginning of a chain may go, not its middle. A file without a header is no file of a log, and
    stays.

    Raises:
        NoLogError: if there is no log.
        BrokenLogError: of the first file that is not as it was written, after all others.
    """
    limit = datetime.now(UTC) - older_than
    files = {file.name: file for file in kind.files_at(path)}
    headers, errors = read_headers(files.values())
    following = {header["continues"]: files[name] for name, header in headers.items()}
    for name, header in headers.items():
        file = None if header["continues"] in files else files[name]
        try:
            while file and not is_being_written(file) and _last_time(file, kind) < limit:
                file.unlink()
                yield file
                file = following.get(file.name)
        except BrokenLogError as error:
            errors.append(error)
    if errors:
        raise errors[0]


def _last_time(file: Path, kind: LogKind) -> datetime:
    """Return when the last line of a file was written."""
    try:
        fields = read_last_line(file)
        time = fields.get(kind.time_field) or fields["begun"]
        return datetime.fromisoformat(time).astimezone(UTC)
    except (BrokenLogError, LookupError, TypeError, ValueError):
        found = "a last line that is not as it was written"
        raise BrokenLogError(found=found, expected=f"a {kind.entry}").at(file.name) from None
