"""A file becomes a table of the fourteen columns, or is refused with the reason."""

from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pandas as pd
import pytest
from course import CATEGORIES, FORM, LIMITS
from loan_files import COLUMNS, FILES, HEADER, ROWS, SMALL, TABLE, saved, written
from running import answering

from credit_risk.errors import DataError
from credit_risk.training.data.table import read_table

LABELLED = SMALL.set_index(pd.Index([7, 3, 5, 1]))


class Files(SimpleHTTPRequestHandler):
    """Serves a folder."""

    def log_message(self, *_: object) -> None:
        """Keep the test output clean."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve ``tmp_path`` and yield its URL."""
    monkeypatch.setenv("no_proxy", "*")
    with answering(partial(Files, directory=str(tmp_path))) as url:
        yield url


def numbers(source: str | Path) -> pd.DataFrame:
    """The cells of a file as numbers."""
    return read_table(source, FORM).cells.astype("float64")


def refusal(source: str | Path) -> DataError:
    with pytest.raises(DataError) as caught:
        read_table(source, FORM)
    return caught.value


def test_the_columns_are_the_outcome_and_every_field_once() -> None:
    fields = [column.lower() for column in COLUMNS[1:]]

    assert COLUMNS[0] == "Status"
    assert sorted(fields) == sorted([*LIMITS, *CATEGORIES])


def test_a_table_has_the_name_the_hash_and_the_cells_of_its_file(tmp_path: Path) -> None:
    read = read_table(written(tmp_path / "loans.csv", TABLE), FORM)

    assert (read.name, read.sha256) == ("loans.csv", sha256(TABLE.encode()).hexdigest())
    assert tuple(read.cells) == COLUMNS
    assert [",".join(row) for row in read.cells.itertuples(index=False)] == list(ROWS)


@pytest.mark.parametrize("file", FILES)
def test_a_file_at_a_url_is_read_like_one_at_a_path(site: str, tmp_path: Path, file: str) -> None:
    path = saved(tmp_path / file, SMALL)

    from_path, from_url = read_table(path, FORM), read_table(f"{site}/{file}?token=secret", FORM)

    assert (from_url.name, from_url.sha256) == (file, from_path.sha256)
    pd.testing.assert_frame_equal(from_url.cells, from_path.cells)
    pd.testing.assert_frame_equal(numbers(path), SMALL)


def test_the_content_tells_the_format_and_the_name_does_not(tmp_path: Path) -> None:
    SMALL.to_parquet(tmp_path / "parquet.csv")

    pd.testing.assert_frame_equal(numbers(tmp_path / "parquet.csv"), SMALL)


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
def test_csv_of_any_program_is_read(tmp_path: Path, content: str) -> None:
    pd.testing.assert_frame_equal(numbers(written(tmp_path / "loans.csv", content)), SMALL)


def test_row_labels_that_pandas_puts_into_parquet_are_no_column(tmp_path: Path) -> None:
    pd.testing.assert_frame_equal(numbers(saved(tmp_path / "loans.parquet", LABELLED)), SMALL)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("nowhere.csv", "No such file or directory"), ("", "Is a directory")],
)
def test_what_is_no_file_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    assert str(refusal(tmp_path / name)) == (
        f"{tmp_path / name}: cannot be read: {reason}; "
        "expected a CSV, Parquet or XLSX file or an http(s) URL"
    )


def test_a_url_that_answers_an_error_is_said_to_be_so(site: str) -> None:
    assert str(refusal(f"{site}/nowhere.csv?token=secret")) == (
        f"{site}/nowhere.csv: cannot be reached: HTTP Error 404: File not found"
    )


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1/loans.csv", "Connection refused"),
        ("http://127.0.0.1:port/", "it is not a valid URL"),
    ],
)
def test_a_url_where_nobody_answers_is_said_to_be_so(
    monkeypatch: pytest.MonkeyPatch, url: str, reason: str
) -> None:
    monkeypatch.setenv("no_proxy", "*")

    assert str(refusal(url)) == f"{url}: cannot be reached: {reason}"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b" \n\n", "an empty file"),
        (b"\x89PNG\r\n\x00\x00\x1a\x00", "binary data"),
        (bytes(range(128, 256)), "binary data"),
        (b"\xff\xfe\x00\xd8", "binary data"),
        (b'[{"Status": 1}]', "JSON"),
        (b"%PDF-1.7", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook of the old kind (XLS)"),
        (b"ARROW1\0\0", "Arrow or Feather"),
        (b"\x80\x04\x95", "a pickle"),
        (TABLE.replace(",", " ").encode(), "cells with blanks between them"),
        (b"<!DOCTYPE html>\n<html></html>", "a web page"),
        (b"PAR1", "Parquet"),
        (b"PAR1" + b"junk" * 100 + b"PAR1", "Parquet"),
    ],
)
def test_what_is_not_a_table_is_refused(tmp_path: Path, content: bytes, found: str) -> None:
    error = str(refusal(written(tmp_path / "loans.csv", content)))

    assert error.startswith("loans.csv: found ")
    assert found.lower() in error.lower()
    assert error.endswith(", expected a table in CSV, Parquet or XLSX")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (
            SMALL.drop(columns=["Debt", "Age"]).assign(Sex=1, Colour=2),
            "missing columns 'Age', 'Debt'; unexpected columns 'Sex', 'Colour'",
        ),
        (SMALL.assign(AGE=40), "repeated columns 'Age'"),
        (SMALL.assign(**{" Age": 40}), "repeated columns 'Age'"),
        (SMALL.rename(columns={"Age": ""}), "missing columns 'Age'; unexpected columns ''"),
    ],
    ids=["missing and unexpected", "in another letter case", "with a space", "unnamed"],
)
def test_wrong_columns_are_named(
    tmp_path: Path, file: str, table: pd.DataFrame, problem: str
) -> None:
    assert str(refusal(saved(tmp_path / file, table))) == (
        f"{file}: found {problem}; expected once each: {', '.join(COLUMNS)}"
    )


def test_columns_repeated_exactly_are_named(tmp_path: Path) -> None:
    lines = "\n".join(f"{line},{line.split(',')[0]}" for line in TABLE.splitlines())

    assert "found repeated columns 'Status'" in str(refusal(written(tmp_path / "a.csv", lines)))


@pytest.mark.parametrize(
    ("separator", "notes"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")]
)
def test_the_separator_is_found(tmp_path: Path, separator: str, notes: str) -> None:
    read = read_table(written(tmp_path / "loans.csv", TABLE.replace(",", separator)), FORM)

    pd.testing.assert_frame_equal(read.cells.astype("float64"), SMALL)
    assert read.notes == (notes,)


def test_another_separator_is_shown_with_the_columns(tmp_path: Path) -> None:
    error = str(refusal(written(tmp_path / "loans.csv", TABLE.replace(",", ":"))))

    assert f"loans.csv: found missing columns 'Status', {COLUMNS[1]!r}" in error
    assert f"unexpected columns 'Status:{COLUMNS[1]}:" in error


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("labels", [range(4), [7, 3, 5, 1]], ids=["in order", "in any order"])
def test_row_labels_in_front_are_left_out(tmp_path: Path, file: str, labels: list[int]) -> None:
    table = SMALL.copy()
    table.insert(0, "Unnamed: 0" if file.endswith("parquet") else "", labels)

    read = read_table(saved(tmp_path / file, table), FORM)

    pd.testing.assert_frame_equal(read.cells.astype("float64"), SMALL)
    assert read.notes == ("row labels left out",)


@pytest.mark.parametrize("first", ["1,", "x,"], ids=["the same number", "text"])
def test_a_column_without_a_name_that_holds_something_else_is_refused(
    tmp_path: Path, first: str
) -> None:
    lines = "\n".join(["," + HEADER, *(first + row for row in ROWS)])

    assert "found unexpected columns ''" in str(refusal(written(tmp_path / "loans.csv", lines)))


def test_columns_without_name_and_cells_are_left_out(tmp_path: Path) -> None:
    lines = "".join(f"{line};;\n" for line in TABLE.replace(",", ";").splitlines())

    pd.testing.assert_frame_equal(numbers(written(tmp_path / "loans.csv", lines)), SMALL)


@pytest.mark.parametrize("file", FILES)
def test_blanks_around_names_do_not_matter(tmp_path: Path, file: str) -> None:
    table = SMALL.rename(columns=lambda name: f" {name.upper()}  ")

    pd.testing.assert_frame_equal(numbers(saved(tmp_path / file, table)), SMALL)


def test_a_refusal_says_as_what_a_file_was_read(tmp_path: Path) -> None:
    text = TABLE.replace("Status", "Statüs").replace(",", ";").encode("latin-1")

    error = str(refusal(written(tmp_path / "loans.csv", text)))

    assert "missing columns 'Status'; unexpected columns 'Statüs'" in error
    assert "(read as Latin-1, semicolons); expected once each: Status" in error


SHORTER_AND_LONGER = [
    (ROWS[1] + ",7", len(COLUMNS) + 1),
    (ROWS[1].rpartition(",")[0], len(COLUMNS) - 1),
    ("2", 1),
]


@pytest.mark.parametrize(("row", "found"), SHORTER_AND_LONGER)
def test_rows_of_another_length_are_refused(tmp_path: Path, row: str, found: int) -> None:
    error = refusal(written(tmp_path / "loans.csv", TABLE.replace(ROWS[1], row)))

    assert str(error) == f"loans.csv: row 2: found {found} cells, expected {len(COLUMNS)}"


@pytest.mark.parametrize("file", FILES)
def test_a_table_without_rows_is_refused(tmp_path: Path, file: str) -> None:
    error = refusal(saved(tmp_path / file, SMALL.iloc[:0]))

    assert str(error) == f"{file}: found no rows below the header, expected at least two loans"
