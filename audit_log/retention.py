"""Remove what is old enough: whole files only, so that what stays is as it was written."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from audit_log.errors import BrokenLogError
from audit_log.files import is_being_written, last_line, log_files
from audit_log.links import read_header
from audit_log.records import Fields, unseal

__all__ = ["remove"]


def remove(path: Path, older_than: timedelta) -> Iterator[Path]:
    """Remove the files whose last decision is older, and name each.

    A file that is being written stays, and so do those that go on from one that stays: the
    beginning of a chain may go, not its middle. What has no header is no file of a log, and stays.

    Raises:
        NoLogError: if there is no log.
        BrokenLogError: of the first file that is not as it was written, after all others.
    """
    limit = datetime.now(UTC) - older_than
    files = {file.name: file for file in log_files(path)}
    headers: dict[str, Fields] = {}
    broken = []
    for name, file in files.items():
        try:
            headers |= {name: header} if (header := read_header(file)) else {}
        except BrokenLogError as error:
            broken.append(error.at(1, name))
    following = {header["continues"]: files[name] for name, header in headers.items()}
    for name, header in headers.items():
        if header["continues"] not in files:
            try:
                yield from _remove_chain(files[name], following, limit)
            except BrokenLogError as error:
                broken.append(error)
    if broken:
        raise broken[0]


def _remove_chain(
    file: Path | None, following: Mapping[str, Path], limit: datetime
) -> Iterator[Path]:
    while file and not is_being_written(file) and _last_time(file) < limit:
        file.unlink()
        yield file
        file = following.get(file.name)


def _last_time(file: Path) -> datetime:
    """When its last line was written."""
    try:
        fields = unseal(last_line(file) or b"")
        return datetime.fromisoformat(fields.get("decided_at") or fields["begun"]).astimezone(UTC)
    except (BrokenLogError, LookupError, TypeError, ValueError):
        found = "a last line that is not as it was written"
        raise BrokenLogError(found=found, expected="a decision", file=file.name) from None
