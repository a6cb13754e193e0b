"""CONTRIBUTING.md states the law of imports as it is, and its recipes work to the letter."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from documents import rows, section, text_of
from project_copy import copy_project
from recipes import INSTRUCTION, Instruction
from running import BIN, environment, run
from test_architecture import LAW

DOCUMENT = "CONTRIBUTING.md"
RECIPES = text_of(DOCUMENT).partition("## Recipes")[2]

OUTCOME = '''
"""What comes of the recipes, all together."""

from collections.abc import Iterator

import httpx
import pytest
from course import COURSE_EXAMPLE
from running import Locked


@pytest.fixture
def client(locked: Locked) -> Iterator[httpx.Client]:
    """Of the service that test_reference.py asks, too: one start less."""
    with locked.client() as client:
        yield client


def test_the_endpoint_answers(client: httpx.Client) -> None:
    answer = client.post("/encode", json=COURSE_EXAMPLE)

    assert answer.status_code == 200
    assert len(answer.json()["row"]) == 29


def test_the_derived_column_reaches_the_model(client: httpx.Client) -> None:
    assert "debt_to_income" in client.get("/model").json()["inputs"]


def test_a_decision_can_have_its_reason(client: httpx.Client) -> None:
    indebted = COURSE_EXAMPLE | {"debt": 100_000, "income": 10}
    answer = client.post("/classify", json=indebted).json()

    assert answer["status"] == "DECLINED"
    assert "DEBT_TO_INCOME" in {reason["code"] for reason in answer["reasons"]}


def test_the_middleware_works_on_both_paths(client: httpx.Client) -> None:
    headers = {"X-Request-Id": "order-66"}
    fast = client.post("/classify", json=COURSE_EXAMPLE, headers=headers)
    usual = client.get("/model", headers=headers)
    wrong = client.post("/classify", json={}, headers=headers)

    assert [each.status_code for each in (fast, usual, wrong)] == [200, 200, 400]
    assert {each.headers["x-request-id"] for each in (fast, usual, wrong)} == {"order-66"}
'''


INSTRUCTIONS = [Instruction.of(found) for found in INSTRUCTION.finditer(RECIPES)]


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which every recipe was followed, formatted."""
    project = copy_project(tmp_path_factory.mktemp("recipes"))
    for instruction in INSTRUCTIONS:
        instruction.carry_out(project)
    for command in (["format", "."], ["check", "--fix", "--quiet", "."]):
        subprocess.run([BIN / "ruff", *command], cwd=project, check=True)
    return project


def test_the_table_of_imports_is_the_law() -> None:
    shown = {
        re.findall(r"`([\w.]+)`", package)[0]: set(re.findall(r"`(\w+)`", imported))
        for package, _, imported in rows(section(DOCUMENT, "The law of imports"))
    }

    enforced = {
        package: {each.removeprefix("credit_risk.") for each in allowed - {"credit_risk"}}
        for package, (allowed, _) in LAW.items()
    }
    assert shown == {package: enforced[package] for package in shown}
    assert shown.keys() == {
        name for name in LAW if name.startswith(("audit_log", "lean_bento", "credit_risk."))
    }


def test_every_code_block_of_the_recipes_is_an_instruction() -> None:
    in_document = re.findall(r"^ {3}```\w+$", RECIPES, re.MULTILINE)

    assert len([each for each in INSTRUCTIONS if each.block]) == len(in_document) > 0
    assert len(re.findall(r"\breplace `", RECIPES)) == len(
        [each for each in INSTRUCTIONS if each.how == "replace"]
    )


def test_a_project_that_followed_the_recipes_keeps_the_law_and_the_format(followed: Path) -> None:
    for command in (["format", "--check", "."], ["check", "."]):
        subprocess.run([BIN / "ruff", *command], cwd=followed, check=True)


@pytest.mark.system
def test_the_recipes_work(followed: Path, tmp_path: Path) -> None:
    (followed / "tests" / "test_outcome.py").write_text(OUTCOME)
    made = [each.path for each in INSTRUCTIONS if Path(each.path).name.startswith("test_")]

    law = [
        f"tests/test_architecture.py::test_{name}"
        for name in (
            "a_package_imports_what_the_law_allows",
            "a_package_is_entered_by_its_face",
            "every_module_has_a_test_file_of_its_name",
        )
    ]

    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header"),
            *("tests/test_outcome.py", "tests/docs/test_reference.py", *law),
            *dict.fromkeys(made),
        ],
        cwd=followed,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_an_endpoint_without_a_limit_is_refused_in_a_sentence(
    followed: Path, tmp_path: Path
) -> None:
    settings = (followed / "bentoconfiguration.yaml").read_text()
    without = tmp_path / "without.yaml"
    without.write_text(settings.replace("        encode: 16 KiB\n", ""))

    done = run(
        *("python", "-c", "import service"),
        home=tmp_path,
        cwd=followed,
        check=False,
        BENTOML_CONFIG=str(without),
    )

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(
        "without.yaml: found services.credit_risk_classifier.limits.body.encode: None, "
        "expected a size like 16 KiB or 8 MiB"
    )
