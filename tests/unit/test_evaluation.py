"""Measures, against worked examples and a plain computation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.training.evaluation import measure


def test_a_perfect_ranking() -> None:
    measures = measure(np.array([False, False, True]), np.array([0.0, 0.0, 1.0]))

    assert measures.as_dict() == {"auc": 1.0, "gini": 1.0, "ks": 1.0, "brier": 0.0}


def test_a_worked_example() -> None:
    # One of the four pairs is in the wrong order: AUC 3/4.
    measures = measure(np.array([False, True, False, True]), np.array([0.1, 0.3, 0.4, 0.8]))

    assert measures.auc == pytest.approx(0.75)
    assert measures.gini == pytest.approx(0.5)
    assert measures.ks == pytest.approx(0.5)
    assert measures.brier == pytest.approx((0.01 + 0.49 + 0.16 + 0.04) / 4)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=2, max_size=40))
def test_ks_is_the_largest_distance_of_the_two_distributions(
    pairs: list[tuple[bool, int]],
) -> None:
    defaulted = np.array([pair[0] for pair in pairs] + [True, False])
    probabilities = np.array([pair[1] / 10 for pair in pairs] + [0.5, 0.5])
    distances = [
        abs((probabilities[defaulted] <= p).mean() - (probabilities[~defaulted] <= p).mean())
        for p in np.unique(probabilities)
    ]
    signed = [
        (probabilities[defaulted] >= p).mean() - (probabilities[~defaulted] >= p).mean()
        for p in np.unique(probabilities)
    ]

    ks = measure(defaulted, probabilities).ks

    assert ks == pytest.approx(max(0, *signed))
    assert ks <= max(distances) + 1e-12
