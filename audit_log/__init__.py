"""An append-only log of JSON lines, chained by hashes, committed in groups; see README.md."""

import sys

if sys.platform == "win32":
    msg = "found Windows, expected Linux or macOS: run this in WSL 2"
    raise ImportError(msg)

from audit_log.errors import AuditLogError, BrokenLogError, LogWriteError, NoLogError
from audit_log.files import LogKind, prepare_folder
from audit_log.group_commit import Entries, GroupCommit
from audit_log.positions import Position, Unread, read_on
from audit_log.reader import Progress, checked_content, read_entries, read_headers
from audit_log.records import Fields
from audit_log.retention import remove_old
from audit_log.verify import Finding, verify
from audit_log.writer import LogWriter

__all__ = [
    "AuditLogError",
    "BrokenLogError",
    "Entries",
    "Fields",
    "Finding",
    "GroupCommit",
    "LogKind",
    "LogWriteError",
    "LogWriter",
    "NoLogError",
    "Position",
    "Progress",
    "Unread",
    "checked_content",
    "prepare_folder",
    "read_entries",
    "read_headers",
    "read_on",
    "remove_old",
    "verify",
]
