"""Measures, against worked examples, scikit-learn and plain computations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, roc_auc_score

from credit_risk.training.calibration import calibration_bins
from credit_risk.training.evaluation import intervals, measure, measure_bands, roc

LOANS = st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=2, max_size=40)


def loans(pairs: list[tuple[bool, int]]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Both outcomes among them, and many of equal probability."""
    defaulted = np.array([pair[0] for pair in pairs] + [True, False])
    return defaulted, np.array([pair[1] / 10 for pair in pairs] + [0.5, 0.5])


def drawn(count: int = 2000, seed: int = 1) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    random = np.random.default_rng(seed)
    probabilities = random.beta(1.2, 2.5, count)
    return random.random(count) < probabilities, probabilities


def test_a_perfect_ranking() -> None:
    measures = measure(np.array([False, False, True]), np.array([0.0, 0.0, 1.0]))

    assert measures.as_dict() == {"auc": 1.0, "gini": 1.0, "ks": 1.0, "brier": 0.0, "ece": 0.0}


def test_a_worked_example() -> None:
    # One of the four pairs is in the wrong order: AUC 3/4.
    measures = measure(np.array([False, True, False, True]), np.array([0.1, 0.3, 0.4, 0.8]))

    assert measures.auc == pytest.approx(0.75)
    assert measures.gini == pytest.approx(0.5)
    assert measures.ks == pytest.approx(0.5)
    assert measures.brier == pytest.approx((0.01 + 0.49 + 0.16 + 0.04) / 4)
    assert measures.ece == pytest.approx((0.1 + 0.7 + 0.4 + 0.2) / 4)  # a bin for each


def test_a_worked_example_by_band() -> None:
    decisions = ["YES", "NO", "YES", "NO", "YES", "NO"]
    probabilities = np.array([0.1, 0.8, 0.2, 0.6, 0.3, 0.7])
    defaulted = np.array([False, True, True, True, False, True])

    bands = measure_bands(decisions, defaulted, probabilities, ("YES", "PERHAPS", "NO"))

    assert list(bands) == ["YES", "PERHAPS", "NO"]
    assert bands["YES"].model_dump() == pytest.approx(
        {"rows": 3, "defaults": 1, "predicted": 0.2, "observed": 1 / 3, "auc": 0.5}
    )
    assert bands["PERHAPS"].model_dump(exclude_none=True) == {"rows": 0, "defaults": 0}
    assert bands["NO"].model_dump(exclude_none=True) == pytest.approx(
        {"rows": 3, "defaults": 3, "predicted": 0.7, "observed": 1}
    )


def test_ece_is_the_mean_distance_over_ten_bins() -> None:
    # Bins of two: predicted 0.05, 0.15, …, 0.95; nobody defaults up to 0.5, everybody above.
    probabilities = np.repeat(np.arange(0.05, 1, 0.1), 2)

    ece = measure(probabilities > 0.5, probabilities).ece

    assert ece == pytest.approx(2 * (0.05 + 0.15 + 0.25 + 0.35 + 0.45) / 10)


@given(LOANS)
def test_ks_is_the_largest_distance_of_the_two_distributions(
    pairs: list[tuple[bool, int]],
) -> None:
    defaulted, probabilities = loans(pairs)
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


@given(LOANS)
def test_auc_and_brier_are_those_of_scikit_learn(pairs: list[tuple[bool, int]]) -> None:
    defaulted, probabilities = loans(pairs)

    measures = measure(defaulted, probabilities)

    assert measures.auc == pytest.approx(roc_auc_score(defaulted, probabilities))
    assert measures.brier == pytest.approx(brier_score_loss(defaulted, probabilities))


@given(LOANS)
def test_ece_is_that_of_the_calibration_table(pairs: list[tuple[bool, int]]) -> None:
    defaulted, probabilities = loans(pairs)
    bins = calibration_bins(defaulted, probabilities)

    ece = measure(defaulted, probabilities).ece

    gaps = sum(b.rows * abs(b.predicted - b.observed) for b in bins)
    assert ece == pytest.approx(gaps / len(defaulted))


@given(LOANS, st.randoms())
def test_the_order_of_the_rows_changes_nothing(pairs: list[tuple[bool, int]], random) -> None:
    shuffled = [*pairs]
    random.shuffle(shuffled)

    assert measure(*loans(shuffled)) == measure(*loans(pairs))


def test_single_precision_is_measured_like_double() -> None:
    defaulted, probabilities = drawn()
    single = probabilities.astype(np.float32)

    assert measure(defaulted, single) == measure(defaulted, single.astype(np.float64))


def test_the_roc_curve_starts_before_the_first_loan_and_has_ks_where_it_is_widest() -> None:
    defaulted, probabilities = drawn()

    curve = roc(defaulted, probabilities)

    assert (curve.thresholds[0], curve.goods[0], curve.defaults[0]) == (np.inf, 0, 0)
    assert (curve.goods[-1], curve.defaults[-1]) == (1, 1)
    ks = curve.defaults[curve.widest] - curve.goods[curve.widest]
    assert ks == pytest.approx(measure(defaulted, probabilities).ks)
    above = probabilities >= curve.thresholds[curve.widest]
    assert curve.defaults[curve.widest] == pytest.approx(above[defaulted].mean())


def test_the_interval_of_brier_is_that_of_a_mean() -> None:
    defaulted, probabilities = drawn()
    errors = (probabilities - defaulted) ** 2
    reach = 1.96 * errors.std() / np.sqrt(len(errors))

    low, high = intervals(defaulted, probabilities, resamples=2000)["brier"]

    assert (high - low) / 2 == pytest.approx(reach, rel=0.08)
    assert (high + low) / 2 == pytest.approx(errors.mean(), abs=0.1 * reach)


def test_the_interval_of_auc_is_that_of_delong() -> None:
    defaulted, probabilities = drawn()
    wins = probabilities[defaulted][:, None] > probabilities[~defaulted]
    variance = (
        wins.mean(axis=1).var() / defaulted.sum() + wins.mean(axis=0).var() / (~defaulted).sum()
    )

    found = intervals(defaulted, probabilities, resamples=2000)

    low, high = found["auc"]
    assert (high - low) / 2 == pytest.approx(1.96 * np.sqrt(variance), rel=0.08)
    assert found["gini"] == pytest.approx((2 * low - 1, 2 * high - 1))


def test_every_measure_lies_in_its_interval_and_no_interval_leaves_what_is_possible() -> None:
    for seed in range(5):
        defaulted, probabilities = drawn(300, seed)
        measures = measure(defaulted, probabilities).as_dict()

        found = intervals(defaulted, probabilities)

        assert found.keys() == measures.keys()
        for name, (low, high) in found.items():
            assert 0 <= low < measures[name] < high <= 1, name


def test_intervals_are_the_same_each_time_and_others_with_another_seed() -> None:
    defaulted, probabilities = drawn(200)

    first = intervals(defaulted, probabilities, resamples=20)

    assert intervals(defaulted, probabilities, resamples=20) == first
    assert intervals(defaulted, probabilities, resamples=20, seed=1) != first


def test_a_resample_that_misses_an_outcome_does_no_harm() -> None:
    found = intervals(np.array([True, False, False]), np.array([0.9, 0.2, 0.1]))

    assert found["auc"] == (1, 1)
