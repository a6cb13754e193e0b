from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import csv, parquet
from scored_files import TOY, applications, scorer

from credit_risk.errors import DataError, UsageError
from credit_risk.files import BatchScorer, Scored, Summary, open_source, score_file
from credit_risk.files.delimited import DelimitedFile
from credit_risk.files.job import kept_columns

SCORE = BatchScorer(TOY, scorer(TOY))


def as_csv(path: Path, rows: list[dict[str, str | None]]) -> Path:
    csv.write_csv(pa.Table.from_pylist(rows), path)
    return path


def scored(path: Path, table: Path, keep: str = "all") -> Summary:
    source = open_source(path, set(TOY.by_name))
    return score_file(source, table, Scored.of(source, SCORE, keep))


def test_csv_parquet_and_any_size_of_parts_give_the_same_answers(tmp_path: Path) -> None:
    rows = applications(TOY, 200)
    text = as_csv(tmp_path / "in.csv", rows)
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "in.parquet", row_group_size=33)
    small = DelimitedFile(text, set(TOY.by_name), size=999)
    scored(text, tmp_path / "1.parquet")
    scored(tmp_path / "in.parquet", tmp_path / "2.parquet")
    score_file(small, tmp_path / "3.parquet", Scored.of(small, SCORE))

    first, second, third = (parquet.read_table(tmp_path / f"{n}.parquet") for n in (1, 2, 3))

    assert first.drop_columns("line").num_rows == len(rows)
    assert third == first
    answers = ["status", "default_probability", "reasons", "error", "model"]
    assert second.select(answers) == first.select(answers)
    assert first["line"].to_pylist() == list(range(2, 202))
    assert second["line"].to_pylist() == list(range(1, 201))


def test_the_summary_counts_outcomes_and_refusals_by_field(tmp_path: Path) -> None:
    rows = applications(TOY, 20)
    rows[3] |= {"amount": "much"}
    rows[5] |= {"place": "moon"}
    path = as_csv(tmp_path / "in.csv", rows)
    with path.open("a", encoding="utf-8") as file:
        file.write("1,2\n")

    found = scored(path, tmp_path / "out.csv")

    assert found.rows == 21
    assert found.outcomes.total() == 18
    assert found.refused == {"amount": 1, "place": 1, "row": 1}


def test_columns_of_the_file_are_kept_as_asked(tmp_path: Path) -> None:
    rows = [each | {"note": "n"} for each in applications(TOY, 2)]
    path = as_csv(tmp_path / "in.csv", rows)
    scored(path, tmp_path / "1.parquet", "none")
    scored(path, tmp_path / "2.parquet", "note, amount")

    none, two = (parquet.read_table(tmp_path / f"{n}.parquet").column_names for n in (1, 2))

    assert none == ["status", "default_probability", "reasons", "error", "model", "line"]
    assert two == ["note", "amount", *none]


def test_what_cannot_be_kept_is_refused() -> None:
    with pytest.raises(UsageError, match="--keep: found 'b', expected all, none, or columns"):
        kept_columns(["a"], "a,b")
    with pytest.raises(UsageError, match="found the column 'status' in the file"):
        kept_columns(["a", "status"], "all")


def test_a_file_without_rows_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(",".join(TOY.by_name) + "\n", encoding="utf-8")

    with pytest.raises(DataError, match="found no rows"):
        scored(path, tmp_path / "out.csv")

    assert list(tmp_path.iterdir()) == [path]
