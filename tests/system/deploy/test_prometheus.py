"""The real Prometheus, with the configuration that is deployed, scrapes the real service."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from bodies import sample_bodies
from course import FORM
from running import PROJECT, Server, free_port, serving, wait_until

CONFIGURATION = PROJECT / "deploy" / "prometheus.yml"
RULES = PROJECT / "deploy" / "prometheus" / "rules.yml"
TARGET = "classifier:3000"
BODIES = sample_bodies(5, seed=3)
PATIENCE = 60
PSI = "credit_risk:psi:1d"
Query = Callable[[str], list[dict[str, Any]]]

pytestmark = [pytest.mark.system, pytest.mark.needs("prometheus", "promtool")]


@pytest.fixture(scope="module")
def scraped(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service of its own, so that what it counts is known."""
    folder = tmp_path_factory.mktemp("scraped")
    with serving("service.py:svc", home=home, log=folder / "log") as server:
        for body in BODIES:
            server.post("/classify", json=body).raise_for_status()
        assert server.post("/classify", json={}).status_code == 400
        yield server


def scraped_once(ask: Query) -> bool:
    """Whether Prometheus is there, has read its storage (it answers 503 until then) and us."""
    try:
        return bool(ask("bentoml_service_request_total"))
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def query(scraped: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Query]:
    """Ask a Prometheus that runs with our configuration; only address and pace differ."""
    folder = tmp_path_factory.mktemp("prometheus")
    text = CONFIGURATION.read_text().replace(TARGET, scraped.url.removeprefix("http://"))
    (folder / "prometheus.yml").write_text(re.sub(r"_interval: \w+", "_interval: 5s", text))
    shutil.copytree(RULES.parent, folder / RULES.parent.name)
    address = f"127.0.0.1:{free_port()}"
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)

    def ask(expression: str) -> list[dict[str, Any]]:
        answer = httpx.get(
            f"http://{address}/api/v1/query", params={"query": expression}, timeout=PATIENCE
        )
        answer.raise_for_status()
        result: list[dict[str, Any]] = answer.json()["data"]["result"]
        return result

    try:
        wait_until(lambda: process.poll() is not None or scraped_once(ask), PATIENCE)
        assert process.poll() is None, (folder / "log").read_text()
        yield ask
    finally:
        process.terminate()
        process.wait(PATIENCE)


def test_the_configuration_is_one_that_promtool_accepts() -> None:
    subprocess.run(["promtool", "check", "config", CONFIGURATION], check=True)


def test_the_service_is_up(query: Query) -> None:
    (found,) = query("up")

    assert found["metric"]["job"] == "credit-risk-classifier"
    assert found["value"][1] == "1"


def test_answers_and_refusals_are_counted(query: Query) -> None:
    total = 'bentoml_service_request_total{endpoint="/classify",service_name="%s"} > 0'
    found = {
        each["metric"]["http_response_code"]: float(each["value"][1])
        for each in query(total % "credit_risk_classifier")
    }

    assert found == {"200": len(BODIES), "400": 1}


def test_durations_and_requests_under_way_are_measured(query: Query) -> None:
    endpoint = '{endpoint="/classify"}'
    (p99,) = query(
        "histogram_quantile(0.99, sum by (le)"
        f" (bentoml_service_request_duration_seconds_bucket{endpoint}))"
    )
    (under_way,) = query(f"bentoml_service_request_in_progress{endpoint}")

    assert 0 < float(p99["value"][1]) < 10
    assert float(under_way["value"][1]) == 0


def test_drift_of_what_is_sent_is_found(query: Query, scraped: Server) -> None:
    poor = [body | {"income": 10} for body in sample_bodies(300, seed=4)]

    def drifts() -> bool:
        scraped.post("/classify_batch", json=poor).raise_for_status()
        return bool(query('ALERTS{alertname="CreditRiskOtherPopulation",field="income"}'))

    wait_until(drifts, PATIENCE)
    measured = {each["metric"]["field"]: float(each["value"][1]) for each in query(PSI)}

    assert {*measured} == {*FORM.by_name, "default_probability", "decision"}
    assert measured["income"] > 0.25
