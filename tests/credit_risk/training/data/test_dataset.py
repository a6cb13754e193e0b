"""A file of loans is read whole, or refused with the place and the reason."""

from collections.abc import Iterator
from datetime import date
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from threading import Thread

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction import DictVectorizer

from credit_risk.errors import DataError
from credit_risk.form import CATEGORIES, CODES, LIMITS, MISSING_CODE, OPTIONAL_FIELDS
from credit_risk.training.data.dataset import CODE_MEANINGS, Dataset, read_loans
from credit_risk.training.data.table import COLUMNS

HEADER = ",".join(COLUMNS)
ROWS = (
    "1,9,1,60,30,2,1,3,73,129,0,0,800,846",
    "2,10,2,36,46,2,2,3,90,200,3000,0,2000,2985",
    "0,10,3,60,25,1,1,1,35,148,3000,0,1500,1888",
    "1,0,6,60,24,1,1,4,63,182.5,2500,0,900,1325",
)
TABLE = "\n".join((HEADER, *ROWS)) + "\n"
SMALL = pd.read_csv(StringIO(TABLE)).astype("float64")


def refusal(path: Path, content: str | bytes) -> DataError:
    """Write a file and return the error that reading it raises."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as caught:
        read_loans(path)
    return caught.value


def saved(table: pd.DataFrame, path: Path) -> Path:
    """Write a table in the format that the path's ending names."""
    table.to_parquet(path) if path.suffix == ".parquet" else table.to_csv(path, index=False)
    return path


def with_cell(row: int, column: str, value: str) -> str:
    """Return the small table with another value in one cell; row 1 is the first."""
    lines = [line.split(",") for line in TABLE.splitlines()]
    lines[row][COLUMNS.index(column)] = value
    return "\n".join(",".join(line) for line in lines)


def assert_same(one: Dataset, other: Dataset) -> None:
    """Assert that two datasets hold the same loans, whatever file they came from."""
    pd.testing.assert_frame_equal(one.applications, other.applications, check_exact=True)
    assert one.defaulted.tolist() == other.defaulted.tolist()
    assert (one.rows_read, dict(one.dropped)) == (other.rows_read, dict(other.dropped))


@pytest.fixture
def loans(tmp_path: Path) -> Path:
    path = tmp_path / "loans.csv"
    path.write_text(TABLE)
    return path


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files."""

    def log_message(self, *_: object) -> None:
        """Keep the test output clean."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve ``tmp_path`` and yield its URL."""
    monkeypatch.setenv("no_proxy", "*")
    handler = partial(QuietHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_columns_are_the_outcome_and_every_field_once() -> None:
    fields = [column.lower() for column in COLUMNS[1:]]

    assert COLUMNS[0] == "Status"
    assert sorted(fields) == sorted([*LIMITS, *CATEGORIES])


def test_a_file_becomes_applications_and_outcomes(loans: Path) -> None:
    read = read_loans(loans)

    assert read.name == "loans.csv"
    assert read.sha256 == sha256(TABLE.encode()).hexdigest()
    assert list(read.applications) == [column.lower() for column in COLUMNS[1:]]
    assert read.applications["home"].tolist() == ["rent", "owner", "other"]
    assert read.applications["income"].tolist() == [129.0, 200.0, 182.5]
    assert all(read.applications[field].dtype == np.float64 for field in LIMITS)
    assert read.defaulted.dtype == np.bool_
    assert read.defaulted.tolist() == [False, True, False]


def test_rows_of_unknown_outcome_are_dropped_and_counted(loans: Path) -> None:
    read = read_loans(loans)

    assert read.rows_read == 4
    assert len(read.applications) == len(read.defaulted) == 3
    assert read.dropped == {"unknown outcome": 1}


def test_nothing_is_said_to_be_dropped_where_nothing_is(tmp_path: Path) -> None:
    path = tmp_path / "loans.csv"
    path.write_text(with_cell(3, "Status", "1"))

    read = read_loans(path)

    assert read.rows_read == len(read.applications) == 4
    assert read.dropped == {}


def test_every_code_becomes_its_word(tmp_path: Path) -> None:
    path = tmp_path / "loans.parquet"
    for field, codes in CODES.items():
        table = pd.concat([SMALL.iloc[:2], *[SMALL.iloc[:1]] * len(codes)], ignore_index=True)
        table.loc[2:, field.capitalize()] = [float(code) for code in codes]
        table.to_parquet(path)

        words = read_loans(path).applications[field].tolist()[2:]

        assert words == [str(word) for word in codes.values()]
        assert {type(word) for word in words} == {str}


def test_records_are_ready_for_the_vectorizer(loans: Path) -> None:
    records = read_loans(loans).records()
    encoded = DictVectorizer(sparse=False).fit_transform(records)

    assert records[0]["home"] == "rent"
    assert records[0]["income"] == 129.0
    assert {type(value) for record in records for value in record.values()} == {str, float}
    assert encoded.shape[0] == 3


@pytest.mark.parametrize("written", [str(MISSING_CODE), "99999999.0", "", " "])
@pytest.mark.parametrize("field", sorted(OPTIONAL_FIELDS))
def test_missing_numbers_are_nan(tmp_path: Path, field: str, written: str) -> None:
    path = tmp_path / "loans.csv"
    path.write_text(with_cell(2, field.capitalize(), written))

    read = read_loans(path)

    assert read.applications.isna().sum().sum() == 1
    assert np.isnan(read.applications[field][1])
    assert np.isnan(float(read.records()[1][field]))


def test_csv_parquet_and_url_give_the_same_loans(loans: Path, site: str) -> None:
    parquet = saved(SMALL, loans.with_name("loans.parquet"))

    from_csv = read_loans(loans)
    from_parquet = read_loans(str(parquet))
    from_url = read_loans(f"{site}/loans.csv?token=secret")
    parquet_from_url = read_loans(f"{site}/loans.parquet")

    assert from_url.name == "loans.csv"
    assert from_url.sha256 == from_csv.sha256
    for other in (from_parquet, from_url, parquet_from_url):
        assert_same(other, from_csv)


def test_the_content_tells_the_format_and_the_name_does_not(loans: Path) -> None:
    disguised = loans.with_name("parquet.csv")
    SMALL.to_parquet(disguised)

    assert_same(read_loans(disguised), read_loans(loans))


@pytest.mark.parametrize(
    "kind", ["int64", "uint32", "Int64", "float32", "str", "category", "double[pyarrow]"]
)
def test_parquet_may_store_numbers_in_any_type(tmp_path: Path, kind: str) -> None:
    whole = SMALL.round()
    saved(whole, tmp_path / "loans.csv")
    saved(whole.astype(kind), tmp_path / "loans.parquet")

    assert_same(read_loans(tmp_path / "loans.parquet"), read_loans(tmp_path / "loans.csv"))


def test_row_labels_that_pandas_puts_into_parquet_are_no_column(loans: Path) -> None:
    labelled = saved(SMALL.set_index(pd.Index([7, 3, 5, 1])), loans.with_name("loans.parquet"))

    assert_same(read_loans(labelled), read_loans(loans))


def test_column_order_and_letter_case_do_not_matter(loans: Path) -> None:
    shuffled = SMALL[list(reversed(COLUMNS))].rename(columns=str.upper)
    other = saved(shuffled, loans.with_name("shuffled.csv"))

    assert_same(read_loans(other), read_loans(loans))


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + TABLE,
        TABLE.replace("\n", "\r\n"),
        TABLE + "\n\n",
        TABLE.rstrip("\n"),
        ",".join(f'"{column}"' for column in COLUMNS) + TABLE.removeprefix(HEADER),
    ],
    ids=["byte order mark", "windows", "blank lines", "no last newline", "quoted header"],
)
def test_csv_of_any_program_is_read(loans: Path, content: str) -> None:
    other = loans.with_name("other.csv")
    other.write_bytes(content.encode())

    assert_same(read_loans(other), read_loans(loans))


def test_a_file_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_loans(tmp_path / "nowhere.csv")

    assert str(caught.value) == (
        f"{tmp_path / 'nowhere.csv'}: cannot be read: No such file or directory; "
        "expected a CSV or Parquet file or an http(s) URL"
    )


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read_loans(tmp_path)


def test_a_url_that_answers_an_error_is_said_to_be_so(site: str) -> None:
    with pytest.raises(DataError) as caught:
        read_loans(f"{site}/nowhere.csv?token=secret")

    assert str(caught.value) == (
        f"{site}/nowhere.csv: cannot be reached: HTTP Error 404: File not found"
    )


def test_a_url_where_nobody_answers_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with ThreadingHTTPServer(("127.0.0.1", 0), QuietHandler) as server:
        port = server.server_port
    with pytest.raises(DataError, match=r"cannot be reached: Connection refused"):
        read_loans(f"http://127.0.0.1:{port}/loans.csv")


def test_a_malformed_url_is_refused() -> None:
    with pytest.raises(
        DataError, match=r"http://127\.0\.0\.1:port/: cannot be reached: it is not a valid URL"
    ):
        read_loans("http://127.0.0.1:port/")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b" \n\n", "an empty file"),
        (b"\x89PNG\r\n\x00\x00\x1a\x00", "binary data"),
        (bytes(range(128, 256)), "binary data"),
        (TABLE.encode("utf-16"), "binary data"),
        (b"<!DOCTYPE html>\n<html></html>", "a web page"),
        (b"PAR1", "Parquet"),
        (b"PAR1" + b"junk" * 100 + b"PAR1", "Parquet"),
    ],
)
def test_what_is_not_a_table_is_refused(tmp_path: Path, content: bytes, found: str) -> None:
    error = refusal(tmp_path / "loans.csv", content)

    assert str(error).startswith("loans.csv: found ")
    assert found.lower() in str(error).lower()
    assert str(error).endswith(", expected a table in CSV or Parquet")


@pytest.mark.parametrize("file", ["loans.csv", "loans.parquet"])
def test_all_missing_and_unexpected_columns_are_named(tmp_path: Path, file: str) -> None:
    table = SMALL.drop(columns=["Debt", "Age"]).assign(Sex=1, Colour=2)
    path = saved(table, tmp_path / file)

    error = refusal(path, path.read_bytes())

    assert str(error) == (
        f"{file}: found missing columns 'Age', 'Debt'; unexpected columns 'Sex', 'Colour'; "
        f"expected once each: {', '.join(COLUMNS)}"
    )


@pytest.mark.parametrize("file", ["loans.csv", "loans.parquet"])
def test_repeated_columns_are_named_whatever_their_letter_case(tmp_path: Path, file: str) -> None:
    table = SMALL.assign(AGE=40)
    path = saved(table, tmp_path / file)

    error = refusal(path, path.read_bytes())

    assert f"{file}: found repeated columns 'Age'; expected once each: Status" in str(error)


def test_columns_repeated_exactly_are_named(tmp_path: Path) -> None:
    lines = "\n".join(f"{line},{line.split(',')[0]}" for line in TABLE.splitlines())

    assert "found repeated columns 'Status'" in str(refusal(tmp_path / "loans.csv", lines))


def test_spaces_in_a_column_name_are_not_forgiven(tmp_path: Path) -> None:
    error = refusal(tmp_path / "loans.csv", TABLE.replace(",Age", ", Age"))

    assert "missing columns 'Age'; unexpected columns ' Age'" in str(error)


def test_text_without_our_header_is_refused_for_its_columns(tmp_path: Path) -> None:
    error = refusal(tmp_path / "loans.csv", TABLE.replace(",", ";"))

    assert "loans.csv: found missing columns 'Status', 'Seniority'" in str(error)
    assert "unexpected columns 'Status;Seniority;" in str(error)


@pytest.mark.parametrize(("column", "codes"), CODE_MEANINGS.items())
@pytest.mark.parametrize("value", ["9", "-1", "1.5", "rent", "", "inf", "nan"])
def test_unknown_codes_are_refused_with_the_known_ones(
    tmp_path: Path, column: str, codes: dict[int, str], value: str
) -> None:
    column = column.capitalize()
    error = refusal(tmp_path / "loans.csv", with_cell(2, column, value))
    known = ", ".join(f"{code} ({word})" for code, word in codes.items())

    assert (error.source, error.row, error.column) == ("loans.csv", 2, column)
    assert str(error) == (
        f"loans.csv: row 2, column {column!r}: "
        f"found {repr(value) if value else 'an empty cell'}, expected one of {known}"
    )


@pytest.mark.parametrize(("field", "limits"), LIMITS.items())
@pytest.mark.parametrize(
    "value", ["many", "inf", "-inf", "nan", "1e400", "-0.5", "10000001", "1_0"]
)
def test_bad_numbers_are_refused_with_the_range(
    tmp_path: Path, field: str, limits: tuple[float, float], value: str
) -> None:
    column = field.capitalize()
    error = refusal(tmp_path / "loans.csv", with_cell(4, column, value))
    low, high = limits

    assert (error.row, error.column) == (4, column)
    assert str(error).startswith(
        f"loans.csv: row 4, column {column!r}: found {value!r}, expected a number "
        f"from {low} to {high}"
    )
    assert str(error).endswith("or 99999999 or nothing where missing") == (field in OPTIONAL_FIELDS)


@pytest.mark.parametrize("field", LIMITS)
def test_the_limits_themselves_are_accepted(tmp_path: Path, field: str) -> None:
    path = tmp_path / "loans.csv"
    for limit in LIMITS[field]:
        path.write_text(with_cell(1, field.capitalize(), str(limit)))

        assert read_loans(path).applications[field][0] == limit


@pytest.mark.parametrize("field", sorted(LIMITS.keys() - OPTIONAL_FIELDS))
def test_empty_cells_are_refused_where_a_number_must_be(tmp_path: Path, field: str) -> None:
    column = field.capitalize()
    error = refusal(tmp_path / "loans.csv", with_cell(1, column, ""))

    assert f"row 1, column {column!r}: found an empty cell, expected a number from" in str(error)


@pytest.mark.parametrize("field", sorted(LIMITS.keys() - OPTIONAL_FIELDS))
def test_the_missing_code_is_refused_where_a_number_must_be(tmp_path: Path, field: str) -> None:
    column = field.capitalize()
    error = refusal(tmp_path / "loans.csv", with_cell(1, column, str(MISSING_CODE)))

    assert (
        f"loans.csv: row 1, column {column!r}: found '99999999', which means missing, "
        f"expected a number from {LIMITS[field][0]} to"
    ) in str(error)


@pytest.mark.parametrize(
    "value", [None, float("nan"), "old", True, -3.0, b"\x80", [30], date(2026, 1, 1)]
)
def test_bad_cells_of_parquet_are_refused_too(tmp_path: Path, value: object) -> None:
    path = tmp_path / "loans.parquet"
    kind = "bool" if value is True else "object"
    SMALL.assign(Age=pd.Series([value] * 4, dtype=kind)).to_parquet(path)

    error = refusal(path, path.read_bytes())

    assert (error.row, error.column) == (1, "Age")
    assert str(error).endswith("expected a number from 18 to 120; other wrong cells: 3")


def test_the_first_bad_cell_in_file_order_is_reported_and_the_others_are_counted(
    tmp_path: Path,
) -> None:
    table = SMALL[list(reversed(COLUMNS))].astype("str")
    table.loc[1, ["Status", "Price"]] = "x"
    table.loc[3, "Price"] = "x"

    error = refusal(tmp_path / "loans.csv", table.to_csv(index=False))

    assert (error.row, error.column) == (2, "Price")
    assert str(error).endswith("; other wrong cells: 2")


def test_long_values_are_cut_to_a_hundred_characters(tmp_path: Path) -> None:
    error = refusal(tmp_path / "loans.csv", with_cell(1, "Age", "x" * 5000))

    assert f"found '{'x' * 99}…', expected" in str(error)


def test_bytes_that_are_no_text_are_refused_in_their_cell(tmp_path: Path) -> None:
    content = with_cell(2, "Price", "?").encode().replace(b"?", b"\xff")

    error = refusal(tmp_path / "loans.csv", content)

    assert (error.row, error.column) == (2, "Price")


@pytest.mark.parametrize(("row", "found"), [(ROWS[1] + ",7", 15), (ROWS[1][:-5], 13), ("2", 1)])
def test_rows_of_another_length_are_refused(tmp_path: Path, row: str, found: int) -> None:
    error = refusal(tmp_path / "loans.csv", TABLE.replace(ROWS[1], row))

    assert str(error) == f"loans.csv: row 2: found {found} cells, expected 14"


@pytest.mark.parametrize("file", ["loans.csv", "loans.parquet"])
def test_a_table_without_rows_is_refused(tmp_path: Path, file: str) -> None:
    path = saved(SMALL.iloc[:0], tmp_path / file)

    error = refusal(path, path.read_bytes())

    assert str(error) == f"{file}: found no rows below the header, expected at least two loans"


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ((0, 3), (2, 0, 0)),
        ((1, 2), (0, 1, 1)),
        ((2,), (0, 0, 1)),
    ],
)
def test_loans_that_all_ended_alike_are_refused(
    tmp_path: Path, rows: tuple[int, ...], found: tuple[int, int, int]
) -> None:
    content = "\n".join((HEADER, *(ROWS[row] for row in rows)))

    error = refusal(tmp_path / "loans.csv", content)

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
    path = tmp_path_factory.getbasetemp() / "corrupted.csv"

    error = refusal(path, with_cell(row, column, value))

    assert (error.source, error.row, error.column) == ("corrupted.csv", row, column)
    assert str(error).startswith(f"corrupted.csv: row {row}, column {column!r}: found ")
    assert "other wrong cells" not in str(error)


def test_the_real_data_reads_whole(real_data: Path) -> None:
    read = read_loans(real_data)
    missing = read.applications.isna().sum()

    assert (read.rows_read, len(read.applications)) == (4455, 4454)
    assert read.dropped == {"unknown outcome": 1}
    assert read.defaulted.sum() == 1254
    assert missing[missing > 0].to_dict() == {"income": 34, "assets": 47, "debt": 18}
