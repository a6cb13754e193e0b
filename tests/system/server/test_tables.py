"""Tables of applications: CSV and DataFrames get what a list of the same applications gets."""

import csv
import io
import json
from typing import Any

import httpx
import pandas as pd
import pytest
from bodies import CSV, sample_bodies, table
from course import COURSE_EXAMPLE, FORM
from running import Server

SAMPLES = [
    each | {"reference": f"A-{number}" if number % 3 else None}
    for number, each in enumerate(sample_bodies(300, seed=4))
]
ASKED = CSV | {"accept": "text/csv"}
SERVERS = pytest.mark.parametrize("path", ["server", "bentoml_path"])
Row = dict[str, str]


@pytest.fixture
def at(request: pytest.FixtureRequest, path: str) -> Server:
    found: Server = request.getfixturevalue(path)
    return found


@pytest.fixture(scope="module")
def expected(server: Server) -> list[dict[str, Any]]:
    """The answers to the list."""
    answers: list[dict[str, Any]] = server.post("/classify_batch", json=SAMPLES).json()
    return answers


def rows_of(answer: httpx.Response) -> list[Row]:
    assert answer.headers["content-type"] == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_an_answer_tells_the_reference_if_there_is_one(expected: list[dict[str, Any]]) -> None:
    assert [each.get("reference") for each in expected] == [each["reference"] for each in SAMPLES]
    assert all("reference" not in each for each in expected[::3])


@SERVERS
@pytest.mark.parametrize("reverse", [False, True], ids=["in order", "in any order"])
def test_csv_gets_the_same_answers(
    at: Server, expected: list[dict[str, Any]], *, reverse: bool
) -> None:
    samples = [dict(reversed(each.items())) for each in SAMPLES] if reverse else SAMPLES

    answer = at.post("/classify_batch", content=table(samples), headers=CSV)

    assert answer.json() == expected


@SERVERS
def test_a_dataframe_gets_the_same_answers(at: Server, expected: list[dict[str, Any]]) -> None:
    body = pd.DataFrame(SAMPLES).to_json(orient="split", double_precision=15)

    assert at.post("/classify_batch", content=body).json() == expected


@SERVERS
def test_who_accepts_csv_gets_a_table(at: Server, expected: list[dict[str, Any]]) -> None:
    body = table([*SAMPLES, {**COURSE_EXAMPLE, "age": 7, "amount": "many"}])

    *rows, bad = rows_of(at.post("/classify_batch", content=body, headers=ASKED))

    for line, (row, answer) in enumerate(zip(rows, expected, strict=True), 2):
        assert float(row["default_probability"]) == answer["default_probability"], "every bit"
        assert row["status"] == answer["status"]
        assert row["reasons"].split() == [reason["code"] for reason in answer["reasons"]]
        assert (row["model"], row["reference"]) == (answer["model"], answer.get("reference", ""))
        assert (row["error"], row["line"]) == ("", str(line))
    assert bad["line"] == str(len(rows) + 2)
    assert [problem.partition(":")[0] for problem in bad["error"].split("; ")] == ["age", "amount"]


@SERVERS
def test_a_list_is_answered_in_csv_too(at: Server, expected: list[dict[str, Any]]) -> None:
    answer = at.post("/classify_batch", json=SAMPLES, headers={"accept": "text/csv"})

    assert [row["status"] for row in rows_of(answer)] == [each["status"] for each in expected]


@SERVERS
def test_a_bad_row_is_named_by_its_line(at: Server, expected: list[dict[str, Any]]) -> None:
    lines = table(SAMPLES[:3]).splitlines()
    body = b"\n".join([*lines[:2], b"", lines[2] + b",1", lines[3]])

    first, bad, last = at.post("/classify_batch", content=body, headers=CSV).json()

    assert (first, last) == (expected[0], expected[2])
    cells = len(FORM.fields) + 1
    assert bad["line"] == 4
    assert bad["error"] == (
        f"This row has {cells + 1} cells, expected {cells}: one for each column."
    )


@SERVERS
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"age\n7\n", "The header has no seniority, home, "),
        (b"a;b\n1;2\n", "The header has a, expected the columns seniority, home, "),
        (b"", "The header has no seniority, "),
        ("age\n7\n".encode("utf-16"), "The body is not UTF-8 at byte 0"),
        (b'age\n"7', "The header has no seniority"),
    ],
)
def test_what_is_no_table_of_applications_is_refused_in_a_sentence(
    at: Server, content: bytes, sentence: str
) -> None:
    answer = at.post("/classify_batch", content=content, headers=ASKED)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["error"].startswith(sentence)


@SERVERS
def test_too_many_rows_are_refused(at: Server) -> None:
    body = table(SAMPLES[:1] * 10_001)

    answer = at.post("/classify_batch", content=body, headers=CSV)

    assert answer.status_code == 413
    assert "at most 10000 rows" in answer.json()["error"]


def test_one_application_is_no_table(client: httpx.Client) -> None:
    answer = client.post("/classify", content=table([COURSE_EXAMPLE]), headers=CSV)

    assert answer.status_code == 415
    assert "expected application/json" in answer.json()["error"]


def test_the_document_tells_of_tables(client: httpx.Client) -> None:
    operation = client.get("/docs.json").json()["paths"]["/classify_batch"]["post"]

    assert "text/csv" in operation["requestBody"]["content"]
    assert "text/csv" in operation["responses"]["200"]["content"]
    assert json.dumps(operation).count("text/csv") >= 2
