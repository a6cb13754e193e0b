"""What is made of the cells of an unknown column, and why of some nothing is."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from credit_risk.errors import DataError
from credit_risk.form.guess import Column, find_codes, has_decimal_commas, read_columns


def column(*cells: str, name: str = "x") -> Column:
    return Column.of(name, cells)


@pytest.mark.parametrize(
    ("cells", "numbers", "unit", "missing"),
    [
        (["1", "2.5", "-3", "1e3", ""], [1, 2.5, -3, 1000], "", ("",)),
        (["12,5 %", "3 %"], [12.5, 3], "%", ()),
        (["€ 5", "7 €", "0", "-"], [5, 7, 0], "€", ("-",)),
        (["5 €", "5 $"], [], "", ()),
        (["1"] * 20 + ["ask"], [1] * 20, "", ("ask",)),
        (["1"] * 8 + ["ask", "me"], [], "", ()),
        (["01067", "80331"], [], "", ()),
        (["inf", "1_000"], [], "", ()),
    ],
)
def test_numbers_have_a_unit_and_markers(
    cells: Sequence[str], numbers: list[float], unit: str, missing: tuple[str, ...]
) -> None:
    found = column(*cells)

    assert (found.numbers, found.unit, found.missing) == (numbers, unit, missing)


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (["a", "a", ""], "1 different values"),
        (["1.2.2023", "28.12.2023"], "dates, such as '1.2.2023'; a number can say it"),
        (["2023-01-02T10:00", "2023-01-02"], "dates, such as '2023-01-02T10:00'"),
        (["1.100,25", "12"], "numbers with a separator of thousands, such as '1.100,25'; write"),
        (["1'000", "12"], 'numbers with a separator of thousands, such as "1\'000"; write'),
        (["17", "19", "23"], "a number of each row, it seems"),
        (["2e12", "1"], "numbers above 1000000000000"),
        ([f"text {n}" for n in range(31)], "31 different texts, such as 'text 0'"),
        (["1,5", "2"], "numbers such as '1,5', whose comma may be that of a thousand; write all"),
    ],
)
def test_a_column_of_no_use_says_why(cells: Sequence[str], why: str) -> None:
    assert column(*cells).useless(commas=False).startswith(why)


@pytest.mark.parametrize("cells", [["1", "5", "3"], ["rent", "own"], ["01", "02"], ["yes", "no"]])
def test_any_other_column_is_of_use(cells: Sequence[str]) -> None:
    assert not column(*cells).useless(commas=False)


def test_a_number_of_each_row_is_known_by_its_order_or_its_name() -> None:
    assert not column("3", "1", "2").useless(commas=False)
    assert column("3", "1", "2", name="Customer ID").useless(commas=False)


@pytest.mark.parametrize(
    ("columns", "decimal"),
    [
        ([["1,5", "2"]], True),
        ([["1,250"], ["2,75"]], True),
        ([["1,250"]], False),
        ([["1,5"], ["2.5"]], False),
        ([["1,5"], ["2.5 or so"]], True),
    ],
)
def test_commas_are_decimal_ones_as_the_reader_takes_them(
    columns: list[list[str]],
    decimal: bool,  # noqa: FBT001
) -> None:
    assert has_decimal_commas([column(*cells) for cells in columns]) is decimal


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ([0, 1, 13, 96, 98], [96, 98]),
        ([0, 4, 99], [99]),
        ([0.5, 4, 999, 9999], [999, 9999]),
        ([-1, 0, 7], [-1]),
        ([-9, -1, 0, 7, 99], [-9, -1, 99]),
        ([-2.5, -1, 0, 7], []),
        ([18, 75, 99], []),
        ([0, 3, 50, 96], []),
        ([0, 96, 97, 98, 99], []),
        ([-4, -3, -2, -1, 8], []),
        ([96, 98], []),
        ([5, 7000], []),
    ],
)
def test_numbers_far_from_all_others_look_like_codes(
    numbers: list[float], found: list[float]
) -> None:
    assert find_codes(numbers) == found


def test_a_header_has_the_names_and_blank_ones(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes("sep=;\r\nBetrag (€); a ;\r\n1;2;\r\n3;4;".encode("cp1252"))

    columns, rows = read_columns(tmp_path / "x.csv")

    assert [each.name for each in columns] == ["Betrag (€)", "a", ""]
    assert rows == 2


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(b"PK\3\4" + bytes(50))

    with pytest.raises(DataError, match="found no table, expected CSV with a header"):
        read_columns(tmp_path / "x.xlsx")
