"""Bad rows of a batch: each is refused alone, and all of them together cost little."""

import json
from http import HTTPStatus
from typing import Any

import pytest
from asgi import in_a_request
from bentoml.exceptions import BentoMLException
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lean_bento import ErrorResponse, RowAnswers, RowBatch, UniqueKeys, count_values, rows
from lean_bento.rows import RowLimit, check_size, explain_rows

TOO_LARGE = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class Flower(UniqueKeys):
    model_config = ConfigDict(extra="forbid", strict=True)

    petal: float = Field(ge=0, description="Length of a petal, cm: a number from 0")
    name: str | None = None


class Flowers(RowBatch[Flower]):
    """Many flowers."""


class Kind(BaseModel):
    kind: str


class Kinds(RowAnswers[Kind]):
    """The kind of each flower."""


GOOD = '{"petal": 1.5}'
AGAIN = '{"petal": 1.5, "petal": 2}'
COLON = '{"petal": 1.5, "name": "a: b"}'


def rows_of(*rows: str) -> list[Flower | ValidationError]:
    return Flowers.model_validate_json(f"[{', '.join(rows)}]").root


def errors_of(*rows: str) -> list[ErrorResponse]:
    bad = (row for row in rows_of(*rows) if isinstance(row, ValidationError))
    return list(explain_rows(bad, Flower))


def inside(document: Any) -> int:
    """How many values, lists and objects there are in a list or an object."""
    items = document.values() if isinstance(document, dict) else document
    return sum(1 + (inside(each) if isinstance(each, list | dict) else 0) for each in items)


@given(
    st.recursive(
        st.lists(st.integers() | st.text()),
        lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    )
)
def test_no_value_is_overlooked_in_a_body_that_is_not_parsed(document: Any) -> None:
    assert count_values(json.dumps(document).encode()) >= inside(document)


def test_a_bad_row_is_refused_alone() -> None:
    rows = GOOD, '{"petal": -1}', "5", AGAIN, COLON, GOOD

    assert [isinstance(row, Flower) for row in rows_of(*rows)] == [
        *(True, False, False, False, True, True)
    ]
    assert [(error.detail[0].field, error.detail[0].message) for error in errors_of(*rows)] == [
        ("petal", "Input should be greater than or equal to 0"),
        ("", "This is not a JSON object"),
        ("petal", "This field stands there more than once"),
    ]


@pytest.mark.parametrize("others", [[], ["5"]], ids=["good", "bad"])
def test_text_with_colons_is_taken_for_no_field(others: list[str]) -> None:
    (row, *_) = rows_of(COLON, *others)

    assert row == Flower(petal=1.5, name="a: b")


@pytest.mark.parametrize("body", ["{}", "7", "null", "[", "[{},]", '"[]"', ""])
def test_what_is_no_list_is_refused_whole(body: str) -> None:
    with pytest.raises(ValidationError):
        Flowers.model_validate_json(body)


def test_answers_and_errors_are_put_in_the_order_of_the_rows() -> None:
    batch = Flowers.model_validate_json(f"[5, {GOOD}, {AGAIN}, {COLON}]")

    answers = Kinds.of(batch.in_place({"kind": str(row.petal)} for row in batch.good_rows()))

    assert [sorted(each) for each in json.loads(answers.model_dump_json())] == [
        *(["detail", "error"], ["kind"], ["detail", "error"], ["kind"])
    ]


def test_parts_are_joined_in_order() -> None:
    parts = [Flowers.model_validate_json(f"[{rows}]") for rows in (GOOD, "5", COLON)]

    joined = Flowers.join(parts)

    assert joined.root == [row for part in parts for row in part.root]
    with pytest.raises(BentoMLException, match="more than 2 rows"):
        in_a_request(lambda: Flowers.join(parts), row_limit=RowLimit(2))


def test_an_answer_explains_so_many_problems_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_PROBLEMS", 3)
    found = errors_of("1", "2", "3", "4", "5")

    assert [bool(error.detail) for error in found] == [True, True, True, False, False]
    assert "one answer explains" in found[3].error


def test_a_row_with_more_problems_than_that_silences_no_other() -> None:
    endless = json.dumps({f"field{n}": n for n in range(3_000)})

    assert [bool(error.detail) for error in errors_of(endless, "1")] == [False, True]


@pytest.mark.parametrize("row", [GOOD, "{}"], ids=["good", "bad"])
def test_as_many_rows_as_the_limit_says_are_read(row: str) -> None:
    assert len(in_a_request(lambda: rows_of(*[row] * 7), row_limit=RowLimit(7))) == 7


@pytest.mark.parametrize(
    "row_texts",
    [
        ["{}"] * 8,
        [GOOD] * 8,
        ["7", GOOD, *["[]"] * 6],
        ['{"petal": ' + "[0," * 60 + "0" + "]" * 60 + "}"],
    ],
    ids=["bad rows", "good rows", "mixed rows", "values"],
)
def test_more_rows_or_values_are_refused_whole(row_texts: list[str]) -> None:
    with pytest.raises(BentoMLException) as refusal:
        in_a_request(lambda: rows_of(*row_texts), row_limit=RowLimit(7))

    assert refusal.value.error_code == TOO_LARGE


def test_rows_and_values_are_counted() -> None:
    limit = RowLimit(7)

    limit.check(rows=7, values=21, values_per_row=3)
    with pytest.raises(BentoMLException, match="more than 7 rows: send at most 7") as caught:
        limit.check(rows=8)

    assert caught.value.error_code == TOO_LARGE

    with pytest.raises(BentoMLException, match="22 values, which 7 rows do not need") as caught:
        limit.check(values=22, values_per_row=3)

    assert caught.value.error_code == TOO_LARGE


@pytest.mark.parametrize("row_limit", [None, RowLimit(9)])
def test_only_the_limit_of_the_request_at_hand_counts(row_limit: RowLimit | None) -> None:
    check_size(rows=100)
    in_a_request(lambda: check_size(rows=9), row_limit=row_limit)
