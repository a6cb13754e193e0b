"""The runner as a service of its own gives the same answers as inside each worker."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from running import Server, serving, started

from credit_risk.columns import Encoder
from credit_risk.samples import sample_applications
from credit_risk.training.fitting import fit_vectorizer

SAMPLES = sample_applications(50, seed=11)
BODIES = [sample.model_dump(mode="json") for sample in SAMPLES]


@pytest.fixture(scope="module")
def remote(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("remote") / "log"
    with serving("service.py:svc", home=home, log=log, CREDIT_RISK_RUNNER="remote") as server:
        yield server


@contextmanager
def alone(home: Path, folder: Path, *arguments: str) -> Iterator[Server]:
    """One service by itself, started as the Kubernetes overlay does; its store is ``home``'s."""
    own = folder / "home"  # metrics are kept in the home: each needs its own
    own.mkdir(parents=True)
    (own / "models").symlink_to(home / "models")
    start = ("-m", "bentoml_cli._internal.start", "start-http-server", "service.py:svc")
    command = (sys.executable, *start, "--host", "127.0.0.1", *arguments)
    with started(*command, home=own, log=folder / "log") as server:
        yield server


def readiness(server: Server) -> int:
    try:
        return httpx.get(f"{server.url}/readyz", timeout=10).status_code
    except httpx.TransportError:
        return 0


@pytest.fixture(scope="module")
def runner(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("runner")
    with alone(home, folder, "--service-name", "CreditRiskRunner") as server:
        yield server


@pytest.fixture(scope="module")
def apart(home: Path, runner: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The classifier, told where the runner is."""
    folder = tmp_path_factory.mktemp("apart")
    with alone(home, folder, "--depends", f"CreditRiskRunner={runner.url}") as server:
        yield server


def services(server: Server) -> set[str]:
    commands = [p.cmdline() for p in psutil.Process(server.process.pid).children(recursive=True)]
    return {line[line.index("--service-name") + 1] for line in commands if "--fd" in line}


def test_the_runner_is_a_process_of_its_own_only_when_asked_for(
    server: Server, remote: Server
) -> None:
    assert services(server) == {"credit_risk_classifier"}
    assert services(remote) == {"credit_risk_classifier", "CreditRiskRunner"}


def ask(server: Server) -> list[object]:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        rows = Encoder(fit_vectorizer()).encode(SAMPLES[:1]).tolist()
        return [
            *(client.post("/classify", json=body).json() for body in BODIES),
            client.post("/classify_batch", json=[*BODIES, {}]).json(),
            client.post("/classify_array", json=rows).json(),
            client.get("/model").json(),
        ]


def test_the_answers_are_the_same(server: Server, remote: Server) -> None:
    assert ask(remote) == ask(server)


def test_the_answers_are_the_same_from_two_deployments(
    server: Server, apart: Server, runner: Server
) -> None:
    answers = ask(apart)

    assert answers == ask(server)
    assert services(apart) == {"credit_risk_classifier"}
    assert services(runner) == {"CreditRiskRunner"}
    assert '/predict",http_response_code="200"' in httpx.get(f"{runner.url}/metrics").text


def test_a_classifier_without_its_runner_is_alive_and_not_ready(home: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "runner", tmp_path / "classifier"
    with (
        alone(home, one, "--service-name", "CreditRiskRunner") as runner,
        alone(home, other, "--depends", f"CreditRiskRunner={runner.url}") as apart,
    ):
        runner.stop()

        assert readiness(apart) >= 500
        assert httpx.get(f"{apart.url}/livez").status_code == 200
        assert httpx.post(f"{apart.url}/classify", json=BODIES[0]).status_code >= 500


def test_a_bad_application_is_refused_before_it_reaches_the_runner(remote: Server) -> None:
    answer = httpx.post(f"{remote.url}/classify", json={**BODIES[0], "age": 7})

    assert answer.status_code == 400
    assert answer.json()["detail"][0]["field"] == "age"
