"""A small file of loans, and what makes others of it."""

from io import StringIO
from pathlib import Path

import pandas as pd

from credit_risk.training.data.table import COLUMNS

HEADER = ",".join(COLUMNS)
ROWS = (
    "1,9,1,60,30,2,1,3,73,129,0,0,800,846",
    "2,10,2,36,46,2,2,3,90,200,3000,0,2000,2985",
    "0,10,3,60,25,1,1,1,35,148,3000,0,1500,1888",
    "1,0,6,60,24,1,1,4,63,182.5,2500,0,900,1325",
)
TABLE = "\n".join((HEADER, *ROWS)) + "\n"
SMALL = pd.read_csv(StringIO(TABLE)).astype("float64")
FILES = ("loans.csv", "loans.parquet")


def written(path: Path, content: str | bytes) -> Path:
    """Write text or bytes to a file."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def saved(path: Path, table: pd.DataFrame) -> Path:
    """Write a table in the format that the path's ending names."""
    table.to_parquet(path) if path.suffix == ".parquet" else table.to_csv(path, index=False)
    return path


def with_cell(row: int, column: str, value: str) -> str:
    """Return the small table with another value in one cell; row 1 is the first."""
    lines = [line.split(",") for line in TABLE.splitlines()]
    lines[row][COLUMNS.index(column)] = value
    return "\n".join(",".join(line) for line in lines)
