"""Contradictions in the declaration of a field are refused in a sentence that names it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toys import AMOUNT, INCOME, OWNER, PLACE, changed

from credit_risk.errors import FormError
from credit_risk.form import Outcome, plain


@pytest.mark.parametrize(
    ("field", "changes", "said"),
    [
        (
            AMOUNT,
            {"low": 5, "high": 5},
            "field amount: found low 5 and high 5, expected low < high",
        ),
        (AMOUNT, {"high": 2e12}, "high 2000000000000, expected low < high, both within 10"),
        (AMOUNT, {"everyday": (10, 5000, 10)}, "found everyday (10, 5000, 10), expected (smallest"),
        (AMOUNT, {"everyday": (10, 50, 0)}, "step above 0"),
        (AMOUNT, {"example": 1001}, "found example 1001, expected a number within low and high"),
        (AMOUNT, {"example": None}, "found example None"),
        (AMOUNT, {"direction": 2}, "found direction 2, expected -1, 0 or +1"),
        (AMOUNT, {"missing": (9999,)}, "found codes for what is missing, expected optional=True"),
        (INCOME, {"missing": (-1, "5.50")}, "found 5.50, which means missing, within low and high"),
        (INCOME, {"whole": True}, "with fractions, expected whole numbers"),
        (OWNER, {"example": "yes"}, "field owner: found example 'yes', expected True or False"),
        (OWNER, {"yes": "no"}, "found the code 'no' with two meanings"),
        (OWNER, {"yes": "1.0", "no": (0, 1)}, "found the code '1' with two meanings"),
        (OWNER, {"direction": 7}, "found direction 7"),
        (PLACE, {"words": {"town": ()}}, "field place: found 1 words, expected at least two"),
        (PLACE, {"words": {"a": 1, "b": "1"}}, "found the code '1' of two words"),
        (PLACE, {"words": {"a": 1, "b": ("2", "1.0")}}, "found the code '1.0' of two words"),
        (PLACE, {"words": {"a": (), " ": 1}}, "found the word ' ', expected text"),
        (PLACE, {"words": {"a": (), "b\n": 1}}, "found the word 'b\\n', expected text"),
        (PLACE, {"example": "moon"}, "found example 'moon', expected one of town, "),
        (PLACE, {"direction": {"moon": 1}}, "found the direction 1 of 'moon', expected -1, 0"),
        (
            PLACE,
            {"direction": {"town": 1, "unknown": -1}},
            "found 'Countryside: hills, woods=trees', free beside words of both directions",
        ),
        (PLACE, {"optional": True}, "a category that may be missing, expected a word for it"),
    ],
)
def test_a_contradiction_names_the_field(field: Any, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(FormError) as refused:
        changed(field, **changes)

    assert said in str(refused.value)


def test_an_outcome_has_one_meaning_for_each_code() -> None:
    with pytest.raises(FormError, match="outcome result: found the code '1' with two meanings"):
        Outcome(column="result", default=1, repaid=("1", 2))


def test_codes_are_texts_whatever_they_were_written_as() -> None:
    assert Outcome(column="x", default=1.0, repaid=(2, "fine ")).repaid == ("2", "fine")
    assert INCOME.missing == ("-1", "n/a")
    assert PLACE.words["town"] == ("T", "1")
    assert changed(PLACE, words={"town": (), "x": 7}).words == {"town": ("town",), "x": ("7",)}


def test_a_column_is_named_without_the_blanks_around_it() -> None:
    assert changed(AMOUNT, column=" Sum asked for ").column == "Sum asked for"
    assert changed(AMOUNT, column=" ").column == "amount"
    assert Outcome(column="x ", default=1, repaid=2).column == "x"


def test_columns_and_directions_follow_from_a_field() -> None:
    free = changed(PLACE, direction={"town": -1, "unknown": 0})

    assert AMOUNT.columns == ("amount",)
    assert OWNER.columns == ("owner",)
    assert free.columns[0] == "place=town"
    assert free.directions.pop("place=town") == -1
    assert {*free.directions.values()} == {-1, 1}  # what one word asks of all others
    assert INCOME.directions == {"income": -1}


@pytest.mark.parametrize(
    ("number", "text"),
    [(36.0, "36"), (0.5, "0.5"), (-0.0, "0"), (1e12, "1000000000000"), (1e-7, "0.0000001")],
)
def test_a_number_is_written_as_a_person_would(number: float, text: str) -> None:
    assert plain(number) == text


@given(st.floats(-1e12, 1e12))
def test_what_is_written_is_the_number_to_the_last_bit(number: float) -> None:
    assert float(plain(number)) == number
    assert "e" not in plain(number)


@given(st.floats(-1e12, 1e12))
def test_float32_loses_what_the_documentation_says(number: float) -> None:
    assert abs(float(np.float32(number)) - number) <= max(abs(number) * 2**-24, 1e-45)
