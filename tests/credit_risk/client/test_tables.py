"""Applications of any table become chunks of JSON that the service reads, none lost or moved."""

import json
from collections.abc import Iterator
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from credit_risk.client.answers import Decision, RefusedError
from credit_risk.client.tables import chunks_of, frame_of, to_json

ROWS = [{"age": 20 + n, "income": None if n == 1 else n / 3, "home": "rent"} for n in range(5)]


def read(applications: Any, rows: int = 2) -> list[Any]:
    """What the service reads of each chunk."""
    return [json.loads(to_json(chunk)) for chunk in chunks_of(applications, rows)]


def one_by_one() -> Iterator[dict[str, Any]]:
    yield from ROWS


@pytest.mark.parametrize(
    "applications",
    [
        ROWS,
        one_by_one(),
        pd.DataFrame(ROWS),
        pd.DataFrame(ROWS, index=[7, 7, 7, 8, 1]),
        pd.DataFrame(ROWS).convert_dtypes(),
        pd.DataFrame(ROWS).convert_dtypes().to_dict("records"),
        pd.DataFrame(ROWS).astype({"home": "category"}),
        pa.Table.from_pylist(ROWS),
        pa.concat_tables([pa.Table.from_pylist(ROWS[:1]), pa.Table.from_pylist(ROWS[1:])]),
    ],
    ids=["list", "generator", "frame", "index", "nullable", "NA", "category", "table", "parts"],
)
def test_applications_keep_their_order_and_their_values(applications: Any) -> None:
    found = [row for chunk in read(applications) for row in chunk]

    assert found == ROWS


def test_no_chunk_is_larger_than_asked_for() -> None:
    assert [len(chunk) for chunk in read(ROWS)] == [2, 2, 1]
    assert [len(chunk) for chunk in read(pd.DataFrame(ROWS))] == [2, 2, 1]
    assert read([]) == read(pd.DataFrame()) == read(pa.table({"age": []})) == []


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int8, "Float32", "Int64"])
def test_a_number_of_a_data_frame_arrives_with_every_bit(dtype: Any) -> None:
    numbers = pd.Series(np.random.default_rng(1).uniform(-99, 99, 100)).astype(
        "int64" if "nt" in str(dtype) else "float64"
    )
    numbers = numbers.astype(dtype)

    ((*found,),) = read(pd.DataFrame({"age": numbers}), rows=100)

    assert [each["age"] for each in found] == numbers.tolist()


@pytest.mark.parametrize(
    "unknown",
    [None, float("nan"), np.nan, np.float32("nan"), pd.NA, pd.NaT, Decimal("NaN")],
    ids=repr,
)
def test_what_is_not_known_is_null(unknown: object) -> None:
    assert read([{"income": unknown}]) == [[{"income": None}]]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (float("inf"), "inf"),
        (np.float32("-inf"), "-inf"),
        (pd.Timestamp("2026-01-02"), "2026-01-02 00:00:00"),
        (1j, "1j"),
        (np.int64(3), 3),
        (np.float64(0.1), 0.1),
        (np.bool_(True), True),  # noqa: FBT003
        (Decimal("0.1"), 0.1),
    ],
    ids=repr,
)
def test_what_json_lacks_becomes_the_number_that_it_is_or_text(value: Any, found: Any) -> None:
    ((row,),) = read([{"income": value}])

    assert row == {"income": found}
    assert type(row["income"]) is type(found)


def test_any_mapping_is_an_application() -> None:
    assert json.loads(to_json(MappingProxyType({"age": 1}))) == {"age": 1}


@pytest.mark.parametrize("one", [{"age": 1}, "age", b"age"])
def test_one_application_is_not_taken_for_many(one: Any) -> None:
    with pytest.raises(TypeError, match="expected many applications: use classify"):
        next(chunks_of(one, 2))


def test_a_data_frame_has_the_answers_at_the_index_that_is_given() -> None:
    decision = Decision("MAYBE", 0.4, [{"code": "JOB"}], "tag:a", "id/0")
    refusal = RefusedError("No.", 400, [{"field": "age"}])

    frame = frame_of([decision, refusal], pd.Index(["x", "x"], name="loan"))

    assert frame.index.name == "loan"
    assert list(frame) == [*decision.__slots__, "error", "detail"]
    assert frame["default_probability"].dtype == "float64"
    assert frame.iloc[0].dropna().to_dict() == {
        "status": "MAYBE",
        "default_probability": 0.4,
        "reasons": [{"code": "JOB"}],
        "model": "tag:a",
        "decision_id": "id/0",
    }
    assert frame.iloc[1].dropna().to_dict() == {"error": "No.", "detail": [{"field": "age"}]}
