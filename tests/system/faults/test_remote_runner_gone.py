"""The runner, a process of its own, dies with requests under way and comes back."""

import concurrent.futures
import json

import httpx
import pytest
from bodies import sample_bodies
from faults.conftest import Serve
from raw_http import Answer, Connection
from running import Server, wait_until

pytestmark = pytest.mark.system
BODIES = sample_bodies(40, seed=3)
RUNNER = "CreditRiskRunner"
BACK = 90
"""Seconds on a busy machine until the runner answers again; 3 to 4 on an idle one."""
TURNS = 20
"""Answers of the classifier, each of which takes a turn of its loop or two."""


def classify(server: Server, body: dict[str, object]) -> httpx.Response:
    return server.post("/classify", json=body)


def sent(server: Server, body: dict[str, object]) -> Connection:
    """A request that lies at the service, which need not read it yet."""
    content = json.dumps(body).encode()
    connection = Connection(server.url, timeout=60)
    connection.send(
        b"POST /classify HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(content), content)
    )
    return connection


def under_way(server: Server) -> float:
    """Applications that the classifier has begun with."""
    name = 'bentoml_service_request_in_progress{endpoint="/classify"'
    lines = server.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


def kill_under_way(server: Server, bodies: list[dict[str, object]]) -> list[Answer]:
    """Kill the runner while it has these applications, sent in one call, and nothing else."""
    (runner,) = server.workers(RUNNER)
    (classifier,) = server.workers()
    before = under_way(server)
    runner.suspend()
    classifier.suspend()  # so that all of them arrive in the same turn
    connections = [sent(server, body) for body in bodies]
    classifier.resume()
    wait_until(lambda: under_way(server) == before + len(bodies))
    for _ in range(TURNS):
        under_way(server)  # the classifier answers, so they went on to the runner before
    runner.kill()
    answers = []
    for connection in connections:
        with connection:
            answer = connection.answer()
            assert answer is not None
            answers.append(answer)
    return answers


def back(server: Server) -> None:
    def answers() -> bool:
        return server.get("/readyz").status_code == 200

    wait_until(answers, seconds=BACK)


def test_a_lone_request_that_the_runner_dies_with_may_be_retried(serve_with: Serve) -> None:
    with serve_with(1, CREDIT_RISK_RUNNER="remote") as server:
        expected = classify(server, BODIES[0])
        (lost,) = kill_under_way(server, BODIES[:1])
        back(server)

        assert classify(server, BODIES[0]).content == expected.content
        assert lost.status == 503
        assert int(lost.headers["retry-after"]) >= 1
        assert json.loads(lost.body).keys() == {"error", "detail"}


def test_requests_that_the_runner_dies_with_get_the_right_answer_or_an_error(
    serve_with: Serve,
) -> None:
    with serve_with(1, CREDIT_RISK_RUNNER="remote") as server:
        expected = [classify(server, body).content for body in BODIES]
        (classifier,) = server.workers()
        found = kill_under_way(server, BODIES[:8])
        back(server)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            after = list(pool.map(lambda body: classify(server, body), BODIES))

        for answer, right in zip(found, expected, strict=False):
            assert answer.body == right or (
                answer.status >= 500 and json.loads(answer.body).keys() == {"error", "detail"}
            )
        assert [answer.content for answer in after] == expected
        assert server.workers() == [classifier]
