"""Who is approved, with numbers worked by hand."""

from dataclasses import astuple
from math import inf, isnan

import numpy as np
import pytest

from credit_risk.training.approval_rates import by_group, by_threshold

PROBABILITIES = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
DEFAULTED = np.array([False, True, False, False, True])


def test_what_a_threshold_does() -> None:
    (cut,) = by_threshold(DEFAULTED, PROBABILITIES, [0.3])

    # Three of five are approved, one of them defaults; one of two defaults is caught, and one of
    # three good loans is turned away.
    assert astuple(cut) == pytest.approx((0.3, 3 / 5, 1 / 3, 1 / 2, 1 / 3))


def test_the_ends_approve_nobody_and_everybody() -> None:
    none, everybody = by_threshold(DEFAULTED, PROBABILITIES, [0.0, 1.0])

    assert (none.approval_rate, none.caught, none.turned_away) == (0, 1, 1)
    assert isnan(none.default_rate)
    assert astuple(everybody) == pytest.approx((1, 1, 2 / 5, 0, 0))


def test_a_threshold_is_compared_as_the_policy_compares() -> None:
    # The nearest float32 to 0.3 lies above 0.3, so the policy does not approve it.
    (cut,) = by_threshold(DEFAULTED, PROBABILITIES.astype(np.float32), [0.3])

    assert cut.approval_rate == pytest.approx(2 / 5)


GROUPS = np.array(["a"] * 10 + ["b"] * 20 + ["c"] * 2)
APPROVED = np.array([True] * 8 + [False] * 2 + [True] * 10 + [False] * 10 + [False] * 2)
ENDED_BADLY = np.array([False] * 9 + [True] + [False] * 15 + [True] * 5 + [False] * 2)


def test_groups_are_compared_with_the_one_that_is_approved_most_often() -> None:
    b, a, c = by_group(GROUPS, APPROVED, ENDED_BADLY)

    assert [(g.name, g.rows) for g in (b, a, c)] == [("b", 20), ("a", 10), ("c", 2)]
    assert (a.reference, a.ratio, a.ratio_interval) == (True, 1, (1, 1))
    assert (a.approval_rate, a.default_rate) == (0.8, 0.1)
    assert a.approval_interval == pytest.approx((0.490, 0.943), abs=5e-4)
    assert (b.reference, b.default_rate) == (False, 0.25)
    assert b.ratio == pytest.approx(0.5 / 0.8)
    assert b.ratio_interval == pytest.approx((0.365, 1.069), abs=5e-4)


def test_nobody_approved_is_a_ratio_of_zero_without_an_interval() -> None:
    _, _, c = by_group(GROUPS, APPROVED, ENDED_BADLY)

    assert (c.ratio, c.ratio_interval) == (0, (0, inf))


def test_the_reference_can_be_named() -> None:
    b, a, _ = by_group(GROUPS, APPROVED, ENDED_BADLY, reference="b")

    assert b.reference
    assert a.ratio == pytest.approx(0.8 / 0.5)


def test_there_is_no_ratio_to_a_group_of_which_nobody_is_approved() -> None:
    _, a, _ = by_group(GROUPS, APPROVED, ENDED_BADLY, reference="c")

    assert isnan(a.ratio)
    assert a.ratio_interval == (0, inf)


def test_the_worked_example_of_a_ratio() -> None:
    groups = np.array(["few"] * 50 + ["many"] * 100)
    approved = np.array([True] * 30 + [False] * 20 + [True] * 80 + [False] * 20)

    _, few = by_group(groups, approved, ~approved)

    assert few.ratio_interval == pytest.approx((0.586, 0.960), abs=5e-4)
