"""The runner, a process of its own, dies with requests under way and comes back."""

import concurrent.futures
import http.client
import json
import time
from urllib.parse import urlsplit

import httpx
from faults.conftest import Serve
from running import Server, wait_until

from credit_risk.form import sample_applications

BODIES = [sample.model_dump(mode="json") for sample in sample_applications(40, seed=3)]
RUNNER = "CreditRiskRunner"
BACK = 90
"""Seconds on a busy machine until the runner answers again; 3 to 4 on an idle one."""


def classify(server: Server, body: dict[str, object]) -> httpx.Response:
    return server.post("/classify", json=body)


def sent(server: Server, body: dict[str, object]) -> http.client.HTTPConnection:
    """A request that lies at the service, which need not read it yet."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    connection.request("POST", "/classify", json.dumps(body), {"Content-Type": "application/json"})
    return connection


def answer(connection: http.client.HTTPConnection) -> httpx.Response:
    found = connection.getresponse()
    whole = httpx.Response(found.status, headers=found.getheaders(), content=found.read())
    connection.close()
    return whole


def under_way(server: Server) -> float:
    """Applications that the classifier has begun with."""
    name = 'bentoml_service_request_in_progress{endpoint="/classify"'
    lines = server.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


def kill_under_way(server: Server, bodies: list[dict[str, object]]) -> list[httpx.Response]:
    """Kill the runner while it has these applications, sent in one call, and nothing else."""
    (runner,) = server.workers(RUNNER)
    (classifier,) = server.workers()
    before = under_way(server)
    runner.suspend()
    classifier.suspend()  # so that all of them arrive in the same turn
    connections = [sent(server, body) for body in bodies]
    classifier.resume()
    wait_until(lambda: under_way(server) == before + len(bodies))
    time.sleep(1)  # they go on to the runner
    runner.kill()
    return [answer(connection) for connection in connections]


def back(server: Server) -> None:
    def answers() -> bool:
        return server.get("/readyz").status_code == 200

    wait_until(answers, seconds=BACK)


def test_a_lone_request_that_the_runner_dies_with_is_told_to_come_again(serve_with: Serve) -> None:
    with serve_with(1, CREDIT_RISK_RUNNER="remote") as server:
        expected = classify(server, BODIES[0])
        (lost,) = kill_under_way(server, BODIES[:1])
        back(server)

        assert classify(server, BODIES[0]).content == expected.content
        assert lost.status_code == 503
        assert int(lost.headers["retry-after"]) >= 1
        assert lost.json().keys() == {"error", "detail"}


def test_what_the_runner_dies_with_is_answered_right_or_not_at_all_and_the_rest_right(
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
            assert answer.content == right or (
                answer.status_code >= 500 and answer.json().keys() == {"error", "detail"}
            )
        assert [answer.content for answer in after] == expected
        assert server.workers() == [classifier]
