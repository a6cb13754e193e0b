"""The bento: its files, and the model that it was built with and serves."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from course import COURSE_EXAMPLE
from leaks import leaks
from running import PROJECT, Server, home_beside, run, serving

pytestmark = pytest.mark.system
TAG = "credit_risk_classifier:latest"
AT_HOME = shutil.ignore_patterns(".*", "tests", "benchmarks", "notebooks", "__pycache__")
PLANTED = {
    ".env": "SOME=1",
    "key.pem": "-----BEGIN EC PRIVATE KEY-----",
    "keys.txt": "crk_" + "x" * 43,
    "decisions/decisions_host_w1.jsonl": '{"age": 26}',
    "data/loans.csv": "1,2",
    "deploy/settings.txt": "https://somebody:secret@index.example/simple",
    "credit_risk/.env": "SOME=1",
    "credit_risk/keys.txt": "AKIA" + "A" * 16,
    "lean_bento/id_rsa": "",
    "audit_log/loans.jsonl": '{"age": 26}',
    "credit_risk/training/loans.parquet": "",
}
"""Files that may lie about in a working copy: name and content."""


@pytest.fixture(scope="module")
def bento(home: Path) -> Path:
    """Folder of a bento that was built from the project."""
    run("bentoml", "build", home=home)
    found = run("bentoml", "get", TAG, "-o", "path", home=home)
    return Path(found.stdout.strip())


@pytest.fixture(scope="module")
def bento_server(
    bento: Path,  # noqa: ARG001  it must be built
    home: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with serving(TAG, home=home, cwd=elsewhere, log=elsewhere / "log") as server:
        yield server


def names(folder: Path) -> set[str]:
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    return {name for name in files if "__pycache__" not in name}


def packed_model(bento: Path) -> str:
    """Tag of the one model that all services of the bento use."""
    services = yaml.safe_load((bento / "bento.yaml").read_text())["services"]
    (tag,) = {model["tag"] for service in services for model in service["models"]}
    return str(tag)


def test_it_holds_the_service_and_the_packages_without_training_and_nothing_else(
    bento: Path,
) -> None:
    expected = {
        f"{package}/{name}"
        for package in ("audit_log", "credit_risk", "lean_bento")
        for name in names(PROJECT / package)
        if not name.startswith("training/") and not name.endswith((".md", ".svg"))
    }
    expected |= {"service.py", "bentoconfiguration.yaml", "bentofile.yaml"}  # the last by BentoML

    assert names(bento / "src") == expected


def test_no_secret_and_no_data_gets_into_it_wherever_they_lie(
    bento: Path, home: Path, tmp_path: Path
) -> None:
    project = Path(shutil.copytree(PROJECT, tmp_path / "project", ignore=AT_HOME))
    for name, content in PLANTED.items():
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(content)
    own = home_beside(home, tmp_path / "home", "models")

    built = run("bentoml", "build", "-o", "tag", home=own, cwd=project).stdout
    folder = own / "bentos" / built.strip().removeprefix("__tag__:").replace(":", "/")

    assert set(PLANTED) <= set(leaks(project))  # so the search finds what is there
    assert leaks(folder) == []
    assert names(folder) == names(bento)


def test_its_packages_are_those_of_the_lock(bento: Path) -> None:
    locked = json.loads((PROJECT / "Pipfile.lock").read_text())["default"]
    expected = {f"{name}{entry['version']}" for name, entry in locked.items()}

    required = (bento / "env" / "python" / "requirements.txt").read_text()

    assert set(re.findall(r"^([a-z0-9][\w.-]*==[^\s;\\]+)", required, re.MULTILINE)) == expected


def test_it_names_the_model_it_was_built_with(bento: Path, home: Path) -> None:
    description = yaml.safe_load((bento / "bento.yaml").read_text())

    assert (home / "models" / packed_model(bento).replace(":", "/")).is_dir()
    assert {service["name"] for service in description["services"]} == {
        "credit_risk_classifier",
        "CreditRiskRunner",
    }


def test_it_answers_as_the_source_does(bento_server: Server, client: httpx.Client) -> None:
    answer = bento_server.post("/classify", json=COURSE_EXAMPLE)

    assert answer.status_code == 200
    assert answer.json() == client.post("/classify", json=COURSE_EXAMPLE).json()


def test_the_configuration_applies_in_it(bento_server: Server) -> None:
    assert "bentoconfiguration.yaml" in bento_server.logged()


def test_a_newer_model_in_the_store_does_not_change_what_a_bento_serves(
    bento: Path, home: Path, tmp_path: Path
) -> None:
    packed = packed_model(bento)
    newer = run("python", "train.py", "--repeats", "0", home=home).stdout.split()[-1]
    try:
        with serving(TAG, home=home, cwd=tmp_path, log=tmp_path / "log") as server:
            served = server.get("/model").json()["model"]
    finally:
        run("bentoml", "models", "delete", "--yes", newer, home=home)

    assert newer != packed
    assert served == packed


@pytest.fixture(scope="module")
def other(home: Path) -> Iterator[str]:
    """Tag of a model for comparison."""
    tag = run("python", "train.py", "--course", home=home).stdout.split()[-1]
    yield tag
    run("bentoml", "models", "delete", "--yes", tag, home=home)


@pytest.mark.parametrize("target", ["service.py:svc", TAG])
def test_the_environment_can_name_another_model(
    bento: Path, home: Path, tmp_path: Path, target: str, other: str
) -> None:
    named = packed_model(bento) if target == "service.py:svc" else other
    cwd = PROJECT if target == "service.py:svc" else tmp_path
    chosen = {"CREDIT_RISK_MODEL": named, "CREDIT_RISK_ALLOW_COMPARISON": "1"}

    with serving(target, home=home, cwd=cwd, log=tmp_path / "log", **chosen) as server:
        card = server.get("/model").json()

    assert card["model"] == named
    assert bool(card["lacks"]) == (named == other)
