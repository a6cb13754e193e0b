"""Where a model comes from: the revision of the code and the person who ran it."""

import getpass
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

DIRTY: Final = "-dirty"


def current_revision(folder: Path, form: str | None = None) -> str | None:
    """Return the commit of the repository that a folder is in, ``-dirty`` behind it if changed.

    None without git or a repository. Files that git does not know are no change, but for those
    beside a form, whose name is a module or the path of its file.
    """
    with suppress(OSError):
        described = _git(folder, "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty")
        revision = described.stdout.strip() or None
        if form is None or revision is None or revision.endswith(DIRTY):
            return revision
        known = _git(folder, "--literal-pathspecs", "ls-files", "--error-unmatch", *_files_of(form))
        return revision + DIRTY * (known.returncode != 0)
    return None


def _files_of(form: str) -> list[Path]:
    """Python files and sentences in the form's folder."""
    file = form if form.endswith(".py") else sys.modules[form].__file__ or ""
    folder = Path(file).resolve().parent
    return [*folder.glob("*.py"), *folder.glob("*.toml")]


def _git(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = ("git", *arguments)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603  no shell, and our own words


def current_user() -> str | None:
    """Return the user name that the system gives; None where it gives none, as in a container."""
    with suppress(OSError, KeyError):  # KeyError until Python 3.12
        return getpass.getuser()
    return None
