"""What the loans look like, on four of them."""

from math import isnan

import numpy as np
import pandas as pd
import pytest
from course import CATEGORIES, FORM, LIMITS

from credit_risk.training.data.dataset import Dataset
from credit_risk.training.data.quality import (
    CategorySummary,
    summarise_categories,
    summarise_numbers,
)


@pytest.fixture
def loans() -> Dataset:
    table = {field: [1.0, 2.0, 3.0, 10.0] for field in LIMITS}
    table["income"] = [5.0, np.nan, 7.0, np.nan]
    table["debt"] = [np.nan] * 4
    table |= {field: [known[0]] * 4 for field, known in CATEGORIES.items()}
    table["job"] = ["fixed", "fixed", "partime", "fixed"]
    defaulted = np.array([False, True, True, False])
    return Dataset("four.csv", "", pd.DataFrame(table), defaulted, 4, {})


def test_numbers_are_summarised_without_the_missing_ones(loans: Dataset) -> None:
    found = {each.field: each for each in summarise_numbers(loans, FORM)}

    assert list(found) == list(LIMITS)
    assert (found["age"].low, found["age"].median, found["age"].high) == (1, 2.5, 10)
    assert (found["age"].missing, found["age"].missing_share) == (0, 0)
    income = found["income"]
    assert (income.missing, income.missing_share, income.median) == (2, 0.5, 6)
    assert isnan(found["debt"].median)


def test_categories_that_occur_are_counted(loans: Dataset) -> None:
    found = [each for each in summarise_categories(loans, FORM) if each.field == "job"]

    assert found == [
        CategorySummary("job", "fixed", rows=3, share=0.75, default_rate=pytest.approx(1 / 3)),
        CategorySummary("job", "partime", rows=1, share=0.25, default_rate=1.0),
    ]
