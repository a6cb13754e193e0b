"""Remove what is old enough: whole files only, so that what stays is as it was written."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from credit_risk.decisions.files import is_being_written, last_line, lineage_of, log_files

__all__ = ["remove"]


def remove(folder: Path, older_than: timedelta) -> Iterator[Path]:
    """Remove the files whose last decision is older, and name each.

    A file that is being written stays, and so do the files of its lineage after one that stays:
    the beginning of a lineage may go, not its middle.
    """
    limit = datetime.now(UTC) - older_than
    staying: set[str] = set()
    for path in log_files(folder):
        if lineage_of(path) in staying:
            continue
        if is_being_written(path) or _last_time(path) >= limit:
            staying.add(lineage_of(path))
            continue
        path.unlink()
        yield path


def _last_time(path: Path) -> datetime:
    """When the last thing was written; of a file without a line, when it was changed."""
    line = last_line(path)
    if line is None:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    fields = json.loads(line)
    return datetime.fromisoformat(fields.get("decided_at") or fields["begun"])
