"""Build the image and run a container."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from container.boxes import Box, call, running
from running import PROJECT, environment

TEN_MINUTES = 600
"""Seconds that building may take: everything is downloaded, and a shared machine can be slow."""


@pytest.fixture(scope="session")
def deploy() -> ModuleType:
    """The script that builds."""
    path = PROJECT / "deploy" / "container.py"
    spec = importlib.util.spec_from_file_location("deploy_container", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tool(deploy: ModuleType) -> str:
    """Name of the tool that builds images here; without one CI fails, and others skip the tests."""
    found: str | None = deploy.find_tool()
    if found is None:
        sentence = "NO IMAGE CAN BE BUILT HERE: none of docker, podman and buildah works"
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    return found


@pytest.fixture(scope="session")
def image(tool: str, home: Path) -> Iterator[str]:
    """Name of an image, built from the project as `make container` does."""
    built = subprocess.run(
        [sys.executable, PROJECT / "deploy" / "container.py"],
        env=environment(home, CONTAINER_TOOL=tool, ALLOW_SYNTHETIC="1"),
        capture_output=True,
        text=True,
        timeout=TEN_MINUTES,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    sys.stderr.write(built.stdout[-100:])  # its size
    name = built.stdout.split()[-1]
    yield name
    call(tool, "rmi", "--force", name, check=False)


@pytest.fixture(scope="session")
def box(tool: str, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A running container."""
    log = tmp_path_factory.mktemp("container") / "log"
    with running(tool, image, "serve", "--production", log=log) as box:
        yield box


@pytest.fixture
def asked(box: Box) -> Iterator[httpx.Client]:
    """An HTTP client of the service in the container."""
    with httpx.Client(base_url=box.url, timeout=30) as client:
        yield client
