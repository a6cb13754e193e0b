"""Parquet and XLSX in parts, and which kind a file is of."""

from collections.abc import Collection, Iterator
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from credit_risk.errors import DataError, UsageError
from credit_risk.files.delimited import DelimitedFile
from credit_risk.files.parts import BEGINNING, ROWS, Part, Place, Source

EXPECTED: Final = "CSV, Parquet or XLSX"

Cell = str | float | bool | date | datetime | time | timedelta
"""Of a workbook."""


class ParquetTable:
    """A Parquet file: the parts are its row groups, cut where they are long."""

    def __init__(self, path: Path, rows: int = ROWS) -> None:
        """Read the footer.

        Raises:
            DataError: if it is no Parquet file, or a column is there twice.
        """
        self.name = path.name
        self._path = path
        self.size = rows
        try:
            with pa.parquet.ParquetFile(path) as file:
                names = file.schema_arrow.names
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._broken(error) from None
        self.labels = [name for name in names if not name.startswith("__index_level_")]
        if twice := [label for label in self.labels if self.labels.count(label) > 1]:
            raise DataError(self.name, f"found the column {twice[0][:100]!r} twice, expected once")

    def parts(self, start: Place = BEGINNING) -> Iterator[Part]:
        """Read the file part by part, from the beginning or from where another part ends."""
        number, row, begin = start.number, start.offset, 0
        with pa.parquet.ParquetFile(self._path) as file:
            whole = file.metadata.num_rows
            for group in range(file.num_row_groups):
                for cells in self._batches(file, group):
                    begin += cells.num_rows
                    if begin <= row:
                        continue
                    rest = cells.slice(cells.num_rows - (begin - row))
                    lines = np.arange(row, begin) + 1
                    row, number = begin, number + 1
                    yield Part(number - 1, Place(number, row), rest, lines, row / whole)

    def _batches(self, file: Any, group: int) -> Iterator[pa.RecordBatch]:  # noqa: ANN401  pyarrow is untyped
        try:
            for cells in file.iter_batches(self.size, row_groups=[group], columns=self.labels):
                cells.validate(full=True)  # text may be no UTF-8
                yield cells
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._broken(error) from None

    def _broken(self, error: Exception) -> DataError:
        said = str(error).partition("\n")[0][:200]
        return DataError(self.name, f"found {said}, expected a whole Parquet file")


class Workbook:
    """The one sheet with cells of a workbook (XLSX), its first row as header; cells become text."""

    def __init__(self, path: Path, rows: int = ROWS) -> None:
        """Read the header.

        Raises:
            DataError: if it is no workbook, or not of one sheet with a header.
            UsageError: if python-calamine is not installed.
        """
        self.name = path.name
        self._path = path
        self.size = rows
        header = self._cells[0][1] if self._cells else []
        self.labels = [_text(cell) or "" for cell in header]
        while self.labels and not self.labels[-1]:
            self.labels.pop()
        odd = [each for each in self.labels if not each or self.labels.count(each) > 1]
        if odd or not self.labels:
            found = f"the column {odd[0][:100]!r}" if odd else "no header"
            raise DataError(self.name, f"found {found}, expected a name for each column, once each")

    def parts(self, start: Place = BEGINNING) -> Iterator[Part]:
        """Read the rows below the header, or from where another part ends."""
        rows = self._cells[1:]
        numbered = enumerate(range(start.offset, len(rows), self.size), start.number)
        for number, begin in numbered:
            several = rows[begin : begin + self.size]
            columns = [[_text(row[i]) for _, row in several] for i in range(len(self.labels))]
            arrays = [pa.array(each, pa.string()) for each in columns]
            cells = pa.RecordBatch.from_arrays(arrays, self.labels)
            lines = np.array([line for line, _ in several])
            end = Place(number + 1, begin + len(several))
            yield Part(number, end, cells, lines, end.offset / len(rows))

    @cached_property
    def _cells(self) -> list[tuple[int, list[Cell]]]:
        """Rows with cells, and their numbers in the sheet."""
        try:
            from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415  not needed for other files
        except ImportError:
            msg = f"{self.name}: reading it needs python-calamine, which is not installed; "
            raise UsageError(msg + "run: pip install python-calamine") from None
        try:
            with CalamineWorkbook.from_path(self._path) as book:
                sheets = [
                    book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                    for name in book.sheet_names
                ]
        except CalamineError as error:
            problem = f"found a workbook that cannot be read ({error}), expected XLSX"
            raise DataError(self.name, problem) from None
        filled = [rows for rows in sheets if any(cell != "" for row in rows for cell in row)]
        if len(filled) != 1:
            problem = f"found {len(filled)} sheets with cells, expected one"
            raise DataError(self.name, problem)
        numbered = enumerate(filled[0], start=1)
        return [(line, row) for line, row in numbered if any(cell != "" for cell in row)]


def _text(cell: Cell) -> str | None:
    """Write a cell as text from which the same number is read; None for an empty one."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    return str(cell) if cell != "" else None


def open_source(path: Path, known: Collection[str]) -> Source:
    """Open a file; its first bytes tell which kind it is of.

    Args:
        path: of the file.
        known: names of columns in lower case, by which the header of CSV is known.

    Raises:
        DataError: if it cannot be read.
        UsageError: if a library that it needs is not installed.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise DataError(path.name, f"{error.strerror}; expected a file, {EXPECTED}") from None
    if start == b"PAR1":
        return ParquetTable(path)
    if start == b"PK\3\4":
        return Workbook(path)
    return DelimitedFile(path, known)
