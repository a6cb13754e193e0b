"""The table of answers: Parquet, CSV or XLSX, published whole or not at all."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from credit_risk.errors import UsageError
from credit_risk.files.columns import NUMERAL
from credit_risk.files.sheets import SheetWriter

FORMATS: Final = (".parquet", ".csv", ".xlsx")
FORMULA: Final = r"^[=+\-@\t\r\n|]"
"""How a cell begins that a spreadsheet may run; a number is none."""


@contextmanager
def published(path: Path, unfinished: Path, *, force: bool = False) -> Iterator[None]:
    """Write to another name on the same disk; the file gets its own name if all goes well.

    Only its owner can read it (0600).

    Raises:
        UsageError: if there is a file of that name, unless ``force``.
    """
    refuse_existing(path, force=force)
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        yield
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        if force:
            unfinished.replace(path)
        else:
            path.hardlink_to(unfinished)  # fails if there is one by now
    except FileExistsError:
        refuse_existing(path)
    finally:
        unfinished.unlink(missing_ok=True)


def refuse_existing(path: Path, *, force: bool = False) -> None:
    """Refuse to write over a file, unless ``force``.

    Raises:
        UsageError: says what allows it.
    """
    if path.exists() and not force:
        msg = f"{path.name}: found a file of that name; add --force to replace it"
        raise UsageError(msg)


def make_writer(path: Path, like: Path, schema: pa.Schema) -> Any:  # noqa: ANN401  pyarrow's own writers
    """Open a writer of record batches.

    Args:
        path: to write to.
        like: the name whose ending says which format.
        schema: of the batches.

    Raises:
        UsageError: if the name ends otherwise than in one of ``FORMATS``.
    """
    check_format(like)
    if like.suffix == ".parquet":
        return pa.parquet.ParquetWriter(path, schema)
    header = pa.schema([field.with_name(_harmless(field.name)) for field in schema])
    return _CsvWriter(path, header) if like.suffix == ".csv" else SheetWriter(path, like, schema)


def check_format(path: Path) -> None:
    """Refuse a name whose ending says no format.

    Raises:
        UsageError: names the endings.
    """
    if path.suffix not in FORMATS:
        expected = f"expected a name that ends in {', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
        msg = f"{path.name[:100]}: {expected}"
        raise UsageError(msg)


def check_cells(path: Path, cells: pa.RecordBatch) -> None:
    """Refuse what a table cannot hold before anything is scored.

    Raises:
        UsageError: says what to do.
    """
    with (
        TemporaryDirectory() as folder,
        writable(path),
        make_writer(Path(folder) / "tried", path, cells.schema) as writer,
    ):
        writer.write_batch(cells)


@contextmanager
def writable(path: Path) -> Iterator[None]:
    """Say in one sentence that a column cannot be written."""
    try:
        yield
    except pa.ArrowException as error:
        found = f"found a column that cannot be written there ({str(error)[:100]})"
        msg = f"{path.name}: {found}; leave it out with --keep"
        raise UsageError(msg) from None


class _CsvWriter:
    """Writes CSV whose cells no spreadsheet runs."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._writer = pa.csv.CSVWriter(path, schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Write rows; a cell that begins as a formula gets an apostrophe in front."""
        columns = [_harmless_column(column) for column in batch.columns]
        self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))


def _harmless_column(column: Any) -> Any:  # noqa: ANN401  pyarrow is untyped
    if not pa.types.is_string(column.type):
        return column
    runs = pc.match_substring_regex(column, FORMULA)
    if not pc.any(runs).as_py():
        return column
    runs = pc.and_not(runs, pc.match_substring_regex(column, f"^{NUMERAL}$"))
    return pc.if_else(runs, pc.binary_join_element_wise("'", column, ""), column)


def _harmless(name: str) -> str:
    return f"'{name}" if re.match(FORMULA, name) else name
