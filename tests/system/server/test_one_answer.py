"""The probability of an application is the same to the last bit by every endpoint."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from bodies import NPY, encoded, npy
from course import FORM, Application
from hypothesis import settings
from running import PROJECT, Server, run

from credit_risk.training.data.dataset import read_loans

ROUNDS = 8
"""A machine may stand still for all of one."""
ALONE, TOGETHER = 4 * settings().max_examples, 50 * settings().max_examples
BOOSTER = """
import sys, bentoml, numpy, xgboost
from credit_risk.form import OWN_FORM, load_form
from credit_risk.model import FeatureBuilder
booster = bentoml.xgboost.load_model("credit_risk_model:latest")
rows = numpy.load(sys.argv[1])
names = booster.feature_names
known = xgboost.DMatrix(FeatureBuilder(load_form(OWN_FORM), names)(rows), feature_names=names)
numpy.save(sys.argv[2], booster.predict(known))
"""


@pytest.fixture(scope="module")
def applications() -> list[dict[str, Any]]:
    """All rows that the model has learned from or was tested with, as a client would send them."""
    records = read_loans(PROJECT / "data" / "sample.csv", FORM).records()
    return [
        {name: None if value != value else value for name, value in record.items()}  # noqa: PLR0124  NaN
        for record in records
    ]


@pytest.fixture(scope="module")
def rows(applications: list[dict[str, Any]]) -> np.ndarray:
    parsed = [Application.model_validate_json(json.dumps(each)) for each in applications]
    return encoded(parsed)


@pytest.fixture(scope="module")
def expected(rows: np.ndarray, home: Path, tmp_path_factory: Any) -> list[float]:
    """The Booster's own predictions, in a program of their own."""
    folder = tmp_path_factory.mktemp("booster")
    np.save(folder / "rows.npy", rows)
    run("python", "-c", BOOSTER, folder / "rows.npy", folder / "out.npy", home=home)
    probabilities: list[float] = np.load(folder / "out.npy").tolist()
    return probabilities


def in_batches(server: Server, applications: list[dict[str, Any]]) -> list[float]:
    answers = []
    with httpx.Client(base_url=server.url, timeout=60) as client:
        for start in range(0, len(applications), 1000):
            answers += client.post("/classify_batch", json=applications[start:][:1000]).json()
    return [answer["default_probability"] for answer in answers]


def as_array(server: Server, rows: np.ndarray) -> list[float]:
    answer = server.post("/classify_array", content=npy(rows), headers=NPY)
    probabilities: list[float] = answer.json()["default_probability"]
    return probabilities


def test_among_a_thousand_others(
    server: Server, applications: list[dict[str, Any]], expected: list[float]
) -> None:
    assert in_batches(server, applications) == expected


def test_as_an_array(server: Server, rows: np.ndarray, expected: list[float]) -> None:
    assert as_array(server, rows) == expected


@pytest.mark.hypothesis  # `make test-system` asks for all of them
def test_alone_and_under_concurrency(
    server: Server, applications: list[dict[str, Any]], expected: list[float]
) -> None:
    with httpx.Client(base_url=server.url, timeout=60) as client:

        def ask(application: dict[str, Any]) -> float:
            return float(client.post("/classify", json=application).json()["default_probability"])

        alone = [ask(each) for each in applications[:ALONE]]
        with ThreadPoolExecutor(16) as pool:
            together = list(pool.map(ask, applications[:TOGETHER]))

    assert alone == expected[:ALONE]
    assert together == expected[:TOGETHER]


def test_with_a_runner_of_its_own(
    remote: Server, applications: list[dict[str, Any]], expected: list[float]
) -> None:
    assert in_batches(remote, applications) == expected


def test_a_large_array_does_not_keep_the_others_waiting(
    server: Server, applications: list[dict[str, Any]], rows: np.ndarray
) -> None:
    many = np.tile(rows, (11, 1))  # 48,994 rows: a second of model calls on a slow machine

    def answered_meanwhile() -> int:
        with httpx.Client(base_url=server.url, timeout=60) as client:
            busy = pool.submit(as_array, server, many)
            answered = 0
            while not busy.done():
                client.post("/classify", json=applications[0]).raise_for_status()
                answered += 1
        assert len(busy.result()) == len(many)
        return answered

    with ThreadPoolExecutor(1) as pool:
        several = any(answered_meanwhile() > 5 for _ in range(ROUNDS))

    assert several, "several were answered in the meantime"
