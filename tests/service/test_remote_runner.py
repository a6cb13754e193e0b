"""The runner as a service of its own gives the same answers as inside each worker."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from running import Server, serving

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


def services(server: Server) -> set[str]:
    commands = [p.cmdline() for p in psutil.Process(server.process.pid).children(recursive=True)]
    return {line[line.index("--service-name") + 1] for line in commands if "--fd" in line}


def test_the_runner_is_a_process_of_its_own_only_when_asked_for(
    server: Server, remote: Server
) -> None:
    assert services(server) == {"credit_risk_classifier"}
    assert services(remote) == {"credit_risk_classifier", "CreditRiskRunner"}


def test_the_answers_are_the_same(server: Server, remote: Server) -> None:
    def ask(server: Server) -> list[object]:
        with httpx.Client(base_url=server.url, timeout=30) as client:
            rows = Encoder(fit_vectorizer()).encode(SAMPLES[:1]).tolist()
            return [
                *(client.post("/classify", json=body).json() for body in BODIES),
                client.post("/classify_batch", json=[*BODIES, {}]).json(),
                client.post("/classify_array", json=rows).json(),
                client.get("/model").json(),
            ]

    assert ask(remote) == ask(server)


def test_a_bad_application_is_refused_before_it_reaches_the_runner(remote: Server) -> None:
    answer = httpx.post(f"{remote.url}/classify", json={**BODIES[0], "age": 7})

    assert answer.status_code == 400
    assert answer.json()["detail"][0]["field"] == "age"
