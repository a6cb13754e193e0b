"""Predicted against observed, with numbers worked by hand."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from credit_risk.training.calibration import Bin, calibration_bins, ece_by_chance


def test_bins_have_equal_counts_in_order_of_probability() -> None:
    probabilities = np.array([0.9, 0.1, 0.7, 0.3, 0.2])
    defaulted = np.array([True, False, False, True, False])

    low, high = calibration_bins(defaulted, probabilities, bins=2)

    assert low == Bin(predicted=pytest.approx(0.2), observed=pytest.approx(1 / 3), rows=3)
    assert high == Bin(predicted=pytest.approx(0.8), observed=pytest.approx(0.5), rows=2)


def test_who_ties_across_an_edge_counts_with_the_mean_of_all_who_tie() -> None:
    bins = calibration_bins(np.array([True, True, False, False]), np.full(4, 0.5), bins=2)

    assert bins == (Bin(0.5, 0.5, 2), Bin(0.5, 0.5, 2))


def test_there_are_no_empty_bins() -> None:
    assert len(calibration_bins(np.array([True, False]), np.array([0.1, 0.2]))) == 2


def test_bins_are_those_of_scikit_learn_where_the_count_divides() -> None:
    random = np.random.default_rng(0)
    probabilities = random.random(1000)
    defaulted = random.random(1000) < probabilities**2

    bins = calibration_bins(defaulted, probabilities)

    observed, predicted = calibration_curve(
        defaulted, probabilities, n_bins=10, strategy="quantile"
    )
    assert [b.observed for b in bins] == pytest.approx(observed)
    assert [b.predicted for b in bins] == pytest.approx(predicted)


def test_a_bin_has_the_interval_of_its_observed_share() -> None:
    expected = pytest.approx((0.490, 0.943), abs=5e-4)

    assert Bin(predicted=0.7, observed=0.8, rows=10).interval == expected
    # Loans tied over an edge: 7.5 defaults, and the interval of 8.
    assert Bin(predicted=0.7, observed=0.75, rows=10).interval == expected


def test_the_ece_of_exact_probabilities_is_what_simulation_gives() -> None:
    random = np.random.default_rng(0)
    probabilities = random.beta(1, 3, 1000)
    found = []
    for _ in range(300):
        bins = calibration_bins(random.random(1000) < probabilities, probabilities)
        found.append(sum(b.rows * abs(b.predicted - b.observed) for b in bins) / 1000)

    assert ece_by_chance(probabilities) == pytest.approx(np.mean(found), rel=0.05)


def test_the_worked_example_of_chance() -> None:
    assert ece_by_chance(np.full(100, 0.5), bins=1) == pytest.approx(0.0399, abs=5e-5)
