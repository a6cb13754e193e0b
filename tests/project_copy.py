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


def project_files() -> list[str]:
    """Paths of the files that git has or would add, those that are gone left out."""
    listed = git(PROJECT, "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    return [name for name in listed if (PROJECT / name).exists()]


def copy_project(folder: Path) -> Path:
    """Copy the files that git has or would add, and commit them once."""
    for name in project_files():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT / name, target)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Copy the project")
    return folder
