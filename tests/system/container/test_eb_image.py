"""The image that Elastic Beanstalk builds from its zip alone."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import httpx
import pytest
import yaml
from container.boxes import Box, call, running
from course import COURSE_EXAMPLE
from running import BIN, PROJECT, run

from credit_risk.keys import COMMAND

pytestmark = pytest.mark.system
NAME = "localhost/credit_risk_eb_bundle"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of keys for the zip."""
    return tmp_path_factory.mktemp("keys") / "keys.toml"


@pytest.fixture(scope="module")
def key(keys: Path) -> str:
    """A key of that file."""
    return COMMAND.add(keys, "bank")


@pytest.fixture(scope="module")
def bundled(
    tool: str,
    deploy: ModuleType,
    home: Path,
    keys: Path,
    key: str,  # noqa: ARG001  it must be in the file
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """Name of an image built from the zip, unpacked."""
    folder = tmp_path_factory.mktemp("bundle")
    secrets = tmp_path_factory.mktemp("secrets")
    smaller = ("--bentofile", PROJECT / "deploy" / "bentofile.yaml")
    built = run("bentoml", "build", *smaller, "--output", "tag", home=home).stdout
    tag = built.strip().removeprefix("__tag__:")
    script = PROJECT / "deploy" / "eb_bundle.py"
    options = ("--keys", keys, "--to", folder)
    made = run(BIN / "python", script, tag, *options, home=home).stdout.strip()
    with zipfile.ZipFile(made) as file:
        file.extractall(folder / "unpacked")

    # How this machine reaches its package index; an instance of Elastic Beanstalk needs none of it.
    secret = [f"--secret=id={p.name},src={p}" for p in deploy.write_secrets(secrets)]
    name = f"{NAME}:{tag.rpartition(':')[2]}"
    layers = ["--layers"] if tool == "buildah" else []
    call(tool, "build", *layers, *secret, "--tag", name, str(folder / "unpacked"))
    yield name
    call(tool, "rmi", "--force", name, check=False)


@contextmanager
def started(
    tool: str, image: str, *arguments: str, log: Path, variables: tuple[str, ...] = ()
) -> Iterator[Box]:
    """A container that is asked to end, and has ended, when the body of the ``with`` has."""
    with running(tool, image, *arguments, log=log, variables=variables) as box:
        try:
            yield box
        finally:
            box.terminate()
            box.wait()


def test_it_answers_who_has_a_key_as_elastic_beanstalk_starts_it(
    tool: str, bundled: str, key: str, client: httpx.Client, tmp_path: Path
) -> None:
    text = (PROJECT / "deploy/elastic-beanstalk/.ebextensions/credit-risk.config").read_text()
    settings = yaml.safe_load(text)["option_settings"]
    environment = settings["aws:elasticbeanstalk:application:environment"]
    variables = tuple(f"{name}={value}" for name, value in environment.items())
    headers = {"Authorization": f"Bearer {key}"}

    with started(tool, bundled, log=tmp_path / "log", variables=variables) as box:
        url = f"{box.url}/classify"
        answer = httpx.post(url, json=COURSE_EXAMPLE, headers=headers, timeout=60).json()
        refused = httpx.post(url, json=COURSE_EXAMPLE, timeout=60)

    assert answer == client.post("/classify", json=COURSE_EXAMPLE, timeout=60).json()
    assert refused.status_code == 401


def test_it_has_none_of_the_settings_of_elastic_beanstalk(
    tool: str, bundled: str, tmp_path: Path
) -> None:
    with started(tool, bundled, log=tmp_path / "log") as box:
        found = box.inside("sh", "-c", "ls -A /home/bentoml/bento").split()

    assert "models" in found
    assert not {".ebextensions", ".platform", "Dockerfile"} & set(found)


def test_it_starts_as_the_runner_alone_as_kubernetes_does(
    tool: str, bundled: str, tmp_path: Path
) -> None:
    arguments = ("start-http-server", "--service-name", "CreditRiskRunner")

    with started(tool, bundled, *arguments, log=tmp_path / "log") as box:
        assert httpx.post(f"{box.url}/classify", json=COURSE_EXAMPLE, timeout=60).status_code == 404
        assert 'runner_name="CreditRiskRunner"' in httpx.get(f"{box.url}/metrics", timeout=60).text
