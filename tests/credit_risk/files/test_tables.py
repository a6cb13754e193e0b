from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from loan_files import workbook
from pyarrow import parquet

from credit_risk.errors import DataError
from credit_risk.files import open_source
from credit_risk.files.tables import ParquetTable, Workbook


def rows(source: Any) -> list[tuple[Any, ...]]:
    """Number of the part, line and cells of each row."""
    return [
        (part.number, line, *row.values())
        for part in source.parts()
        for line, row in zip(part.lines.tolist(), part.cells.to_pylist(), strict=True)
    ]


def test_row_groups_of_parquet_are_cut_where_they_are_long(tmp_path: Path) -> None:
    table = pa.table({"a": np.arange(7), "b": list("tuvwxyz")})
    parquet.write_table(table, tmp_path / "x", row_group_size=4)

    found = rows(ParquetTable(tmp_path / "x", rows=3))

    assert [number for number, *_ in found] == [0, 0, 0, 1, 2, 2, 2]
    assert [row[1:] for row in found] == [(n + 1, n, "tuvwxyz"[n]) for n in range(7)]


def test_the_row_labels_of_pandas_are_no_column(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"a": [1], "__index_level_0__": [5]}), tmp_path / "x")

    assert rows(open_source(tmp_path / "x", set())) == [(0, 1, 1)]


def test_a_workbook_is_read_as_text_with_the_numbers_of_its_rows(tmp_path: Path) -> None:
    cells = [["a", "b"], ["1", "x"], ["", ""], ["0.1", ""], ["12345678", "y"]]
    (tmp_path / "x.csv").write_bytes(workbook(One=cells))

    source = open_source(tmp_path / "x.csv", set())

    assert source.labels == ["a", "b"]
    expected = [(2, "1", "x"), (4, "0.1", None), (5, "12345678", "y")]
    assert [row[1:] for row in rows(source)] == expected
    assert [row[0] for row in rows(Workbook(tmp_path / "x.csv", rows=2))] == [0, 0, 1]


def test_what_is_no_table_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x"
    two = workbook(One=[["a"], ["1"]], Two=[["a"], ["1"]])
    twice = workbook(One=[["a", "a"], ["1", "2"]])
    for content, problem in (
        (b"PAR1 and nothing else", "expected a whole Parquet file"),
        (b"PK\3\4 and nothing else", "found a workbook that cannot be read"),
        (two, "found 2 sheets with cells, expected one"),
        (twice, "found the column 'a', expected a name for each column, once each"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=problem):
            open_source(path, set())
    with pytest.raises(DataError, match="No such file or directory; expected a file, CSV,"):
        open_source(tmp_path / "absent", set())
