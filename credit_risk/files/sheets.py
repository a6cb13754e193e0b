"""The table of answers as a workbook (XLSX) with one sheet.

A number has 16 digits there. That keeps every bit of a probability, which is a float32, but not of
any other number.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any, Final, NoReturn, Self

import pyarrow as pa

from credit_risk.errors import UsageError

MOST_ROWS: Final = 1_048_576
"""Of a sheet, its header included."""
LONGEST_CELL: Final = 32_767
"""Characters of a cell of a sheet."""
WITHOUT_TIME: Final = {"created": datetime(2000, 1, 1, tzinfo=UTC)}
"""Or the same answers would make other bytes each time."""
AS_TEXT: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}
"""No cell is anything but what it says."""


class SheetWriter:
    """Writes the one sheet of a workbook, row after row."""

    def __init__(self, path: Path, like: Path, schema: pa.Schema) -> None:
        try:
            from xlsxwriter import Workbook  # noqa: PLC0415  not needed for other files
        except ImportError:
            msg = f"{like.name}: writing it needs XlsxWriter, which is not installed; "
            raise UsageError(msg + "run: pip install xlsxwriter") from None
        self._name = like.name
        self._book = Workbook(str(path), {**AS_TEXT, "tmpdir": str(path.parent)})
        self._book.set_properties(WITHOUT_TIME)
        self._sheet = self._book.add_worksheet()
        self._row = 0
        self._write(schema.names)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Finish the workbook."""
        self._book.close()

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Write rows.

        Raises:
            UsageError: if there are too many, or a cell is too long.
        """
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            self._write(row)

    def _write(self, cells: Iterable[Any]) -> None:
        if self._row >= MOST_ROWS:
            self._refuse(f"more than {MOST_ROWS - 1:,} rows")
        for place, cell in enumerate(cells):
            if isinstance(cell, bool):
                self._sheet.write_boolean(self._row, place, cell)
            elif isinstance(cell, int | float) and isfinite(cell):
                self._sheet.write_number(self._row, place, cell)
            elif cell is not None:
                if len(text := str(cell)) > LONGEST_CELL:
                    self._refuse(f"a cell of {len(text):,} characters")
                self._sheet.write_string(self._row, place, text)
        self._row += 1

    def _refuse(self, found: str) -> NoReturn:
        msg = f"{self._name}: found {found}, more than a sheet holds; write .parquet or .csv"
        raise UsageError(msg)
