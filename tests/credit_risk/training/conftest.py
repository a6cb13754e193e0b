"""What the tests of training share: encoded loans."""

import pytest
from course import ENCODER, FORM
from running import PROJECT

from credit_risk.training.data.dataset import Dataset, read_loans
from credit_risk.training.fitting import Examples


@pytest.fixture(scope="session")
def sample() -> Dataset:
    """The synthetic sample."""
    return read_loans(PROJECT / "data" / "sample.csv", FORM)


@pytest.fixture(scope="session")
def examples(sample: Dataset) -> Examples:
    """The first loans of the sample, encoded."""
    return Examples(ENCODER.encode_mappings(sample.records()[:600]), sample.defaulted[:600])
