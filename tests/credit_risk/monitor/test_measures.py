"""Measures of outcomes: the values of others, and no alarm where nothing has changed."""

from math import isnan
from pathlib import Path

import numpy as np
import pytest
from course import ENCODER, FORM
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from credit_risk.monitor.measures import calibrate, jeffreys, rank
from credit_risk.monitoring import holm
from credit_risk.registry import Band
from credit_risk.training.data.dataset import read_loans
from credit_risk.training.evaluation import measure

Loans = tuple[NDArray[np.bool_], NDArray[np.float64]]
LINE = 0.3


@pytest.mark.parametrize(
    ("defaults", "rows", "chance"), [(155, 500, 0.0687), (310, 1000, 0.0180), (620, 2000, 0.0015)]
)
def test_a_rate_above_the_prediction_shows_with_the_number_of_loans(
    defaults: int, rows: int, chance: float
) -> None:
    assert jeffreys(0.28, defaults, rows) == pytest.approx(chance, abs=5e-5)


def test_calibration_is_counted() -> None:
    found = calibrate(np.array([True, False, False, False]), np.array([0.1, 0.2, 0.3, 0.4]))

    assert (found.rows, found.defaults, found.observed) == (4, 1, 0.25)
    assert found.predicted == pytest.approx(0.25)
    assert found.interval[0] < 0.25 < found.interval[1]


@pytest.mark.parametrize("defaulted", [True, False])
def test_loans_of_one_outcome_have_an_interval_and_no_ranking(defaulted: bool) -> None:  # noqa: FBT001  a parameter of pytest
    outcomes, probabilities = np.full(30, defaulted), np.linspace(0.1, 0.2, 30)

    calibration, ranking = calibrate(outcomes, probabilities), rank(outcomes, probabilities, None)

    assert calibration.interval[int(defaulted)] == float(defaulted)
    assert isnan(ranking.auc)
    assert isnan(ranking.ks)
    assert ranking.needed == 0


def population(size: int) -> Loans:
    random = np.random.default_rng(11)
    probabilities = 1 / (1 + np.exp(-random.normal(-1.2, 1.5, size)))
    return random.random(size) < probabilities, np.round(probabilities, 3)


def test_ranking_has_the_values_of_the_report() -> None:
    defaulted, probabilities = population(1000)

    found, expected = rank(defaulted, probabilities, None), measure(defaulted, probabilities)

    assert found.auc == pytest.approx(roc_auc_score(defaulted, probabilities), abs=1e-12)
    assert found.gini == pytest.approx(expected.gini, abs=1e-12)
    assert found.ks == pytest.approx(expected.ks, abs=1e-12)
    assert found.ks_interval[0] < found.ks < found.ks_interval[1]
    assert isnan(found.reference)
    assert isnan(found.p_value)


def test_the_interval_of_the_auc_holds_it_as_often_as_said() -> None:
    defaulted, probabilities = population(100_000)
    whole = roc_auc_score(defaulted, probabilities)
    random = np.random.default_rng(2)

    drawn = [random.choice(len(defaulted), 300) for _ in range(60)]
    ends = [rank(defaulted[d], probabilities[d], None).interval for d in drawn]

    assert sum(low <= whole <= high for low, high in ends) >= 52


def real_loans(path: Path) -> Loans:
    """Probabilities out of fold, of a model that costs little."""
    loans = read_loans(path, FORM)
    rows = ENCODER.encode_mappings(loans.applications.to_dict("records"))
    model = HistGradientBoostingClassifier(max_depth=3, max_iter=60, random_state=0)
    found = cross_val_predict(model, rows, loans.defaulted, method="predict_proba", cv=3)
    return loans.defaulted, found[:, 1]


def assert_like_is_compared_with_like(loans: Loans) -> None:
    """Draw outcomes of approved loans of a model that has not changed."""
    defaulted, probabilities = loans
    approved = np.flatnonzero(probabilities <= LINE)
    of_all = roc_auc_score(defaulted, probabilities)
    band = Band(
        rows=len(approved),
        defaults=int(defaulted[approved].sum()),
        auc=roc_auc_score(defaulted[approved], probabilities[approved]),
    )
    random = np.random.default_rng(1)
    alarms = naive = 0
    for _ in range(100):
        drawn = random.choice(approved, 500)
        found = rank(defaulted[drawn], probabilities[drawn], band)
        chances = [calibrate(defaulted[drawn], probabilities[drawn]).p_value, found.p_value]
        alarms += min(holm(chances)) < 0.01
        spread = (found.interval[1] - found.interval[0]) / 3.92
        naive += norm.cdf((found.auc - of_all) / spread) < 0.05

    assert alarms <= 5
    assert naive >= 90


def test_outcomes_of_an_unchanged_model_raise_no_alarm() -> None:
    """Although they would by far, compared with the AUC of all applicants."""
    assert_like_is_compared_with_like(population(4455))


def test_real_outcomes_of_an_unchanged_model_raise_no_alarm(real_data: Path) -> None:
    assert_like_is_compared_with_like(real_loans(real_data))


def test_a_worse_model_raises_an_alarm() -> None:
    defaulted, probabilities = population(60_000)
    worse = np.random.default_rng(4).permutation(probabilities)[: len(defaulted)]
    band = Band(rows=900, defaults=100, auc=0.75)

    found = rank(defaulted[:3000], worse[:3000], band)
    calibration = calibrate(defaulted[:3000], probabilities[:3000] * 0.8)

    assert found.p_value < 0.01
    assert calibration.p_value < 0.01


def test_the_numbers_that_are_needed_are_those_of_the_standard_errors() -> None:
    """A standard error of 0.038 at 500 outcomes makes about 5,000 for a fall of 0.03."""
    defaulted, probabilities = population(20_000)
    few = np.flatnonzero(probabilities <= LINE)[:500]

    found = rank(defaulted[few], probabilities[few], None)

    spread = (found.interval[1] - found.interval[0]) / 3.92
    assert found.needed == pytest.approx((2.486 * spread / 0.03) ** 2 * 500, rel=0.01)
