"""`pipenv sync` and `pipenv run` work with a lock that names no package index."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from project_copy import copy_project
from running import environment, run

SYNC = ("pipenv", "sync", "--categories", "files")
"""A small section: three packages, none of which needs another."""
SHOW = "import sys, xlsxwriter; print('xlsxwriter', xlsxwriter.__version__, 'in', sys.prefix)"
pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the project, which goes with all that was installed in it."""
    folder = copy_project(tmp_path_factory.mktemp("pipenv") / "project")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def settings(project: Path) -> dict[str, str]:
    """Those of the Makefile, and pipenv, made as `make lock` makes it where there is none."""
    if shutil.which("pipenv") is None:
        run("make", ".pipenv/bin/pipenv", home=project, cwd=project)
    path = os.pathsep.join([str(project / ".pipenv" / "bin"), environment(project)["PATH"]])
    return {"PATH": path, "PIPENV_VENV_IN_PROJECT": "1", "PIPENV_IGNORE_VIRTUALENVS": "1"}


@pytest.fixture(scope="module")
def refused(project: Path, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What `pipenv sync` says where the lock has another hash; nothing is installed yet."""
    lock = project / "Pipfile.lock"
    right = lock.read_text()
    wrong = json.loads(right)
    wrong["files"]["xlsxwriter"]["hashes"] = ["sha256:" + "0" * 64]
    lock.write_text(json.dumps(wrong))
    found = run(*SYNC, home=project, cwd=project, check=False, **settings)
    lock.write_text(right)
    return found


@pytest.fixture(scope="module")
def shown(
    project: Path,
    settings: dict[str, str],
    refused: subprocess.CompletedProcess[str],  # noqa: ARG001  before anything is installed
) -> str:
    """What Python says in the environment that `pipenv sync` made."""
    run(*SYNC, home=project, cwd=project, **settings)
    version = json.loads((project / "Pipfile.lock").read_text())["files"]["xlsxwriter"]["version"]
    return f"xlsxwriter {version.removeprefix('==')} in {project / '.venv'}"


def test_a_file_whose_hash_is_not_in_the_lock_is_not_installed(
    refused: subprocess.CompletedProcess[str],
) -> None:
    assert refused.returncode != 0
    assert "DO NOT MATCH THE HASHES" in refused.stdout + refused.stderr


def test_python_runs_with_what_was_synced(
    project: Path, settings: dict[str, str], shown: str
) -> None:
    ran = run("pipenv", "run", "python", "-c", SHOW, home=project, cwd=project, **settings)

    assert ran.stdout.strip() == shown
