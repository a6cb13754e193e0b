"""The HTTP contract on a real ``bentoml serve``."""

import asyncio
import json
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import httpx
import numpy as np
import pytest
from bodies import NPY, encoded, nested, npy
from course import (
    COLUMNS,
    COURSE_EXAMPLE,
    FORM,
    MONOTONICITY,
    RISKY_EXAMPLE,
    sample_applications,
)
from running import UNHURRIED, Server

from credit_risk.decision import STANDARD_POLICY, make_policy
from credit_risk.model import fingerprint

SAMPLES = sample_applications(300, seed=8)
BODIES = [sample.model_dump(mode="json") for sample in SAMPLES]
ROWS = encoded(SAMPLES)
Answer = dict[str, Any]


def post_npy(client: httpx.Client, content: bytes, query: str = "") -> httpx.Response:
    return client.post(f"/classify_array{query}", content=content, headers=NPY)


@pytest.fixture(scope="module")
def alone(server: Server) -> list[Answer]:
    """The answer to each sample, sent alone."""
    with httpx.Client(base_url=server.url, timeout=30) as client:
        return [client.post("/classify", json=body).raise_for_status().json() for body in BODIES]


def test_the_course_example_gets_a_decision(client: httpx.Client) -> None:
    answer = client.post("/classify", json=COURSE_EXAMPLE)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"status", "default_probability", "reasons", "model"}
    assert 0 < answer.json()["default_probability"] < 1
    assert answer.json()["status"] != "APPROVED"
    assert all(reason["message"].endswith(".") for reason in answer.json()["reasons"])


@pytest.mark.parametrize("path", ["server", "bentoml_path"])
def test_a_client_that_offers_http_2_gets_its_decision(
    request: pytest.FixtureRequest, client: httpx.Client, path: str
) -> None:
    """Java's ``HttpClient`` sends this without TLS: headers first, the body in chunks."""
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


def test_the_decision_follows_the_policy_and_all_decisions_occur(alone: list[Answer]) -> None:
    for answer in alone:
        assert answer["status"] == STANDARD_POLICY.decide(answer["default_probability"])
    assert {answer["status"] for answer in alone} == {"APPROVED", "MAYBE", "DECLINED"}


def test_only_decisions_that_are_not_approved_have_reasons_and_at_most_four(
    alone: list[Answer],
) -> None:
    for answer in alone:
        assert 0 < len(answer["reasons"]) <= 4 or answer["status"] == "APPROVED"
        assert answer["status"] != "APPROVED" or answer["reasons"] == []
        found = [reason["contribution"] for reason in answer["reasons"]]
        assert found == sorted(found, reverse=True)
        assert all(contribution > 0 for contribution in found)
        assert "marital" not in {reason["field"] for reason in answer["reasons"]}


def test_a_field_that_is_not_stated_is_a_reason(client: httpx.Client) -> None:
    missing = [body | {"income": None, "seniority": 0, "records": "yes"} for body in BODIES]
    answers = client.post("/classify_batch", json=missing).json()

    codes = {reason["code"] for answer in answers for reason in answer["reasons"]}

    assert "INCOME_NOT_STATED" in codes
    assert not codes & {"INCOME", "AFFORDABILITY"}


def test_a_batch_answers_as_each_application_alone(
    client: httpx.Client, alone: list[Answer]
) -> None:
    answer = client.post("/classify_batch", json=BODIES)
    with_reasons = client.post("/classify_batch?reasons=true", json=BODIES)
    without = client.post("/classify_batch?reasons=false", json=BODIES)

    assert answer.status_code == 200
    assert answer.json() == with_reasons.json() == alone
    assert without.json() == [each | {"reasons": []} for each in alone]


def test_a_bad_row_gets_its_error_in_its_place_and_harms_no_other(
    client: httpx.Client, alone: list[Answer]
) -> None:
    rows: list[Any] = [*BODIES[:3], BODIES[3] | {"age": "7", "zip": 1}, None, *BODIES[4:6]]

    answer = client.post("/classify_batch", json=rows).json()

    assert [*answer[:3], *answer[5:]] == [*alone[:3], *alone[4:6]]
    assert {problem["field"] for problem in answer[3]["detail"]} == {"age", "zip"}
    assert set(answer[4]) == {"error", "detail"}


def test_an_empty_batch_gets_an_empty_answer(client: httpx.Client) -> None:
    assert client.post("/classify_batch", json=[]).json() == []


ARRAYS = {
    "lists": {"json": nested(ROWS)},
    "npy": {"content": npy(ROWS), "headers": NPY},
    "npy, big-endian": {"content": npy(ROWS.astype(">f4")), "headers": NPY},
    "npy, Fortran order": {"content": npy(np.asfortranarray(ROWS)), "headers": NPY},
}


@pytest.mark.parametrize("form", ARRAYS)
def test_an_array_answers_as_each_application_alone(
    client: httpx.Client, alone: list[Answer], form: str
) -> None:
    answers = [
        client.post(f"/classify_array{query}", **ARRAYS[form])
        for query in ("", "?reasons=false", "?reasons=true")
    ]

    expected = {
        "status": [each["status"] for each in alone],
        "default_probability": [each["default_probability"] for each in alone],
        "model": alone[0]["model"],
    }
    assert [answer.status_code for answer in answers] == [200] * 3
    assert answers[0].json() == answers[1].json() == expected
    assert answers[2].json() == expected | {"reasons": [each["reasons"] for each in alone]}


@pytest.mark.parametrize("path", ["/classify_batch", "/classify_array"])
def test_another_value_of_the_flag_is_refused(client: httpx.Client, path: str) -> None:
    answer = client.post(f"{path}?reasons=perhaps", json=[])

    assert answer.status_code == 400
    assert "reasons=perhaps, expected true or false" in answer.json()["error"]


LANGUAGES = ("en", "es")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_endpoint_tells_the_reasons_in_the_language_of_the_query(
    client: httpx.Client, alone: list[Answer], language: str
) -> None:
    def told(answer: Answer) -> Answer:
        sentences = FORM.sentences[language]
        reasons = [each | {"message": sentences[each["code"]]} for each in answer["reasons"]]
        return answer | {"reasons": reasons}

    query = f"?language={language}"
    one = [client.post(f"/classify{query}", json=body).json() for body in BODIES[:20]]
    batch = client.post(f"/classify_batch{query}&reasons=true", json=BODIES).json()
    array = client.post(f"/classify_array{query}&reasons=true", json=nested(ROWS)).json()

    expected = [told(each) for each in alone]
    assert one == expected[:20]
    assert batch == expected
    assert array["reasons"] == [each["reasons"] for each in expected]


def test_without_reasons_the_language_says_nothing(
    client: httpx.Client, alone: list[Answer]
) -> None:
    batch = client.post("/classify_batch?reasons=false&language=es", json=BODIES).json()
    array = client.post("/classify_array?language=es", json=nested(ROWS)).json()

    assert batch == [each | {"reasons": []} for each in alone]
    assert "reasons" not in array


@pytest.mark.parametrize("path", ["/classify", "/classify_batch", "/classify_array"])
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("language=fr", "The query has language=fr, expected en or es."),
        ("language=EN", "The query has language=EN, expected en or es."),
        ("language=", "The query has language=, expected en or es."),
        ("language=es&language=es", "The query has language more than once."),
        ("lang=es", "The query has lang, expected "),
    ],
)
def test_another_language_is_refused(
    client: httpx.Client, path: str, query: str, said: str
) -> None:
    answer = client.post(f"{path}?{query}", json=COURSE_EXAMPLE)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(said)


def test_answers_in_other_languages_at_the_same_time_do_not_touch_each_other(
    server: Server,
) -> None:
    async def ask_at_once() -> list[tuple[str, httpx.Response]]:
        languages = [*LANGUAGES] * 20
        async with httpx.AsyncClient(base_url=server.url, **UNHURRIED) as client:
            requests = (
                client.post(f"/classify?language={each}", json=RISKY_EXAMPLE) for each in languages
            )
            return list(zip(languages, await asyncio.gather(*requests), strict=True))

    for language, answer in asyncio.run(ask_at_once()):
        reasons = answer.json()["reasons"]
        assert reasons
        for reason in reasons:
            assert reason["message"] == FORM.sentences[language][reason["code"]]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (npy(ROWS.T), "found an array of shape (29, 300), expected (n, 29)"),
        (npy(ROWS.ravel()), "found an array of shape (8700,), expected (n, 29)"),
        (npy(ROWS[0]), "found an array of shape (29,), expected (n, 29)"),
        (npy(ROWS.astype(np.float64)), "found an array of float64, expected float32"),
        (npy(np.nan_to_num(ROWS).astype(np.int32)), "found an array of int32, expected float32"),
        (npy(np.array([{}], dtype=object)), "not a .npy file"),
        (b"\x93NUMPY", "not a .npy file"),
        (npy(ROWS)[:-1], "not a .npy file"),
        (
            npy(ROWS).replace(b"(300, 29), }" + b" " * 11, b"(10000000000000, 29), }"),
            "not a .npy file",
        ),
        (b"PK\x03\x04" + bytes(100), "not a .npy file"),
        (b"", "not a .npy file"),
        (b"[[1, 2]]", "not a .npy file"),
    ],
)
def test_a_npy_file_of_another_kind_is_refused(
    client: httpx.Client, content: bytes, found: str
) -> None:
    answer = post_npy(client, content)

    assert answer.status_code == 400
    assert found in answer.json()["error"]


def test_the_model_card_says_what_decides_and_what_is_guaranteed(client: httpx.Client) -> None:
    card = client.get("/model").json()

    assert card["model"] == client.post("/classify", json=COURSE_EXAMPLE).json()["model"]
    assert card["columns"] == {"names": list(COLUMNS), "fingerprint": fingerprint(COLUMNS)}
    assert make_policy(card["policy"], "the card") == STANDARD_POLICY
    assert card["data"]["name"] == "sample.csv"
    assert card["data"]["synthetic"] is True
    assert card["data"]["rows"] == {"read": 4455, "train": 2672, "validation": 891, "test": 891}
    assert card["data"]["dropped"] == {"unknown outcome": 1}
    assert set(card["measures"]) == {"train", "validation", "test"}
    assert set(card["measures"]["test"]) == {"auc", "gini", "ks", "brier", "ece"}
    assert {"xgboost", "scikit-learn", "numpy", "bentoml"} <= set(card["versions"])
    assert card["excluded_fields"] == ["marital"]
    assert card["guarantees"] == dict(MONOTONICITY)
    assert not any(name.startswith("marital") for name in card["inputs"])
    assert card["limits"]


def test_the_report_of_the_training_is_a_page(client: httpx.Client) -> None:
    answer = client.get("/model/report")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert client.get("/model").json()["model"] in answer.text


def test_neither_a_value_nor_a_warning_reaches_the_log(
    client: httpx.Client, server: Server
) -> None:
    before, marker = len(server.logged()), "a-name-that-nobody-has"

    client.post("/classify", json=COURSE_EXAMPLE | {"home": marker})
    client.post("/classify", content=json.dumps({"home": marker}))
    client.post("/classify_batch", json=BODIES)
    post_npy(client, npy(ROWS), "?reasons=true")

    assert marker not in server.logged()
    assert "Traceback" not in server.logged()[before:]
    assert "Warning" not in server.logged()[before:]
