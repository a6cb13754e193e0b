import csv
import stat
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from credit_risk.errors import UsageError
from credit_risk.files import check_format
from credit_risk.files.writing import make_writer, published


def write(path: Path, **columns: list[str | None]) -> None:
    batch = pa.RecordBatch.from_pydict(columns)
    with make_writer(path, path, batch.schema) as writer:
        writer.write_batch(batch)


def test_a_table_appears_whole_and_for_its_owner_only(tmp_path: Path) -> None:
    table, unfinished = tmp_path / "x.csv", tmp_path / "other"

    with published(table, unfinished):
        unfinished.write_text("all of it", encoding="utf-8")
        assert not table.exists()

    assert table.read_text(encoding="utf-8") == "all of it"
    assert stat.S_IMODE(table.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [table]


def test_nothing_is_left_of_a_table_that_is_not_finished(tmp_path: Path) -> None:
    unfinished = tmp_path / "other"

    def begin() -> None:
        with published(tmp_path / "x.csv", unfinished):
            unfinished.write_text("half", encoding="utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin()

    assert list(tmp_path.iterdir()) == []


def test_a_table_that_is_there_is_replaced_only_when_forced(tmp_path: Path) -> None:
    table, unfinished = tmp_path / "x.csv", tmp_path / "other"
    table.write_text("old", encoding="utf-8")

    with pytest.raises(UsageError, match="add --force to replace it"), published(table, unfinished):
        pass
    with published(table, unfinished, force=True):
        unfinished.write_text("new", encoding="utf-8")

    assert table.read_text(encoding="utf-8") == "new"


def test_a_table_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    table = tmp_path / "x.csv"

    with pytest.raises(UsageError, match="add --force"), published(table, tmp_path / "other"):
        table.write_text("other", encoding="utf-8")

    assert table.read_text(encoding="utf-8") == "other"
    assert list(tmp_path.iterdir()) == [table]


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(tmp_path: Path) -> None:
    cells = ["=1+1", "+cmd", "-2", "-1e5", "-x", "@a", "\tb", "\r=c", "fine", "", None, "+7"]
    path = tmp_path / "x.csv"
    write(path, **{"=name": cells})

    with path.open(encoding="utf-8", newline="") as file:
        (header, *found) = csv.reader(file)

    assert header == ["'=name"]
    expected = ["'=1+1", "'+cmd", "-2", "-1e5", "'-x", "'@a", "'\tb", "'\r=c", "fine", "", "", "+7"]
    assert [row[0] if row else "" for row in found] == expected


def test_parquet_keeps_cells_as_they_are(tmp_path: Path) -> None:
    write(tmp_path / "x.parquet", a=["=1+1", None])

    assert parquet.read_table(tmp_path / "x.parquet").to_pydict() == {"a": ["=1+1", None]}


def test_a_name_of_no_known_ending_is_refused() -> None:
    with pytest.raises(
        UsageError, match=r"x.xls: expected a name that ends in .parquet, .csv or .xlsx"
    ):
        check_format(Path("x.xls"))
