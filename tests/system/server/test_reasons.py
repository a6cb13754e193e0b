"""Reasons as clients get them: the same from every endpoint, only where they are due."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from running import Server, serving

from credit_risk.form import sample_applications
from credit_risk.model import Encoder
from credit_risk.training.fitting import fit_vectorizer

SAMPLES = sample_applications(300, seed=8)
BODIES = [sample.model_dump(mode="json") for sample in SAMPLES]
ROWS = Encoder(fit_vectorizer()).encode(SAMPLES)
Answer = dict[str, Any]


def alone(client: httpx.Client) -> list[Answer]:
    return [client.post("/classify", json=body).json() for body in BODIES]


def batch(client: httpx.Client, query: str = "") -> list[Answer]:
    answers: list[Answer] = client.post(f"/classify_batch{query}", json=BODIES).json()
    return answers


def array(client: httpx.Client, form: str, query: str = "?reasons=true") -> Answer:
    file = io.BytesIO()
    np.save(file, ROWS)
    lists = json.dumps(ROWS.tolist()).replace("NaN", "null").encode()
    body, kind = (file.getvalue(), "x-npy") if form == "npy" else (lists, "json")
    headers = {"content-type": f"application/{kind}"}
    answer: Answer = client.post(f"/classify_array{query}", content=body, headers=headers).json()
    return answer


@pytest.fixture(scope="module")
def remote(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    log = tmp_path_factory.mktemp("remote") / "log"
    with (
        serving("service.py:svc", home=home, log=log, CREDIT_RISK_RUNNER="remote") as server,
        httpx.Client(base_url=server.url, timeout=60) as client,
    ):
        yield client


def test_only_what_is_not_approved_has_reasons_and_at_most_four(client: httpx.Client) -> None:
    answers = alone(client)

    assert {answer["status"] for answer in answers} == {"APPROVED", "MAYBE", "DECLINED"}
    for answer in answers:
        assert 0 < len(answer["reasons"]) <= 4 or answer["status"] == "APPROVED"
        assert answer["status"] != "APPROVED" or answer["reasons"] == []
        found = [reason["contribution"] for reason in answer["reasons"]]
        assert found == sorted(found, reverse=True)
        assert all(contribution > 0 for contribution in found)
        assert "marital" not in {reason["field"] for reason in answer["reasons"]}


def test_every_endpoint_gives_the_same(client: httpx.Client) -> None:
    answers = alone(client)
    reasons = [answer["reasons"] for answer in answers]

    assert batch(client) == answers
    for form in ("npy", "lists"):
        assert array(client, form)["reasons"] == reasons


def test_a_runner_of_its_own_gives_the_same(client: httpx.Client, remote: httpx.Client) -> None:
    assert alone(remote) == alone(client)
    assert batch(remote) == batch(client)
    assert array(remote, "npy") == array(client, "npy")


def test_a_batch_can_do_without(client: httpx.Client) -> None:
    answers = batch(client, "?reasons=false")

    assert answers == [answer | {"reasons": []} for answer in batch(client, "?reasons=true")]


def test_an_array_has_them_on_request_only(client: httpx.Client) -> None:
    assert "reasons" not in array(client, "npy", "")
    assert "reasons" not in array(client, "lists", "?reasons=false")


@pytest.mark.parametrize("path", ["/classify_batch", "/classify_array"])
def test_another_value_is_refused(client: httpx.Client, path: str) -> None:
    answer = client.post(f"{path}?reasons=perhaps", json=[])

    assert answer.status_code == 400
    assert answer.json()["error"] == "The query has reasons=perhaps, expected true or false."


def test_nothing_of_it_makes_the_log_complain(client: httpx.Client, server: Server) -> None:
    before = len(server.logged())

    array(client, "npy")
    batch(client)

    assert "Warning" not in server.logged()[before:]


def test_what_was_not_stated_is_a_reason(client: httpx.Client) -> None:
    missing = [body | {"income": None, "seniority": 0, "records": "yes"} for body in BODIES]
    answers = client.post("/classify_batch", json=missing).json()

    codes = {reason["code"] for answer in answers for reason in answer["reasons"]}

    assert "INCOME_NOT_STATED" in codes
    assert not codes & {"INCOME", "AFFORDABILITY"}


def test_the_document_offers_the_flag(client: httpx.Client) -> None:
    paths = client.get("/docs.json").json()["paths"]

    for path, usual in (("/classify_batch", True), ("/classify_array", False)):
        (flag,) = paths[path]["post"]["parameters"]
        assert (flag["name"], flag["in"]) == ("reasons", "query")
        assert flag["schema"] == {"type": "boolean", "default": usual}
