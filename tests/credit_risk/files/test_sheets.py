"""Answers as a workbook."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from python_calamine import CalamineWorkbook

from credit_risk.errors import UsageError
from credit_risk.files import sheets
from credit_risk.files.sheets import SheetWriter


def write(path: Path, *batches: dict[str, list[Any]]) -> None:
    several = [pa.RecordBatch.from_pydict(batch) for batch in batches]
    with SheetWriter(path, path, several[0].schema) as writer:
        for batch in several:
            writer.write_batch(batch)


def rows_of(path: Path) -> list[list[Any]]:
    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()


def test_rows_stand_below_the_header_as_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    first = {"name": ["=1+1", "007", "https://a.example"], "number": [1.5, None, 3.0]}
    last = {"name": [None], "number": [float("nan")]}

    write(path, first, last)

    assert rows_of(path) == [
        ["name", "number"],
        ["=1+1", 1.5],
        ["007", ""],
        ["https://a.example", 3.0],
        ["", "nan"],
    ]


def test_a_probability_keeps_every_bit(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    numbers = np.random.default_rng(3).random(5_000, dtype=np.float32)

    write(path, {"probability": numbers.astype(np.float64)})

    found = np.array([row[0] for row in rows_of(path)[1:]]).astype(np.float32)
    assert found.tobytes() == numbers.tobytes()


def test_the_same_answers_make_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write(tmp_path / name, {"name": ["x"], "number": [1]})

    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_a_cell_that_is_too_long_is_refused_and_not_cut(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"x.xlsx: found a cell of 32,768 characters, more than"):
        write(tmp_path / "x.xlsx", {"name": ["x" * 32_768]})


def test_more_rows_than_a_sheet_holds_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)

    write(tmp_path / "x.xlsx", {"name": ["a", "b"]})
    with pytest.raises(UsageError, match=re.escape("found more than 2 rows")):
        write(tmp_path / "y.xlsx", {"name": ["a", "b", "c"]})
