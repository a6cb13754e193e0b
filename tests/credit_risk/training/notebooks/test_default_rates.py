"""How often loans end in default, on a few of them."""

import numpy as np
import pytest

from credit_risk.training.notebooks.default_rates import Rate, by_category, by_range

OUTCOMES = np.array([True, False, False, True, True, True])


def test_words_are_counted_and_the_highest_default_rate_is_first() -> None:
    words = np.array(["yes", "no", "no", "no", "yes", "yes"])

    assert by_category(words, OUTCOMES) == (Rate("yes", 3, 3), Rate("no", 3, 1))


def test_a_worked_example_of_ranges() -> None:
    found = by_range(np.array([1.0, 2, 2, 2, 3, 4]), OUTCOMES, ranges=2)

    assert found == (Rate("1 to 2", 4, 2), Rate("3 to 4", 2, 2))


def test_ranges_hold_about_equally_many_loans() -> None:
    found = by_range(np.arange(1000.0), np.arange(1000) % 2 == 0, ranges=8)

    assert [rate.rows for rate in found] == [125] * 8
    assert (found[0].name, found[-1].name) == ("0 to 124", "875 to 999")


def test_a_missing_number_is_last_and_in_no_range() -> None:
    found = by_range(np.array([np.nan, 1, 2, 3, 4, np.nan]), OUTCOMES, ranges=2)

    assert found[-1] == Rate("missing", 2, 2)
    assert sum(rate.rows for rate in found) == len(OUTCOMES)


def test_where_all_numbers_are_equal_there_is_one_range() -> None:
    assert by_range(np.full(6, 35.0), OUTCOMES) == (Rate("35", 6, 4),)


def test_narrow_ranges_and_negative_numbers_can_be_read() -> None:
    found = by_range(np.array([-20.0, -10, 0.5, 0.75, 0.8, 0.9]), OUTCOMES, ranges=2)

    assert [rate.name for rate in found] == ["−20 to 0", "0.75 to 0.90"]  # noqa: RUF001


def test_the_worked_example_of_an_interval() -> None:
    rate = Rate("yes", 10, 8)

    assert rate.default_rate == 0.8
    assert rate.interval == pytest.approx((0.490, 0.943), abs=5e-4)
