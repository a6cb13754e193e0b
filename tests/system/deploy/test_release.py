"""Conditions of a release; the building itself is tested in tests/system/container."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from project_copy import copy_project, git
from running import PROJECT, environment, run

from credit_risk import __version__

pytestmark = pytest.mark.system


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy_project(tmp_path / "project")


def refused(project: Path) -> str:
    """Ask for a release that must be refused; gives the sentence."""
    found = subprocess.run(
        [sys.executable, "deploy/release.py"],
        cwd=project,
        env=environment(project / "home"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.returncode == 1
    assert not (project / "dist").exists()
    return found.stderr


def test_the_change_log_has_a_dated_section_for_the_version() -> None:
    text = (PROJECT / "CHANGELOG.md").read_text()

    assert re.search(rf"^## {re.escape(__version__)} - \d{{4}}-\d\d-\d\d$", text, re.MULTILINE)


def test_changes_that_are_not_committed_stop_a_release(project: Path) -> None:
    (project / "notes.txt").write_text("not committed")

    assert "notes.txt" in refused(project)


def test_a_version_without_its_section_stops_a_release(project: Path) -> None:
    stated = project / "credit_risk" / "__init__.py"
    stated.write_text(stated.read_text().replace(__version__, "99.0.0"))
    git(project, "commit", "--all", "--quiet", "--message", "Bump the version")

    assert "expected '99.0.0 - <date>'" in refused(project)


def test_bento_and_document_have_the_version_from_one_place(home: Path) -> None:
    tag = run("bentoml", "build", "--output", "tag", home=home).stdout.strip().split(":", 1)[1]
    look = "import service; print(service.svc.openapi_spec['info']['version'])"

    bento = yaml.safe_load(run("bentoml", "get", tag.lstrip("_:"), home=home).stdout)

    assert bento["labels"]["version"] == __version__
    assert run("python", "-c", look, home=home).stdout.strip() == __version__
