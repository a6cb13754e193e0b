"""Cells become numbers; a comma is a decimal one only where there is no doubt."""

import math
from datetime import date

import pandas as pd
import pytest

from credit_risk.training.data.numbers import has_unclear_comma, read_numbers


def read(*cells: object) -> tuple[list[float], bool]:
    numbers, commas = read_numbers(pd.DataFrame({"Income": cells}))
    return numbers["Income"].tolist(), commas


def test_text_numbers_and_mixtures_are_read_alike() -> None:
    for cells in (["1", "2.5"], [1.0, 2.5], ["1", 2.5], [" 1 ", "2.5\u00a0"]):
        assert read(*cells) == ([1.0, 2.5], False)


def test_what_is_empty_is_nan_and_what_is_no_number_is_infinite() -> None:
    (empty, blank, missing, word, day), _ = read("", "  ", None, "many", date(2026, 1, 1))

    assert all(math.isnan(each) for each in (empty, blank, missing))
    assert word == day == math.inf


@pytest.mark.parametrize("cells", [["182,5", "100"], ["-0,25", "1,234"], ["0,125"], ["1234,567"]])
def test_a_comma_that_can_only_be_decimal_is_read(cells: list[str]) -> None:
    numbers, commas = read(*cells)

    assert commas
    assert numbers == [float(cell.replace(",", ".")) for cell in cells]


@pytest.mark.parametrize("cells", [["1,234"], ["182,5", "1.5"], ["1.234,5"], ["1,234,567"]])
def test_a_comma_in_doubt_makes_no_number(cells: list[str]) -> None:
    numbers, _ = read(*cells)

    assert numbers[0] == math.inf


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1200 €", "€ 300", "0"], [1200, 300, 0]),
        (["$1200.50", "-"], [1200.5, math.inf]),
        (["12,5 %", "3%"], [12.5, 3]),
        (["1200 EUR"], [1200]),
    ],
)
def test_a_unit_beside_the_numbers_is_left_out(cells: list[str], expected: list[float]) -> None:
    assert read(*cells)[0] == expected


@pytest.mark.parametrize("cells", [["1200 €", "1300 $"], ["€ 5 %"], ["5 apples"], ["1 200 €"]])
def test_two_units_and_others_make_no_number(cells: list[str]) -> None:
    assert read(*cells)[0][0] == math.inf


def test_a_decimal_comma_in_one_column_is_one_in_all() -> None:
    numbers, commas = read_numbers(pd.DataFrame({"Income": ["182,5"], "Debt": ["1,234"]}))

    assert commas
    assert numbers.iloc[0].tolist() == [182.5, 1.234]


@pytest.mark.parametrize(("cell", "unclear"), [("1,234", True), ("1,234.5", False), (5, False)])
def test_a_cell_with_one_comma_is_told(cell: object, unclear: bool) -> None:  # noqa: FBT001
    assert has_unclear_comma(cell) is unclear
