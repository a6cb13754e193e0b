"""A model says from which code it comes, and who trained it."""

import getpass
import subprocess
from pathlib import Path

import pytest

from credit_risk.training.provenance import current_revision, current_user


def git(folder: Path, *arguments: str) -> str:
    author = ("-c", "user.name=tests", "-c", "user.email=tests@example.org")
    command = ("git", *author, *arguments)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / "code.py").write_text("1\n")
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "--quiet", "--message", "Begin")
    git(tmp_path, "tag", "v1")
    return tmp_path


def test_a_revision_is_the_whole_commit(repository: Path) -> None:
    assert current_revision(repository) == git(repository, "rev-parse", "HEAD").strip()


def test_a_revision_says_of_changes_that_are_not_committed(repository: Path) -> None:
    before = current_revision(repository)

    (repository / "code.py").write_text("2\n")

    assert current_revision(repository) == f"{before}-dirty"


def test_a_revision_says_of_a_form_that_git_does_not_know(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    inside, outside = repository / "forms", tmp_path_factory.mktemp("forms")
    inside.mkdir()
    for folder in (inside, outside):
        (folder / "form.py").write_text("1\n")
        (folder / "reasons.en.toml").write_text("A = 'a'\n")

    git(repository, "add", "forms/form.py")
    git(repository, "commit", "--quiet", "--message", "Add the form without its sentences")
    untracked = current_revision(repository, str(inside / "form.py"))
    elsewhere = current_revision(repository, str(outside / "form.py"))
    git(repository, "add", "forms")
    git(repository, "commit", "--quiet", "--message", "Add its sentences")
    (repository / "note.txt").touch()
    tracked = current_revision(repository, str(inside / "form.py"))

    assert untracked == elsewhere == git(repository, "rev-parse", "HEAD~").strip() + "-dirty"
    assert tracked == current_revision(repository) == git(repository, "rev-parse", "HEAD").strip()


def test_a_revision_of_a_form_that_is_a_module_looks_beside_the_module(repository: Path) -> None:
    assert (
        current_revision(repository, "credit_risk.form") == f"{current_revision(repository)}-dirty"
    )


def test_there_is_no_revision_outside_of_a_repository(tmp_path: Path) -> None:
    assert current_revision(tmp_path) is None


def test_there_is_no_revision_without_git(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")

    assert current_revision(repository) is None


def test_the_user_is_the_system_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ada")

    assert current_user() == "ada"


@pytest.mark.parametrize("fault", [KeyError("uid not found: 1234"), OSError("No username")])
def test_a_user_without_a_name_is_none(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    def nobody() -> str:
        raise fault

    monkeypatch.setattr(getpass, "getuser", nobody)

    assert current_user() is None
