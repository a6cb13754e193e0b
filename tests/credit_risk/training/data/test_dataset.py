"""A file of loans is read whole, or refused with the place and the reason."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from course import CODES, FORM, LIMITS, MISSING_CODE, OPTIONAL_FIELDS
from hypothesis import given
from hypothesis import strategies as st
from loan_files import COLUMNS, HEADER, ROWS, SMALL, TABLE, saved, with_cell, written
from sklearn.feature_extraction import DictVectorizer

from credit_risk.errors import DataError
from credit_risk.training.data.dataset import Dataset, read_loans

KINDS = {n: "whole number" if each.whole else "number" for n, each in FORM.numbers.items()}
REQUIRED = sorted(LIMITS.keys() - OPTIONAL_FIELDS)
NAME_IT = ", or name it in unknown= of the form's Outcome"
COUNTED = "; row 1 is the first below the header"


def refusal(path: Path) -> DataError:
    with pytest.raises(DataError) as caught:
        read_loans(path, FORM)
    return caught.value


def refusal_of(folder: Path, content: str | bytes) -> DataError:
    return refusal(written(folder / "loans.csv", content))


def assert_same(one: Dataset, other: Dataset) -> None:
    """Assert that two datasets hold the same loans, whatever file they came from."""
    pd.testing.assert_frame_equal(one.applications, other.applications, check_exact=True)
    assert one.defaulted.tolist() == other.defaulted.tolist()
    assert (one.rows_read, dict(one.dropped)) == (other.rows_read, dict(other.dropped))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path / "loans.csv", TABLE)


def test_a_file_becomes_applications_and_outcomes(path: Path) -> None:
    read = read_loans(path, FORM)

    assert (read.name, len(read.sha256)) == ("loans.csv", 64)
    assert list(read.applications) == [column.lower() for column in COLUMNS[1:]]
    assert read.applications["home"].tolist() == ["rent", "owner", "other"]
    assert read.applications["income"].tolist() == [129.0, 200.0, 182.5]
    assert all(read.applications[field].dtype == np.float64 for field in LIMITS)
    assert read.defaulted.dtype == np.bool_
    assert read.defaulted.tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("content", "left", "dropped"),
    [(TABLE, 3, {"unknown outcome": 1}), (with_cell(3, "Status", "1"), 4, {})],
)
def test_rows_of_unknown_outcome_are_dropped_and_counted(
    tmp_path: Path, content: str, left: int, dropped: dict[str, int]
) -> None:
    read = read_loans(written(tmp_path / "loans.csv", content), FORM)

    assert (read.rows_read, read.dropped) == (4, dropped)
    assert len(read.applications) == len(read.defaulted) == left


@pytest.mark.parametrize(("field", "codes"), CODES.items())
def test_every_code_becomes_its_word(tmp_path: Path, field: str, codes: dict[int, str]) -> None:
    table = pd.concat([SMALL.iloc[:2], *[SMALL.iloc[:1]] * len(codes)], ignore_index=True)
    table.loc[2:, field.capitalize()] = [float(code) for code in codes]

    words = (
        read_loans(saved(tmp_path / "loans.parquet", table), FORM).applications[field].tolist()[2:]
    )

    assert words == [str(word) for word in codes.values()]
    assert {type(word) for word in words} == {str}


def test_records_are_ready_for_the_vectorizer(path: Path) -> None:
    records = read_loans(path, FORM).records()
    encoded = DictVectorizer(sparse=False).fit_transform(records)

    assert records[0]["home"] == "rent"
    assert records[0]["income"] == 129.0
    assert {type(value) for record in records for value in record.values()} == {str, float}
    assert encoded.shape[0] == 3


@pytest.mark.parametrize("cell", [str(MISSING_CODE), "99999999.0", "", " "])
@pytest.mark.parametrize("field", sorted(OPTIONAL_FIELDS))
def test_missing_numbers_are_nan(tmp_path: Path, field: str, cell: str) -> None:
    read = read_loans(written(tmp_path / "loans.csv", with_cell(2, field.capitalize(), cell)), FORM)

    assert read.applications.isna().sum().sum() == 1
    assert np.isnan(read.applications[field][1])
    assert np.isnan(float(read.records()[1][field]))


@pytest.mark.parametrize(
    "kind",
    ["float64", "int64", "uint32", "Int64", "float32", "str", "category", "double[pyarrow]"],
)
def test_parquet_may_store_numbers_in_any_type(path: Path, kind: str) -> None:
    whole = SMALL if kind == "float64" else SMALL.round()
    parquet = saved(path.with_name("loans.parquet"), whole.astype(kind))

    assert_same(read_loans(parquet, FORM), read_loans(saved(path, whole), FORM))


def test_column_order_and_letter_case_do_not_matter(path: Path) -> None:
    shuffled = SMALL[list(reversed(COLUMNS))].rename(columns=str.upper)

    assert_same(
        read_loans(saved(path.with_name("shuffled.csv"), shuffled), FORM), read_loans(path, FORM)
    )


@pytest.mark.parametrize(
    ("field", "meanings"),
    {"status": {0: "unknown", 1: "repaid", 2: "default"}, **CODES}.items(),
)
@pytest.mark.parametrize("value", ["9", "-1", "1.5", "rent", "", "inf", "nan"])
def test_unknown_codes_are_refused_with_the_known_ones(
    tmp_path: Path, field: str, meanings: dict[int, str], value: str
) -> None:
    column = field.capitalize()
    error = refusal_of(tmp_path, with_cell(2, column, value))
    known = ", ".join(f"{code} ({meaning})" for code, meaning in meanings.items())

    assert (error.source, error.row, error.column) == ("loans.csv", 2, column)
    assert str(error) == (
        f"loans.csv: row 2, column {column!r}: "
        f"found {repr(value) if value else 'an empty cell'}, expected one of {known}"
        f"{NAME_IT if field == 'status' else ''}{COUNTED}"
    )


@pytest.mark.parametrize(("field", "limits"), LIMITS.items())
@pytest.mark.parametrize(
    "value", ["many", "inf", "-inf", "nan", "1e400", "-0.5", "10000001", "1_0"]
)
def test_bad_numbers_are_refused_with_the_range(
    tmp_path: Path, field: str, limits: tuple[float, float], value: str
) -> None:
    column = field.capitalize()
    error = refusal_of(tmp_path, with_cell(4, column, value))

    assert (error.row, error.column) == (4, column)
    assert str(error).startswith(
        f"loans.csv: row 4, column {column!r}: found {value!r}, expected a {KINDS[field]} "
        f"from {limits[0]} to {limits[1]}"
    )
    missing = f"or 99999999 or nothing where missing{COUNTED}"
    assert str(error).endswith(missing) == (field in OPTIONAL_FIELDS)


@pytest.mark.parametrize("field", LIMITS)
def test_the_limits_themselves_are_accepted(tmp_path: Path, field: str) -> None:
    for limit in LIMITS[field]:
        path = written(tmp_path / "loans.csv", with_cell(1, field.capitalize(), str(limit)))

        assert read_loans(path, FORM).applications[field][0] == limit


@pytest.mark.parametrize("field", REQUIRED)
@pytest.mark.parametrize(
    ("cell", "found"),
    [("", "an empty cell"), (str(MISSING_CODE), "'99999999', which means missing")],
)
def test_what_is_missing_is_refused_where_a_number_must_be(
    tmp_path: Path, field: str, cell: str, found: str
) -> None:
    column = field.capitalize()
    error = refusal_of(tmp_path, with_cell(1, column, cell))

    assert str(error).startswith(
        f"loans.csv: row 1, column {column!r}: found {found}, "
        f"expected a {KINDS[field]} from {LIMITS[field][0]} to"
    )


@pytest.mark.parametrize(
    "value", [None, float("nan"), "old", True, -3.0, b"\x80", [30], date(2026, 1, 1)]
)
def test_bad_cells_of_parquet_are_refused_too(tmp_path: Path, value: object) -> None:
    ages = pd.Series([value] * 4, dtype="bool" if value is True else "object")

    error = refusal(saved(tmp_path / "loans.parquet", SMALL.assign(Age=ages)))

    assert (error.row, error.column) == (1, "Age")
    assert ", expected a number from 18 to 120; other wrong cells: 3: row 2, " in str(error)


def test_bad_cells_are_reported_in_file_order_and_each_column_explained_once(
    tmp_path: Path,
) -> None:
    table = SMALL[list(reversed(COLUMNS))].astype("str")
    table.loc[1, ["Status", "Price"]] = "x"
    table.loc[3, "Price"] = "x"

    error = refusal(saved(tmp_path / "loans.csv", table))

    assert (error.row, error.column) == (2, "Price")
    price, status = (
        "a number from 1 to 10000000",
        f"one of 0 (unknown), 1 (repaid), 2 (default){NAME_IT}",
    )
    assert str(error) == (
        f"loans.csv: row 2, column 'Price': found 'x', expected {price}; other wrong cells: 2: "
        f"row 2, column 'Status': found 'x', expected {status}; row 4, column 'Price': found 'x'"
        f"{COUNTED}"
    )


def test_the_first_ten_wrong_cells_are_shown_and_the_others_counted(tmp_path: Path) -> None:
    table = pd.concat([SMALL] * 3, ignore_index=True).assign(Age=[*range(5, 17)])

    error = str(refusal(saved(tmp_path / "loans.csv", table)))

    assert "; other wrong cells: 11, the first of them: row 2, column 'Age': found '6'; " in error
    assert error.count("column 'Age': found ") == 10
    assert error.endswith("row 10, column 'Age': found '14'" + COUNTED)


def test_long_values_are_cut_to_a_hundred_characters(tmp_path: Path) -> None:
    error = refusal_of(tmp_path, with_cell(1, "Age", "x" * 5000))

    assert f"found '{'x' * 99}…', expected" in str(error)


def test_bytes_that_are_no_text_are_refused_in_their_cell(tmp_path: Path) -> None:
    error = refusal_of(tmp_path, with_cell(2, "Price", "?").encode().replace(b"?", b"\xff"))

    assert (error.row, error.column) == (2, "Price")


@pytest.mark.parametrize(
    ("rows", "found"),
    [((0, 3), (2, 0, 0)), ((1, 2), (0, 1, 1)), ((2,), (0, 0, 1))],
)
def test_loans_that_all_ended_alike_are_refused(
    tmp_path: Path, rows: tuple[int, ...], found: tuple[int, int, int]
) -> None:
    error = refusal_of(tmp_path, "\n".join((HEADER, *(ROWS[row] for row in rows))))

    assert str(error) == (
        f"loans.csv: column 'Status': found {found[0]} loans that ended well (1), "
        f"{found[1]} that ended in default (2) and {found[2]} of unknown outcome (0), "
        "expected some of 1 and some of 2"
    )


@given(
    row=st.integers(1, len(ROWS)),
    column=st.sampled_from(COLUMNS),
    value=st.one_of(
        st.sampled_from(["inf", "nan", "None", "0x1", "-1", "1e9", "99999998"]),
        st.text("abcxyz_%$ .é✓", min_size=1).filter(str.strip),
        st.floats(max_value=-0.001).map(str),
        st.integers(min_value=MISSING_CODE + 1).map(str),
    ),
)
def test_one_corrupted_cell_is_found_exactly(
    tmp_path_factory: pytest.TempPathFactory, row: int, column: str, value: str
) -> None:
    error = refusal_of(tmp_path_factory.getbasetemp(), with_cell(row, column, value))

    assert (error.source, error.row, error.column) == ("loans.csv", row, column)
    assert str(error).startswith(f"loans.csv: row {row}, column {column!r}: found ")
    assert "other wrong cells" not in str(error)


def test_the_real_data_reads_whole(real_data: Path) -> None:
    read = read_loans(real_data, FORM)
    missing = read.applications.isna().sum()

    assert (read.rows_read, len(read.applications)) == (4455, 4454)
    assert read.dropped == {"unknown outcome": 1}
    assert read.defaulted.sum() == 1254
    assert missing[missing > 0].to_dict() == {"income": 34, "assets": 47, "debt": 18}
