"""A workbook of Excel (XLSX) as a table: the one sheet with cells, its first row as header."""

from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook


def read_workbook(content: bytes) -> pd.DataFrame:
    """Return the cells below the names of the header; blank rows are left out.

    Raises:
        ValueError: if it is no workbook, or has another number of sheets with cells than one.
    """
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        sheets = {name: _rows(book, name) for name in book.sheet_names}
    except CalamineError as error:
        msg = f"a workbook that cannot be read ({error})"
        raise ValueError(msg) from None
    filled = [name for name, rows in sheets.items() if rows]
    if len(filled) != 1:
        msg = f"a workbook with {len(filled)} sheets that have cells"
        msg += f" ({', '.join(map(repr, filled))})" if filled else ""
        raise ValueError(msg)
    header, *rows = sheets[filled[0]]
    return pd.DataFrame(rows, columns=[str(name) for name in header], dtype="object")


def _rows(book: CalamineWorkbook, name: str) -> list[list[Any]]:
    rows = book.get_sheet_by_name(name).to_python()
    cells = [[_whole(cell) for cell in row] for row in rows]
    return [row for row in cells if any(cell != "" for cell in row)]


def _whole(
    cell: float | str | bool | date | datetime | time | timedelta,  # noqa: FBT001
) -> object:
    """Write a whole number as such: Excel knows no others than floating point."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell
