"""The course's `bentoml containerize credit_risk_classifier:latest`, from any folder."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from container.boxes import Box, call, configuration, running
from course import COURSE_EXAMPLE
from running import run

pytestmark = pytest.mark.system
TAG = "credit_risk_classifier:latest"
MOST_ABOVE_BASE = 750e6
"""Bytes."""


def certificates(tool: str) -> list[str]:
    """What lets a build without secrets reach an index behind this machine's own certificates."""
    found = os.environ.get("SSL_CERT_FILE")
    if tool == "docker" or not found:
        return []
    folder = Path(found).parent
    return [f"--opt=volume={folder}:{folder}:ro"]


@pytest.fixture(scope="module")
def plain(tool: str, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Name of the image that the command makes of a bento of the project."""
    built = run("bentoml", "build", "-o", "tag", home=home).stdout
    name = built.strip().removeprefix("__tag__:")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    command = ("bentoml", "containerize", TAG, "--backend", tool, *certificates(tool))
    said = run(*command, home=home, cwd=elsewhere).stdout
    assert name in said
    yield name
    call(tool, "rmi", "--force", name, check=False)


@pytest.fixture(scope="module")
def plain_box(tool: str, plain: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    log = tmp_path_factory.mktemp("plain") / "log"
    with running(tool, plain, "serve", "--production", log=log, read_only=False) as box:
        yield box


def test_it_is_small_without_a_template(deploy: ModuleType, tool: str, plain: str) -> None:
    above = deploy.size(tool, plain) - deploy.size(tool, deploy.BASE)

    assert above < MOST_ABOVE_BASE


def test_it_runs_as_a_user_without_rights(tool: str, plain: str, plain_box: Box) -> None:
    assert configuration(tool, plain)["User"] == "bentoml"
    assert plain_box.inside("id", "-u").strip() == "1034"


def test_it_has_no_compilers_and_no_package_for_other_processors(plain_box: Box) -> None:
    search = "for name in gcc cc g++ make git; do command -v $name || true; done"
    find = "find / -xdev -name 'libnccl*' 2>/dev/null || true"

    assert plain_box.inside("sh", "-c", search) == ""
    assert plain_box.inside("sh", "-c", find) == ""


def test_it_answers_as_outside(plain_box: Box, client: httpx.Client) -> None:
    answer = httpx.post(f"{plain_box.url}/classify", json=COURSE_EXAMPLE, timeout=60)

    assert answer.status_code == 200
    assert answer.json() == client.post("/classify", json=COURSE_EXAMPLE).json()
