"""Read a file, CSV or Parquet, as a table of the fourteen columns; nothing is checked in a cell."""

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from credit_risk.errors import DataError
from credit_risk.training.data.download import fetch

__all__ = ["COLUMNS", "Table", "cut", "read_table"]

COLUMNS: Final = (
    *("Status", "Seniority", "Home", "Time", "Age", "Marital", "Records", "Job"),
    *("Expenses", "Income", "Assets", "Debt", "Amount", "Price"),
)
"""Columns of the file in their usual order; in lower case, a column's name is its field's."""

SHOWN: Final = 100  # characters of a value, and names in a list, in a message


@dataclass(frozen=True, eq=False)  # no ==: two tables do not compare to one truth value
class Table:
    """Cells of a file.

    Attributes:
        name: of the file, without folders.
        sha256: of the file's bytes, in hexadecimal.
        cells: (n, 14) with the columns COLUMNS in the file's order; text or numbers.
    """

    name: str
    sha256: str
    cells: pd.DataFrame


def read_table(source: str | Path) -> Table:
    """Read CSV or Parquet from a path or an http(s) URL; the content tells which.

    Raises:
        DataError: if it cannot be read, is no table, or has other columns or ragged rows.
    """
    name, content = _load(source)
    return Table(name, hashlib.sha256(content).hexdigest(), _parse(name, content))


def cut(text: str) -> str:
    """Shorten text from a file for a message."""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _load(source: str | Path) -> tuple[str, bytes]:
    """Return the file's name and its bytes."""
    if isinstance(source, str) and source.lower().startswith(("http://", "https://")):
        content, url = fetch(source), urlsplit(source)
        return PurePosixPath(unquote(url.path)).name or str(url.hostname), content
    try:
        return Path(source).name, Path(source).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        problem = f"cannot be read: {reason}; expected a CSV or Parquet file or an http(s) URL"
        raise DataError(str(source), problem) from None


def _parse(name: str, content: bytes) -> pd.DataFrame:
    """Return the cells as they are written, in the file's order, columns named as COLUMNS."""
    ragged: list[Any] = []
    try:
        if content.startswith(b"PAR1"):
            table = pa.parquet.ParquetFile(pa.BufferReader(content)).read()
        else:
            table = _parse_csv(content, ragged)
        labels = [column for column in table.column_names if column.startswith("__index_level_")]
        cells = table.drop_columns(labels).to_pandas(ignore_metadata=True)  # pandas' row labels
    except (pa.ArrowException, OSError, ValueError) as error:
        problem = f"found {cut(str(error))}, expected a table in CSV or Parquet"
        raise DataError(name, problem) from None
    _check_columns(name, list(cells.columns))
    if ragged:
        problem = f"found {ragged[0].actual_columns} cells, expected {ragged[0].expected_columns}"
        raise DataError(name, problem, row=ragged[0].number - 1)
    if cells.empty:
        raise DataError(name, "found no rows below the header, expected at least two loans")
    return cells.rename(columns=str.capitalize)


def _parse_csv(content: bytes, ragged: list[Any]) -> Any:  # noqa: ANN401  pyarrow is untyped
    """Return a pyarrow table of text; put rows of another length into ``ragged``."""
    text = content.decode("utf-8-sig", errors="replace")
    first_line = (text.lstrip()[:10_000].splitlines() or [""])[0]
    found = "an empty file" if not first_line else ""
    found = "a web page" if first_line.startswith("<") else found
    if "\0" in text or "\N{REPLACEMENT CHARACTER}" in first_line:
        found = "binary data"
    if found:
        raise ValueError(found)

    def keep(row: Any) -> str:  # noqa: ANN401  pyarrow is untyped
        ragged.append(row)
        return "skip"

    names = next(csv.reader([first_line]))
    return pa.csv.read_csv(
        pa.BufferReader(text.encode()),
        read_options=pa.csv.ReadOptions(use_threads=False),  # threads lose the row numbers
        parse_options=pa.csv.ParseOptions(invalid_row_handler=keep),
        convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
    )


def _check_columns(name: str, found: Sequence[str]) -> None:
    lowered = [column.lower() for column in found]
    problems = {
        "missing": [column for column in COLUMNS if column.lower() not in lowered],
        "unexpected": [column for column in found if column.capitalize() not in COLUMNS],
        "repeated": [column for column in COLUMNS if lowered.count(column.lower()) > 1],
    }
    described = [
        f"{what} columns {', '.join(repr(cut(column)) for column in columns[:SHOWN])}"
        for what, columns in problems.items()
        if columns
    ]
    if described:
        problem = f"found {'; '.join(described)}; expected once each: {', '.join(COLUMNS)}"
        raise DataError(name, problem)
