"""Encoding and separator of text in columns are found, or named."""

import pytest
from loan_files import COLUMNS, TABLE

from credit_risk.training.data.delimited import read_delimited

NAMES = frozenset(column.lower() for column in COLUMNS)


def cells(content: bytes) -> list[list[str]]:
    table = read_delimited(content, NAMES).table
    return [list(table.column_names), *(list(row.values()) for row in table.to_pylist())]


WHOLE = cells(TABLE.encode())


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", ()),
        ("utf-8-sig", ()),
        ("utf-16", ("UTF-16",)),
        ("utf-16-le", ("UTF-16",)),
        ("utf-16-be", ("UTF-16",)),
        ("utf-32", ("UTF-32",)),
    ],
)
def test_the_encoding_is_found(encoding: str, note: tuple[str, ...]) -> None:
    content = TABLE.encode(encoding)

    assert read_delimited(content, NAMES).notes == note
    assert cells(content) == WHOLE


def test_what_is_not_utf_8_is_latin_1() -> None:
    content = TABLE.replace("129", "129 €").encode("cp1252")

    assert read_delimited(content, NAMES).notes == ("Latin-1",)
    assert cells(content)[1][COLUMNS.index("Income")] == "129 €"


@pytest.mark.parametrize(
    "text",
    [
        "\n  \r\n" + TABLE,
        "sep=,\n" + TABLE,
        TABLE.replace("\n", "\r"),
        TABLE.replace("\n", "\r\n"),
        TABLE + "\n\n",
    ],
    ids=["blank lines", "the hint of Excel", "old Mac", "Windows", "blank lines at the end"],
)
def test_lines_are_read_whatever_program_wrote_them(text: str) -> None:
    assert cells(text.encode()) == WHOLE


def test_tabs_after_row_labels_are_kept() -> None:
    text = "".join(f"{label}\t{line}\n" for label, line in enumerate(TABLE.splitlines(), -1))
    header = "\t" + text.partition("\t")[2]

    found = cells(header.replace(",", "\t").encode())

    assert found[0] == ["", *COLUMNS]
    assert found[1] == ["0", *WHOLE[1]]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"<html>", "a web page"),
        (b'{"Status": 1}', "JSON"),
        (b"\x00\x01\x02\x03", "binary data"),
        (b"Status Seniority Home\n1 2 3\n", "cells with blanks between them"),
    ],
)
def test_what_is_no_text_in_columns_is_named(content: bytes, found: str) -> None:
    with pytest.raises(ValueError, match=found):
        read_delimited(content, NAMES)


def test_rows_of_another_length_are_given_with_their_number() -> None:
    (ragged,) = read_delimited((TABLE + "1;2\n").encode(), NAMES).ragged

    assert (ragged.number, ragged.actual_columns, ragged.expected_columns) == (6, 1, len(COLUMNS))
