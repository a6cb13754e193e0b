"""Where a model comes from: the revision of the code and the person who ran it."""

import getpass
import subprocess
from contextlib import suppress
from pathlib import Path


def current_revision(folder: Path) -> str | None:
    """Return the commit of the repository that a folder is in, ``-dirty`` behind it if changed.

    None without git or a repository. Files that git does not know are no change.
    """
    command = ("git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty")
    with suppress(OSError):
        found = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603  a fixed command
        return found.stdout.strip() or None
    return None


def current_user() -> str | None:
    """Return the user name that the system gives; None where it gives none, as in a container."""
    with suppress(OSError, KeyError):  # KeyError until Python 3.12
        return getpass.getuser()
    return None
