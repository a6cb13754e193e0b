"""Rows that come and go as CSV."""

import asyncio
import csv
import io
from typing import Any

import pytest
from asgi import in_a_request
from bentoml.exceptions import BentoMLException
from pydantic import BaseModel, ConfigDict

from lean_bento import ErrorResponse, RowAnswers, RowBatch, UniqueKeys
from lean_bento.codecs.csv_bodies import accepts_csv, read_csv_rows, write_csv_rows
from lean_bento.rows import RowLimit


class Flower(UniqueKeys):
    model_config = ConfigDict(extra="forbid", strict=True)

    petal: float
    note: str | None = None


class Flowers(RowBatch[Flower]):
    """Many flowers."""


class Kind(BaseModel):
    kind: str
    marks: list[str]
    length: float


class Kinds(RowAnswers[Kind]):
    """Many kinds."""


def read(body: bytes) -> Any:
    return asyncio.run(read_csv_rows(body, Flowers))


def written(answers: Kinds) -> list[list[str]]:
    return list(csv.reader(io.StringIO(asyncio.run(write_csv_rows(answers)).decode())))


def test_a_bad_row_has_its_error_and_its_line() -> None:
    batch = read(b"petal\n1\nlong\n\n3,4\n5\n")

    first, *bad, last = batch.in_place([{"kind": "a"}, {"kind": "b"}])
    assert (first, last) == ({"kind": "a"}, {"kind": "b"})
    assert [each.line for each in bad] == [3, 5]
    assert bad[0].detail[0].field == "petal"
    assert "This row has 2 cells, expected 1" in bad[1].error


def test_rows_of_many_parts_stay_in_order_with_their_lines() -> None:
    batch = read(b"petal\n" + b"".join(b"%d\n" % n for n in range(5000)))

    assert [row.petal for row in batch.root] == list(range(5000))
    assert batch.lines == list(range(2, 5002))


@pytest.mark.parametrize("body", [b"petal\n" + b"1\n" * 11, b"petal\n1" + b"," * 200])
def test_too_many_rows_or_cells_are_refused(body: bytes) -> None:
    with pytest.raises(BentoMLException, match="at most 10 rows"):
        in_a_request(lambda: read(body), row_limit=RowLimit(10))


def test_an_answer_is_a_row_and_so_is_an_error() -> None:
    batch = read(b"petal\n1\nlong\n")
    good = {"kind": "=1+1", "marks": ["a", "b"], "length": 0.1}
    answers = Kinds.of(batch.in_place([good]), batch.lines)

    header, first, second = written(answers)
    assert header == ["kind", "marks", "length", "error", "line"]
    assert first == ["'=1+1", '["a", "b"]', "0.1", "", "2"], "no spreadsheet runs it"
    assert second[:3] == ["", "", ""]
    assert second[3].startswith("petal: Input should be a valid number")
    assert second[4] == "3"


def test_no_spreadsheet_runs_an_error_that_repeats_what_was_sent() -> None:
    batch = Flowers.model_validate_json('[{"petal": 1, "=cmd()": 1}]')

    (_, row) = written(Kinds.of(batch.in_place([])))

    assert row[3].startswith("'=cmd(): There is no such field")


def test_without_lines_rows_have_numbers() -> None:
    answers = Kinds.of([ErrorResponse(error="No."), {"kind": "a", "marks": [], "length": 1.0}])

    assert [row[-2:] for row in written(answers)[1:]] == [["No.", "1"], ["", "2"]]


@pytest.mark.parametrize(
    ("accepted", "is_csv"),
    [
        ([b"text/csv"], True),
        ([b"Text/CSV; charset=utf-8, */*"], True),
        ([b"text/csv", b"application/json"], False),
        ([b"*/*"], False),
        ([], False),
    ],
)
def test_who_accepts_csv_and_not_json_gets_it(accepted: list[bytes], *, is_csv: bool) -> None:
    assert accepts_csv([(b"accept", value) for value in accepted]) is is_csv
