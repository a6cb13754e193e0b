"""Shapley values of the conditions in front of a leaf: small cases worked out by hand."""

import numpy as np
import pytest

from credit_risk.model.shapley_values import leaves_of, shapley_values
from credit_risk.model.trees import LEAF, Tree


def test_one_condition_is_worth_the_leaf_less_what_is_expected_of_it() -> None:
    won = shapley_values(np.array([2.0]), np.array([[0.25]]))

    assert won.shape == (1, 2, 1)
    assert won[0, :, 0].tolist() == [-0.5, 1.5]  # not met; met


def test_two_alike_conditions_share_alike() -> None:
    won = shapley_values(np.array([8.0]), np.array([[0.5], [0.5]]))

    assert won[0, 0b11].tolist() == [3.0, 3.0]  # of 8 less the expected 2
    assert won[0, 0b00].tolist() == [-1.0, -1.0]


def test_what_all_conditions_win_is_the_leaf_less_what_is_expected() -> None:
    shares = np.array([[0.2, 0.9], [0.5, 0.4], [1.0, 0.3]])
    values = np.array([1.5, -2.0])

    won = shapley_values(values, shares)

    expected = values * shares.prod(axis=0)
    assert won[:, 0b111].sum(axis=1) == pytest.approx(values - expected)
    assert won[:, 0b011].sum(axis=1) == pytest.approx(-expected)


def test_conditions_on_one_input_become_an_interval() -> None:
    tree = Tree(
        left=np.array([1, LEAF, 3, LEAF, LEAF]),
        right=np.array([2, LEAF, 4, LEAF, LEAF]),
        feature=np.array([0, 0, 0, 0, 0]),
        threshold=np.array([1, 10, 2, 20, 30], dtype=np.float32),
        missing_left=np.array([True, False, False, False, False]),
        cover=np.array([8.0, 2.0, 6.0, 3.0, 3.0]),
    )

    found = {
        leaf.value: [(c.low, c.high, c.missing, c.share) for c in leaf.conditions]
        for leaf in leaves_of(tree)
    }

    assert found == {
        10.0: [(-np.inf, 1.0, True, 0.25)],
        20.0: [(1.0, 2.0, False, 0.375)],
        30.0: [(2.0, np.inf, False, 0.375)],
    }
