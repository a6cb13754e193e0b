"""Each knob of bentoconfiguration.yaml arrives in the running service, however it is changed."""

import concurrent.futures
import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest
from course import COURSE_EXAMPLE
from raw_http import Connection
from running import Server, configured, run, serving

from audit_log import read_entries
from credit_risk.decision_log.settings import DECISIONS

pytestmark = pytest.mark.system
Serve = Callable[..., AbstractContextManager[Server]]


@pytest.fixture
def serve_with(home: Path, tmp_path: Path) -> Serve:
    """Serve with some values of the project's own file changed, each ``a.b.c=value``."""

    def serve(changes: dict[str, object], **variables: str) -> AbstractContextManager[Server]:
        variables |= configured(tmp_path, changes)
        return serving("service.py:svc", home=home, log=tmp_path / "log", **variables)

    return serve


def classify(server: Server) -> httpx.Response:
    return server.post("/classify", json=COURSE_EXAMPLE)


@contextmanager
def stalled_request(server: Server, length: int = 1_000_000) -> Iterator[Connection]:
    """A request whose body never comes, so that it stays in progress if it is a large one."""
    with Connection(server.url) as connection:
        connection.send(
            b"POST /classify_batch HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n[" % length
        )
        connection.wait_until_read()
        yield connection


def test_workers(serve_with: Serve) -> None:
    with serve_with({"credit_risk_classifier.workers": 2}) as server:
        assert classify(server).status_code == 200
        assert len(server.workers()) == 2


def test_the_options_of_the_environment_arrive_like_the_file(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "decisions"
    places = "services.credit_risk_classifier"
    options = f"{places}.decision_log.path={folder} {places}.workers=2"
    variables = {"BENTOML_CONFIG_OPTIONS": options}
    with serving("service.py:svc", home=home, log=tmp_path / "log", **variables) as server:
        decided = {classify(server).headers["x-decision-id"] for _ in range(10)}

        assert len(server.workers()) == 2
        (line,) = re.findall(r"Serving credit_risk_model:.*", server.logged())
    assert "learned from sample.csv (synthetic), 9 guarantees, policy " in line
    assert f"DECLINED above, 0 rules; decision log {folder}; open to everyone" in line
    logged = [entry["id"] for _, part in read_entries(folder, DECISIONS) for entry in part]
    assert decided == set(logged)


@pytest.mark.parametrize("options", [["--api-workers", "2"], ["--api-workers=3", "--timeout=1"]])
def test_the_options_of_the_command_arrive_like_the_file(
    home: Path, tmp_path: Path, options: list[str]
) -> None:
    with serving("service.py:svc", *options, home=home, log=tmp_path / "log") as server:
        assert len(server.workers()) == (2 if "2" in options else 3)
        if "--timeout=1" in options:
            with stalled_request(server) as connection:
                answer = connection.answer()

            assert answer is not None
            assert answer.status == 504


def test_the_file_as_it_is_runs_one_worker_and_logs_no_requests(server: Server) -> None:
    before = len(server.logged())

    assert classify(server).status_code == 200
    assert len(server.workers()) == 1
    assert "/classify" not in server.logged()[before:]


def test_timeout(serve_with: Serve) -> None:
    with serve_with({"credit_risk_classifier.traffic.timeout": 1}) as server:
        with stalled_request(server) as connection:
            answer = connection.answer()

        assert answer is not None
        assert answer.status == 504
        assert json.loads(answer.body)["detail"] == []


def test_concurrency_limit(serve_with: Serve) -> None:
    with serve_with({"credit_risk_classifier.traffic.max_concurrency": 1}) as server:
        with stalled_request(server, length=1000):  # it begins when its body is there
            assert classify(server).status_code == 200

        with stalled_request(server):
            answer = classify(server)

        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "1"
        assert answer.json() == {"error": "Too many requests", "detail": []}


def test_limits_of_size(serve_with: Serve) -> None:
    changes: dict[str, object] = {
        "credit_risk_classifier.limits.body.classify": "1 KiB",
        "credit_risk_classifier.limits.body.classify_batch": "2 KiB",
        "credit_risk_classifier.limits.body.classify_array": "3 KiB",
        "credit_risk_classifier.limits.rows.classify_batch": 2,
        "credit_risk_classifier.limits.rows.classify_array": 3,
    }
    with serve_with(changes) as server, httpx.Client(base_url=server.url, timeout=30) as client:

        def refused(path: str, body: str) -> tuple[int, str]:
            answer = client.post(path, content=body, headers={"content-type": "application/json"})
            return answer.status_code, answer.json()["error"]

        document = client.get("/docs.json").json()
        body = document["paths"]["/classify_array"]["post"]["requestBody"]
        (row,) = body["content"]["application/json"]["example"]
        found = [
            refused("/classify", " " * 1025),
            refused("/classify_batch", " " * 2049),
            refused("/classify_array", " " * 3073),
            refused("/classify_batch", "[1, 2, 3]"),
            refused("/classify_array", json.dumps([row] * 4)),
        ]

    assert {status for status, _ in found} == {413}
    for (_, error), most in zip(found, ("1024", "2048", "3072", "2 rows", "3 rows"), strict=True):
        assert f"at most {most} " in error


def test_access_log(serve_with: Serve) -> None:
    with serve_with({"credit_risk_classifier.logging.access.enabled": True}) as server:
        classify(server)

    assert re.search(r"path=/classify.*status=200", server.logged())  # written by its end


def test_tracing(serve_with: Serve) -> None:
    with serve_with({"credit_risk_classifier.tracing.excluded_urls": "/livez"}) as server:
        traced = classify(server)

    assert "x-bentoml-request-id" in traced.headers


def test_without_tracing_a_request_carries_no_trace(server: Server) -> None:
    assert "x-bentoml-request-id" not in classify(server).headers


def test_the_runner_s_batching(serve_with: Serve) -> None:
    changes = {
        "CreditRiskRunner.batching.max_batch_size": 3,
        "CreditRiskRunner.batching.max_latency_ms": 5_000,  # or a busy machine refuses with 503
        "CreditRiskRunner.workers": 2,
    }
    with serve_with(changes, CREDIT_RISK_RUNNER="remote") as server:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: classify(server), range(16)))
        batches = [
            line
            for line in server.get("/metrics").text.splitlines()
            if line.startswith("bentoml_service_adaptive_batch_size_bucket")
        ]

        assert {answer.status_code for answer in answers} == {200}
        assert len(server.workers()) == 1
        assert len(server.workers("CreditRiskRunner")) == 2
        assert {re.search('le="(.*?)"', line)[1] for line in batches} == {
            "1.0",
            "2.0",
            "3.0",
            "+Inf",
        }


def test_the_runner_s_latency(home: Path, tmp_path: Path) -> None:
    changed = configured(tmp_path, {"CreditRiskRunner.batching.max_latency_ms": 1234})

    found = run(
        "python",
        "-c",
        "import service; print(service.CreditRiskRunner.apis['predict'].max_latency_ms)",
        home=home,
        **changed,
    )

    assert found.stdout.strip() == "1234"
