from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from scored_files import TOY, applications, as_csv, run_of

from credit_risk.errors import UsageError
from credit_risk.files.job import kept_columns


def test_csv_parquet_and_any_size_of_parts_give_the_same_answers(tmp_path: Path) -> None:
    rows = applications(TOY, 200)
    text = as_csv(tmp_path / "in.csv", rows)
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "in.parquet", row_group_size=33)
    run_of(text, tmp_path / "1.parquet")()
    run_of(tmp_path / "in.parquet", tmp_path / "2.parquet")()
    run_of(text, tmp_path / "3.parquet", size=999)()

    first, second, third = (parquet.read_table(tmp_path / f"{n}.parquet") for n in (1, 2, 3))

    assert first.drop_columns("line").num_rows == len(rows)
    assert third == first
    answers = ["status", "default_probability", "reasons", "error", "model"]
    assert second.select(answers) == first.select(answers)
    assert first["line"].to_pylist() == list(range(2, 202))
    assert second["line"].to_pylist() == list(range(1, 201))


def test_columns_of_the_file_are_kept_as_asked(tmp_path: Path) -> None:
    rows = [each | {"note": "n"} for each in applications(TOY, 2)]
    path = as_csv(tmp_path / "in.csv", rows)
    run_of(path, tmp_path / "1.parquet", keep="none")()
    run_of(path, tmp_path / "2.parquet", keep="note, amount")()

    none, two = (parquet.read_table(tmp_path / f"{n}.parquet").column_names for n in (1, 2))

    assert none == ["status", "default_probability", "reasons", "error", "model", "line"]
    assert two == ["note", "amount", *none]


def test_what_cannot_be_kept_is_refused() -> None:
    with pytest.raises(UsageError, match="--keep: found 'b', expected all, none, or columns"):
        kept_columns(["a"], "a,b")
    with pytest.raises(UsageError, match="found the column 'status' in the file"):
        kept_columns(["a", "status"], "all")
