"""API keys on the running service: refusals, log and metrics, changes while it runs."""

import re
from pathlib import Path

import httpx
import pytest
from course import COURSE_EXAMPLE
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from raw_http import ask
from running import Locked, Server, configured, serving, wait_until

from credit_risk.keys import COMMAND

PATIENCE = 30
PROBES = {"/livez", "/readyz"}
UNLISTED = ["/", "/docs.json", "/schema.json", "/static_content/swagger-ui.css", "/nothing"]


def asked(locked: Locked, key: str) -> int:
    with locked.client(key) as client:
        return client.post("/classify", json=COURSE_EXAMPLE).status_code


def test_every_path_but_the_probes_requires_a_key(locked: Locked) -> None:
    with locked.client() as client:
        paths = client.get("/docs.json").json()["paths"]
        calls = [(verb, path) for path, verbs in paths.items() for verb in verbs]
        calls += [("get", path) for path in UNLISTED]
        calls += [("options", "/classify"), ("put", "/classify"), ("head", "/model")]
    for verb, path in calls:
        answer = httpx.request(verb, f"{locked.server.url}{path}")

        assert answer.status_code == (200 if path in PROBES else 401), (verb, path)
        if path not in PROBES:
            assert answer.headers["www-authenticate"] == "Bearer"
            if verb != "head":
                assert set(answer.json()) == {"error", "detail"}


def test_with_a_key_every_answer_is_the_same_as_without_keys(
    locked: Locked, client: httpx.Client
) -> None:
    with locked.client() as inside:
        for body in (COURSE_EXAMPLE, COURSE_EXAMPLE | {"age": 7}):
            found, expected = (each.post("/classify", json=body) for each in (inside, client))

            assert (found.status_code, found.json()) == (expected.status_code, expected.json())
        for path in ("/", "/model", "/model/report", "/schema.json", "/nothing", "/healthz"):
            found, expected = inside.get(path), client.get(path)

            assert (found.status_code, found.text) == (expected.status_code, expected.text)


def test_a_refusal_does_not_wait_for_the_body(locked: Locked) -> None:
    begun = (
        b"POST /classify HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
        b"Content-Length: 1000000000\r\n\r\n{"
    )

    answer = ask(locked.server.url, begun)

    assert answer is not None
    assert answer.status == 401


def test_an_expired_key_is_refused_by_name(locked: Locked) -> None:
    text = locked.file.read_text()
    old = COMMAND.add(locked.file, "old")
    locked.file.write_text(
        re.sub(r'(old = .*") }', r"\1, expires = 2026-01-31 }", locked.file.read_text())
    )
    assert "2026-01-31" in locked.file.read_text()
    wait_until(lambda: asked(locked, old) != 401)

    with locked.client(old) as client:
        answer = client.get("/model")
    locked.file.write_text(text)
    wait_until(lambda: asked(locked, old) == 401)

    assert answer.status_code == 403
    assert "ended with 2026-01-31 (UTC)" in answer.json()["error"]
    assert "API key old is refused: expired" in locked.server.logged()


def test_keys_come_and_go_while_it_runs(locked: Locked) -> None:
    broker = COMMAND.add(locked.file, "broker")
    wait_until(lambda: asked(locked, broker) == 200)
    COMMAND.remove(locked.file, "broker")
    wait_until(lambda: asked(locked, broker) == 401)

    assert asked(locked, locked.key) == 200
    assert "added broker; removed none" in locked.server.logged()
    assert "added none; removed broker" in locked.server.logged()


def test_a_file_that_breaks_while_it_runs_changes_nothing(locked: Locked) -> None:
    text = locked.file.read_text()
    locked.file.write_text("")
    said = f"{locked.file}: found no key in it"
    wait_until(lambda: asked(locked, locked.key) != 200 or said in locked.server.logged())

    try:
        assert asked(locked, locked.key) == 200
        assert asked(locked, "crk_wrong") == 401
    finally:
        locked.file.write_text(text)


def test_names_are_in_metrics_and_log_and_keys_in_neither(locked: Locked) -> None:
    wrong = "crk_" + "x" * 43
    asked(locked, wrong)
    asked(locked, locked.key)
    with locked.client() as client:
        metrics = client.get("/metrics").text
    log = locked.server.logged()

    assert re.search(r'credit_risk_requests_by_key_total{key="bank",status="200"} \d', metrics)
    nobody = r'credit_risk_requests_by_key_total{key="\(nobody\)",status="401"} \d'
    assert re.search(nobody, metrics)
    assert "API key, one of: bank\n" in log
    assert "API key bank is in use\n" in log
    assert "The service is open" not in log
    assert "crk_" not in metrics + log


def test_the_document_declares_the_api_keys(locked: Locked) -> None:
    with locked.client() as client:
        document = client.get("/docs.json").json()
    answer = httpx.get(f"{locked.server.url}/model")
    refused = answer.json()

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers
    schema = {"$ref": "#/components/schemas/ErrorResponse", "components": document["components"]}

    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    assert list(Draft202012Validator(schema).iter_errors(refused)) == []
    assert document["security"] == [{"key": []}]
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    for path, verbs in document["paths"].items():
        for operation in verbs.values():
            open_to_all = operation.get("security") == []
            assert open_to_all == (path in PROBES), path
            assert ({"401", "403"} <= operation["responses"].keys()) != open_to_all, path


def test_a_service_without_keys_logs_so_once_and_declares_none(
    server: Server, client: httpx.Client
) -> None:
    document = client.get("/docs.json").json()

    assert server.logged().count("The service is open") == 1
    assert "security" not in document
    assert "401" not in document["paths"]["/classify"]["post"]["responses"]
    assert "requests_by_key" not in client.get("/metrics").text


@pytest.mark.system
def test_the_access_log_names_the_key(home: Path, tmp_path: Path) -> None:
    changes = {
        "credit_risk_classifier.workers": 2,
        "credit_risk_classifier.logging.access.enabled": True,
    }
    key = COMMAND.add(tmp_path / "keys.toml", "bank")
    variables = {COMMAND.variable: f"{tmp_path}/keys.toml"} | configured(tmp_path, changes)
    with serving("service.py:svc", home=home, log=tmp_path / "log", **variables) as server:
        headers = {"Authorization": f"Bearer {key}"}
        for _ in range(10):
            httpx.post(f"{server.url}/classify", json=COURSE_EXAMPLE, headers=headers)

    assert len(re.findall(r"path=/classify,.*status=200.*ms \(key=bank\)\n", server.logged())) == 10
    assert key not in server.logged()


@pytest.mark.system
def test_the_classifier_checks_keys_when_its_runner_is_remote(home: Path, tmp_path: Path) -> None:
    key = COMMAND.add(tmp_path / "keys.toml", "bank")
    variables = {COMMAND.variable: f"{tmp_path}/keys.toml", "CREDIT_RISK_RUNNER": "remote"}
    with serving("service.py:svc", home=home, log=tmp_path / "log", **variables) as server:
        url, headers = f"{server.url}/classify", {"Authorization": f"Bearer {key}"}

        assert httpx.post(url, json=COURSE_EXAMPLE).status_code == 401
        assert httpx.post(url, json=COURSE_EXAMPLE, headers=headers).status_code == 200


@pytest.mark.system
def test_the_runner_served_alone_requires_keys(home: Path, tmp_path: Path) -> None:
    COMMAND.add(tmp_path / "keys.toml", "bank")
    variables = {COMMAND.variable: f"{tmp_path}/keys.toml"}
    target = "service.py:CreditRiskRunner"
    with serving(target, home=home, log=tmp_path / "log", **variables) as server:
        assert httpx.post(f"{server.url}/predict", json={"rows": []}).status_code == 401
