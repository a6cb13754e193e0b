"""Bad rows of a batch: each is refused alone, and all of them together cost little."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from credit_risk.form import COURSE_EXAMPLE, Application, ApplicationBatch
from lean_bento import ErrorResponse, count_values
from lean_bento import rows as batch
from lean_bento.rows import Unlimited, explain

GOOD = json.dumps(COURSE_EXAMPLE)
AGAIN = GOOD.replace("{", '{"age": 30, ', 1)


class TooManyError(Exception):
    """There are too many."""


class Few:
    """A limit of seven rows of twenty values."""

    def check(self, *, rows: int = 0, values: int = 0) -> None:
        if rows > 7 or values > 7 * 20:
            raise TooManyError


@pytest.fixture(autouse=True)
def _unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a service in this process has set."""
    monkeypatch.setattr(ApplicationBatch, "limit", Unlimited())


@pytest.fixture
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ApplicationBatch, "limit", Few())


def rows_of(*rows: str) -> list[Application | ValidationError]:
    return ApplicationBatch.model_validate_json(f"[{', '.join(rows)}]").root


def refusals_of(*rows: str) -> list[ErrorResponse]:
    return list(explain(row for row in rows_of(*rows) if isinstance(row, ValidationError)))


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
    rows = rows_of(GOOD, json.dumps(COURSE_EXAMPLE | {"age": 7}), "5", AGAIN, GOOD)
    refusals = list(explain(row for row in rows if isinstance(row, ValidationError)))

    assert [isinstance(row, Application) for row in rows] == [True, False, False, False, True]
    assert [refusal.detail[0].field for refusal in refusals] == ["age", "", "age"]
    assert refusals[0].detail[0].message == "Input should be greater than or equal to 18"
    assert refusals[1].detail[0].message == "This is not a JSON object"
    assert refusals[2].detail[0].message == "This field stands there more than once"


@pytest.mark.parametrize("body", ["{}", "7", "null", "[", "[{},]", '"[]"', ""])
def test_what_is_no_list_is_refused_whole(body: str) -> None:
    with pytest.raises(ValidationError):
        ApplicationBatch.model_validate_json(body)


def test_an_answer_explains_so_many_problems_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST_PROBLEMS", 3)
    refusals = refusals_of("1", "2", "3", "4", "5")

    assert [bool(refusal.detail) for refusal in refusals] == [True, True, True, False, False]
    assert refusals[3].error.startswith("This application is not valid; one answer explains")


def test_a_row_with_more_problems_than_that_silences_no_other() -> None:
    endless = json.dumps({f"field{n}": n for n in range(3_000)})
    refusals = refusals_of(endless, "1")

    assert [bool(refusal.detail) for refusal in refusals] == [False, True]


@pytest.mark.usefixtures("_few")
def test_as_many_rows_as_the_limit_says_are_read_good_or_bad() -> None:
    assert len(rows_of(*[GOOD] * 7)) == 7
    assert len(rows_of(*["{}"] * 7)) == 7


@pytest.mark.usefixtures("_few")
@pytest.mark.parametrize(
    "rows",
    [["{}"] * 8, ["7", GOOD, *["[]"] * 6], ['{"age": ' + "[0," * 141 + "0" + "]" * 141 + "}"]],
    ids=["bad rows", "mixed rows", "values"],
)
def test_more_bad_rows_or_values_are_refused_whole(rows: list[str]) -> None:
    with pytest.raises(TooManyError):
        rows_of(*rows)


@pytest.mark.parametrize(
    "row",
    [
        "0",
        "{}",
        AGAIN,
        json.dumps({f"f{n}": 0 for n in range(29)}),
        json.dumps({"a": [[]] * 28}),
    ],
    ids=["number", "empty", "repeated", "unknown fields", "lists"],
)
def test_ten_thousand_bad_rows_cost_little_more_than_good_ones(row: str) -> None:
    def cost(each: str) -> float:
        body = f"[{','.join([each] * 10_000)}]"
        began = time.thread_time()
        rows = ApplicationBatch.model_validate_json(body).root
        bad = [row for row in rows if isinstance(row, ValidationError)]
        length = sum(len(refusal.model_dump_json()) for refusal in explain(bad))
        seconds = time.thread_time() - began
        assert length < 3_000_000
        return seconds

    assert min(cost(row) for _ in range(3)) < 25 * min(cost(GOOD) for _ in range(3))
