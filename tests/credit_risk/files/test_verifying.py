"""Tables of the toy form, changed after they were written."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from scored_files import TOY, applications, as_csv, run_of, scorer

from credit_risk.files import (
    BatchScorer,
    FileHash,
    Manifest,
    Proof,
    Scored,
    manifest_of,
    open_source,
    read_record,
)

ROWS = 60
SIZE = 1_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with a column of text that a spreadsheet would run, a bad row, and one of no row."""
    rows = [
        each | {"=note": f"=a\n{number}"} for number, each in enumerate(applications(TOY, ROWS))
    ]
    rows[20] |= {"amount": "much"}
    path = as_csv(tmp_path / "in.csv", rows)
    path.write_bytes(path.read_bytes() + b"1,2\n")
    return path


def proof_of(path: Path, table: Path, **how: Any) -> Proof:
    source = open_source(path, set(TOY.by_name))
    score = BatchScorer(TOY, scorer(TOY), **how)
    return Proof(table, read_record(manifest_of(table), Manifest), source, Scored.of(source, score))


def difference(path: Path, table: Path, rows: int = ROWS + 1, **how: Any) -> str | None:
    return proof_of(path, table, **how).first_difference(rows)


def change(table: Path, changed: Callable[[pa.Table], pa.Table]) -> None:
    parquet.write_table(changed(parquet.read_table(table)), table)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
@pytest.mark.parametrize("rows", [1, 7, 1_000])
def test_a_table_that_is_as_it_was_written_has_no_difference(
    path: Path, ending: str, rows: int
) -> None:
    table = path.with_name(f"out{ending}")
    run_of(path, table, size=SIZE)()

    assert difference(path, table, rows) is None


def test_columns_of_numbers_are_compared_with_nan_and_the_sign_of_nothing(tmp_path: Path) -> None:
    rows = [each | {"x": np.nan, "y": -0.0} for each in applications(TOY, 3)]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "in.parquet")
    table = tmp_path / "out.parquet"
    run_of(tmp_path / "in.parquet", table)()

    assert difference(tmp_path / "in.parquet", table) is None
    change(
        table, lambda it: it.set_column(it.column_names.index("y"), "y", pa.array([-0.0, 0.0, 0.0]))
    )
    assert difference(tmp_path / "in.parquet", table) == (
        "out.parquet: the row of line 2 of in.parquet: y: found 0.0, expected -0.0"
    )


def test_one_bit_of_a_probability_is_a_difference(path: Path) -> None:
    table = path.with_name("out.parquet")
    run_of(path, table, size=SIZE)()
    names = parquet.read_schema(table).names

    def changed(of: pa.Table) -> pa.Table:
        values = of["default_probability"].to_pylist()
        values[30] = float(np.nextafter(values[30], 1))
        place = names.index("default_probability")
        return of.set_column(place, "default_probability", pa.array(values))

    change(table, changed)

    found = difference(path, table, rows=1)

    assert found is not None
    line = parquet.read_table(table)["line"].to_pylist()[30]
    assert found.startswith(f"out.parquet: the row of line {line} of in.csv: default_probability: ")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda of: of.slice(0, 40), "out.parquet: found 40 rows, expected more"),
        (lambda of: pa.concat_tables([of, of.slice(1, 1)]), "found more rows than 61"),
        (lambda of: of.drop_columns("line"), "found the columns amount"),
        (lambda of: of, "found other bytes than its manifest has, with the same answers"),
        (lambda of: of.slice(0, 0), "out.parquet: found 0 rows, expected more"),
    ],
)
def test_what_was_changed_in_a_table_is_said(
    path: Path, changed: Callable[[pa.Table], pa.Table], said: str
) -> None:
    table = path.with_name("out.parquet")
    run_of(path, table, size=SIZE)()
    change(table, changed)

    found = difference(path, table, rows=1)

    assert found is not None
    assert said in found
    assert "\n" not in found


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'"m:1"', b'"m:2"', "the row of line 2 of in.csv: model: found 'm:2', expected 'm:1'"),
        (b"amount: ", b"price: ", 'error: found "price: '),
        (b"'=a", b"=a", "'=note: found '=a\\n0', expected \"'=a\\n0\""),
        (b'"status"', b'"state"', "found the columns "),
        (b'"model"', b'"model";"x"', "found the columns "),
        (b'"error"', b'"status"', "found the column 'status' twice, expected once"),
        (b"m:1", b"\xff", "found bytes that are not UTF-8"),
    ],
)
def test_what_was_changed_in_a_text_is_said(path: Path, old: bytes, new: bytes, said: str) -> None:
    table = path.with_name("out.csv")
    run_of(path, table, size=SIZE)()
    table.write_bytes(table.read_bytes().replace(old, new, 1))

    found = difference(path, table, rows=1)

    assert found is not None
    assert said in found
    assert "\n" not in found


def test_parquet_that_was_cut_is_said(path: Path) -> None:
    table = path.with_name("out.parquet")
    run_of(path, table, size=SIZE)()
    table.write_bytes(table.read_bytes()[:-100])

    assert "out.parquet: found" in str(difference(path, table))


def test_other_answers_to_the_same_bytes_are_a_difference(path: Path) -> None:
    table = path.with_name("out.csv")
    run_of(path, table, size=SIZE)()
    proof = proof_of(path, table)
    other = replace(scorer(TOY), model="m:2")

    proof = replace(proof, step=replace(proof.step, score=BatchScorer(TOY, other)))

    assert FileHash.of(table) == proof.manifest.output
    found = proof.first_difference(5)
    assert found is not None
    assert found.endswith(": model: found 'm:1', expected 'm:2'")
