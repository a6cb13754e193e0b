"""One number of an application varied, with a probability that is known."""

from math import isnan

import numpy as np
import pytest
from course import COLUMNS, FORM
from numpy.typing import NDArray

from credit_risk.training.notebooks.what_if import WhatIf, vary

INCOME = COLUMNS.index("income")


def predict(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return 1 - np.nan_to_num(rows[:, INCOME]) / 100


def what_if(income: float) -> WhatIf:
    row = np.ones(len(COLUMNS), dtype=np.float32)
    row[INCOME] = income
    return vary(FORM, predict, row, "income", range(0, 101, 10))


def test_each_value_has_its_probability_and_the_applicant_its_own() -> None:
    found = what_if(25)

    assert found.values.tolist() == list(range(0, 101, 10))
    assert found.probabilities == pytest.approx(1 - found.values / 100)
    assert (found.value, found.probability) == (25, 0.75)


def test_the_application_itself_is_not_changed() -> None:
    row = np.ones(len(COLUMNS), dtype=np.float32)

    vary(FORM, predict, row, "income", [50.0])

    assert (row == 1).all()


def test_what_is_needed_is_the_nearest_value_that_suffices() -> None:
    assert what_if(25).needed(0.35) == 70
    assert what_if(92).needed(0.35) == 90


def test_nothing_is_needed_where_nothing_suffices_or_the_number_is_missing() -> None:
    assert isnan(what_if(25).needed(-0.1))
    assert isnan(what_if(float("nan")).needed(0.35))
