"""Intervals of shares, against worked examples and SciPy."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from scipy.stats.contingency import relative_risk

from credit_risk.training.shares import ratio_interval, wilson


def test_the_worked_example_of_a_share() -> None:
    assert wilson(0.8, 10) == pytest.approx((0.490, 0.943), abs=5e-4)


@given(st.integers(1, 500), st.data())
def test_a_share_has_the_interval_of_scipy(rows: int, data) -> None:
    count = data.draw(st.integers(0, rows))
    theirs = binomtest(count, rows).proportion_ci(method="wilson")

    assert wilson(count / rows, rows) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_no_rows_say_nothing_of_a_share() -> None:
    assert wilson(0.0, 0) == (0, 1)


def test_the_worked_example_of_a_ratio() -> None:
    assert ratio_interval(0.6, 50, 0.8, 100) == pytest.approx((0.586, 0.960), abs=5e-4)


def test_a_ratio_has_the_interval_of_scipy() -> None:
    theirs = relative_risk(17, 79, 2800, 4375).confidence_interval(0.95)

    ours = ratio_interval(17 / 79, 79, 2800 / 4375, 4375)

    assert ours == pytest.approx((theirs.low, theirs.high))


@pytest.mark.parametrize(("share", "other"), [(0.0, 0.5), (0.5, 0.0)])
def test_a_share_of_zero_says_nothing_of_the_ratio(share: float, other: float) -> None:
    assert ratio_interval(share, 10, other, 10) == (0, inf)
