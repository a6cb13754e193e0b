"""The runner as a service of its own gives the same answers as inside each worker."""

import io
import pickle
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from bodies import NPY, encoded, nested, npy
from course import sample_applications
from running import Server, answering, free_port, readiness, started

from credit_risk.keys import COMMAND

SAMPLES = sample_applications(300, seed=8)
BODIES = [sample.model_dump(mode="json") for sample in SAMPLES]
ROWS = encoded(SAMPLES)


@contextmanager
def alone(home: Path, folder: Path, *arguments: str, **settings: Any) -> Iterator[Server]:
    """One service by itself, started as the Kubernetes overlay does; its store is ``home``'s."""
    start = ("-m", "bentoml_cli._internal.start", "start-http-server", "service.py:svc")
    command = (sys.executable, *start, "--host", "127.0.0.1", *arguments)
    with started(*command, home=home, log=folder / "log", **settings) as server:
        yield server


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


def answers(server: Server) -> list[object]:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        return [
            *(client.post("/classify", json=body).json() for body in BODIES),
            client.post("/classify_batch", json=[*BODIES, {}]).json(),
            client.post("/classify_array", json=nested(ROWS[:1])).json(),
            client.post("/classify_array?reasons=true", content=npy(ROWS), headers=NPY).json(),
            client.get("/model").json(),
        ]


def test_the_answers_are_the_same_from_two_processes_and_from_two_deployments(
    server: Server, remote: Server, apart: Server, runner: Server
) -> None:
    expected = answers(server)

    assert answers(remote) == expected
    assert answers(apart) == expected
    assert services(apart) == {"credit_risk_classifier"}
    assert services(runner) == {"CreditRiskRunner"}
    assert '/predict",http_response_code="200"' in runner.get("/metrics").text


@pytest.mark.system
def test_a_classifier_without_its_runner_says_so_and_recovers(home: Path, tmp_path: Path) -> None:
    name = ("--service-name", "CreditRiskRunner")
    port = free_port()
    depends = f"CreditRiskRunner=http://127.0.0.1:{port}"
    with (
        alone(home, tmp_path / "one", *name, port=port) as runner,
        alone(home, tmp_path / "classifier", "--depends", depends) as apart,
    ):
        runner.stop()
        refused = apart.post("/classify", json=BODIES[0])
        unready = readiness(apart.url)
        alive = apart.get("/livez").status_code
        with alone(home, tmp_path / "other", *name, port=port):
            answered = apart.post("/classify", json=BODIES[0])

        assert (refused.status_code, unready, alive, answered.status_code) == (503, 503, 200, 200)
        assert refused.headers["retry-after"] == "1"
        assert set(refused.json()) == {"error", "detail"}
        assert "the runner does not answer" in apart.logged()


class Impostor(BaseHTTPRequestHandler):
    """Answers every call of the runner with a pickle that leaves a file behind."""

    protocol_version = "HTTP/1.1"
    trap: Path

    def __reduce__(self) -> tuple[object, ...]:
        return open, (str(self.trap), "w")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        content = pickle.dumps(self, protocol=5)
        self.send_response(200)
        self.send_header("content-type", "application/vnd.bentoml+pickle")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.system
def test_an_answer_of_the_runner_is_never_unpickled(home: Path, tmp_path: Path) -> None:
    Impostor.trap = tmp_path / "trap"
    with (
        answering(Impostor) as url,
        alone(
            home, tmp_path / "classifier", "--depends", f"CreditRiskRunner={url}", ready=503
        ) as apart,
    ):
        answer = apart.post("/classify", json=BODIES[0])

    assert answer.status_code == 500
    (error_id,) = re.findall(r"error ([0-9a-f]{8})\.", answer.json()["error"])
    assert f"(error {error_id})" in apart.logged()
    assert "Traceback" not in answer.text
    assert not Impostor.trap.exists()


@pytest.mark.parametrize(
    "media_type",
    ["application/vnd.bentoml+pickle", "application/json", "multipart/form-data; boundary=x"],
)
@pytest.mark.parametrize("path", ["/predict", "/explain"])
def test_the_runner_takes_nothing_but_arrays(runner: Server, path: str, media_type: str) -> None:
    answer = runner.post(path, content=pickle.dumps([]), headers={"content-type": media_type})

    assert answer.status_code == 415
    assert "expected application/x-npy" in answer.json()["error"]
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 400), (b"\x93NUMPY", 400), (b"{}", 400), (b"\0" * (4 * 1024**2 + 1), 413)],
)
def test_the_runner_refuses_like_the_classifier(
    runner: Server, content: bytes, status: int
) -> None:
    answer = runner.post("/predict", content=content, headers=NPY)

    assert answer.status_code == status
    assert set(answer.json()) == {"error", "detail"}
    assert runner.get("/elsewhere").status_code == 404
    assert set(runner.get("/elsewhere").json()) == {"error", "detail"}


def test_the_runner_answers_an_array_with_an_array(runner: Server) -> None:
    answer = runner.post("/predict", content=npy(ROWS), headers=NPY)

    assert answer.headers["content-type"] == NPY["content-type"]
    assert np.load(io.BytesIO(answer.content), allow_pickle=False).shape == (len(SAMPLES),)


def test_a_bad_application_is_refused_before_it_reaches_the_runner(remote: Server) -> None:
    answer = remote.post("/classify", json={**BODIES[0], "age": 7})

    assert answer.status_code == 400
    assert answer.json()["detail"][0]["field"] == "age"


@pytest.mark.system
def test_a_runner_with_a_file_of_keys_answers_only_the_classifier_that_has_one(
    home: Path, tmp_path: Path
) -> None:
    """BentoML's client, which the classifier asks with, sends the key of this variable."""
    file = tmp_path / "keys.toml"
    key = COMMAND.add(file, "classifier")
    with (
        alone(
            home,
            tmp_path / "runner",
            "--service-name",
            "CreditRiskRunner",
            CREDIT_RISK_RUNNER_API_KEYS_FILE=str(file),
        ) as runner,
        alone(
            home,
            tmp_path / "classifier",
            "--depends",
            f"CreditRiskRunner={runner.url}",
            BENTO_CLOUD_API_KEY=key,
        ) as apart,
    ):
        pickle = {"Content-Type": "application/vnd.bentoml+pickle"}

        assert runner.post("/predict", headers=pickle).status_code == 401
        assert apart.post("/classify", json=BODIES[0]).status_code == 200
