"""The course's commands work as they are typed, and docs/course.md names the test of each."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml
from documents import DOCUMENTS, text_of
from running import PROJECT, run

ROWS = re.findall(r"^\| `(.*?)` \| .*? \| `(.*?)` \|$", text_of("docs/course.md"), re.MULTILINE)
OURS = "tests/docs/test_course.py"
HERE = [command for command, test in ROWS if test == OURS]


@pytest.mark.parametrize(("command", "test"), ROWS, ids=[command for command, _ in ROWS])
def test_the_test_that_is_named_runs_the_command(command: str, test: str) -> None:
    program = command.removeprefix("python ").split()[0]

    assert program in (PROJECT / test).read_text(encoding="utf-8")
    if test.endswith("test_commands.py"):  # which runs what stands in a document
        assert any(f"$ {command}\n" in text_of(document) for document in DOCUMENTS)


@pytest.mark.system
def test_every_command_of_the_store_works_one_after_the_other(home: Path, tmp_path: Path) -> None:
    own = tmp_path / "home"
    shutil.copytree(home / "models", own / "models")
    file = tmp_path / "model.bentomodel"
    said = {}
    for command in HERE:
        typed = command.replace(file.name, str(file))
        said[command] = run(*shlex.split(typed), home=own).stdout

    as_json = yaml.safe_load(said["bentoml models list -o json"])
    assert as_json == yaml.safe_load(said["bentoml models list -o yaml"])
    tag = as_json[0]["tag"]
    assert tag in said["bentoml models list -o table"]
    assert tag.split(":")[1] in said["bentoml models get credit_risk_model:latest"]
    assert tag in said["bentoml models import model.bentomodel"]
    assert "credit_risk_classifier:" in said["bentoml list"]
    assert tag.split(":")[1] in said["bentoml get credit_risk_classifier:latest"]
