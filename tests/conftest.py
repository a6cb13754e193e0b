"""Shared fixtures: a store with a model, a client, BentoML's log."""

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings
from running import Server, run

PROFILES = {"quick": 30, "thorough": 100}
"""Examples of a property in `make test` and in `make test-system`; some have a multiple."""

for _name, _examples in PROFILES.items():
    settings.register_profile(
        _name,
        max_examples=_examples,
        deadline=None,  # a machine may be busy
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile("quick")

pytest_plugins = ["needs", "servers"]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BENTOML_HOME of its own that holds a model trained on the embedded sample.

    Several processes of tests train it once, and each changes a copy.
    """
    home = tmp_path_factory.mktemp("bentoml-home")
    if "PYTEST_XDIST_WORKER" not in os.environ:
        run("python", "train.py", "--repeats", "0", home=home)
        return home
    trained = tmp_path_factory.getbasetemp().parent / "trained"
    with trained.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not trained.exists():
            run("python", "train.py", "--repeats", "0", home=trained)
    shutil.copytree(trained, home, dirs_exist_ok=True)
    return home


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    """An HTTP client of the running service."""
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have ``caplog`` hear BentoML's loggers, which keep their lines to themselves."""
    monkeypatch.setattr(logging.getLogger("bentoml"), "propagate", True)
    caplog.set_level(logging.INFO)
