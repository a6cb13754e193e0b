"""The plain models, and the interval of a gain over them."""

from functools import partial

import numpy as np
import pytest
from course import COLUMNS, FORM

from credit_risk.training.baselines import fit_logistic, fit_spline_logistic, gain_interval
from credit_risk.training.fitting import Examples

FITS = (fit_logistic, partial(fit_spline_logistic, form=FORM))


def test_a_missing_number_counts_as_the_median_of_those_seen(examples: Examples) -> None:
    place = COLUMNS.index("income")
    missing, median = examples.rows[:1].copy(), examples.rows[:1].copy()
    missing[0, place], median[0, place] = np.nan, np.nanmedian(examples.rows[:, place])

    for fit in FITS:
        predict = fit(examples)
        assert predict(missing) == pytest.approx(predict(median), rel=1e-6)
        assert 0 < predict(missing)[0] < 1


@pytest.mark.parametrize("fit", FITS, ids=["straight", "spline"])
def test_a_field_that_is_missing_throughout_is_no_obstacle(fit: object, examples: Examples) -> None:
    rows = examples.rows.copy()
    rows[:, COLUMNS.index("debt")] = np.nan

    assert callable(fit)
    probabilities = fit(Examples(rows, examples.defaulted))(rows)

    assert np.isfinite(probabilities).all()


def test_a_spline_goes_on_as_a_line_beyond_the_numbers_seen(examples: Examples) -> None:
    predict = fit_spline_logistic(examples, FORM)
    rows = np.repeat(examples.rows[:1], 3, axis=0)
    rows[:, COLUMNS.index("seniority")] = np.expm1([5, 6, 7])  # 48 is the largest seen, 3.9

    odds = np.log(predict(rows) / (1 - predict(rows)))

    assert odds[1] - odds[0] == pytest.approx(odds[2] - odds[1], rel=1e-3)
    assert abs(odds[1] - odds[0]) > 0.01


def test_the_interval_of_a_gain_is_that_of_the_worked_example() -> None:
    low, high = gain_interval([0.01, 0.02, 0.03], held_out_to_seen=0.25)

    assert (low, high) == pytest.approx((0.02 - 0.0328628, 0.02 + 0.0328628), abs=1e-6)


def test_the_interval_of_equal_gains_is_a_point() -> None:
    assert gain_interval([0.5, 0.5], held_out_to_seen=0.25) == (0.5, 0.5)
