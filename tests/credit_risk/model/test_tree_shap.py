"""The tables give XGBoost's own SHAP values."""

import numpy as np
import pytest
import xgboost

from credit_risk.model.tree_shap import TreeShap
from credit_risk.model.trees import read_forest

INPUTS = 5
RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(400, INPUTS)).astype(np.float32)
ROWS[RANDOM.random(ROWS.shape) < 0.1] = np.nan
RISK = np.nan_to_num(ROWS[:, 0]) - np.nan_to_num(ROWS[:, 1] * ROWS[:, 2]) + RANDOM.normal(size=400)


def booster(**parameters: object) -> xgboost.Booster:
    usual = {"objective": "binary:logistic", "nthread": 1, "seed": 1, "eta": 0.3}
    return xgboost.train(
        {**usual, **parameters}, xgboost.DMatrix(ROWS, label=RISK > 0), num_boost_round=30
    )


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("weight", [0, 10])
def test_the_contributions_are_those_of_xgboost(depth: int, weight: int) -> None:
    model = booster(max_depth=depth, min_child_weight=weight)

    found = TreeShap(read_forest(model.save_raw("json")))(ROWS)

    expected = model.predict(xgboost.DMatrix(ROWS), pred_contribs=True)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_they_add_up_to_the_log_odds() -> None:
    model = booster(max_depth=2)

    found = TreeShap(read_forest(model.save_raw("json")))(ROWS).sum(axis=1)

    margins = model.predict(xgboost.DMatrix(ROWS), output_margin=True)
    np.testing.assert_allclose(found, margins, atol=1e-4)


def test_a_row_is_explained_alike_to_the_last_bit_alone_and_among_others() -> None:
    explain = TreeShap(read_forest(booster(max_depth=3).save_raw("json")))

    alone = np.concatenate([explain(ROWS[place : place + 1]) for place in range(len(ROWS))])

    np.testing.assert_array_equal(explain(ROWS), alone)


def test_an_input_that_no_tree_looks_at_adds_nothing() -> None:
    model = booster(max_depth=2)
    model_of_two = xgboost.train(
        {"objective": "binary:logistic", "max_depth": 2, "interaction_constraints": "[[0, 1]]"},
        xgboost.DMatrix(np.where([True, True, False, False, False], ROWS, 0), label=RISK > 0),
        num_boost_round=10,
    )

    assert TreeShap(read_forest(model.save_raw("json")))(ROWS)[:, 4].any()
    assert not TreeShap(read_forest(model_of_two.save_raw("json")))(ROWS)[:, 2:-1].any()


def test_a_model_of_single_leaves_has_only_a_start() -> None:
    model = xgboost.train(
        {"objective": "binary:logistic", "min_child_weight": 1e9},
        xgboost.DMatrix(ROWS, label=RISK > 0),
        num_boost_round=2,
    )

    found = TreeShap(read_forest(model.save_raw("json")))(ROWS)

    expected = model.predict(xgboost.DMatrix(ROWS), pred_contribs=True)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_trees_too_deep_for_tables_are_refused() -> None:
    rows = RANDOM.normal(size=(3000, 12)).astype(np.float32)
    deep = xgboost.train(
        {"objective": "binary:logistic", "max_depth": 9, "eta": 1},
        xgboost.DMatrix(rows, label=rows.sum(axis=1) > 0),
        num_boost_round=3,
    )

    with pytest.raises(ValueError, match="expected at most 6"):
        TreeShap(read_forest(deep.save_raw("json")))
