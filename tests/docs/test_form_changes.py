"""docs/own-data.md changes a form in its own files only, and every other part follows."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from course import COURSE_EXAMPLE
from documents import text_of
from project_copy import copy_project, git
from recipes import INSTRUCTION, Instruction
from running import BIN, environment, latest_model, run, serving

PAGE = "docs/own-data.md"
CHANGES = text_of(PAGE).partition("## When the form changes")[2].partition("\n## ")[0]
FIELD, OUTCOME = CHANGES.split("### Add an outcome")
FORM_FILES = {
    f"credit_risk/form/{name}"
    for name in ("credit_scoring.py", "reasons.en.toml", "reasons.es.toml")
}
"""The form: its module, and beside it the sentences of each language, which no one can guess."""
ENGINE = (
    "tests/credit_risk/decision",
    "tests/credit_risk/form/test_form.py",
    "tests/credit_risk/model",
    "tests/credit_risk/training/data",
)


def changed(folder: Path, recipes: str) -> Path:
    """A copy of the project whose form was changed to the letter."""
    project = copy_project(folder)
    for found in INSTRUCTION.finditer(recipes):
        Instruction.of(found).carry_out(project)
    return project


def add_to_file(project: Path) -> None:
    """Give the file of loans the new column, and some loans the new outcome."""
    file = project / "data" / "sample.csv"
    header, *loans = csv.reader(file.read_text().splitlines())
    place = header.index("Status")
    for number, loan in enumerate(loans):
        loan.append(str(number % 4))
        loan[place] = "3" if loan[place] == "1" and number % 9 == 0 else loan[place]
    with file.open("w", newline="") as written:
        csv.writer(written).writerows([[*header, "Children"], *loans])


def test_a_new_field_and_a_new_outcome_change_the_form_and_nothing_else(tmp_path: Path) -> None:
    project = changed(tmp_path, CHANGES)

    assert {line[3:] for line in git(project, "status", "--porcelain").splitlines()} == FORM_FILES
    for command in (["format", "--check", "."], ["check", "."]):
        subprocess.run([BIN / "ruff", *command], cwd=project, check=True)


@pytest.mark.system
def test_it_is_trained_and_decided_with(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    project, home = changed(tmp_path / "project", CHANGES), tmp_path / "home"
    add_to_file(project)
    run("python", "train.py", "--repeats", "0", home=home, cwd=project)
    application = COURSE_EXAMPLE | {"children": 2}

    with serving("service.py:svc", home=home, cwd=project, log=tmp_path / "log") as server:
        answer = server.post("/classify", json=application)
        refused = server.post("/classify", json=COURSE_EXAMPLE)
        card = server.get("/model").json()

    assert answer.json()["model"] == f"credit_risk_model:{latest_model(home).name}"
    assert (refused.status_code, "children" in refused.json()["error"]) == (400, True)
    assert "children" in card["inputs"]
    assert card["data"]["dropped"] == {"unknown outcome": 1}


@pytest.mark.system
def test_no_test_of_the_engine_breaks_by_a_new_field(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    project = changed(tmp_path / "project", FIELD)
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", "-m", "not system")

    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *ENGINE],
        cwd=project,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
