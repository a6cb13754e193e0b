"""Shared fixtures: a store with a model, services on it, BentoML's log, the real data."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings
from running import PROJECT, Locked, Server, configured, run, serving

from credit_risk.keys import COMMAND

settings.register_profile(
    "on a busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("on a busy machine")

DATA_VARIABLE = "CREDIT_RISK_REAL_DATA"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real data set, or a skip that says how to get it."""
    path = Path(os.environ.get(DATA_VARIABLE, PROJECT / "data" / "CreditScoring.csv"))
    if not path.exists():
        pytest.skip(f"the real data is not here: run `make data` or set {DATA_VARIABLE}=path")
    return path


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BENTOML_HOME of its own that holds a model trained on the embedded sample."""
    home = tmp_path_factory.mktemp("bentoml-home")
    run("python", "train.py", "--repeats", "0", home=home)
    return home


@pytest.fixture(scope="session")
def server(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The service as people run it: ``bentoml serve service.py:svc``."""
    log = tmp_path_factory.mktemp("server") / "log"
    with serving("service.py:svc", home=home, log=log) as server:
        yield server


@pytest.fixture(scope="session")
def bentoml_path(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same service on BentoML's own path: with the access log on, the lean one steps aside."""
    folder = tmp_path_factory.mktemp("bentoml-path")
    logged = configured(folder, {"credit_risk_classifier.logging.access.enabled": True})
    with serving("service.py:svc", home=home, log=folder / "log", **logged) as server:
        yield server


@pytest.fixture(scope="session")
def remote(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The service with a runner of its own, which has 5 s to answer."""
    folder = tmp_path_factory.mktemp("remote")
    patient = configured(folder, {"CreditRiskRunner.batching.max_latency_ms": 5_000})
    variables = {"CREDIT_RISK_RUNNER": "remote"} | patient
    with serving("service.py:svc", home=home, log=folder / "log", **variables) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    """An HTTP client of the running service."""
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def locked(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Locked]:
    """The service with a file of keys, which has one key called ``bank``."""
    folder = tmp_path_factory.mktemp("locked")
    file = folder / "keys.toml"
    key = COMMAND.add(file, "bank")
    variables = {COMMAND.variable: str(file)}
    with serving("service.py:svc", home=home, log=folder / "log", **variables) as server:
        yield Locked(server, file, key)


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have ``caplog`` hear BentoML's loggers, which keep their lines to themselves."""
    monkeypatch.setattr(logging.getLogger("bentoml"), "propagate", True)
    caplog.set_level(logging.INFO)
