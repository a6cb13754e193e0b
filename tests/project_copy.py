"""A copy of the project to change and to release from, with a history of one commit."""

import shutil
import subprocess
from pathlib import Path

from running import PROJECT


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=tests", "-c", "user.email=tests@example.org", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def copy_project(folder: Path) -> Path:
    """Copy the files that git has or would add, and commit them once."""
    names = git(PROJECT, "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    for name in names:
        source = PROJECT / name
        if source.exists():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Copy the project")
    return folder
