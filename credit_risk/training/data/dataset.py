"""Read a file of loans, from a path or a URL, and check every cell against the form.

A wrong file is one ``DataError`` with the place, what was found and what was expected.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.errors import DataError
from credit_risk.form import Category, Field, Form, Number, Outcome, as_compared, plain
from credit_risk.training.data.numbers import has_unclear_comma, read_numbers, texts_of
from credit_risk.training.data.table import read_table
from credit_risk.training.data.wording import cut

LISTED: Final = 10  # wrong cells in a message


@dataclass(frozen=True, eq=False)  # no ==: two tables do not compare to one truth value
class Dataset:
    """Loans with a known outcome.

    Attributes:
        name: of the file, without folders.
        sha256: of the file's bytes, in hexadecimal.
        applications: (n, fields), named by field in the form's order; categories are words,
            numbers are float64 and NaN where missing, yes and no are 1 and 0.
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

    def records(self) -> list[dict[str, Any]]:
        """Return each application by field; NaN where a number is missing."""
        fields = list(self.applications)
        columns = [self.applications[field].tolist() for field in fields]
        return [dict(zip(fields, row, strict=True)) for row in zip(*columns, strict=True)]


@dataclass(frozen=True, eq=False)
class _Read:
    """A column as it was read: what was found (n,), where it is wrong, what was expected."""

    found: NDArray[Any]
    bad: NDArray[np.bool_]
    expected: str


def read_loans(source: str | Path, form: Form) -> Dataset:
    """Read loans from a path or an http(s) URL; the content tells CSV, Parquet and XLSX apart.

    Columns may come in any order and letter case. Rows of unknown outcome are dropped.

    Raises:
        DataError: for the first thing that is wrong; rows count from 1 below the header, without
            blank lines.
    """
    table = read_table(source, form)
    name, cells = table.name, table.cells
    numbers = [each.column for each in form.fields if isinstance(each, Number)]
    as_numbers, decimal_commas = read_numbers(cells[numbers])
    read = {form.outcome.column: _read_outcome(form.outcome, cells[form.outcome.column])}
    for each in form.fields:
        if isinstance(each, Number):
            read[each.column] = _read_number(each, cells[each.column], as_numbers[each.column])
        else:
            read[each.column] = _read_coded(each, cells[each.column])
    _check_cells(name, cells, {column: read[column] for column in cells}, form)
    outcomes = read[form.outcome.column].found
    known = outcomes != "unknown"
    defaulted = outcomes[known] == "default"
    dropped = int(np.count_nonzero(~known))
    _check_outcomes(name, form.outcome, defaulted, dropped)
    applications = pd.DataFrame({f.name: read[f.column].found[known] for f in form.fields})
    if len(applications.drop_duplicates()) == 1:
        problem = f"found the same application in each of {len(applications):,} rows"
        raise DataError(name, f"{problem}, expected different ones to learn from")
    return Dataset(
        name=name,
        sha256=table.sha256,
        applications=applications,
        defaulted=defaulted,
        rows_read=len(cells),
        dropped=MappingProxyType({"unknown outcome": dropped} if dropped else {}),
        notes=(*table.notes, *(("decimal commas",) if decimal_commas else ())),
    )


def _read_number(each: Number, cells: pd.Series, numbers: pd.Series) -> _Read:
    values = numbers.to_numpy(copy=True)
    missing = np.isnan(values)
    if each.missing:
        codes = set(map(as_compared, each.missing))
        missing |= _map(cells, lambda text: as_compared(text) in codes).astype(bool)
    values[missing] = np.nan
    fits = (values >= each.low) & (values <= each.high)
    if each.whole:
        fits &= values == np.rint(values)
    kind = "whole number" if each.whole else "number"
    expected = f"a {kind} from {plain(each.low)} to {plain(each.high)}"
    if each.optional:
        fits |= missing
        expected += f", or {' or '.join(map(str, [*each.missing, 'nothing']))} where missing"
    return _Read(values, ~fits, expected)


def _read_coded(each: Field, cells: pd.Series) -> _Read:
    """Read a category as its words, and yes and no as 1 and 0."""
    if isinstance(each, Category):
        codes: Any = each.words
        meanings: dict[str, Any] = {code: w for w, several in codes.items() for code in several}
        shown = {code: word for code, word in meanings.items() if code != word}
    else:
        answer: Any = each
        meanings = dict.fromkeys(answer.yes, 1.0) | dict.fromkeys(answer.no, 0.0)
        shown = dict.fromkeys(answer.yes, "yes") | dict.fromkeys(answer.no, "no")
        if answer.optional:
            meanings |= dict.fromkeys(("", *answer.missing), np.nan)
            shown |= dict.fromkeys(answer.missing, "missing")
    return _by_code(cells, meanings, shown)


def _read_outcome(outcome: Outcome, cells: pd.Series) -> _Read:
    codes: Any = outcome
    meanings: dict[str, str] = dict.fromkeys(codes.unknown, "unknown")
    meanings |= dict.fromkeys(codes.repaid, "repaid") | dict.fromkeys(codes.default, "default")
    shown = {code: word for code, word in meanings.items() if word != code}
    read = _by_code(cells, meanings, shown)
    return replace(read, expected=f"{read.expected}, or name it in unknown= of the form's Outcome")


def _by_code(cells: pd.Series, meanings: Mapping[str, Any], shown: Mapping[str, str]) -> _Read:
    normal = {as_compared(code): meaning for code, meaning in meanings.items()}
    values = _map(cells, lambda text: meanings.get(text, normal.get(as_compared(text))))
    bad = np.array([value is None for value in values], dtype=bool)
    if all(isinstance(meaning, float) for meaning in meanings.values()):
        values = np.where(bad, np.nan, values).astype(np.float64)
    words = [f"{code or 'nothing'} ({shown[code]})" if code in shown else code for code in meanings]
    return _Read(values, bad, f"one of {', '.join(words)}")


def _map(cells: pd.Series, function: Callable[[str], Any]) -> NDArray[Any]:
    """Apply a function to the text of each cell, to each different text once."""
    texts = texts_of(cells).tolist()
    found = {text: function(text) for text in set(texts)}
    return np.array([found[text] for text in texts], dtype=object)


def _check_cells(name: str, cells: pd.DataFrame, read: Mapping[str, _Read], form: Form) -> None:
    bad = np.column_stack([each.bad for each in read.values()])
    if not bad.any():
        return
    missing = {code for each in form.fields for code in getattr(each, "missing", ())}
    explained: set[str] = set()
    found = []
    for row, place in np.argwhere(bad)[:LISTED].tolist():  # in the file's order
        column = str(cells.columns[place])
        said = f"found {_describe(cells.iloc[row, place], missing)}"
        if column not in explained:
            said += f", expected {read[column].expected}"
        explained.add(column)
        found.append((row + 1, column, said))
    row, column, problem = found[0]
    if others := np.count_nonzero(bad) - 1:
        problem += f"; other wrong cells: {others}"
        listed = (f"row {row}, column {column!r}: {said}" for row, column, said in found[1:])
        problem += (": " if others < LISTED else ", the first of them: ") + "; ".join(listed)
    raise DataError(name, f"{problem}; row 1 is the first below the header", row=row, column=column)


def _describe(cell: object, missing: set[str]) -> str:
    text = str(cell).strip()
    if pd.isna(cell) or not text:
        return "an empty cell"
    means = ", which means missing" if as_compared(text) in missing else ""
    comma = ", whose comma can be that of a thousand" if has_unclear_comma(cell) else ""
    return repr(cut(str(cell))) + means + comma


def _check_outcomes(
    name: str, outcome: Outcome, defaulted: NDArray[np.bool_], dropped: int
) -> None:
    defaults = int(np.count_nonzero(defaulted))
    if not 0 < defaults < len(defaulted):
        repaid, default, unknown = (
            "/".join(codes)  # type: ignore[arg-type]  # texts by now
            for codes in (outcome.repaid, outcome.default, outcome.unknown)
        )
        of_unknown = f" and {dropped:,} of unknown outcome ({unknown})" if unknown else ""
        problem = (
            f"found {len(defaulted) - defaults:,} loans that ended well ({repaid}), {defaults:,} "
            f"that ended in default ({default}){of_unknown}, expected some of {repaid} and some of "
            f"{default}"
        )
        raise DataError(name, problem, column=outcome.column)
