"""Read a file as a table of the columns that a form names; nothing is checked in a cell."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from credit_risk.errors import DataError
from credit_risk.form import Form
from credit_risk.training.data.delimited import read_delimited
from credit_risk.training.data.source import EXPECTED, load
from credit_risk.training.data.wording import SHOWN, cut, first_sentence
from credit_risk.training.data.workbook import read_workbook

UNNAMED: Final = re.compile(r"(?:unnamed: *\d+)?", re.IGNORECASE)  # in words as pandas names it
OTHERS: Final = {
    b"\xd0\xcf\x11\xe0": "an Excel workbook of the old kind (XLS), or one with a password",
    b"%PDF": "PDF",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
    b"ARROW1": "Arrow or Feather",
    b"ORC": "ORC",
    b"SQLite format 3": "SQLite",
    b"\x89HDF": "HDF5",
    **{bytes([0x80, protocol]): "a pickle" for protocol in range(2, 6)},
}
"""Formats that are named and not read, by their first bytes."""


@dataclass(frozen=True, eq=False)  # no ==: two tables do not compare to one truth value
class Table:
    """Cells of a file.

    Attributes:
        name: of the file, without folders.
        sha256: of the file's bytes, in hexadecimal.
        cells: (n, columns) with the form's columns in the file's order; text or numbers.
        notes: in what the file differs from a plain one, for a person to read.
    """

    name: str
    sha256: str
    cells: pd.DataFrame
    notes: tuple[str, ...]


def read_table(source: str | Path, form: Form) -> Table:
    """Read CSV, Parquet or XLSX from a path or an http(s) URL; the content tells which.

    Names of columns are compared without regard to letter case. Columns that the form does not
    name are left out, and the notes say so.

    Raises:
        DataError: if it cannot be read, is no table, or has other columns or ragged rows.
    """
    file = load(source)
    columns = [form.outcome.column, *(each.column for each in form.fields)]
    names = {column.lower(): column for column in columns}
    try:
        cells, ragged, notes = _parse(file.content, frozenset(names))
    except (pa.ArrowException, OSError, ValueError) as error:
        problem = f"found {first_sentence(str(error))}, expected a table in {EXPECTED}"
        raise DataError(file.name, problem) from None
    cells, unnamed = _leave_out_unnamed(cells)
    notes = (*file.notes, *notes)
    _check_columns(file.name, list(cells.columns), columns, notes)
    notes += unnamed
    others = [name for name in cells.columns if name.lower() not in names]
    if others:
        cells = cells.drop(columns=others)
        named = ", ".join(repr(cut(name)) for name in others[:SHOWN])
        notes = (*notes, f"columns left out: {named}" + (" …" if others[SHOWN:] else ""))
    if ragged:
        problem = f"found {ragged[0].actual_columns} cells, expected {ragged[0].expected_columns}"
        raise DataError(file.name, problem, row=ragged[0].number - 1)
    if cells.empty:
        raise DataError(file.name, "found no rows below the header, expected at least two loans")
    cells = cells.rename(columns=lambda name: names[name.lower()])
    return Table(file.name, file.sha256, cells, notes)


def _parse(
    content: bytes, names: frozenset[str]
) -> tuple[pd.DataFrame, tuple[Any, ...], tuple[str, ...]]:
    """Return the cells as they are written with stripped names, ragged rows, and notes."""
    other = next((name for start, name in OTHERS.items() if content.startswith(start)), "")
    if other:
        raise ValueError(other)
    ragged: tuple[Any, ...] = ()
    notes: tuple[str, ...] = ()
    if content.startswith(b"PK"):
        cells, notes = read_workbook(content), ("XLSX",)
    elif content.startswith(b"PAR1"):
        cells = _to_pandas(pa.parquet.ParquetFile(pa.BufferReader(content)).read())
    else:
        text = read_delimited(content, names)
        cells, ragged, notes = _to_pandas(text.table), text.ragged, text.notes
    return cells.rename(columns=str.strip), ragged, notes


def _to_pandas(table: Any) -> pd.DataFrame:  # noqa: ANN401  pyarrow is untyped
    labels = [column for column in table.column_names if column.startswith("__index_level_")]
    return table.drop_columns(labels).to_pandas(ignore_metadata=True)  # pandas' row labels


def _leave_out_unnamed(cells: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Leave out row labels in front, and columns without a name and without cells."""
    kept, notes = [], list[str]()
    for place, name in enumerate(cells.columns):
        texts = []
        if UNNAMED.fullmatch(name):
            texts = [str(cell).strip() for cell in cells.iloc[:, place].dropna()]
            if not any(texts):
                continue
        if place == 0 and _are_labels(texts):
            notes.append("row labels left out")
            continue
        kept.append(place)
    return cells.iloc[:, kept], tuple(notes)


def _are_labels(texts: Sequence[str]) -> bool:
    """Tell whether texts are what pandas and R number rows with: no two the same."""
    numbers = {text for text in texts if text.isdecimal()}
    return bool(texts) and len(numbers) == len(texts)


def _check_columns(
    name: str, found: Sequence[str], expected: Sequence[str], notes: Sequence[str]
) -> None:
    names = {column.lower() for column in expected}
    lowered = [column.lower() for column in found]
    problems = {
        "missing": [column for column in expected if column.lower() not in lowered],
        "unexpected": [column for column in found if column.lower() not in names],
        "repeated": [column for column in expected if lowered.count(column.lower()) > 1],
    }
    nameless = any(map(UNNAMED.fullmatch, problems["unexpected"]))
    if not problems["missing"] and not problems["repeated"] and not nameless:
        return
    described = [
        f"{what} columns {', '.join(repr(cut(column)) for column in columns[:SHOWN])}"
        for what, columns in problems.items()
        if columns
    ]
    read_as = f" (read as {', '.join(notes)})" if notes else ""
    problem = f"found {'; '.join(described)}{read_as}; expected once each: "
    problem += ", ".join(expected)
    if not names.intersection(lowered):
        problem += "; other loans need their form: --form, docs/own-data.md says how to draft one"
    raise DataError(name, problem)
