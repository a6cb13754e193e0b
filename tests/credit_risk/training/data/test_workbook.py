"""A workbook becomes a table if one of its sheets has cells."""

from pathlib import Path

import pandas as pd
import pytest
from course import FORM
from loan_files import HEADER, ROWS, SMALL, workbook, written

from credit_risk.errors import DataError
from credit_risk.training.data.table import read_table
from credit_risk.training.data.workbook import read_workbook

LINES = [line.split(",") for line in (HEADER, *ROWS)]


def test_the_only_sheet_with_cells_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "loans.csv", workbook(notes=[], loans=LINES))

    read = read_table(path, FORM)

    pd.testing.assert_frame_equal(read.cells.astype("float64"), SMALL)
    assert read.notes == ("XLSX",)


def test_whole_numbers_are_written_as_such() -> None:
    cells = read_workbook(workbook(loans=[["Age", "Income"], ["30", "182.5"]]))

    assert cells.to_dict("records") == [{"Age": 30, "Income": 182.5}]


def test_blank_rows_are_left_out() -> None:
    cells = read_workbook(workbook(loans=[["Age"], [], ["30"], [], ["31"], []]))

    assert cells["Age"].tolist() == [30, 31]


def test_text_stays_text_and_an_empty_cell_is_empty() -> None:
    cells = read_workbook(workbook(loans=[["Age", "Job"], ["thirty", ""], ["31", "1"]]))

    assert cells.to_numpy().tolist() == [["thirty", ""], [31, 1]]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (workbook(one=LINES, two=LINES), "a workbook with 2 sheets that have cells ('one', 'two')"),
        (workbook(one=[]), "a workbook with 0 sheets that have cells"),
        (workbook(one=LINES)[:-40], "File is not a zip file"),
    ],
    ids=["two sheets", "no cells", "damaged"],
)
def test_any_other_workbook_is_named(tmp_path: Path, content: bytes, found: str) -> None:
    with pytest.raises(DataError) as caught:
        read_table(written(tmp_path / "loans.xlsx", content), FORM)

    assert str(caught.value) == (
        f"loans.xlsx: found {found}, expected a table in CSV, Parquet or XLSX"
    )
