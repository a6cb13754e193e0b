"""Cells as numbers: what is empty, what is no number, and decimal commas."""

import re
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.form import split_unit

COMMA: Final = r"[+-]?\d+,\d+"
POINT: Final = r"[+-]?\d+\.\d+"
EITHER: Final = r"[+-]?[1-9]\d{0,2},\d{3}"  # 1,234: of a thousand, or of one


def read_numbers(cells: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """Return cells as float64, NaN where empty and infinity where not a number.

    A comma is a decimal one if no number of the file has a point, and one of the commas at least
    cannot be that of a thousand, as in ``182,5``. Otherwise a number with a comma is no number.
    A sign of a currency, or of per cent, may stand beside the numbers of a column: always the same.

    Returns:
        The numbers, and whether decimal commas were read.
    """
    texts = {
        column: _without_unit(texts_of(cells[column]))
        for column in cells
        if not _is_numeric(cells[column])
    }
    every = pd.concat(list(texts.values())) if texts else pd.Series(dtype="str")
    commas = every[every.str.fullmatch(COMMA)]
    clear = not commas.str.fullmatch(EITHER).all() and not every.str.fullmatch(POINT).any()
    numbers = {}
    for column in cells:
        found = texts.get(column, cells[column])
        if clear and column in texts:
            found = found.where(~found.str.fullmatch(COMMA), found.str.replace(",", "."))
        numbers[column] = _numbers(found)
    return pd.DataFrame(numbers), clear


def has_unclear_comma(cell: object) -> bool:
    """Tell whether a cell would be a number with one comma less."""
    return bool(re.fullmatch(COMMA, str(cell).strip()))


def _is_numeric(cells: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells)


def texts_of(cells: pd.Series) -> pd.Series:
    """Return cells as stripped text, empty where missing."""
    if not isinstance(cells.dtype, pd.StringDtype):
        cells = cells.map(str, na_action="ignore").astype("str")
    return cells.fillna("").str.strip()


def _without_unit(texts: pd.Series) -> pd.Series:
    """Return texts without the unit beside their numbers, if there is one and no other."""
    split = {text: split_unit(text) for text in texts.unique()}
    if len({unit for _, unit in split.values() if unit}) != 1:
        return texts
    return texts.map({text: number for text, (number, _) in split.items()})


def _numbers(cells: pd.Series) -> NDArray[np.float64]:
    """Return numbers (n,), or texts as numbers."""
    if not _is_numeric(cells):
        numbers = pd.to_numeric(cells, errors="coerce").astype("float64")
        numbers[numbers.isna() & (cells != "")] = np.inf
        cells = numbers
    return np.asarray(cells.to_numpy(dtype="float64", na_value=np.nan))
