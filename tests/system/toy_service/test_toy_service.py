"""Both packages host a service of another subject: keys, limits, rows, errors and a log."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from running import PROJECT, Server, serving

from audit_log import LogKind, read_entries, verify
from lean_bento import KeyCommand

SIGHTINGS = LogKind(entry="sighting", prefix="sightings", time_field="seen_at")
SETOSA = {"petal_length": 1.4, "petal_width": 0.2}
VIRGINICA = {"petal_length": 6.0, "petal_width": 2.5}


@dataclass
class Toy:
    """A running service with a key called ``botanist``."""

    server: Server
    log: Path
    key: str

    def post(self, path: str, body: Any, **how: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}"}
        return self.server.post(path, json=body, headers=headers, **how)


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toy]:
    folder = tmp_path_factory.mktemp("toy")
    key = KeyCommand(prefix="iris_").add(folder / "keys.toml", "botanist")
    (folder / "home").mkdir()
    (folder / "sightings").mkdir()
    variables = {
        "IRIS_API_KEYS_FILE": str(folder / "keys.toml"),
        "IRIS_LOG": str(folder / "sightings"),
        "PYTHONPATH": str(PROJECT),
    }
    with serving(
        "iris_service.py:svc",
        home=folder / "home",
        log=folder / "log",
        cwd=Path(__file__).parent,
        **variables,
    ) as server:
        yield Toy(server, folder / "sightings", key)


def test_an_iris_is_named(toy: Toy) -> None:
    answer = toy.post("/classify", SETOSA)

    assert (answer.status_code, answer.json()) == (200, {"species": "setosa"})
    assert answer.headers["cache-control"] == "no-store"


def test_a_bad_row_refuses_none_of_the_others(toy: Toy) -> None:
    first, bad, last = toy.post("/classify_batch", [SETOSA, {"petal_length": 30}, VIRGINICA]).json()

    assert (first, last) == ({"species": "setosa"}, {"species": "virginica"})
    assert [problem["field"] for problem in bad["detail"]] == ["petal_length", "petal_width"]
    assert bad["detail"][0]["expected"] == "Length of a petal, cm: up to 20"


def test_a_request_without_a_key_is_refused(toy: Toy) -> None:
    answer = toy.server.post("/classify", json=SETOSA)

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert toy.server.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/classify", SETOSA | {"name": "x" * 1024}, 413, "at most 1024 bytes"),
        ("/classify_batch", [SETOSA] * 21, 413, "more than 20 rows"),
        ("/classify?loud=true", SETOSA, 400, "The query has loud, expected nothing"),
        ("/classify", SETOSA | {"leaf": 1}, 400, "see leaf"),
        ("/elsewhere", SETOSA, 404, "There is nothing at /elsewhere"),
    ],
)
def test_a_request_that_does_not_keep_the_rules_is_refused(
    toy: Toy, path: str, body: Any, status: int, said: str
) -> None:
    answer = toy.post(path, body)

    assert answer.status_code == status
    assert said in answer.json()["error"]


def test_documents_and_metrics_are_of_this_service(toy: Toy) -> None:
    headers = {"Authorization": f"Bearer {toy.key}"}
    toy.post("/classify", SETOSA)

    document = toy.server.get("/docs.json", headers=headers).json()
    metrics = toy.server.get("/metrics", headers=headers).text

    assert {"/classify", "/classify_batch"} <= document["paths"].keys()
    example = document["components"]["schemas"]["ErrorResponse"]["examples"][0]
    assert example["detail"][0]["field"] == "petal_length"
    assert 'iris_requests_by_key_total{key="botanist",status="200"}' in metrics
    assert "credit" not in json.dumps(document) + metrics


def test_every_answer_is_in_the_log_under_the_name_of_the_key(toy: Toy) -> None:
    before = len(entries(toy))

    toy.post("/classify_batch", [VIRGINICA, {}, SETOSA])

    new = entries(toy)[before:]
    assert [(entry["key"], entry["species"]) for entry in new] == [
        ("botanist", "virginica"),
        ("botanist", "setosa"),
    ]
    assert [finding.problem for finding in verify(toy.log, SIGHTINGS)] == [None]


def entries(toy: Toy) -> list[dict[str, Any]]:
    if not SIGHTINGS.files_in(toy.log):
        return []
    return [dict(entry) for _, part in read_entries(toy.log, SIGHTINGS) for entry in part]
