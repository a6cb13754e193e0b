"""The vectorizer and the boosted trees."""

from dataclasses import replace

import numpy as np
import pytest
from course import COLUMNS, FORM

from credit_risk.errors import UsageError
from credit_risk.model import FeatureBuilder, RiskModel
from credit_risk.training.fitting import Examples, Recipe, fit_booster, fit_model, fit_vectorizer

RECIPE = Recipe("small", {"max_depth": 2}, rounds=5, form=FORM, inputs=COLUMNS)


def examples(count: int = 200, seed: int = 0) -> Examples:
    random = np.random.default_rng(seed)
    rows = random.random((count, len(COLUMNS)), dtype=np.float32)
    return Examples(rows, rows[:, 0] > 0.7)


def test_the_vectorizer_has_every_column_whatever_the_data() -> None:
    assert tuple(fit_vectorizer(FORM).get_feature_names_out()) == COLUMNS


def test_the_same_recipe_makes_the_same_model() -> None:
    first, second = (fit_booster(RECIPE, examples()).save_raw() for _ in range(2))

    assert first == second


def test_progress_is_told_once_a_tree() -> None:
    told = []

    fit_booster(RECIPE, examples(), lambda: told.append(1))

    assert len(told) == RECIPE.rounds


def test_a_split_keeps_rows_and_outcomes_together_and_loses_none() -> None:
    whole = examples()

    rest, drawn = whole.split(0.25, seed=1)

    assert (len(rest), len(drawn)) == (150, 50)
    for part in (rest, drawn):
        np.testing.assert_array_equal(part.defaulted, part.rows[:, 0] > 0.7)
    both = np.concatenate([rest.rows, drawn.rows])
    np.testing.assert_array_equal(np.unique(both, axis=0), np.unique(whole.rows, axis=0))


def test_a_recipe_that_fills_missing_numbers_fills_them_when_scoring_too() -> None:
    booster = fit_booster(RECIPE, examples())
    row = examples(1, seed=1).rows
    missing, zero = row.copy(), row.copy()
    missing[0, COLUMNS.index("income")] = np.nan
    zero[0, COLUMNS.index("income")] = 0

    model = RiskModel(booster.save_raw(), FeatureBuilder(FORM, COLUMNS, missing_as=0.0))

    assert model.predict(missing) == model.predict(zero)


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ({"shoe": 1}, '"shoe" } are not used'),
        ({"eta": -1.0}, "parameters of the trees: "),
        ({"booster": "dart"}, "parameters of the trees: "),
    ],
)
def test_parameters_that_make_no_model_are_refused(
    parameter: dict[str, float | str], said: str
) -> None:
    recipe = replace(RECIPE, parameters={**RECIPE.parameters, **parameter})

    with pytest.raises(UsageError) as refused:
        fit_model(recipe, examples())
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_model_is_fitted_and_served_alike() -> None:
    booster, model = fit_model(RECIPE, examples())
    rows = examples().rows

    np.testing.assert_array_equal(model.predict(rows), booster.inplace_predict(rows))
