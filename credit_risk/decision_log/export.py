"""A log as one table, for analysts: a row a decision, a column a field.

An encoded row becomes the fields that it encodes; a field that is hidden is empty; of the reasons
the table has the codes, strongest first. It is for nobody else to read, as the log is.
"""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from audit_log import Fields, Progress, checked_content, read_entries
from credit_risk.decision_log.settings import DECISIONS
from credit_risk.errors import DataError
from credit_risk.form import CATEGORIES, COLUMNS, LIMITS

FORMATS: Final = (".parquet", ".csv")
"""What a table's name may end in."""


def export(path: Path, table: Path, progress: Progress = lambda _: None) -> int:
    """Write the decisions of a file, or of all files of a folder, and count them.

    A table that was there is replaced once the new one is complete.

    Raises:
        BrokenLogError: at the first line that is not as it was written.
        NoLogError: if there is no log.
        DataError: if the table's name does not end in one of ``FORMATS``, or pyarrow is missing.
    """
    if table.suffix not in FORMATS:
        raise DataError(table.name[:100], f"expected a name that ends in {' or '.join(FORMATS)}")
    try:
        import pyarrow as pa  # noqa: PLC0415  not among what serves
        from pyarrow import csv, parquet  # noqa: PLC0415  as above
    except ImportError:
        msg = "writing it needs pyarrow, which is not installed; run: pip install pyarrow"
        raise DataError(table.name, msg) from None
    text, number = pa.string(), pa.float64()
    columns = {"id": text, "decided_at": pa.timestamp("us", "UTC"), "key": text}
    columns |= dict.fromkeys(LIMITS, number) | dict.fromkeys(CATEGORIES, text)
    columns |= {"probability": number, "status": text, "reasons": text}
    columns |= dict.fromkeys(("model", "model_sha256", "row_sha256"), text)
    schema = pa.schema(columns)
    writer = parquet.ParquetWriter if table.suffix == ".parquet" else csv.CSVWriter
    unfinished = table.with_name(f".{table.name}.{os.getpid()}")
    rows = 0
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with (
            os.fdopen(os.open(unfinished, flags, 0o600), "wb") as private,
            writer(private, schema) as file,
        ):
            for header, decisions in read_entries(path, DECISIONS, progress):
                with checked_content(header, DECISIONS):
                    part = pa.Table.from_pylist(list(_rows(header, decisions)), schema)
                file.write_table(part)
                rows += len(decisions)
        unfinished.replace(table)
    finally:
        unfinished.unlink(missing_ok=True)
    return rows


def _rows(header: Fields, decisions: list[Fields]) -> Iterator[dict[str, Any]]:
    hidden = {*header["left_out"], *header["hashed"]}
    for decision in decisions:
        fields = decision.get("application") or _decode(decision["row"])
        reasons = decision["reasons"]
        yield {
            **{name: None if name in hidden else fields[name] for name in (*LIMITS, *CATEGORIES)},
            **{name: decision[name] for name in ("id", "key", "probability", "status")},
            "decided_at": datetime.fromisoformat(decision["decided_at"]),
            "reasons": None if reasons is None else " ".join(each["code"] for each in reasons),
            "row_sha256": decision["row_sha256"],
            "model": header["model"],
            "model_sha256": header["model_sha256"],
        }


def _decode(row: list[float | None]) -> dict[str, Any]:
    """The fields that an encoded row stands for."""
    fields: dict[str, Any] = {}
    for column, value in zip(COLUMNS, row, strict=True):
        name, _, word = column.partition("=")
        if not word:
            fields[name] = value
        elif value or name not in fields:
            fields[name] = word if value else None
    return fields
