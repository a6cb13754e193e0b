"""Trees are read as XGBoost wrote them."""

import numpy as np
import pytest
import xgboost

from credit_risk.model.trees import LEAF, Forest, Tree, names_in_trees, read_forest

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(300, 3)).astype(np.float32)
ROWS[RANDOM.random(ROWS.shape) < 0.1] = np.nan
RISK = np.nan_to_num(ROWS[:, 0] - ROWS[:, 1]) > 0


def walk(tree: Tree, row: np.ndarray) -> float:
    """The value of the leaf that a row comes to."""
    node = 0
    while tree.left[node] != LEAF:
        value = row[tree.feature[node]]
        goes_left = tree.missing_left[node] if np.isnan(value) else value < tree.threshold[node]
        node = tree.left[node] if goes_left else tree.right[node]
    return float(tree.threshold[node])


@pytest.fixture(scope="module")
def booster() -> xgboost.Booster:
    data = xgboost.DMatrix(ROWS, label=RISK, feature_names=["a", "b", "c"])
    return xgboost.train({"objective": "binary:logistic", "max_depth": 3}, data, 10)


@pytest.fixture(scope="module")
def forest(booster: xgboost.Booster) -> Forest:
    return read_forest(booster.save_raw("json"))


def test_a_forest_has_the_names_and_the_number_of_its_inputs(forest: Forest) -> None:
    assert (forest.names, forest.width, len(forest.trees)) == (("a", "b", "c"), 3, 10)


def test_an_input_may_have_any_name() -> None:
    names = ("a=< 1 year", "a=[1, 2] 100 %", "a=%3C")
    data = xgboost.DMatrix(ROWS, label=RISK, feature_names=names_in_trees(names))

    booster = xgboost.train({"objective": "binary:logistic"}, data, 1)

    assert read_forest(booster.save_raw("json")).names == names


def test_the_leaves_that_a_row_comes_to_add_up_to_its_log_odds(
    booster: xgboost.Booster, forest: Forest
) -> None:
    found = [forest.base + sum(walk(tree, row) for tree in forest.trees) for row in ROWS]

    data = xgboost.DMatrix(ROWS, feature_names=["a", "b", "c"])
    np.testing.assert_allclose(found, booster.predict(data, output_margin=True), atol=1e-5)


def test_the_covers_of_two_children_are_their_parent_s(forest: Forest) -> None:
    for tree in forest.trees:
        for node in np.flatnonzero(tree.left != LEAF):
            children = tree.cover[tree.left[node]] + tree.cover[tree.right[node]]

            assert children == pytest.approx(tree.cover[node], rel=1e-4)
