"""What the tests of training share: encoded loans."""

import pytest
from course import FORM
from running import PROJECT

from credit_risk.training.data.dataset import Dataset, read_loans
from credit_risk.training.fitting import Examples, fit_vectorizer


@pytest.fixture(scope="session")
def sample() -> Dataset:
    """The synthetic sample."""
    return read_loans(PROJECT / "data" / "sample.csv")


@pytest.fixture(scope="session")
def examples(sample: Dataset) -> Examples:
    """The first loans of the sample, encoded."""
    return Examples.encode(fit_vectorizer(FORM), sample.records()[:600], sample.defaulted[:600])
