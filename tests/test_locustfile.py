"""The load test passes on the real service, and fails on one that is slow, absent or wrong."""

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest
from course import COLUMNS
from running import Locked, Server, answering, free_port, run

from credit_risk.decision import STANDARD_POLICY

Json = dict[str, Any]
Load = Callable[..., CompletedProcess[str]]
Twist = Callable[[list[Json]], list[Json]]

UNHURRIED = 60_000
"""Milliseconds; a shared machine can be slow."""
ENOUGH = 50
"""Requests, for one of each kind to be among them; fewer are made again in a longer run."""
LONGEST = 30
"""Seconds."""


@pytest.fixture(scope="session")
def load(home: Path) -> Load:
    """Run the load test on a URL with a few users."""

    def load(
        url: str,
        *arguments: str | Path,
        seconds: int = 1,
        max_p99_ms: float = UNHURRIED,
        **variables: str,
    ) -> CompletedProcess[str]:
        command = ["locust", "--headless", "--only-summary", "--users", "4", "--spawn-rate", "4"]
        command += ["--run-time", f"{seconds}s", "--max-p99-ms", str(max_p99_ms), "--host", url]
        found = run(*command, *arguments, home=home, check=False, **variables)
        made = re.search(r"requests (\d+)", found.stdout)
        if made and int(made[1]) < ENOUGH and seconds < LONGEST:
            longer = 2 * seconds
            return load(url, *arguments, seconds=longer, max_p99_ms=max_p99_ms, **variables)
        return found

    return load


REASON = {
    "code": "AGE",
    "field": "age",
    "message": "Your age counted against your application.",
    "analyst": "age 50: adds 0.5 to the log-odds of default",
    "contribution": 0.5,
}


class StandIn(BaseHTTPRequestHandler):
    """Answers as the service would, but with a risk that is the age, and twists the answers."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet, or each answer waits for an acknowledgement

    def __init__(self, *arguments: Any, card: Json, twist: Twist) -> None:
        self.card, self.twist = card, twist
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self.answer(self.card)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_npy = self.headers["Content-Type"] == "application/x-npy"
        content = np.load(BytesIO(body)).tolist() if is_npy else json.loads(body)
        if self.path == "/classify":
            self.answer(self.twist([self.decide(content)])[0])
        elif self.path == "/classify_batch":
            self.answer(self.twist([self.decide(application) for application in content]))
        else:
            rows = [dict(zip(COLUMNS, row, strict=True)) for row in content]
            decisions = self.twist([self.decide(row) for row in rows])
            lists = {key: [decision[key] for decision in decisions] for key in decisions[0]}
            self.answer(lists | {"model": decisions[0]["model"]})

    def decide(self, application: Json) -> Json:
        if isinstance(application["seniority"], str):
            return {"error": "The request is not valid: see seniority.", "detail": []}
        risk = application["age"] / 100
        status, model = STANDARD_POLICY.decide(risk), self.card["model"]
        reasons = [] if status == "APPROVED" else [REASON]
        return {"status": status, "default_probability": risk, "reasons": reasons, "model": model}

    def answer(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the test output clean."""


@pytest.fixture
def stand_in(server: Server, twist: Twist) -> Iterator[str]:
    """A server that says it has the model of the real one; yields its URL."""
    card = server.get("/model").json()
    with answering(partial(StandIn, card=card, twist=twist)) as url:
        yield url


def each(**changes: Any) -> Twist:
    """Change every answer, errors included."""
    return lambda answers: [answer | changes for answer in answers]


def decided(answers: list[Json]) -> list[Json]:
    """Leave no error among many answers."""
    return [answers[0] if "error" in answer else answer for answer in answers]


def test_the_service_passes_with_every_figure_in_the_summary_and_a_report(
    server: Server, load: Load, tmp_path: Path
) -> None:
    report = tmp_path / "load.html"

    found = load(server.url, "--html", report, seconds=4)

    assert found.returncode == 0, found.stdout + found.stderr
    assert "failures 0" in found.stdout
    assert "PASSED" in found.stdout
    for figure in ("RPS", "average", "50th percentile", "90th", "99th", "max"):
        assert figure in found.stdout
    assert "/classify_array" in report.read_text()


def test_a_host_may_lack_its_scheme_and_end_with_a_slash(server: Server, load: Load) -> None:
    found = load(f"{server.url.removeprefix('http://')}/")

    assert found.returncode == 0, found.stdout + found.stderr


def test_a_worker_of_a_distributed_run_leaves_the_judgement_to_the_master(
    server: Server, load: Load
) -> None:
    port = str(free_port())

    ports = ("--master-bind-port", port, "--master-port", port)
    found = load(server.url, "--processes", "1", *ports, seconds=3)

    assert found.returncode == 0, found.stdout + found.stderr
    assert "FAILED" not in found.stdout
    assert found.stdout.count("PASSED") == 1


def test_a_limit_that_no_service_keeps_fails_and_says_so(server: Server, load: Load) -> None:
    found = load(server.url, max_p99_ms=0.001)

    assert found.returncode == 1
    assert "FAILED: the 99th percentile" in found.stdout
    assert "above the limit of 0.001 ms" in found.stdout
    assert "failures 0" in found.stdout


def test_the_load_test_sends_an_api_key(locked: Locked, load: Load) -> None:
    without = load(locked.server.url)
    found = load(locked.server.url, CREDIT_RISK_API_KEY=locked.key)

    assert "gives no model card: HTTP Error 401" in without.stderr
    assert found.returncode == 0, found.stdout + found.stderr


def test_where_nothing_listens_it_fails_and_says_what_to_do(load: Load) -> None:
    url = "http://127.0.0.1:1"

    found = load(url)

    assert found.returncode == 1
    assert f"nothing answers at {url}: start it with `make serve`" in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize("twist", [each()], ids=["as it should"])
def test_a_server_that_answers_as_it_should_passes(stand_in: str, load: Load) -> None:
    found = load(stand_in)

    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.system
@pytest.mark.parametrize(
    ("twist", "complaint"),
    [
        (each(default_probability=0.9), "found APPROVED, expected DECLINED"),
        (each(default_probability=1.1), "out of contract: default_probability: "),
        (each(status="no word"), "out of contract: status: "),
        (each(status="PERHAPS"), "found PERHAPS, expected DECLINED"),
        (each(reasons=None), "out of contract: reasons: "),
        (each(reasons=[]), "found no reasons for DECLINED, expected some"),
        (each(model="credit_risk_model:other"), "found model credit_risk_model:other, expected"),
        (lambda answers: answers[::-1], "found another probability than the same application"),
        (lambda answers: answers[:19], "found 19 answers"),
        (decided, "found a decision in the place of a bad application"),
    ],
    ids=[
        "status on the wrong side of a threshold",
        "probability above 1",
        "status that is no word",
        "status that the policy does not have",
        "reasons of another kind",
        "no reasons",
        "other model",
        "other order",
        "one answer short",
        "bad application accepted",
    ],
)
def test_a_wrong_answer_fails_and_is_described(stand_in: str, load: Load, complaint: str) -> None:
    found = load(stand_in)

    assert found.returncode == 1
    assert "requests failed" in found.stdout
    assert complaint in found.stdout + found.stderr
