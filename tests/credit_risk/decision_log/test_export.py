import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from course import COLUMNS, COURSE_EXAMPLE
from pyarrow import csv, parquet
from running import PROJECT

from audit_log import BrokenLogError, LogWriter
from credit_risk.decision_log.export import export
from credit_risk.decision_log.settings import DECISIONS
from credit_risk.errors import DataError

HEADER = {"model": "credit_risk_model:abc", "model_sha256": "0", "left_out": [], "hashed": []}
DECISION = {
    "decided_at": "2026-03-01T12:00:00.000007+00:00",
    "id": "a",
    "key": "shop",
    "application": COURSE_EXAMPLE,
    "row_sha256": "1",
    "probability": 0.38472992181777954,
    "status": "MAYBE",
    "reasons": [{"code": "DEBT"}, {"code": "INCOME"}],
}
WORDS = {f"{field}={word}" for field, word in COURSE_EXAMPLE.items()}
ROW = [COURSE_EXAMPLE.get(name, float(name in WORDS)) for name in COLUMNS]


def write(folder: Path, *decisions: dict[str, object], **header: object) -> None:
    writer = LogWriter(folder, HEADER | header, kind=DECISIONS)
    writer.append(decisions)
    writer.close()


def test_a_decision_is_a_row_and_a_field_is_a_column(tmp_path: Path) -> None:
    write(tmp_path, DECISION)

    assert export(tmp_path, tmp_path / "x.parquet") == 1
    (row,) = parquet.read_table(tmp_path / "x.parquet").to_pylist()
    assert row == COURSE_EXAMPLE | {
        "decided_at": datetime(2026, 3, 1, 12, 0, 0, 7, UTC),
        "id": "a",
        "key": "shop",
        "reference": None,
        "probability": 0.38472992181777954,
        "status": "MAYBE",
        "reasons": "DEBT INCOME",
        "form": "credit_scoring",
        "model": "credit_risk_model:abc",
        "model_sha256": "0",
        "row_sha256": "1",
    }


def test_an_encoded_row_becomes_the_fields_that_it_encodes(tmp_path: Path) -> None:
    rest = {k: v for k, v in DECISION.items() if k != "application"}
    no_income = [None if name == "income" else v for name, v in zip(COLUMNS, ROW, strict=True)]
    write(tmp_path, rest | {"row": ROW}, rest | {"row": no_income, "reasons": None})
    export(tmp_path, tmp_path / "x.parquet")
    first, second = parquet.read_table(tmp_path / "x.parquet").to_pylist()

    assert {name: first[name] for name in COURSE_EXAMPLE} == COURSE_EXAMPLE
    assert {name: second[name] for name in COURSE_EXAMPLE} == COURSE_EXAMPLE | {"income": None}
    assert second["reasons"] is None


def test_decisions_of_several_forms_are_one_table(tmp_path: Path) -> None:
    other = {
        "name": "other",
        "columns": ["income", "job=yes", "owner"],
        "fields": [
            {"name": "income", "kind": "number"},
            {"name": "owner", "kind": "yes/no"},
            {"name": "age", "kind": "category"},
        ],
    }
    application = {"income": 12.5, "owner": True, "age": "old"}
    write(tmp_path, DECISION)
    write(tmp_path, DECISION | {"id": "b", "application": application}, form=other)
    export(tmp_path, tmp_path / "x.parquet")
    first, second = parquet.read_table(tmp_path / "x.parquet").to_pylist()

    assert (first["form"], first["income"], first["age"]) == ("credit_scoring", 0.0, "26")
    assert (second["form"], second["income"], second["age"]) == ("other", 12.5, "old")
    assert (first["owner"], second["owner"], second["home"]) == (None, "yes", None)


def test_what_is_hidden_is_empty(tmp_path: Path) -> None:
    application = {k: v for k, v in COURSE_EXAMPLE.items() if k != "marital"} | {"age": "hmac:…"}
    write(tmp_path, DECISION | {"application": application}, left_out=["marital"], hashed=["age"])
    export(tmp_path, tmp_path / "x.parquet")
    (row,) = parquet.read_table(tmp_path / "x.parquet").to_pylist()

    assert (row["marital"], row["age"], row["home"]) == (None, None, "owner")


def test_a_csv_says_the_same(tmp_path: Path) -> None:
    write(tmp_path, DECISION, DECISION | {"id": "b"})
    export(tmp_path, tmp_path / "x.csv")

    assert csv.read_csv(tmp_path / "x.csv").column("id").to_pylist() == ["a", "b"]


def test_a_log_of_no_decisions_is_a_table_of_no_rows(tmp_path: Path) -> None:
    write(tmp_path)

    assert export(tmp_path, tmp_path / "x.parquet") == 0
    assert parquet.read_table(tmp_path / "x.parquet").num_rows == 0


def test_a_broken_log_leaves_the_table_that_was_there(tmp_path: Path) -> None:
    write(tmp_path, DECISION)
    (path,) = tmp_path.iterdir()
    table = tmp_path / "x.parquet"
    table.write_text("before")
    path.write_text(path.read_text().replace("MAYBE", "APPROVED"))

    with pytest.raises(BrokenLogError, match=rf"{path.name}: line 2: found a line"):
        export(tmp_path, table)
    assert table.read_text() == "before"
    assert sorted(tmp_path.iterdir()) == sorted([path, table])


def test_nobody_else_may_read_a_table(tmp_path: Path) -> None:
    write(tmp_path, DECISION)
    for name in ("x.csv", "x.parquet"):
        (tmp_path / name).touch(0o644)
        export(tmp_path, tmp_path / name)

        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "changes",
    [{"reasons": 7}, {"reasons": [{}]}, {"application": []}, {"probability": "x"}, {"id": 7}],
)
def test_a_decision_that_no_service_wrote_is_told(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    write(tmp_path, DECISION | changes)

    with pytest.raises(BrokenLogError, match="jsonl: found what no service wrote"):
        export(tmp_path, tmp_path / "x.parquet")


def test_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"x.xlsx: expected a name that ends in .parquet or .csv"):
        export(tmp_path, tmp_path / "x.xlsx")


def test_without_pyarrow_it_says_what_to_install(tmp_path: Path) -> None:
    write(tmp_path, DECISION)
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from credit_risk.decision_log.__main__ import main\n"
        f"sys.exit(main(['export', {str(tmp_path)!r}, '--to', 'x.parquet']))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False
    )

    assert found.returncode == 2
    assert found.stderr == (
        "x.parquet: writing it needs pyarrow, which is not installed; run: pip install pyarrow\n"
    )
