"""What is asked of the trees follows from the form, and whether they keep it is read off them."""

import numpy as np
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.model import broken_constraint
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


@settings(max_examples=20)
@given(ways=st.lists(st.sampled_from([-1, 0, 1]), min_size=INPUTS, max_size=INPUTS))
def test_constrained_trees_are_found_to_keep_their_constraints(ways: list[int]) -> None:
    forest = read_forest(booster(max_depth=3, monotone_constraints=tuple(ways)).save_raw("json"))

    assert broken_constraint(forest, ways) is None


@pytest.mark.parametrize(("way", "kept"), [(1, False), (-1, False), (0, True)])
def test_free_trees_are_found_to_break_a_constraint(way: int, kept: bool) -> None:  # noqa: FBT001  a case
    forest = read_forest(booster(max_depth=3).save_raw("json"))

    assert (broken_constraint(forest, [0, 0, way, 0, 0]) is None) == kept
