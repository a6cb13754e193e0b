"""Read a file of loans, from a path or a URL, and check every cell.

A wrong file is one ``DataError`` with the place, what was found and what was expected.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.errors import DataError
from credit_risk.form import CODES, LIMITS, MISSING_CODE, OPTIONAL_FIELDS
from credit_risk.training.data.numbers import has_unclear_comma, read_numbers
from credit_risk.training.data.table import COLUMNS, read_table
from credit_risk.training.data.wording import cut

LISTED: Final = 10  # wrong cells in a message
UNKNOWN, ENDED_WELL, ENDED_IN_DEFAULT = range(3)
CODE_MEANINGS: Final[Mapping[str, Mapping[int, str]]] = MappingProxyType(
    {"status": {UNKNOWN: "unknown", ENDED_WELL: "ok", ENDED_IN_DEFAULT: "default"}, **CODES}
)
"""Meaning of each code, by field."""


@dataclass(frozen=True, eq=False)  # no ==: two tables do not compare to one truth value
class Dataset:
    """Loans with a known outcome.

    Attributes:
        name: of the file, without folders.
        sha256: of the file's bytes, in hexadecimal.
        applications: (n, 13), named by field in the file's usual order; categories are words,
            numbers are float64 and NaN where missing.
        defaulted: (n,) bool, True where the loan ended in default.
        rows_read: number of rows in the file, n and the dropped ones.
        dropped: number of rows left out, by reason.
        notes: in what the file differs from plain CSV, such as its encoding.
    """

    name: str
    sha256: str
    applications: pd.DataFrame
    defaulted: NDArray[np.bool_]
    rows_read: int
    dropped: Mapping[str, int]
    notes: tuple[str, ...] = ()

    def records(self) -> list[dict[str, float | str]]:
        """Return each application by field, for ``DictVectorizer``; NaN where missing."""
        fields = list(self.applications)
        columns = [self.applications[field].tolist() for field in fields]
        return [dict(zip(fields, row, strict=True)) for row in zip(*columns, strict=True)]


def read_loans(source: str | Path) -> Dataset:
    """Read loans from a path or an http(s) URL; the content tells CSV, Parquet and XLSX apart.

    Columns may come in any order and letter case. Rows of unknown outcome are dropped.

    Raises:
        DataError: for the first thing that is wrong; rows count from 1 below the header, without
            blank lines.
    """
    table = read_table(source)
    name, cells = table.name, table.cells
    numbers, decimal_commas = read_numbers(cells)
    _check_cells(name, cells, numbers)
    known = numbers[numbers["Status"] != UNKNOWN].reset_index(drop=True)
    defaulted = (known["Status"] == ENDED_IN_DEFAULT).to_numpy()
    dropped = len(numbers) - len(known)
    _check_outcomes(name, defaulted, dropped)
    if len(known.drop(columns="Status").drop_duplicates()) == 1:
        problem = f"found the same application in each of {len(known)} rows"
        raise DataError(name, f"{problem}, expected different ones to learn from")
    return Dataset(
        name=name,
        sha256=table.sha256,
        applications=_applications(known),
        defaulted=defaulted,
        rows_read=len(numbers),
        dropped=MappingProxyType({"unknown outcome": dropped} if dropped else {}),
        notes=(*table.notes, *(("decimal commas",) if decimal_commas else ())),
    )


def _check_cells(name: str, cells: pd.DataFrame, numbers: pd.DataFrame) -> None:
    bad = np.column_stack([_bad(column.lower(), numbers[column].to_numpy()) for column in cells])
    if not bad.any():
        return
    explained: set[str] = set()
    found = []
    for row, place in np.argwhere(bad)[:LISTED].tolist():  # in the file's order
        column, number = str(cells.columns[place]), float(numbers.iloc[row, place])
        said = f"found {_describe(cells.iloc[row, place], number)}"
        if column not in explained:
            said += f", expected {_expected(column.lower())}"
        explained.add(column)
        found.append((row + 1, column, said))
    row, column, problem = found[0]
    if others := np.count_nonzero(bad) - 1:
        problem += f"; other wrong cells: {others}"
        listed = (f"row {row}, column {column!r}: {said}" for row, column, said in found[1:])
        problem += (": " if others < LISTED else ", the first of them: ") + "; ".join(listed)
    raise DataError(name, problem, row=row, column=column)


def _describe(cell: object, number: float) -> str:
    if np.isnan(number):
        return "an empty cell"
    missing = ", which means missing" if number == MISSING_CODE else ""
    comma = ", whose comma can be that of a thousand" if has_unclear_comma(cell) else ""
    return repr(cut(str(cell))) + missing + comma


def _bad(field: str, numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return where numbers (n,) are not valid in the field."""
    if field in CODE_MEANINGS:
        return ~np.isin(numbers, list(CODE_MEANINGS[field]))
    low, high = LIMITS[field]
    good = (numbers >= low) & (numbers <= high)
    if field in OPTIONAL_FIELDS:
        good |= np.isnan(numbers) | (numbers == MISSING_CODE)
    return ~good


def _expected(field: str) -> str:
    if field in CODE_MEANINGS:
        meanings = CODE_MEANINGS[field].items()
        return "one of " + ", ".join(f"{code} ({meaning})" for code, meaning in meanings)
    low, high = LIMITS[field]
    missing = f", or {MISSING_CODE} or nothing where missing" if field in OPTIONAL_FIELDS else ""
    return f"a number from {low} to {high}{missing}"


def _applications(numbers: pd.DataFrame) -> pd.DataFrame:
    """Return checked numbers (n, 14) as the 13 fields of an application, codes as words."""
    table = numbers[list(COLUMNS[1:])].rename(columns=str.lower)
    table = table.replace(dict.fromkeys(OPTIONAL_FIELDS, MISSING_CODE), np.nan)
    for field, words in CODES.items():
        table[field] = table[field].map({code: str(word) for code, word in words.items()})
    return table


def _check_outcomes(name: str, defaulted: NDArray[np.bool_], dropped: int) -> None:
    defaults = int(np.count_nonzero(defaulted))
    if not 0 < defaults < len(defaulted):
        problem = (
            f"found {len(defaulted) - defaults} loans that ended well (1), {defaults} that ended "
            f"in default (2) and {dropped} of unknown outcome (0), expected some of 1 and some of 2"
        )
        raise DataError(name, problem, column="Status")
