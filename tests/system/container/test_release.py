"""A release, made for real from a copy of the project; only its own tests are not run again."""

import hashlib
import os
import sys
from pathlib import Path

import pytest
from container.boxes import call, configuration
from project_copy import copy_project, git
from running import environment, run

from credit_risk import __version__

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy whose unreleased changes, if there are any, are dated for this version."""
    copy = copy_project(tmp_path_factory.mktemp("release") / "project")
    changes = copy / "CHANGELOG.md"
    dated = f"## {__version__} - 2026-01-01\n"
    changes.write_text(changes.read_text().replace("## Unreleased\n", dated))
    git(copy, "commit", "--all", "--allow-empty", "--quiet", "--message", "Date the changes")
    return copy


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a `make` that only notes its arguments."""
    folder = tmp_path_factory.mktemp("make")
    (folder / "make").write_text(f'#!/bin/sh\necho "$@" >> {folder}/asked\n')
    (folder / "make").chmod(0o755)
    return folder


def test_a_release_builds_tests_and_names_its_files_and_changes_nothing_else(
    project: Path, make: Path, home: Path, tool: str
) -> None:
    before = git(project, "for-each-ref"), git(project, "rev-parse", "HEAD")
    path = f"{make}{os.pathsep}{environment(home)['PATH']}"

    said = run(
        sys.executable,
        "deploy/release.py",
        home=home,
        cwd=project,
        PATH=path,
        CONTAINER_TOOL=tool,
    ).stdout

    assert (make / "asked").read_text() == "check test test-system\n"
    made = sorted(path.name for path in (project / "dist").iterdir())
    name = f"credit_risk_classifier-{__version__}"
    assert made == [
        "SHA256SUMS",
        f"{name}-elastic-beanstalk.zip",
        f"{name}.bento",
        f"{name}.bentomodel",
    ]
    for line in (project / "dist" / "SHA256SUMS").read_text().splitlines():
        digest, file = line.split("  ")
        assert hashlib.sha256((project / "dist" / file).read_bytes()).hexdigest() == digest
    assert f"Release {__version__} of {before[1].strip()}" in said
    assert all(file in said for file in made)
    image = said.partition("image  ")[2].split()[0]
    labels = configuration(tool, image)["Labels"]
    assert labels["org.opencontainers.image.version"] == __version__
    assert labels["org.opencontainers.image.revision"] == before[1].strip()
    call(tool, "rmi", "--force", image, check=False)
    assert git(project, "status", "--porcelain") == ""
    assert (git(project, "for-each-ref"), git(project, "rev-parse", "HEAD")) == before
