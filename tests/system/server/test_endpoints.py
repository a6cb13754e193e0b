"""The HTTP contract on a real ``bentoml serve``."""

import io
import json
import shutil
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from running import serving

from credit_risk.decision import MONOTONICITY, STANDARD_POLICY
from credit_risk.form import COLUMNS, COURSE_EXAMPLE, sample_applications
from credit_risk.model import Encoder, fingerprint
from credit_risk.training.fitting import fit_vectorizer

SAMPLES = sample_applications(200, seed=7)
BODIES = [sample.model_dump(mode="json") for sample in SAMPLES]
ROWS = Encoder(fit_vectorizer()).encode(SAMPLES)


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def post_npy(client: httpx.Client, content: bytes) -> httpx.Response:
    headers = {"content-type": "application/x-npy"}
    return client.post("/classify_array", content=content, headers=headers)


def lists(array: np.ndarray) -> list[list[float | None]]:
    return [[None if np.isnan(value) else float(value) for value in row] for row in array]


@pytest.fixture(scope="module")
def alone(server: Any) -> list[dict[str, Any]]:
    """The answer to each sample, asked alone."""
    with httpx.Client(base_url=server.url, timeout=30) as client:
        return [client.post("/classify", json=body).raise_for_status().json() for body in BODIES]


def test_the_course_example_gets_a_decision(client: httpx.Client) -> None:
    answer = client.post("/classify", json=COURSE_EXAMPLE)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["status", "default_probability", "reasons", "model"]
    assert 0 < answer.json()["default_probability"] < 1
    assert answer.json()["status"] != "APPROVED"
    assert all(reason["message"].endswith(".") for reason in answer.json()["reasons"])


@pytest.mark.parametrize("path", ["server", "bentoml_path"])
def test_a_client_that_would_rather_speak_http_2_gets_its_decision(
    request: pytest.FixtureRequest, client: httpx.Client, path: str
) -> None:
    """As Java's ``HttpClient`` asks without TLS, headers first and the body in chunks."""
    address = request.getfixturevalue(path).url.removeprefix("http://")
    offer = {
        "Connection": "Upgrade, HTTP2-Settings",
        "HTTP2-Settings": "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
        "Upgrade": "h2c",
        "Content-Type": "application/json",
    }
    with closing(HTTPConnection(address, timeout=30)) as connection:
        answers = []
        for _ in range(2):
            chunks = iter([json.dumps(COURSE_EXAMPLE).encode()])
            connection.request("POST", "/classify", chunks, offer, encode_chunked=True)
            answers.append(json.loads(connection.getresponse().read()))

    assert answers == [client.post("/classify", json=COURSE_EXAMPLE).json()] * 2


def test_the_decision_follows_the_policy_and_all_decisions_occur(
    alone: list[dict[str, Any]],
) -> None:
    for answer in alone:
        assert answer["status"] == STANDARD_POLICY.decide(answer["default_probability"])
    assert {answer["status"] for answer in alone} == {"APPROVED", "MAYBE", "DECLINED"}


def test_a_batch_answers_as_each_application_alone(
    client: httpx.Client, alone: list[dict[str, Any]]
) -> None:
    answer = client.post("/classify_batch", json=BODIES)

    assert answer.status_code == 200
    assert answer.json() == alone


def test_a_bad_row_gets_its_error_in_its_place_and_harms_nobody(
    client: httpx.Client, alone: list[dict[str, Any]]
) -> None:
    rows: list[Any] = [*BODIES[:3], BODIES[3] | {"age": "7", "zip": 1}, None, *BODIES[4:6]]

    answer = client.post("/classify_batch", json=rows).json()

    assert [*answer[:3], *answer[5:]] == [*alone[:3], *alone[4:6]]
    assert {problem["field"] for problem in answer[3]["detail"]} == {"age", "zip"}
    assert answer[4]["error"] == "This is not a JSON object."


def test_a_batch_of_nothing_answers_nothing(client: httpx.Client) -> None:
    assert client.post("/classify_batch", json=[]).json() == []


@pytest.mark.parametrize("form", ["lists", "npy", "npy, big-endian", "npy, Fortran order"])
def test_an_array_answers_as_each_application_alone(
    client: httpx.Client, alone: list[dict[str, Any]], form: str
) -> None:
    match form:
        case "lists":
            answer = client.post("/classify_array", json=lists(ROWS))
        case "npy":
            answer = post_npy(client, npy(ROWS))
        case "npy, big-endian":
            answer = post_npy(client, npy(ROWS.astype(">f4")))
        case _:
            answer = post_npy(client, npy(np.asfortranarray(ROWS)))

    assert answer.status_code == 200
    assert answer.json() == {
        "status": [each["status"] for each in alone],
        "default_probability": [each["default_probability"] for each in alone],
        "model": alone[0]["model"],
    }


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (npy(ROWS.T), "found an array of shape (29, 200), expected (n, 29)"),
        (npy(ROWS.ravel()), "found an array of shape (5800,), expected (n, 29)"),
        (npy(ROWS[0]), "found an array of shape (29,), expected (n, 29)"),
        (npy(ROWS.astype(np.float64)), "found an array of float64, expected float32"),
        (npy(np.nan_to_num(ROWS).astype(np.int32)), "found an array of int32, expected float32"),
        (npy(np.array([{}], dtype=object)), "The body is not a .npy file of plain numbers"),
        (b"\x93NUMPY", "The body is not a .npy file of plain numbers"),
        (npy(ROWS)[:-1], "The body is not a .npy file of plain numbers"),
        (
            npy(ROWS).replace(b"(200, 29), }" + b" " * 11, b"(10000000000000, 29), }"),
            "The body is not a .npy file of plain numbers",
        ),
        (b"PK\x03\x04" + bytes(100), "The body is not a .npy file of plain numbers"),
        (b"", "The body is not a .npy file of plain numbers"),
        (b"[[1, 2]]", "The body is not a .npy file of plain numbers"),
    ],
)
def test_a_npy_file_of_another_kind_is_refused(
    client: httpx.Client, content: bytes, sentence: str
) -> None:
    answer = post_npy(client, content)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(sentence)


def test_the_model_card_says_what_decides(client: httpx.Client) -> None:
    card = client.get("/model").json()

    assert card["model"] == client.post("/classify", json=COURSE_EXAMPLE).json()["model"]
    assert card["columns"] == {"names": list(COLUMNS), "fingerprint": fingerprint(COLUMNS)}
    assert card["policy"] == {"review_above": 0.3, "decline_above": 0.5}
    assert card["data"]["name"] == "sample.csv"
    assert card["data"]["synthetic"] is True
    assert card["data"]["rows"] == {"read": 4455, "train": 2672, "validation": 891, "test": 891}
    assert card["data"]["dropped"] == {"unknown outcome": 1}
    assert set(card["measures"]) == {"train", "validation", "test"}
    assert set(card["measures"]["test"]) == {"auc", "gini", "ks", "brier", "ece"}
    assert {"xgboost", "scikit-learn", "numpy", "bentoml"} <= set(card["versions"])


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz", "/metrics", "/", "/docs.json"])
def test_what_bentoml_serves_besides_is_there(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


def test_requests_are_counted_by_endpoint_and_status(home: Path, tmp_path: Path) -> None:
    own = tmp_path / "home"  # BentoML keeps metrics there, and each start there wipes them
    shutil.copytree(home / "models", own / "models")
    with (
        serving("service.py:svc", home=own, log=tmp_path / "log") as server,
        httpx.Client(base_url=server.url, timeout=30) as client,
    ):
        client.post("/classify", json=COURSE_EXAMPLE)
        client.post("/classify", json={})
        metrics = client.get("/metrics").text

    series = [
        line
        for line in metrics.splitlines()
        if line.startswith("bentoml_service_request_total{") and 'endpoint="/classify"' in line
    ]

    for status in (200, 400):
        assert any(f'http_response_code="{status}"' in line for line in series)


REFUSED = [
    ("POST", "/classify", {"content": b"{"}, 400),
    ("POST", "/classify", {"content": b""}, 400),
    ("POST", "/classify", {"content": b"\xff\xfe"}, 400),
    ("POST", "/classify", {"json": []}, 400),
    ("POST", "/classify", {"json": {}}, 400),
    ("POST", "/classify_batch", {"json": {}}, 400),
    ("POST", "/classify_batch", {"content": b"[{"}, 400),
    ("POST", "/classify_array", {"json": [[1]]}, 400),
    ("POST", "/classify_array", {"json": 1}, 400),
    ("POST", "/classify", {"data": {"age": "7"}}, 415),
    ("POST", "/classify", {"files": {"application": b"{}"}}, 415),
    ("POST", "/classify_batch", {"content": npy(ROWS), "type": "application/x-npy"}, 415),
    ("POST", "/classify", {"content": b"x", "type": "application/vnd.bentoml+pickle"}, 415),
    ("GET", "/classify", {}, 405),
    ("POST", "/model", {}, 405),
    ("GET", "/nowhere", {}, 404),
    ("POST", "/predict", {"json": {}}, 404),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), REFUSED)
def test_every_refusal_has_the_one_shape(
    client: httpx.Client, method: str, path: str, body: dict[str, Any], status: int
) -> None:
    headers = {"content-type": body["type"]} if "type" in body else {}
    if "content" in body and "type" not in body:
        headers = {"content-type": "application/json"}
    sent = {name: value for name, value in body.items() if name != "type"}

    answer = client.request(method, path, headers=headers, **sent)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"error", "detail"}
    assert answer.json()["error"].endswith(".")
    assert "Traceback" not in answer.text


def test_what_a_client_gets_wrong_does_not_reach_the_log(client: httpx.Client, server: Any) -> None:
    before, marker = len(server.logged()), "a-name-that-nobody-has"

    client.post("/classify", json=COURSE_EXAMPLE | {"home": marker})
    client.post("/classify", content=json.dumps({"home": marker}))

    assert marker not in server.logged()
    assert "Traceback" not in server.logged()[before:]


def test_the_report_of_the_training_is_a_page(client: httpx.Client) -> None:
    answer = client.get("/model/report")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert client.get("/model").json()["model"] in answer.text


def test_the_model_card_says_what_the_model_promises(client: httpx.Client) -> None:
    card = client.get("/model").json()

    assert card["excluded_fields"] == ["marital"]
    assert card["guarantees"] == dict(MONOTONICITY)
    assert not any(name.startswith("marital") for name in card["inputs"])
    assert card["limits"]
