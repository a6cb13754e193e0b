"""The project's own form: words and their codes, derived columns and their directions."""

import numpy as np
import pytest
from course import (
    CATEGORIES,
    CODES,
    COLUMNS,
    COURSE_EXAMPLE,
    DERIVED,
    ENCODER,
    FORM,
    LIMITS,
    OPTIONAL_FIELDS,
    Application,
    inputs_without,
    sample_applications,
    source_fields,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.errors import EncodingError
from credit_risk.model import FeatureBuilder

NAMES = inputs_without(["marital"])
NUMBERS = {name: st.floats(*LIMITS[name], width=32) for name in LIMITS}


def derived(**values: object) -> dict[str, float]:
    rows = ENCODER.encode([Application.model_validate(COURSE_EXAMPLE | values)])
    return dict(zip(NAMES, FeatureBuilder(FORM, NAMES)(rows)[0].tolist(), strict=True))


def test_the_worked_example_of_the_module() -> None:
    found = derived(amount=800, price=1000, time=10, income=100, expenses=40, assets=500, debt=100)

    assert found["amount_to_price"] == pytest.approx(0.8)
    assert found["left_each_month"] == -20
    assert found["instalment_to_income"] == pytest.approx(0.8)
    assert found["net_worth_after_loan"] == -400


def test_no_income_counts_as_one_where_it_divides() -> None:
    assert derived(income=0)["instalment_to_income"] == derived(income=1)["instalment_to_income"]
    assert derived(income=0)["left_each_month"] == derived(income=1)["left_each_month"] - 1


@pytest.mark.parametrize("missing", sorted(OPTIONAL_FIELDS))
def test_what_is_made_of_a_missing_number_is_missing(missing: str) -> None:
    found = derived(**{missing: None})

    for name in DERIVED:
        assert np.isnan(found[name]) == (missing in source_fields(name))


def test_many_rows_are_derived_as_each_alone() -> None:
    rows = ENCODER.encode(sample_applications(200, seed=3))
    inputs = FeatureBuilder(FORM, NAMES)

    alone = np.concatenate([inputs(rows[place : place + 1]) for place in range(len(rows))])

    np.testing.assert_array_equal(inputs(rows), alone)


def test_marital_status_is_left_out() -> None:
    assert set(COLUMNS) - set(NAMES) == {name for name in COLUMNS if name.startswith("marital=")}
    assert set(NAMES) - set(COLUMNS) == set(DERIVED)


def test_the_course_s_inputs_are_the_columns_with_zero_for_missing() -> None:
    rows = ENCODER.encode(sample_applications(300))

    np.testing.assert_array_equal(FeatureBuilder(FORM, COLUMNS)(rows), rows)
    np.testing.assert_array_equal(
        FeatureBuilder(FORM, COLUMNS, missing_as=0)(rows), np.nan_to_num(rows, nan=0)
    )


@pytest.mark.parametrize("names", [["amount", "zip"], ["amount_to_price", "amount"]])
def test_inputs_that_nobody_knows_or_out_of_order_are_refused(names: list[str]) -> None:
    with pytest.raises(EncodingError, match="expected"):
        FeatureBuilder(FORM, names)


@pytest.mark.parametrize("name", DERIVED)
@settings(max_examples=3 * settings().max_examples)
@given(data=st.data())
def test_a_derived_column_moves_only_as_it_says(name: str, data: st.DataObject) -> None:
    values = {field: data.draw(NUMBERS[field]) for field in LIMITS}
    moves = DERIVED[name].rises_with
    field = data.draw(st.sampled_from(sorted(LIMITS)))
    more = data.draw(st.floats(values[field], LIMITS[field][1], width=32))

    before, after = (
        DERIVED[name].compute({f: np.float32([v]) for f, v in (values | change).items()})[0]
        for change in ({}, {field: more})
    )

    way = moves.get(field, 0)
    assert before == after if way == 0 else (after - before) * way >= 0


def test_each_word_has_a_code_of_the_file_and_unknown_is_zero() -> None:
    assert CODES["records"] == {1: "no", 2: "yes"}
    assert CODES["home"][0] == CODES["job"][0] == CODES["marital"][0] == "unk"
    assert all([*CODES[field].values()] == [*words] for field, words in CATEGORIES.items())


def test_there_is_a_column_for_each_number_and_for_each_word() -> None:
    words = [f"{field}={word}" for field, words in CATEGORIES.items() for word in words]

    assert sorted([*LIMITS, *words]) == list(COLUMNS)
    assert LIMITS.keys() >= OPTIONAL_FIELDS


def test_the_columns_are_those_of_the_lesson() -> None:
    assert len(COLUMNS) == 29
    assert np.isfinite([each.everyday for each in FORM.numbers.values()]).all()  # type: ignore[union-attr]
