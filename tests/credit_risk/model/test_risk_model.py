"""The model call, against XGBoost's own."""

import numpy as np
import pytest
import xgboost
from course import COLUMNS, ENCODER, FORM, sample_applications

from credit_risk.model import FeatureBuilder, LibraryError, RiskModel
from credit_risk.training.fitting import Examples, Recipe, fit_booster

ROWS = ENCODER.encode(sample_applications(500, seed=5))


@pytest.fixture(scope="module")
def booster() -> xgboost.Booster:
    risky = np.nan_to_num(ROWS[:, COLUMNS.index("income")], nan=1e6) < 150
    return fit_booster(
        Recipe("small", {"max_depth": 3}, rounds=30, form=FORM, inputs=COLUMNS),
        Examples(ROWS, risky),
    )


@pytest.mark.parametrize("count", [1, 2, 7, 500])
def test_it_gives_to_the_last_bit_what_the_booster_gives(
    booster: xgboost.Booster, count: int
) -> None:
    model = RiskModel(booster.save_raw(), FeatureBuilder(FORM, COLUMNS))

    np.testing.assert_array_equal(
        model.predict(ROWS[:count]), booster.inplace_predict(ROWS[:count])
    )
    np.testing.assert_array_equal(
        model.predict(ROWS[:count]),
        booster.predict(xgboost.DMatrix(ROWS[:count], feature_names=list(COLUMNS))),
    )


def test_no_rows_get_no_answers(booster: xgboost.Booster) -> None:
    assert RiskModel(booster.save_raw(), FeatureBuilder(FORM, COLUMNS)).predict(ROWS[:0]).shape == (
        0,
    )


def test_a_row_is_scored_the_same_alone_and_among_others(booster: xgboost.Booster) -> None:
    model = RiskModel(booster.save_raw(), FeatureBuilder(FORM, COLUMNS))

    alone = np.concatenate([model.predict(ROWS[place : place + 1]) for place in range(len(ROWS))])

    np.testing.assert_array_equal(model.predict(ROWS), alone)


def test_rows_that_are_not_contiguous_are_read_as_they_are(booster: xgboost.Booster) -> None:
    model = RiskModel(booster.save_raw(), FeatureBuilder(FORM, COLUMNS))

    np.testing.assert_array_equal(model.predict(ROWS[::2]), model.predict(ROWS)[::2])
    np.testing.assert_array_equal(model.predict(np.asfortranarray(ROWS)), model.predict(ROWS))


def test_an_earlier_answer_is_not_overwritten_by_a_later_one(booster: xgboost.Booster) -> None:
    model = RiskModel(booster.save_raw(), FeatureBuilder(FORM, COLUMNS))

    first = model.predict(ROWS[:10])
    before = first.copy()
    model.predict(ROWS[10:20])

    np.testing.assert_array_equal(first, before)


def test_missing_numbers_become_what_they_were_in_training(booster: xgboost.Booster) -> None:
    filled = np.nan_to_num(ROWS, nan=0.0)

    as_zero = RiskModel(booster.save_raw(), FeatureBuilder(FORM, COLUMNS, missing_as=0.0)).predict(
        ROWS
    )

    np.testing.assert_array_equal(as_zero, booster.inplace_predict(filled))
    assert not np.array_equal(
        as_zero, RiskModel(booster.save_raw(), FeatureBuilder(FORM, COLUMNS)).predict(ROWS)
    )


def test_an_error_of_the_library_is_told(booster: xgboost.Booster) -> None:
    with pytest.raises(LibraryError, match=str(len(COLUMNS))):
        RiskModel(booster.save_raw(), FeatureBuilder(FORM, COLUMNS)).predict(ROWS[:, :5])
