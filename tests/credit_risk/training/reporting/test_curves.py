"""Pictures of probabilities against outcomes: they show what they are given."""

import numpy as np
import pytest
from pictures import svg

from credit_risk.training.approval_rates import by_threshold
from credit_risk.training.calibration import calibration_bins
from credit_risk.training.evaluation import roc
from credit_risk.training.reporting import curves

LINES = {"review above 0.3": 0.3, "decline above 0.5": 0.5}
RANDOM = np.random.default_rng(0)
PROBABILITIES = RANDOM.random(500)
DEFAULTED = RANDOM.random(500) < PROBABILITIES


@pytest.mark.parametrize("count", [2, 500])
def test_every_picture_can_be_drawn_of_few_loans_and_of_many(count: int) -> None:
    defaulted, probabilities = np.arange(count) % 2 == 0, PROBABILITIES[:count]
    curve = roc(defaulted, probabilities)

    for address in (
        curves.roc(curve, LINES),
        curves.cumulative(curve),
        curves.calibration(calibration_bins(defaulted, probabilities)),
        curves.distribution(defaulted, probabilities, LINES),
        curves.cuts(by_threshold(defaulted, probabilities, [0.0, 0.3, 0.5]), LINES),
    ):
        assert "</svg>" in svg(address)


def test_ks_is_written_into_its_picture() -> None:
    curve = roc(np.array([False, True, False, True]), np.array([0.1, 0.3, 0.4, 0.8]))

    # matplotlib writes each text as a comment beside its outlines
    assert "<!-- KS 0.500 -->" in svg(curves.cumulative(curve))


def test_the_policys_thresholds_are_named_in_the_pictures() -> None:
    curve = roc(DEFAULTED, PROBABILITIES)

    for address in (
        curves.roc(curve, LINES),
        curves.distribution(DEFAULTED, PROBABILITIES, LINES),
    ):
        for name in LINES:
            assert name in svg(address)


def test_a_curve_of_many_loans_is_no_larger_than_one_of_a_few_hundred() -> None:
    random = np.random.default_rng(0)
    probabilities = random.random(20_000)
    large = curves.roc(roc(random.random(20_000) < probabilities, probabilities), {})

    assert len(large) < 2 * len(curves.roc(roc(DEFAULTED, PROBABILITIES), {}))
